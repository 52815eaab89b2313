"""UKPDS OM2: worked examples, the coefficient table at hand elsewhere, and how a year adds up."""

import csv

import numpy as np
import pytest

from models_engine.catalogue.risk import ukpds_equations as equations
from models_engine.catalogue.risk.ukpds import PERSON
from models_engine.registry import all_models, model
from tests.data import ROOT
from tests.spec.models.oracles import ukpds_om2 as oracle

UKPDS = [m for m in all_models() if m.family == "ukpds"]
NUMBERS = equations.numbers_of((*equations.EVENT_EQUATIONS, *equations.DEATH_EQUATIONS))
# beside the project, where it is at hand
SHARED = ROOT.parent / "shared/clinical/ukpds_om2_and_90_coefficients_microsim_tutorial.csv"
# our name of an equation or a term: theirs
THEIR_EQUATIONS = {
    "heart_failure": "chf",
    "ihd": "ihd",
    "mi_men": "mi1_male",
    "mi_women": "mi1_female",
    "second_mi": "mi2",
    "stroke": "stroke_1",
    "second_stroke": "stroke_2",
    "blindness": "blindness",
    "ulcer": "ulcer",
    "amputation_without_ulcer": "amp1_no_ulcer",
    "amputation_with_ulcer": "amp1_yes_ulcer",
    "second_amputation": "amp2",
    "renal_failure": "esrd",
    "death_without_history_or_event": "death_nhne",
    "death_with_first_event": "death_1st_event",
    "death_with_history": "death_yhne",
    "death_with_history_and_event": "death_yhye",
}
THEIR_TERMS = {
    "constant": "lambda",
    "shape": "rho",
    "age_at_diagnosis": "age_diag",
    "duration": "diab_dur",
    "afro_caribbean": "black",
    "asian_indian": "indian",
    "smoker": "smoke",
    "hba1c": "a1c",
    "bmi_below_18_5": "bmi_lt18_5",
    "bmi_from_25": "bmi_gte25",
    "egfr_below_60": "egfr_lt60",
    "egfr_above_60": "egfr_gte60",
    "ldl_above_3_5": "ldl_gt35",
    "systolic_bp": "sbp",
    "albuminuria": "albumin_mm",
    "haemoglobin": "heamo",
    "atrial_fibrillation": "atria_fib",
    "pvd": "pvd_event",
    "heart_failure": "chf_hist",
    "ihd": "ihd_hist",
    "mi": "mi_hist",
    "stroke": "stroke_hist",
    "blindness": "blindness_hist",
    "ulcer": "ulcer_hist",
    "amputation": "amp_hist",
    "renal_failure": "esrd_hist",
    "amputation_event": "amp_event",
    "second_amputation_event": "amp_event2",
    "renal_failure_event": "esrd_event",
}


def arrays(**given):
    return {concept: np.array([value]) for concept, value in (PERSON | given).items()}


def test_our_table_is_the_public_one_number_by_number():
    if not SHARED.exists():
        pytest.skip("the public coefficient table is not at hand")
    with SHARED.open(encoding="utf-8", newline="") as source:
        theirs = {row.pop("Parameter"): row for row in csv.DictReader(source)}
    expected = {
        ours: {name: float(row[column]) for name, row in theirs.items() if float(row[column])}
        for ours, column in THEIR_EQUATIONS.items()
    }
    found = {
        equation: {THEIR_TERMS.get(term, term): value for term, value in terms.items()}
        for equation, terms in equations.EQUATIONS.items()
    }
    assert found == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("heart_failure", 0.003007),
        ("ihd", 0.010065),
        ("mi", 0.015245),
        ("stroke", 0.007256),
        ("blindness", 0.003373),
        ("renal_failure", 0.000273),
        ("ulcer", 0.002455),
    ],
)
def test_regression_values(event, expected):
    m = model(f"ukpds_om2_{event}")
    got = m.predict_one({i.concept: PERSON[i.concept] for i in m.inputs})
    assert got[f"ukpds_{event}"] == pytest.approx(expected, abs=6e-7)


def test_heart_failure_of_the_worked_example():
    person = arrays(age=70.0, bmi=32.0, egfr=50.0, albuminuria=1.0, lower_limb_amputation=1.0)
    assert equations.weibull(NUMBERS, person, "heart_failure")[0] == pytest.approx(0.0267, abs=6e-5)


@pytest.mark.parametrize(("events", "expected"), [(("mi",), 0.597), ((), 0.286)])
def test_death_after_a_first_event_of_the_worked_example(events, expected):
    """Without a named event: heart failure, which is an event without a term."""
    person = arrays(age=70.0, diabetes_duration=12.0, heart_rate=80.0)
    got = equations.death_with_events(NUMBERS, person, events)[0]
    assert got == pytest.approx(expected, abs=5e-4)


def test_death_in_a_year_without_event():
    after_heart_failure = arrays(age=70.0, bmi=32.0, wbc=6.0, heart_failure=1.0)
    got = equations.death_without_event(NUMBERS, after_heart_failure)[0]
    assert got == pytest.approx(0.0458, abs=5e-5)
    nothing = equations.death_without_event(NUMBERS, arrays())[0]
    assert nothing == pytest.approx(0.013402, abs=6e-7)


def test_the_year_of_death_adds_up_like_every_subset_of_events():
    for person in oracle.PEOPLE[:8]:
        given = {c: person.get(c, 0.0) for c in PERSON}
        got = equations.death(NUMBERS, arrays(**given))[0]
        assert got == pytest.approx(oracle.death(person), rel=1e-9)


def test_death_is_at_least_that_of_a_year_without_event():
    people = oracle.PEOPLE
    x = {c: np.array([p.get(c, 0.0) for p in people]) for c in PERSON}
    no_history = ~equations.has_history(x)
    above = equations.death(NUMBERS, x) > equations.death_without_event(NUMBERS, x)
    assert above[no_history].all() and no_history.sum() > 5


def test_rounding_never_makes_a_death_more_than_certain():
    x = arrays(age=89.0, wbc=200.0, hba1c=20.0, systolic_bp=300.0, myocardial_infarction=1.0)
    got = equations.death(NUMBERS, x)[0]
    assert 0.999 < got <= 1.0


def test_ethnicity_that_is_not_recorded_is_the_reference_group():
    for name in ("mi", "renal_failure", "death"):
        m = model(f"ukpds_om2_{name}")
        known = {i.concept: PERSON[i.concept] for i in m.inputs}
        unknown = {c: v for c, v in known.items() if c not in ("afro_caribbean", "asian_indian")}
        assert m.predict_one(unknown) == m.predict_one(known)
        other = m.predict_one(known | {"afro_caribbean": 1.0})
        assert other != m.predict_one(known)


RISING = [
    ("heart_failure", "bmi"),
    ("ihd", "systolic_bp"),
    ("mi", "hba1c"),
    ("stroke", "systolic_bp"),
    ("stroke", "atrial_fibrillation"),
    ("blindness", "hba1c"),
    ("ulcer", "peripheral_artery_disease"),
    ("amputation", "peripheral_artery_disease"),
    ("renal_failure", "albuminuria"),
    ("death", "age"),
    ("death", "smoking_status"),
]


@pytest.mark.parametrize(("event", "concept"), RISING)
def test_rises_with_the_risk_factor(event, concept):
    m = model(f"ukpds_om2_{event}")
    for person in oracle.PEOPLE[:20]:
        values = {i.concept: person[i.concept] for i in m.inputs} | {"foot_ulcer": 0.0}
        low = m.predict_one(values | {concept: person[concept] * 0.9 if person[concept] > 1 else 0})
        high = m.predict_one(values | {concept: person[concept] if person[concept] > 1 else 1.0})
        assert high[f"ukpds_{event}"] >= low[f"ukpds_{event}"]


def test_kidney_failure_falls_with_kidney_function_on_both_sides_of_the_knot():
    egfr = np.array([15.0, 30, 45, 59, 60, 61, 75, 90, 120])
    x = {c: np.full(len(egfr), v) for c, v in PERSON.items()} | {"egfr": egfr}
    assert (np.diff(equations.weibull(NUMBERS, x, "renal_failure")) < 0).all()


def test_all_are_quiet_and_say_what_they_are():
    assert len(UKPDS) == 12
    for m in UKPDS:
        assert m.quiet and m.background is None
        assert "natural history, uncalibrated" in m.title
        assert "natural history, uncalibrated" in m.outcomes[0].label
        assert m.outcomes[0].horizon_years == 1.0
    assert "-0.811" in model("ukpds_om2_amputation").facts.risks
    assert "-0.811" in model("ukpds_om2_death").facts.risks


def test_an_unknown_term_is_refused(monkeypatch, tmp_path):
    table = tmp_path / "odd.csv"
    table.write_text("equation,term,value\nihd,phase_of_the_moon,1\n", encoding="utf-8")
    monkeypatch.setattr(equations, "COEFFICIENTS", table)
    with pytest.raises(ValueError, match="phase_of_the_moon"):
        equations.read_equations()
