"""The artefact that the settings name, read once a process."""

from functools import lru_cache
from pathlib import Path

from models_engine.catalogue.disease.artefact import Trajectories, read


@lru_cache(maxsize=2)
def trajectories(folder: Path, sha256: str) -> Trajectories:
    """The artefact of that hash. Raises `ArtefactError`, each time anew, when it cannot be read."""
    return read(folder, sha256)
