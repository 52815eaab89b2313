"""Measures the explanations of every model that is explained, over its own background sample.

    python tools/measure_explanations.py

Writes models_engine/catalogue/explanation_quality.json and its checksum. Seeded: the same models
give the same table. Takes a minute.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
os.environ.setdefault("TWINPORTAL_MODE", "test")

from explain.attribution.quality import measure
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.explanation_quality import TABLE, sha256_of
from models_engine.registry import every_calibration

DIGITS = 4


def row_of(found: dict[str, Any]) -> dict[str, Any]:
    """Rounded; of the gap only its order of size is stable across machines."""
    gap, masking = found.pop("largest_gap"), found.pop("masking")
    return {
        **_rounded(found),
        "adds_up_within_1e_6": bool(gap <= 1e-6),
        # a p is small: three digits that count instead of decimals
        "masking": [{**_rounded(row), "p": float(f"{row['p']:.3g}")} for row in masking],
    }


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, DIGITS) if isinstance(v, float) else v for k, v in found.items()}


def entry(model: ClinicalModel) -> dict[str, Any]:
    """What the table says of one version."""
    rows = [row_of(asdict(found)) for found in measure(model)]
    return {"artefact_hash": model.artefact_hash, "rows": rows}


def main() -> None:
    table = {}
    for (model_id, version), model in sorted(every_calibration().items()):
        if model.background is not None and model.is_probability and not model.quiet:
            table[f"{model_id} {version}"] = entry(model)
            print(model_id, version, table[f"{model_id} {version}"]["rows"], flush=True)
    raw = (json.dumps(table, indent=1) + "\n").encode()
    TABLE.write_bytes(raw)
    checksum = f"{sha256_of(raw)}  {TABLE.name}\n"
    TABLE.with_suffix(".sha256").write_text(checksum, encoding="utf-8")


if __name__ == "__main__":
    main()
