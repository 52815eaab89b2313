"""docs/similar-people.md says what the embedding is."""

import re
from pathlib import Path

import pytest

from models_engine.catalogue.similarity.embedding import (
    FEATURES,
    MEASURED,
    MOST_POINTS,
    MOST_UNKNOWN,
    VERSION,
    YES_NO,
    Feature,
)
from twinportal.similar.anchors import HORIZONS
from twinportal.similar.disclosure import LEAST, LOOSEST
from twinportal.similar.selectors import PEOPLE

DOCUMENT = Path(__file__).resolve().parents[5] / "docs" / "similar-people.md"
TEXT = " ".join(DOCUMENT.read_text().split())
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", DOCUMENT.read_text(), re.MULTILINE)
# what a row of the document calls a feature, where it is not the beginning of the label
NAMES = {
    "urine_acr": "urine albumin/creatinine",
    "vascular_disease": "artery disease",
    "kidney_replacement": "kidney failure, dialysis",
}


def test_the_table_has_the_limits_of_the_code() -> None:
    for said in (
        f"version {VERSION})",
        f"{MOST_POINTS:g} points apart",
        "more than four of the eight" if (MOST_UNKNOWN, len(MEASURED)) == (4, 8) else "out of date",
        f"At most {PEOPLE} people; a share is told from {LEAST} on",
        f"bound above {LOOSEST} is not told",
        "5 years have passed, else 3, else 1" if HORIZONS == (5, 3, 1) else "out of date",
    ):
        assert said in TEXT, said


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.id)
def test_every_feature_is_in_the_table_with_its_cuts_and_points(feature: Feature) -> None:
    name = NAMES.get(feature.id, feature.label).lower()
    (row,) = (
        row
        for row in ROWS
        if any(p.strip().lower().startswith(name) for p in re.split(r"[;]", row[0]))
    )
    assert float(row[2]) == feature.points
    if feature.cuts == YES_NO:
        assert row[1].strip() == "yes, no"
    elif feature.names:
        assert row[1].strip() == ", ".join(feature.names)
    elif feature.id != "age":
        assert tuple(map(float, row[1].split())) == feature.cuts
