"""Who gets a review of medicines, and what it names."""

from pathlib import Path

import pytest

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.person import Taken
from models_engine.catalogue.treatment.safety.deprescribing import review_medicines
from tests.unit.models_engine.catalogue.treatment.builders import (
    knowledge_of,
    person,
    reading,
    taken,
)

FIVE = tuple(taken(n) for n in ("diazepam", "morphine", "simvastatin", "metformin", "losartan"))


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    return knowledge_of(
        tmp_path,
        deprescribing=[
            {"id": "calm", "applies_to": "class:benzodiazepine", "when": "age>=65"},
            {"id": "two", "applies_to": "class:opioid", "when": "sedatives_taken>=2"},
            {
                "id": "why",
                "applies_to": "ingredient:metformin",
                "when": "lacks:diabetes_type_2;lacks:prediabetes",
                "severity": "C",
            },
            {"id": "many", "applies_to": "any", "when": "medicines_taken>=6", "severity": "C"},
            {"id": "low", "applies_to": "class:arb", "when": "systolic_bp<110"},
        ],
        dosing=[
            {"id": "never", "applies_to": "ingredient:metformin", "high": "30", "action": "avoid"}
        ],
        interactions=[
            {"id": "both", "applies_to": "class:opioid", "other": "class:benzodiazepine"}
        ],
    )


def test_only_of_older_people_who_take_many(knowledge: Knowledge) -> None:
    assert review_medicines(person(age=65, medicines=FIVE), knowledge).is_due
    for who in (person(age=64, medicines=FIVE), person(age=80, medicines=FIVE[:4])):
        found = review_medicines(who, knowledge)
        assert not found.is_due and found.medicines == () and str(who.age) in found.why
    unknown = review_medicines(person(age=None, medicines=FIVE), knowledge)
    assert not unknown.is_due and "age is not known" in unknown.why


def test_reasons_with_how_the_gravest_first(knowledge: Knowledge) -> None:
    who = person(
        age=80,
        medicines=FIVE,
        readings={"egfr": reading(25), "systolic_bp": reading(150, "mm[Hg]")},
    )
    found = review_medicines(who, knowledge)
    assert [one.medicine.label for one in found.medicines] == ["metformin", "diazepam", "morphine"]
    metformin, diazepam, morphine = found.medicines
    assert [(one.finding.kind, one.finding.level) for one in metformin.reasons] == [
        ("kidney_dose", "X"),
        ("no_indication", "C"),
    ]
    assert metformin.level == "X"
    assert diazepam.reasons[0].how == "Slowly."
    assert morphine.reasons[0].finding.row == "two"
    assert [one.row for one in found.together] == ["both"]
    assert [one.label for one in found.loads["sedatives_taken"]] == ["diazepam", "morphine"]
    assert found.loads["anticholinergics_taken"] == ()


def test_a_recorded_reason_is_one(knowledge: Knowledge) -> None:
    who = person(age=80, medicines=FIVE, conditions={"diabetes_type_2": ()})
    rows = {
        r.finding.row for one in review_medicines(who, knowledge).medicines for r in one.reasons
    }
    assert "why" not in rows


def test_a_value_that_decides_is_asked_for(knowledge: Knowledge) -> None:
    found = review_medicines(person(age=80, medicines=FIVE), knowledge)
    asked = {one.medicine.label: one.reasons[0].finding.missing for one in found.medicines}
    assert asked["losartan"] == ("systolic_bp",)
    assert asked["metformin"] == ("creatinine",)


def test_duplicates_and_what_nobody_knows_are_named(knowledge: Knowledge) -> None:
    unknown = Taken("blue pills", is_known=False, is_certain=False)
    medicines = (*FIVE, taken("losartan"), unknown)
    found = review_medicines(person(age=80, medicines=medicines), knowledge)
    assert [one.finding.row for one in found.general] == ["many"]
    assert [one.kind for one in found.together] == ["interaction", "duplicate"]
    assert found.unresolved == (unknown,)
    assert "1 of them not certain" in found.why
