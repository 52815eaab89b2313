"""How good the explanations of a model were measured to be; for the artefact that was measured.

The table is `explanation_quality.json`, written by tools/measure_explanations.py and checked
against its SHA-256 beside it.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from models_engine.catalogue.contract import ClinicalModel

TABLE = Path(__file__).with_suffix(".json")


class QualityTableError(ValueError):
    """A table that is not what its checksum says."""


def explanation_quality(model: ClinicalModel) -> list[dict[str, Any]]:
    """One row an outcome; none when this artefact was not measured (a plug-in, a changed model)."""
    found = _table().get(f"{model.id} {model.version}", {})
    return list(found["rows"]) if found.get("artefact_hash") == model.artefact_hash else []


@cache
def _table() -> dict[str, Any]:
    return read_table(TABLE)


def read_table(path: Path) -> dict[str, Any]:
    """The table by "id version". Raises QualityTableError when the file was changed."""
    raw = path.read_bytes()
    if path.with_suffix(".sha256").read_text(encoding="utf-8").split()[0] != sha256_of(raw):
        raise QualityTableError(f"{path.name} is not the file that its checksum names")
    return dict(json.loads(raw))


def sha256_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
