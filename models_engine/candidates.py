"""A package that may become a plug-in: its models, from an installed name or from a folder."""

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

from models_engine.catalogue.contract import ClinicalModel
from models_engine.plugins import GROUP, PluginError, entry_points_of, installed, models_of


def candidate_models(package: str) -> Iterator[tuple[str, ClinicalModel]]:
    """Each model of a package with the name of its entry point. Raises PluginError.

    A folder with a pyproject.toml is read as it lies there, so that a model can be checked before
    it is installed: its code is imported from `src`, if there is one, else from the folder.
    """
    folder = Path(package)
    entries = _of_folder(folder) if folder.is_dir() else entry_points_of(installed(package))
    for entry in entries:
        for model in models_of(entry):
            yield entry.name, model


def _of_folder(folder: Path) -> tuple[EntryPoint, ...]:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PluginError(f"There is no pyproject.toml in {folder}.") from None
    except tomllib.TOMLDecodeError as error:
        raise PluginError(f"pyproject.toml cannot be read: {error}") from None
    declared = project.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if not declared:
        raise PluginError(f'pyproject.toml has no [project.entry-points."{GROUP}"].')
    source = folder / "src"
    sys.path.insert(0, str((source if source.is_dir() else folder).resolve()))
    return tuple(EntryPoint(name, value, GROUP) for name, value in declared.items())
