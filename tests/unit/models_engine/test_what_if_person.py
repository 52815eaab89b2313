"""Who a what-if is about: barred, taken already, not borne, values that are no one sum."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models_engine.catalogue.what_if.propagate import Person
from models_engine.services.simulate import starting_point
from patients.record.state import State, Value
from patients.terminology.codings import Atc, RxNorm
from tests.unit.models_engine.builders import AS_OF, coded, condition, measurement, state

ATC, RXNORM = Atc.uris[0], RxNorm.uris[0]


def person(*values: Value, **more: object) -> Person:
    return starting_point(made(*values, **more), (), {}).person


def made(*values: Value, **more: object) -> State:
    made = state(*values)
    return replace(made, **more) if more else made


def taken(display: str = "", *, atc: str = "", code: str = "", concept: str = "x") -> Value:
    value = coded(concept, code, kind="medication")
    return replace(value, display=display, system=ATC if atc else "", source_code=atc)


def unread(*values: Value) -> dict[str, object]:
    return {"not_used": {"m": tuple(replace(v, quality="unclassified") for v in values)}}


def allergy(display: str, *, system: str = "", code: str = "", **more: object) -> Value:
    value = replace(coded("allergy", "listed", kind="allergy"), display=display)
    return replace(value, system=system, source_code=code, **more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"deceased": True}, "died"),
        ({"birth_date": date(2016, 1, 1)}, "below 18"),
        ({"birth_date": None}, "age is not known"),
        ({"birth_date": date(2008, 1, 1), "birth_date_precision": "year"}, "age is not known"),
        ({"birth_date": date(1960, 1, 1), "birth_date_precision": "year"}, ""),
        ({}, ""),
    ],
)
def test_whom_nobody_studied(more: dict[str, object], said: str) -> None:
    barred = person(**more).barred
    assert said in barred and bool(said) == bool(barred)


def test_pregnancy_bars_while_it_is_current() -> None:
    assert "pregnancy" in person(condition("pregnancy", days_ago=60)).barred
    assert not person(condition("pregnancy", days_ago=400)).barred


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (taken(atc="A10BK03", code="Sodium-glucose co-transporter 2"), "sglt2_inhibitor"),
        (taken(atc="A10BD20", code="Combinations"), "sglt2_inhibitor"),
        (taken(atc="A10BJ02", code="GLP-1 analogues"), "glp1_agonist"),
        (taken(atc="C10AX09", code="Other lipid modifying agents"), "ezetimibe"),
        (taken(code="empagliflozin/metformin"), "sglt2_inhibitor"),
        (taken("Jardiance (empagliflozin)", atc="A10B"), "sglt2_inhibitor"),
    ],
)
def test_what_is_taken_already_is_known_by_code_and_by_name(value: Value, kind: str) -> None:
    assert kind in person(value).medicines
    assert kind in person(**unread(value)).medicines
    over = replace(value, end_at=AS_OF - timedelta(days=1))
    assert kind not in person(over).medicines


def test_what_nothing_names_may_be_taken_already() -> None:
    found = person(**unread(taken("the white pill"), taken("Jardiance (empagliflozin)")))
    assert found.perhaps == {"": ("the white pill",)}
    group = person(taken("Blood glucose lowering drugs", atc="A10B"))
    assert group.perhaps.keys() == {"sglt2_inhibitor", "glp1_agonist"}
    unlisted = person(**unread(taken("a combination", atc="A10BD99")))
    assert unlisted.perhaps == {"sglt2_inhibitor": ("a combination",)}
    over = replace(taken("the white pill"), end_at=AS_OF - timedelta(days=1))
    assert not person(**unread(over)).perhaps


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (allergy("Statins"), "statin", "Statins"),
        (allergy("Simvastatin"), "statin", "Simvastatin"),
        (allergy("", system=RXNORM, code="83367"), "statin", "atorvastatin"),
        (allergy("83367", system=RXNORM, code="83367"), "statin", "atorvastatin"),
        (allergy("Lipitor", system=ATC, code="C10AA05"), "statin", "Lipitor"),
        (allergy("angio-oedema after ramipril"), "antihypertensive", "angio-oedema after ramipril"),
        (allergy("Empagliflozin", quality="verify"), "sglt2_inhibitor", "Empagliflozin"),
    ],
)
def test_what_is_not_borne_is_known_by_code_and_by_name(
    value: Value, kind: str, words: str
) -> None:
    assert person(value).allergies[kind] == (words,)
    over = replace(value, end_at=AS_OF - timedelta(days=1))
    assert not person(over).allergies


def test_what_is_said_of_allergies() -> None:
    none = replace(coded("allergy", "none_known", kind="allergy"))
    assert person(none).allergy_notes == ()
    assert "not recorded" in person().allergy_notes[0]
    other = person(allergy("strawberries"))
    assert other.allergy_notes == (
        "Recorded allergies that match no treatment of this page: strawberries.",
    )
    assert not other.allergies and not other.allergies_unread
    for nameless in (allergy(""), allergy("4711", system="urn:own", code="4711")):
        found = person(nameless)
        assert found.allergies_unread and "could not be read" in found.allergy_notes[0]
    marked = person(not_used={"allergy": (allergy("statin", quality="modified"),)})
    assert marked.allergies_unread
    waiting = starting_point(state(), (), {}, allergies_waiting=True).person
    assert waiting.allergies_unread and "could not be read" in waiting.allergy_notes[0]


def lipids(ldl: float, *, days_ago: int = 10) -> Person:
    return person(
        measurement("total_cholesterol", 5.0),
        measurement("hdl_cholesterol", 1.2),
        measurement("ldl_cholesterol", ldl, days_ago=days_ago),
    )


def test_lipids_that_are_no_one_sum_are_told() -> None:
    assert not lipids(3.8).unfit
    assert "do not fit" in lipids(4.2).unfit["ldl_total"]
    assert not lipids(3.0, days_ago=100).unfit
    assert "101 days apart" not in str(lipids(3.0, days_ago=100).unfit)
    assert "91 days apart" in lipids(3.0, days_ago=101).unfit["ldl_total"]
