"""What a drug does to an event, against nothing and against another drug."""

from pathlib import Path

import numpy as np
import pytest

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.ranking.drugs import Drug, Pharmacy
from models_engine.catalogue.treatment.ranking.relative import EventEffects
from tests.unit.models_engine.catalogue.treatment.ranking.made import (
    Rows,
    knowledge_of,
    option,
    taken,
    who,
)

# Ruff 2014: DOAC against warfarin; warfarin against placebo, both as the design notes have them
AF: Rows = [
    {"id": "doac", "applies_to": "class:doac", "event": "stroke_af", "effect": "0.81",
     "low": "0.73", "high": "0.91", "comparator": "vka"},
    {"id": "vka", "applies_to": "class:vka", "event": "stroke_af", "effect": "0.36"},
]  # fmt: skip


def effects_of(knowledge: Knowledge, **more: object) -> EventEffects:
    return EventEffects(Pharmacy(knowledge), "hypertension", who(**more))  # type: ignore[arg-type]


def drug(knowledge: Knowledge, *ingredients: str) -> Drug:
    return Pharmacy(knowledge).of_taken(taken(*ingredients))


def ratio(effects: EventEffects, *args: object) -> float:
    found = effects.between(*args, {}, {})  # type: ignore[arg-type]
    assert found is not None
    return float(found.ratio[0])


def test_a_chain_against_no_drug(tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, event_effects=AF)
    effects = effects_of(knowledge)
    apixaban, warfarin = drug(knowledge, "apixaban"), drug(knowledge, "warfarin")
    assert ratio(effects, apixaban, None, "stroke_af") == pytest.approx(0.81 * 0.36)
    assert ratio(effects, None, warfarin, "stroke_af") == pytest.approx(1 / 0.36)
    assert ratio(effects, apixaban, warfarin, "stroke_af") == pytest.approx(0.81)
    assert ratio(effects, warfarin, apixaban, "stroke_af") == pytest.approx(1 / 0.81)
    begun = effects.between(apixaban, None, "stroke_af", {}, {})
    assert begun and "chained" in " ".join(begun.notes)
    assert [row.id for row in begun.rows] == ["doac", "vka"] and not begun.is_interval_known
    compared = effects.between(apixaban, warfarin, "stroke_af", {}, {})
    # the trial of the two is not widened by what warfarin does against placebo
    assert compared and compared.is_interval_known and compared.notes == ()


def test_a_comparator_that_nobody_knows_gives_no_effect(tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, event_effects=AF[:1])
    effects = effects_of(knowledge)
    apixaban = drug(knowledge, "apixaban")
    assert effects.between(apixaban, None, "stroke_af", {}, {}) is None
    assert [row.id for row in effects.knows(apixaban, "stroke_af")] == ["doac"]
    assert ratio(effects, apixaban, drug(knowledge, "warfarin"), "stroke_af") == pytest.approx(0.81)


def test_two_trials_against_each_other_end(tmp_path: Path) -> None:
    rows: Rows = [
        {"applies_to": "class:doac", "event": "stroke_af", "effect": "0.8", "comparator": "vka"},
        {"applies_to": "class:vka", "event": "stroke_af", "effect": "1.2", "comparator": "doac"},
    ]
    knowledge = knowledge_of(tmp_path, event_effects=rows)
    assert effects_of(knowledge).of(drug(knowledge, "apixaban"), "stroke_af", {}) is None


def test_an_event_of_its_own_goes_before_what_follows_from_a_value(tmp_path: Path) -> None:
    rows: Rows = [
        {"id": "own", "applies_to": "class:pcsk9", "event": "mace", "effect": "0.8"},
        {"id": "by_ldl", "applies_to": "change:ldl_cholesterol", "event": "mace",
         "form": "risk_ratio", "effect": "0.78", "per": "1"},
    ]  # fmt: skip
    knowledge = knowledge_of(tmp_path, event_effects=rows)
    effects = effects_of(knowledge)
    falls = {"ldl_cholesterol": np.full(401, 1.72)}
    own = effects.of(drug(knowledge, "evolocumab"), "mace", falls)
    by_ldl = effects.of(drug(knowledge, "atorvastatin"), "mace", falls)
    assert own and own.ratio[0] == pytest.approx(0.8) and [r.id for r in own.rows] == ["own"]
    assert by_ldl and by_ldl.ratio[0] == pytest.approx(0.652, abs=0.0005)
    assert float(0.15 - by_ldl.on(0.15)[0]) == pytest.approx(0.0494, abs=0.00005)
    assert effects.of(drug(knowledge, "atorvastatin"), "mace", {}) is None


def test_of_one_value_the_better_known_row_is_used(tmp_path: Path) -> None:
    rows: Rows = [
        {"id": "memory", "evidence": "M", "applies_to": "change:systolic_bp", "event": "mace",
         "effect": "0.5", "per": "10"},
        {"id": "judged", "evidence": "J", "applies_to": "change:systolic_bp", "event": "mace",
         "effect": "0.6", "per": "10"},
        {"id": "ldl", "applies_to": "change:ldl_cholesterol", "event": "mace", "effect": "0.78",
         "per": "1"},
    ]  # fmt: skip
    effects = effects_of(knowledge_of(tmp_path, event_effects=rows))
    falls = {"systolic_bp": np.full(401, 10.0), "ldl_cholesterol": np.full(401, 1.0)}
    found = effects.of(Drug("x", ()), "mace", falls)
    assert found and found.ratio[0] == pytest.approx(0.5 * 0.78)
    assert "independent" in " ".join(found.notes)


def test_parts_multiply_unless_the_whole_was_studied(tmp_path: Path) -> None:
    rows: Rows = [
        {"applies_to": "class:acei", "event": "mace", "effect": "0.9"},
        {"applies_to": "class:ccb_dhp", "event": "mace", "effect": "0.8"},
        {"applies_to": "option:both", "event": "stroke", "effect": "0.6"},
        {"applies_to": "class:acei", "event": "stroke", "effect": "0.9"},
    ]
    options = [option("both", "lisinopril/amlodipine")]
    knowledge = knowledge_of(tmp_path, event_effects=rows, options=options)
    pharmacy = Pharmacy(knowledge)
    both = pharmacy.of_option(pharmacy.options[0])
    effects = effects_of(knowledge)
    assert ratio(effects, both, None, "mace") == pytest.approx(0.72)
    assert ratio(effects, both, None, "stroke") == pytest.approx(0.6)
    # what is kept of a combination cancels out
    assert ratio(effects, both, drug(knowledge, "lisinopril"), "mace") == pytest.approx(0.8)


def test_a_class_is_no_second_effect_of_an_ingredient(tmp_path: Path) -> None:
    rows: Rows = [
        {"applies_to": "class:acei", "event": "mace", "effect": "0.9"},
        {"applies_to": "ingredient:lisinopril", "event": "mace", "effect": "0.7"},
    ]
    knowledge = knowledge_of(tmp_path, event_effects=rows)
    effects = effects_of(knowledge)
    assert ratio(effects, drug(knowledge, "lisinopril"), None, "mace") == pytest.approx(0.7)
    assert ratio(effects, drug(knowledge, "enalapril"), None, "mace") == pytest.approx(0.9)


def test_rows_for_others_and_rows_that_cannot_be_judged_are_not_used(tmp_path: Path) -> None:
    rows: Rows = [
        {"id": "other", "applies_to": "class:acei", "event": "mace", "effect": "0.9",
         "requires": "has:ckd"},
        {"id": "open", "applies_to": "class:acei", "event": "mace", "effect": "0.8",
         "requires": "egfr>=30"},
        {"id": "elsewhere", "applies_to": "class:acei", "event": "mace", "effect": "0.7",
         "indication": "hfref"},
    ]  # fmt: skip
    knowledge = knowledge_of(tmp_path, event_effects=rows)
    effects = effects_of(knowledge)
    assert effects.of(drug(knowledge, "lisinopril"), "mace", {}) is None
    assert [(row.id, answer.missing) for row, answer in effects.untold] == [("open", ("egfr",))]


def test_without_an_effect_of_the_other_drug_it_counts_as_none_and_says_so(tmp_path: Path) -> None:
    rows: Rows = [{"applies_to": "class:doac", "event": "stroke_af", "effect": "0.3"}]
    knowledge = knowledge_of(tmp_path, event_effects=rows)
    found = effects_of(knowledge).between(
        drug(knowledge, "apixaban"), drug(knowledge, "glipizide"), "stroke_af", {}, {}
    )
    assert found and found.ratio[0] == pytest.approx(0.3)
    assert found.notes == ("No effect of glipizide on it is known here: it was counted as none.",)
