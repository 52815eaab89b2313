"""What docs/mechanistic.md says is so: its calls run, its codes and spans are those of the tables."""

import re

import numpy as np

from models_engine.catalogue.mechanistic.drugs import DRUGS
from models_engine.catalogue.mechanistic.ukpds_paths import risk_factor_paths
from models_engine.catalogue.risk.ukpds import PERSON
from patients.record.doses import ROUTES
from patients.terminology.measurements import codes_of
from tests.data import ROOT

TEXT = (ROOT / "docs" / "mechanistic.md").read_text(encoding="utf-8")


def test_the_calls_run() -> None:
    lower = risk_factor_paths(PERSON, 10)["systolic_bp"] - 10
    known = {"person": PERSON, "lower": lower}
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, known)  # noqa: S102 the document's own lines
    assert known["path"].weight[365] < 80
    np.testing.assert_array_equal(known["course"].paths["systolic_bp"], lower)


def test_every_code_and_span_is_named() -> None:
    for drug in DRUGS.values():
        for entry in codes_of(drug.concept):
            assert entry.code.value in TEXT
        for code in drug.atc:
            assert code in TEXT
        assert f"{drug.distribution_hours:g} h" in TEXT
    for _, code in ROUTES:
        assert code in TEXT
    assert {drug.course_days for drug in DRUGS.values()} == {14, 60}
    assert "of the last 14 days (digoxin 60)" in TEXT
