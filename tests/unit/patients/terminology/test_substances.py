"""Which drug an ATC code names, checked against what our other tables say of that drug."""

import pytest

from patients.terminology.codings import Atc, RxNorm
from patients.terminology.medications import OTHER, listed_medications, medication_of
from patients.terminology.substances import (
    atc_codes_of,
    canonical,
    strength_in,
    strength_of,
    substance_of,
)
from patients.terminology.tables import rows

ROWS = [
    (Atc(row["code"]), canonical(tuple(row["ingredients"].split("/"))))
    for row in rows("atc_substances", "code,ingredients,evidence")
]
# ATC sorts these by use: an anticancer drug, a painkiller
BY_USE = {"L01XX33", "N02BA01"}


def classes_of_ingredients() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for code, medication in listed_medications().items():
        if isinstance(code, RxNorm) and len(medication.ingredients) == 1:
            found.setdefault(canonical(medication.ingredients)[0], set()).update(medication.classes)
    return found


def test_a_code_and_its_drug_are_of_one_class():
    """A code beside the wrong name would show here, where the classes differ."""
    known = classes_of_ingredients()
    compared = 0
    for code, ingredients in ROWS:
        group = medication_of(code)
        assert group is not None, code
        if code.value in BY_USE or not all(name in known for name in ingredients):
            continue
        classes = {kind for name in ingredients for kind in known[name]} - {OTHER}
        assert set(group.classes) - {OTHER} == classes, code
        compared += 1
    assert compared > 250


@pytest.mark.parametrize(
    ("code", "ingredients"),
    [
        ("C09AA03", ("lisinopril",)),
        ("A10BB01", ("glyburide",)),
        ("C09DX04", ("sacubitril", "valsartan")),
        ("A10AE04", ("insulin glargine",)),
        ("C09AA", ()),  # a group
        ("C09AA99", ()),
    ],
)
def test_what_a_code_names(code, ingredients):
    assert substance_of(Atc(code)) == ingredients


def test_the_codes_of_a_drug():
    assert atc_codes_of(("Lisinopril",)) == ("C09AA03",)
    assert atc_codes_of(("valsartan", "sacubitril")) == ("C09DX04",)
    assert atc_codes_of(("salbutamol",)) == atc_codes_of(("albuterol",)) != ()
    assert atc_codes_of(("nothing",)) == ()


@pytest.mark.parametrize(
    ("name", "milligrams"),
    [
        ("lisinopril 20 MG Oral Tablet", 20),
        ("digoxin 0.125 MG Oral Tablet [Lanoxin]", 0.125),
        ("24 HR metoprolol succinate 100 MG Extended Release Oral Tablet", 100),
        ("Amoxicillin 250 MG Oral Capsule", 250),
        ("amoxicillin 50 MG/ML Oral Suspension", None),
        ("1 ML Epinephrine 1 MG/ML Injection", None),
        ("amlodipine 5 MG / valsartan 160 MG Oral Tablet", None),
        ("nitroglycerin 0.4 MG/ACTUAT Mucosal Spray", None),
        ("lisinopril Oral Tablet", None),
        ("lisinopril 20 MG", None),
    ],
)
def test_the_strength_that_a_name_tells(name, milligrams):
    assert strength_in(name) == milligrams


def test_the_strength_of_a_code_of_our_table():
    assert strength_of(RxNorm("314077")) == 20
    assert strength_of(RxNorm("29046")) is None
