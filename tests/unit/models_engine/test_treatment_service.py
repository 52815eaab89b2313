"""A twin's own models, values and scores in a ranking."""

from dataclasses import replace
from pathlib import Path

import pytest

from models_engine.catalogue.treatment.ranking.results import Preferences
from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.registry import all_models
from models_engine.services.simulate import StartingPoint, simulate, starting_point
from models_engine.services.treatment import history_of, indications_of, rank_treatments
from models_engine.treatment_person import treatment_person
from patients.record.state import State
from tests.unit.models_engine.builders import (
    condition,
    measurement,
    published_case,
    state,
)
from tests.unit.models_engine.catalogue.treatment.ranking.made import (
    Rows,
    by_key,
    knowledge_of,
    option,
    taken,
)

OUTCOMES: Rows = [
    {"id": "mace", "weight": "0.5", "models": "prevent_full_10y:ascvd prevent_base_10y:ascvd"},
    {"id": "stroke_af", "weight": "0.6"},
]
BY_LDL: Rows = [
    {"applies_to": "change:ldl_cholesterol", "event": "mace", "effect": "0.78", "per": "1"},
    {"applies_to": "class:doac", "event": "stroke_af", "effect": "0.3"},
]
OPTIONS: Rows = [
    option("statin", "atorvastatin", "statin", daily_mg="20", what_if="atorvastatin_20",
           indication="ldl_primary"),
    option("doac", "apixaban", "doac", indication="atrial_fibrillation"),
]  # fmt: skip


def start_of(made: State) -> StartingPoint:
    return starting_point(made, all_models(), {})


def test_the_number_of_the_first_model_and_every_model_rerun(tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, outcomes=OUTCOMES, event_effects=BY_LDL, options=OPTIONS)
    made = published_case(measurement("ldl_cholesterol", 3.0))
    start = start_of(made)
    person = treatment_person(made, start.reader, knowledge=knowledge)
    ranking = rank_treatments(start, person, "ldl_primary", knowledge=knowledge)
    found = by_key(ranking)["start:statin"]
    mace = found.benefits[0]
    told = simulate(start, [Intervention("treatment", "atorvastatin_20")])
    prevent = next(c for c in told.comparisons if c.model.id == "prevent_full_10y")
    ascvd = next(o for o in prevent.outcomes if o.outcome == "ascvd")
    assert mace.before == pytest.approx(ascvd.before) and mace.months == 120
    assert mace.model == "prevent_full_10y:ascvd"
    assert mace.after == pytest.approx(1 - (1 - ascvd.before) ** (0.78 ** (3.0 * 0.423)))
    # the models rerun are those of the what-if, and are not what is counted
    rerun = next(c for c in found.comparisons if c.model.id == "prevent_full_10y")
    assert next(o for o in rerun.outcomes if o.outcome == "ascvd").after == ascvd.after
    assert ascvd.after != pytest.approx(mace.after, abs=1e-4)
    assert found.values[0].after == pytest.approx(3.0 * (1 - 0.423))
    bare = rank_treatments(start, person, "ldl_primary", knowledge=knowledge, with_models=False)
    assert all(one.comparisons == () for one in bare.candidates)
    assert [replace(c, comparisons=()) for c in ranking.candidates] == list(bare.candidates)


def test_scores_of_atrial_fibrillation_come_from_the_record(tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, outcomes=OUTCOMES, event_effects=BY_LDL, options=OPTIONS)
    made = published_case(condition("atrial_fibrillation"), condition("hypertension"))
    start = start_of(made)
    person = treatment_person(made, start.reader, knowledge=knowledge)
    person = replace(person, readings={})
    ranking = rank_treatments(start, person, "atrial_fibrillation", knowledge=knowledge)
    # a woman with hypertension and diabetes: 3 points, 3.2 a year
    assert "CHA2DS2-VASc is 3" in ranking.why_indicated
    stroke = by_key(ranking)["start:doac"].benefits[0]
    assert stroke.before == pytest.approx(0.032)


def test_what_the_indication_needs_is_asked_for(tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, options=OPTIONS)
    made = published_case()
    start = start_of(made)
    person = treatment_person(made, start.reader, knowledge=knowledge)
    ranking = rank_treatments(start, person, "ldl_primary", knowledge=knowledge)
    assert not ranking.barred and "LDL cholesterol: not known" in ranking.notes[0]
    assert not by_key(ranking)["start:statin"].values


def test_without_the_indication_there_is_no_ranking(tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, options=OPTIONS)
    made = published_case()
    start = start_of(made)
    person = treatment_person(made, start.reader, knowledge=knowledge)
    ranking = rank_treatments(start, person, "hfref", Preferences(), knowledge=knowledge)
    assert ranking.barred == "No heart failure is recorded." and ranking.candidates == ()
    with pytest.raises(KeyError):
        rank_treatments(start, person, "gout", knowledge=knowledge)  # type: ignore[arg-type]
    barred = replace(person, barred="Dead.")
    assert rank_treatments(start, barred, "hfref", knowledge=knowledge).barred == "Dead."
    assert indications_of(start, barred) == ()
    assert [one.indication for one in indications_of(start, person)] == [
        "ldl_primary",
        "diabetes_type_2",
    ]


def test_what_is_taken_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    interactions: Rows = [
        {"applies_to": "class:acei", "other": "class:arb", "says": "Not both.", "severity": "D",
         "plain": "Not both.", "evidence": "J", "reviewed": "2026-11-21"},
    ]  # fmt: skip
    knowledge = knowledge_of(tmp_path, options=OPTIONS, interactions=interactions)
    made = published_case(measurement("ldl_cholesterol", 3.0))
    start = start_of(made)
    person = replace(
        treatment_person(made, start.reader, knowledge=knowledge),
        medicines=(taken("losartan"), taken("lisinopril")),
    )
    ranking = rank_treatments(start, person, "ldl_primary", knowledge=knowledge)
    assert [f.kind for f in ranking.current if f.level == "D"] == ["interaction"]


def test_the_history_of_pressure_and_kidneys() -> None:
    made = state(
        measurement("systolic_bp", 150.0, days_ago=5),
        measurement("diastolic_bp", 95.0, days_ago=5),
        measurement("egfr_reported", 50.0, days_ago=40),
        # CKD-EPI 2021: a woman of 50 with 1.4 mg/dL
        measurement("creatinine", 1.4, days_ago=200),
    )
    found = history_of(made)
    assert [one.value for one in found["systolic_bp"]] == [150.0]
    assert [one.value for one in found["diastolic_bp"]] == [95.0]
    assert [round(one.value) for one in found["egfr"]] == [50, 46]
    assert all(one.reference and one.at for one in found["egfr"])
    unknown = state(measurement("creatinine", 1.4), sex="")
    assert history_of(unknown)["egfr"] == ()
