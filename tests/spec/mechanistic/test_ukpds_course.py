"""UKPDS 90 paths and UKPDS OM2 over years: published values, and the years drawn at random."""

import csv

import numpy as np
import pytest

from models_engine.catalogue.mechanistic.refusing import RefusedError
from models_engine.catalogue.mechanistic.ukpds_course import EVENTS, NUMBERS, ukpds_course
from models_engine.catalogue.mechanistic.ukpds_paths import (
    HELD,
    LABEL,
    MOVING,
    PARAMETERS,
    risk_factor_paths,
)
from models_engine.catalogue.risk import ukpds_equations as equations
from models_engine.catalogue.risk.ukpds import PERSON
from tests.data import ROOT
from tests.spec.models.oracles import ukpds_om2 as one_year

SHARED = ROOT.parent / "shared/clinical/ukpds_om2_and_90_coefficients_microsim_tutorial.csv"
# constant, previous, ln duration, first, female, Afro-Caribbean, Asian-Indian; years back
ROWS = {
    "hba1c": (
        1.419544175,
        0.723498054,
        0.141961007,
        0.081024008,
        0.054340175,
        0.065827025,
        0.046142766,
        1,
    ),
    "systolic_bp": (
        29.05042373,
        0.668424429,
        0.572002354,
        0.117829617,
        0.684242541,
        0,
        -1.397636853,
        1,
    ),
    "ldl_cholesterol": (
        0.780721659,
        0.564981117,
        -0.043193404,
        0.218726477,
        0.065904647,
        -0.051531718,
        -0.076734214,
        1,
    ),
    "hdl_cholesterol": (0.170354877, 0.602979645, 0, 0.219890001, 0.042885456, 0.050587434, 0, 1),
    "bmi": (
        0.82691708,
        0.953784893,
        -0.165175449,
        0.033206349,
        0.044321709,
        -0.093503001,
        -0.086782463,
        1,
    ),
    "heart_rate": (31.19741548, 0.329420923, 0.907699135, 0.270030731, 1.014484432, 0, 0, 3),
    "wbc": (1.441662828, 0.442479225, 0.16877873, 0.310087404, 0.089341556, -0.331249115, 0, 3),
    "haemoglobin": (4.990171942, 0, -0.327880308, 0.695747343, -0.345338237, -0.185392284, 0, 1),
}
VALUES = {c: PERSON[c] for c in ROWS}


def expected_path(concept, today, first, duration, female, afro, indian, years):
    const, lag, ln, one, f, a, i, back = ROWS[concept]
    path = [today]
    for year in range(1, years + 1):
        fixed = const + one * first + f * female + a * afro + i * indian
        path.append(fixed + lag * path[max(0, year - back)] + ln * np.log(duration + year))
    return path


def test_published_example():
    """Afro-Caribbean man, diagnosed four years ago, HbA1c 6.5 % now and then: 6.94 and 7.29."""
    person = {"sex": 0.0, "diabetes_duration": 4.0, "afro_caribbean": 1.0, "hba1c": 6.5}
    got = risk_factor_paths(person, 2)["hba1c"]
    assert got == pytest.approx([6.5, 6.9432, 7.2898], abs=6e-5)


@pytest.mark.parametrize("concept", ROWS)
@pytest.mark.parametrize(("sex", "afro", "indian"), [(0, 0, 0), (1, 1, 0), (1, 0, 1)])
def test_paths_are_those_of_the_second_implementation(concept, sex, afro, indian):
    person = VALUES | {
        "sex": float(sex),
        "afro_caribbean": float(afro),
        "asian_indian": float(indian),
        "diabetes_duration": 3.0,
    }
    first = VALUES[concept] * 0.9
    got = risk_factor_paths(person, 7, first={concept: first})[concept]
    expected = expected_path(concept, VALUES[concept], first, 3.0, sex, afro, indian, 7)
    assert got == pytest.approx(expected, rel=1e-12)


def test_our_table_is_the_public_one_number_by_number():
    if not SHARED.exists():
        pytest.skip("the public coefficient table is not at hand")
    theirs = {"systolic_bp": "sbp", "ldl_cholesterol": "ldl", "hdl_cholesterol": "hdl"}
    theirs |= {"haemoglobin": "haem"}
    with SHARED.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    for concept in MOVING:
        column = theirs.get(concept, concept)
        public = sorted(float(row[column]) for row in rows if float(row[column]))
        ours = sorted(p.value for p in PARAMETERS if p.name.startswith(f"{concept}."))
        assert ours == public


def test_one_percent_in_any_coefficient_is_noticed():
    person = VALUES | {
        "sex": 1.0,
        "afro_caribbean": 1.0,
        "asian_indian": 1.0,
        "diabetes_duration": 3.0,
    }
    exact = risk_factor_paths(person, 4)
    for concept in ROWS:
        expected = expected_path(concept, VALUES[concept], VALUES[concept], 3.0, 1, 1, 1, 4)
        assert exact[concept] == pytest.approx(expected, rel=1e-12)
    unnoticed = []
    for p in PARAMETERS:
        concept = p.name.partition(".")[0]
        changed = risk_factor_paths(person, 4, parameters=PARAMETERS.changed(p.name))[concept]
        if np.allclose(changed, exact[concept], rtol=1e-7):
            unnoticed.append(p.name)
    assert unnoticed == []


def test_unknown_ethnicity_is_the_reference_group():
    known = risk_factor_paths(VALUES | {"sex": 0.0, "diabetes_duration": 1.0}, 3)
    unknown = risk_factor_paths(
        VALUES | {"sex": 0.0, "diabetes_duration": 1.0, "afro_caribbean": float("nan")}, 3
    )
    for concept in ROWS:
        np.testing.assert_array_equal(known[concept], unknown[concept])


def test_the_first_year_is_the_one_year_model():
    people = [PERSON, PERSON | {"myocardial_infarction": 1.0, "foot_ulcer": 1.0, "sex": 1.0}]
    for person in people:
        course = ukpds_course(person, 1)
        x = {concept: np.array([value]) for concept, value in person.items()}
        assert course.death[1] == pytest.approx(equations.death(NUMBERS, x)[0], rel=1e-12)
        for event, p in equations.event_probabilities(NUMBERS, x).items():
            assert course.events[event][1] == pytest.approx(p[0], rel=1e-12)


def drawn(person, years, people, seed):
    """The same, drawn: one row a person, events one after another, with the other one-year model."""
    rng = np.random.default_rng(seed)
    paths = risk_factor_paths(person, years)
    times = {event: np.full(people, int(person[equations.HISTORY[event]])) for event in EVENTS}
    start = {event: count.copy() for event, count in times.items()}
    alive = np.ones(people, dtype=bool)
    for year in range(years):
        values = {c: np.full(people, v) for c, v in person.items()}
        values |= {c: np.full(people, path[year]) for c, path in paths.items()}
        values["age"] = np.full(people, person["age"] + year)
        values["diabetes_duration"] = np.full(people, person["diabetes_duration"] + year)
        for event in EVENTS:
            values[equations.HISTORY[event]] = (times[event] > 0).astype(float)
        twice = ("mi", "stroke", "amputation")
        p = equations.event_probabilities(NUMBERS, values)
        now = {}
        for event in EVENTS:
            often = times[event] >= (2 if event in twice else 1)
            now[event] = alive & ~often & (rng.random(people) < p[event])
        death = np.empty(people)
        for row in range(people):
            if not alive[row]:
                continue
            happened = [event for event in EVENTS if now[event][row]]
            one = {c: np.array([v[row]]) for c, v in values.items()}
            if happened:
                death[row] = equations.death_with_events(NUMBERS, one, happened)[0]
            else:
                death[row] = equations.death_without_event(NUMBERS, one)[0]
        dies = alive & (rng.random(people) < death)
        for event in EVENTS:
            times[event] = times[event] + now[event]
        alive &= ~dies
    had = {event: float(np.mean(times[event] > start[event])) for event in EVENTS}
    return had, 1.0 - float(alive.mean())


def test_the_course_is_what_drawing_the_years_comes_to():
    person = PERSON | {
        "age": 72.0,
        "diabetes_duration": 12.0,
        "albuminuria": 1.0,
        "myocardial_infarction": 1.0,
        "peripheral_artery_disease": 1.0,
        "hba1c": 9.5,
    }
    people, years = 3000, 4
    course = ukpds_course(person, years)
    had, died = drawn(person, years, people, seed=7)
    for found, exact in [(died, course.death[-1])] + [
        (had[event], course.events[event][-1]) for event in EVENTS
    ]:
        error = np.sqrt(exact * (1 - exact) / people)
        assert abs(found - exact) < 4 * error + 1e-3


def test_the_second_one_year_model_agrees_year_by_year():
    """Events of a year from the other implementation, for somebody to whom nothing has happened."""
    course = ukpds_course(PERSON, 3)
    nothing = {concept: 0.0 for concept in equations.HISTORY.values()}
    for year in range(3):
        person = PERSON | nothing | {c: float(path[year]) for c, path in course.paths.items()}
        person |= {"age": 63.0 + year, "diabetes_duration": 8.0 + year}
        assert one_year.death(person) == pytest.approx(
            equations.death(NUMBERS, {c: np.array([v]) for c, v in person.items()})[0], rel=1e-9
        )
        rise = course.death[year + 1] - course.death[year]
        assert rise == pytest.approx(one_year.death(person), rel=0.25)


def test_probabilities_rise_and_stay_probabilities():
    course = ukpds_course(PERSON, 25)
    assert course.label == LABEL and "Smoking" in course.held and len(course.held) == len(HELD)
    for path in (course.death, *course.events.values()):
        assert path[0] == 0 and (np.diff(path) >= 0).all() and path[-1] <= 1
    assert 0 < course.life_years < 25
    assert (np.diff(course.paths["haemoglobin"]) < 0).sum() > 20


def test_another_path_changes_the_course():
    natural = ukpds_course(PERSON, 10)
    lower = risk_factor_paths(PERSON, 10)["systolic_bp"] - 15
    treated = ukpds_course(PERSON, 10, paths={"systolic_bp": lower})
    assert treated.events["stroke"][-1] < natural.events["stroke"][-1]
    stopped = ukpds_course(PERSON, 10, paths={"smoking_status": np.zeros(11)})
    assert stopped.death[-1] < natural.death[-1] and stopped.life_years > natural.life_years
    with pytest.raises(ValueError, match="11 finite values"):
        ukpds_course(PERSON, 10, paths={"hba1c": np.zeros(3)})
    with pytest.raises(ValueError, match="no path of its own"):
        ukpds_course(PERSON, 10, paths={"stroke": np.zeros(11)})


@pytest.mark.parametrize(
    ("given", "years", "code"),
    [
        ({"diabetes_type_2": 0.0}, 5, "not_applicable.diabetes_type_2"),
        ({"hba1c": None}, 5, "missing.hba1c"),
        ({}, 80, "out_of_range.years"),
        ({"age": 100.0}, 20, "out_of_range.age"),
        ({"age": 12.0}, 5, "out_of_range.age"),
        ({"wbc": float("inf")}, 5, "out_of_range.wbc"),
    ],
)
def test_what_cannot_be_simulated_is_refused_by_name(given, years, code):
    person = {c: v for c, v in (PERSON | given).items() if v is not None}
    with pytest.raises(RefusedError) as refused:
        ukpds_course(person, years)
    assert code in [r.code for r in refused.value.refusals]


def test_a_path_needs_sex_duration_and_numbers():
    with pytest.raises(RefusedError) as refused:
        risk_factor_paths({"hba1c": 7.0}, 3)
    assert [r.code for r in refused.value.refusals] == ["missing.sex", "missing.diabetes_duration"]
    with pytest.raises(RefusedError, match="hba1c: nan is no value"):
        risk_factor_paths({"sex": 0.0, "diabetes_duration": 1.0, "hba1c": float("nan")}, 3)
