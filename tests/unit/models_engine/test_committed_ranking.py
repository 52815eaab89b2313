"""The committed tables in rankings: every option can be ranked, and some things must come out so."""

from typing import Any

import pytest

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import (
    INDICATIONS,
    Baseline,
    EventEffect,
    Harm,
    Option,
    Outcome,
)
from models_engine.catalogue.treatment.person import Reading, Taken, TreatmentPerson
from models_engine.catalogue.treatment.ranking.drugs import Pharmacy, is_about
from models_engine.catalogue.treatment.ranking.results import Preferences, Ranking
from models_engine.catalogue.what_if.interventions import treatments
from models_engine.registry import all_models
from models_engine.services.simulate import StartingPoint, starting_point
from models_engine.services.treatment import rank_treatments
from tests.unit.models_engine.builders import AS_OF, condition, measurement, published_case
from tests.unit.models_engine.catalogue.treatment.ranking.made import by_key

CONDITIONS: dict[str, tuple[str, ...]] = {
    "hypertension": ("hypertension",),
    "ldl_primary": ("hypertension",),
    "ldl_secondary": ("coronary_heart_disease", "myocardial_infarction"),
    "diabetes_type_2": ("diabetes_type_2",),
    "hfref": ("heart_failure", "hfref"),
    "hfpef": ("heart_failure", "hfpef"),
    "atrial_fibrillation": ("atrial_fibrillation", "hypertension"),
    "ckd_albuminuria": ("ckd", "diabetes_type_2"),
}
VALUES = {
    "potassium": 4.5,
    "egfr": 70.0,
    "creatinine": 1.0,
    "crcl": 75.0,
    "weight": 95.0,
    "bmi": 33.0,
    "systolic_bp": 152.0,
    "heart_rate": 75.0,
    "hba1c": 8.2,
    "ldl_cholesterol": 3.2,
    "urine_acr": 400.0,
    "alt": 20.0,
    "lvef": 30.0,
    "cha2ds2_vasc": 4.0,
    "has_bled": 2.0,
}


def start(indication: str) -> StartingPoint:
    made = published_case(
        measurement("ldl_cholesterol", 3.2),
        measurement("weight", 95.0),
        measurement("hba1c", 8.2),
        measurement("systolic_bp", 152.0),
        *(condition(c) for c in CONDITIONS[indication] if c != "diabetes_type_2"),
    )
    return starting_point(made, all_models(), {})


def person(indication: str, *medicines: Taken, **values: float) -> TreatmentPerson:
    readings = {
        name: Reading(value, "", AS_OF.date(), ("Observation", name, 1))
        for name, value in (VALUES | values).items()
    }
    recorded: Any = {c: (("Condition", c, 1),) for c in CONDITIONS[indication]}
    return TreatmentPerson(
        AS_OF, 68, "female", recorded, readings, medicines=medicines, allergies_recorded=True
    )


def taken(name: str, mg: float) -> Taken:
    known = knowledge().tables["ingredients"][name]
    return Taken(name, (name,), frozenset(known.classes), mg, f"{mg:g} mg")


def ranked(indication: Any, *medicines: Taken, **values: float) -> Ranking:
    return rank_treatments(start(indication), person(indication, *medicines, **values), indication)


@pytest.mark.parametrize("indication", INDICATIONS)
def test_every_indication_is_ranked(indication: str) -> None:
    ranking = ranked(indication)
    assert not ranking.barred and ranking.why_indicated
    everything = (*ranking.candidates, *ranking.excluded)
    assert len(everything) > 3
    for one in everything:
        assert sum(one.points.values()) == pytest.approx(one.score, abs=1e-9)
        for change in (*one.benefits, *one.harms):
            assert 0.0 <= change.after <= 1.0 and change.rows and change.label
            assert change.low <= change.after <= change.high
            # fewer of a harm, or more of an event, is possible; more than a half never was read
            assert abs(change.difference) < 0.5
    assert any(one.benefits or one.values or one.relative_only for one in everything)
    assert any(one.tier == 1 for one in everything)


def test_what_rows_name_is_there() -> None:
    tables, pharmacy = knowledge(), Pharmacy(knowledge())
    outcomes = tables.by_id(Outcome)
    numbers = {f"{m.id}:{o.id}" for m in all_models(score2_region="low") for o in m.outcomes}
    assert {name for o in outcomes.values() for name in o.models} <= numbers
    assert {row.event for row in tables.rows(EventEffect)} <= set(outcomes)
    assert {row.event for row in tables.rows(Baseline)} <= set(outcomes)
    assert {row.weight or row.harm for row in tables.rows(Harm)} <= set(outcomes)
    for option in tables.rows(Option):
        assert not option.what_if or option.what_if in treatments(), option.id
        assert pharmacy.of_option(option).classes, option.id
    drugs = [pharmacy.of_option(option) for option in tables.rows(Option)]
    silent = [
        row.id
        for row in tables.rows(EventEffect)
        if row.per is None and not any(is_about(drug, row.applies_to) for drug in drugs)
    ]
    assert not silent, "effects of no option"
    for row in tables.rows(EventEffect):
        if row.comparator not in ("placebo", "none"):
            known = row.comparator in pharmacy.classes or (
                row.comparator.replace("_", " ") in pharmacy.ingredients
            )
            assert known, f"{row.id}: nobody knows {row.comparator}"


def test_an_anticoagulant_is_worth_more_than_none_and_is_never_added_to_another() -> None:
    alone = by_key(ranked("atrial_fibrillation"))
    assert alone["start:af_apixaban_5"].score > 0
    with_warfarin = by_key(ranked("atrial_fibrillation", taken("warfarin", 5)))
    assert "switch:af_apixaban_5:warfarin_1" in with_warfarin
    assert not {k for k in with_warfarin if k.startswith("add:") and "aspirin" not in k}
    assert with_warfarin["stop:warfarin_1"].score < 0


def test_a_statin_of_more_effect_lowers_more() -> None:
    found = by_key(ranked("ldl_primary"))
    falls = [found[f"start:lp_atorvastatin_{dose}"].values[0].after for dose in (10, 20, 40, 80)]
    assert falls == sorted(falls, reverse=True)


def test_sacubitril_takes_the_place_of_an_ace_inhibitor() -> None:
    found = by_key(ranked("hfref", taken("lisinopril", 20)))
    assert "switch:hfref_sacubitril_valsartan:lisinopril_1" in found
    assert "add:hfref_sacubitril_valsartan" not in found
    assert found["keep:lisinopril_1"].brings


def test_preferences_change_the_score_by_what_they_say() -> None:
    key = "start:t2d_semaglutide_10"
    asked = {"no_injections": 10}
    plain = by_key(ranked("diabetes_type_2"))[key]
    avoiding = by_key(
        rank_treatments(
            start("diabetes_type_2"),
            person("diabetes_type_2"),
            "diabetes_type_2",
            Preferences(**asked),
        )
    )[key]
    assert avoiding.score == pytest.approx(plain.score + avoiding.points["no_injections"])
    assert avoiding.points["no_injections"] == pytest.approx(-5.0)
