"""What the mechanistic twins state of themselves: complete, reproduced, and tied to their numbers."""

from dataclasses import replace

import pytest

from models_engine.catalogue.mechanistic import ukpds_course, ukpds_numbers
from models_engine.catalogue.mechanistic.drugs import DRUGS
from models_engine.catalogue.mechanistic.twin_facts import twin_document
from models_engine.catalogue.mechanistic.twins import TWINS
from models_engine.catalogue.risk import ukpds_equations as equations
from tests.data import ROOT

# a number that changes needs a new version: then this line changes with it
KNOWN = {
    "body_weight": ("2011.1", "0a508daba2dadd63"),
    "ukpds_course": ("2021.1", "4e73138337442034"),
    "drug_levels": ("2", "4286642329b85d3b"),
    "fentanyl": ("2016.1", "5ff0902fd9b92c97"),
    "glucose": ("1", "55bb2d797e348b5e"),
}


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_its_known_values_are_reproduced(twin) -> None:
    assert [c["what"] for c in twin_document(twin)["checks"] if not c["agrees"]] == []


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_the_hash_belongs_to_the_version(twin) -> None:
    assert (twin.version, twin.parameters_hash[:16]) == KNOWN[twin.id]
    changed = twin.parameter_sets[0]
    name = next(iter(changed)).name
    other = replace(twin, parameter_sets=(changed.changed(name), *twin.parameter_sets[1:]))
    assert other.parameters_hash != twin.parameters_hash
    assert replace(twin, version="9").parameters_hash != twin.parameters_hash


def test_every_number_of_the_course_and_of_the_drugs_is_listed() -> None:
    listed = {p.name: p.value for p in ukpds_numbers.PARAMETERS}
    assert listed == dict(ukpds_course.NUMBERS)
    assert all(drug.parameters in TWINS["drug_levels"].parameter_sets for drug in DRUGS.values())


def test_units_follow_the_terms() -> None:
    units = {p.name: p.unit for p in ukpds_numbers.PARAMETERS}
    assert units["mi_men.hdl"] == "/(0.1 mmol/L)" and equations.SCALES["hdl_cholesterol"] == 10
    assert units["stroke.systolic_bp"] == "/(10 mm[Hg])" and equations.SCALES["systolic_bp"] == 0.1
    assert units["stroke.female"] == units["stroke.shape"] == "1"
    assert units["death_with_history.shape"] == "/a"
    # every term that reads a measured value has a unit of its own
    yes_or_no = {"1"}
    for name, unit in units.items():
        equation, _, term = name.partition(".")
        reads = equations.READS.get(term, ((term,), ()))[0]
        if equation in equations.EQUATIONS and term in equations.TERMS:
            measured = {
                "age",
                "diabetes_duration",
                "bmi",
                "egfr",
                "hba1c",
                "hdl_cholesterol",
                "ldl_cholesterol",
                "systolic_bp",
                "heart_rate",
                "wbc",
                "haemoglobin",
            }
            is_group = term in ("bmi_below_18_5", "bmi_from_25")
            assert (unit in yes_or_no) == (is_group or not measured & set(reads)), name


def test_references_are_those_of_the_evidence_document() -> None:
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    for twin in TWINS.values():
        for reference in twin.references:
            if "docs/evidence.md" in reference.citation:
                ids = [w.strip(").,") for w in reference.citation.split() if w.startswith("E-")]
                assert ids and all(f"| {i} |" in text for i in ids)
            assert not reference.doi or reference.doi in text


@pytest.mark.parametrize("name", ["inputs", "parameter_sets", "checks", "references"])
def test_facts_that_are_missing_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(TWINS["glucose"], **{name: ()})
    with pytest.raises(ValueError, match="limits"):
        replace(TWINS["glucose"], limits=" ")
