"""Every vignette, and that none of them can pass by saying nothing."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS, Option, Source, Subject
from patients.terminology.measurements import MEASUREMENTS
from tests.spec.treatment.answers import Answer, answer_of
from tests.spec.treatment.document import document
from tests.spec.treatment.expectations import (
    EXPECTATIONS,
    KEEP,
    complaints,
    reasons_in,
    subjects_in,
)
from tests.spec.treatment.vignette import Person, Vignette, all_sources, case_sources, vignettes

ROOT = Path(__file__).parents[3]
ALL = vignettes()
SOURCED = [one for one in ALL if one.status == "sourced"]


def _params(found: list[Vignette]) -> list[Any]:
    return [
        pytest.param(
            one,
            id=one.id,
            marks=[pytest.mark.xfail(reason=one.known_gap, strict=True)] if one.known_gap else [],
        )
        for one in found
    ]


@pytest.mark.parametrize("vignette", _params(list(ALL)))
def test_vignette(vignette: Vignette) -> None:
    assert complaints(vignette.expect, answer_of(vignette)) == []


def test_there_are_enough_and_each_once() -> None:
    assert len({one.id for one in ALL}) == len(ALL)
    assert len(SOURCED) >= 40
    assert {one.indication for one in SOURCED} >= set(INDICATIONS)


@pytest.mark.parametrize("vignette", [pytest.param(one, id=one.id) for one in ALL])
def test_what_it_names_exists(vignette: Vignette) -> None:
    known = knowledge()
    for table, row in reasons_in(vignette.expect):
        assert row in known.tables[table], f"{table}:{row}"
    for subject in map(Subject.parse, subjects_in(vignette.expect)):
        match subject.kind:
            case "option":
                assert known.by_id(Option)[subject.name].indication == vignette.indication
            case "class":
                assert subject.name in known.tables["classes"]
            case _:
                assert index_of(known).ingredient(subject.name) == subject.name
    for concept, _, unit, _ in vignette.person.measurements:
        assert MEASUREMENTS[concept].unit == unit, concept


@pytest.mark.parametrize("vignette", [pytest.param(one, id=one.id) for one in SOURCED])
def test_a_sourced_one_rests_on_what_was_opened(vignette: Vignette) -> None:
    assert vignette.sources
    for name in vignette.sources:
        assert all_sources()[name].quote
    for table, row in reasons_in(vignette.expect):
        held = knowledge().tables[table][row]
        assert getattr(held, "evidence", "") != "M", f"{table}:{row} has no source"


def test_who_awaits_review_names_no_source_and_every_case_is_used() -> None:
    assert all(not one.sources for one in ALL if one.status == "awaiting_review")
    used = {name for one in ALL for name in one.sources}
    assert set(case_sources()) <= used
    assert not set(case_sources()) & set(knowledge().by_id(Source))


def test_the_document_is_in_step() -> None:
    assert (ROOT / "docs/treatment-vignettes.md").read_text() == document()


SOMEBODY = Vignette(
    "somebody",
    "A woman of 64 with a mechanical valve who takes apixaban",
    "awaiting_review",
    "Made up.",
    Person(
        64,
        "female",
        ("atrial_fibrillation", "hypertension", "mechanical_heart_valve"),
        (
            ("weight", 72, "kg", 30),
            ("height", 163, "cm", 30),
            ("creatinine", 0.9, "mg/dL", 30),
            ("systolic_bp", 130, "mm[Hg]", 30),
        ),
        (("apixaban", 10), ("simvastatin", 40), ("amlodipine", 5)),
    ),
    {"first": ["option:af_warfarin"]},
    "atrial_fibrillation",
)
X_OF_VALVE = "contraindications:doac_mechanical_valve"
# of each expectation something true of her, and something false
CLAIMS: dict[str, tuple[Any, Any]] = {
    "first": (["option:af_warfarin"], ["class:doac"]),
    "above": (
        [["class:vka", "option:af_aspirin_75"]],
        [["option:af_aspirin_75", "class:vka"]],
    ),
    "excluded": ([["class:doac", X_OF_VALVE]], [["class:vka", X_OF_VALVE]]),
    "not_excluded": (["class:vka"], ["class:doac"]),
    "warned": (
        [["class:vka", "C", "interactions:warfarin_statin"]],
        [["class:vka", "X", "interactions:warfarin_statin"]],
    ),
    "no_finding": ([["class:vka", X_OF_VALVE]], [["class:doac", X_OF_VALVE]]),
    "asked": ([], ["creatinine"]),
    "dose": ({}, {"af_warfarin": "10 mg"}),
    "tier": ({"class:vka": 1}, {"class:vka": 2}),
    "kinds": ({"option:af_warfarin": ["switch"]}, {"option:af_warfarin": ["add"]}),
    "not_offered": (["class:statin"], ["class:vka"]),
    "interactions": (
        [["D", "interactions:simvastatin_20_amlodipine"]],
        [["X", "interactions:simvastatin_20_amlodipine"]],
    ),
    "no_interaction": (["interactions:acei_arb"], ["interactions:simvastatin_20_amlodipine"]),
    "no_interaction_statement": (True, False),
    "check": (
        [{"give": "rivaroxaban", "found": [["X", X_OF_VALVE]]}],
        [{"give": "rivaroxaban", "not": [X_OF_VALVE]}],
    ),
    "barred": (None, "died"),
    "current": ([["X", X_OF_VALVE]], [["D", X_OF_VALVE]]),
    "indicated": ({"atrial_fibrillation": True}, {"hfref": True}),
}


@cache
def _somebody() -> Answer:
    return answer_of(SOMEBODY)


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_every_expectation_can_hold_and_fail(name: str) -> None:
    true, false = CLAIMS[name]
    assert true is None or complaints({name: true}, _somebody()) == []
    assert complaints({name: false}, _somebody())


def test_of_what_is_kept_alone() -> None:
    kept = {"warned": [[f"{KEEP}ingredient:apixaban", "X", X_OF_VALVE]]}
    assert complaints(kept, _somebody()) == []
    assert complaints({"excluded": [[f"{KEEP}class:vka", X_OF_VALVE]]}, _somebody())


def test_a_misread_person_is_an_error() -> None:
    # the height of a child is none
    misread = replace(SOMEBODY, person=replace(SOMEBODY.person, age=16))
    with pytest.raises(AssertionError):
        answer_of(misread)
    with pytest.raises(KeyError):
        complaints({"frist": ["class:doac"]}, _somebody())
    with pytest.raises(ValueError, match="expectation"):
        replace(SOMEBODY, expect={})
