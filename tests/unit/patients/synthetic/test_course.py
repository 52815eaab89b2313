"""Single lives, made to measure: what the doctor does in cases too rare to wait for."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from patients.synthetic.chance import Chance
from patients.synthetic.chart import Chart
from patients.synthetic.course import live, working_day
from patients.synthetic.fate import events_of, known_conditions
from patients.synthetic.person import Event, Known, Person
from patients.synthetic.showcases import showcase_person
from tests.unit.patients.synthetic.reading import AS_OF

YOUNG_WOMAN, STATIN_USER = 4, 7


def person(index: int, **traits: Any) -> Person:
    return replace(showcase_person(index, seed=1, as_of=AS_OF), **traits)


def orders(chart: Chart, key: str) -> list[tuple[bool, str]]:
    return [(p.end is None, p.stopped_because) for p in chart.prescriptions if p.drug.key == key]


def test_pregnancy_stops_what_harms_the_child() -> None:
    drawn = person(YOUNG_WOMAN)
    treated = replace(
        drawn,
        known=(
            Known("hypertension", drawn.first_visit - timedelta(days=400), ("lisinopril_10",)),
            Known("hyperlipidaemia", drawn.first_visit - timedelta(days=300), ("atorvastatin_20",)),
            Known("hypothyroidism", drawn.first_visit - timedelta(days=300)),
        ),
        events=(Event("pregnancy", drawn.last_visit - timedelta(days=30)),),
    )
    chart = live(treated, seed=1)
    assert orders(chart, "lisinopril_10") == [(False, "Pregnancy")]
    assert orders(chart, "atorvastatin_20") == [(False, "Pregnancy")]
    assert orders(chart, "levothyroxine") == [(True, "")]
    assert chart.has("pregnancy")


def test_a_pregnancy_ends_after_its_time() -> None:
    drawn = person(YOUNG_WOMAN)
    chart = live(replace(drawn, events=(Event("pregnancy", date(2022, 1, 10)),)), seed=1)
    (pregnancy,) = [d for d in chart.diagnoses if d.condition == "pregnancy"]
    assert pregnancy.ended == pregnancy.onset + timedelta(days=280)


def failing_kidneys(*drugs: str) -> Chart:
    drawn = person(STATIN_USER, hba1c=8.0, egfr=36.0, egfr_slope=-3.0)
    onset = drawn.first_visit - timedelta(days=900)
    return live(replace(drawn, known=(Known("diabetes", onset, drugs),)), seed=1)


def test_metformin_is_halved_and_stopped_as_kidneys_fail() -> None:
    chart = failing_kidneys("metformin")
    assert orders(chart, "metformin") == [(False, "Kidney function below 45")]
    assert orders(chart, "metformin_reduced") == [(False, "Kidney function below 30")]
    assert orders(chart, "glipizide") == [(True, "")]
    assert "nephrology" in chart.specialists


def test_metformin_is_not_replaced_where_another_drug_is_taken() -> None:
    chart = failing_kidneys("metformin", "glipizide")
    assert orders(chart, "metformin_reduced") == [(False, "Kidney function below 30")]
    assert orders(chart, "glipizide") == [(True, "")]


def test_a_blood_thinner_gives_way_to_warfarin() -> None:
    drawn = person(STATIN_USER)
    events = (
        Event("myocardial_infarction", date(2021, 3, 3)),
        Event("atrial_fibrillation", date(2023, 3, 3)),
    )
    chart = live(replace(drawn, events=events), seed=1)
    assert orders(chart, "aspirin") == [(False, "Warfarin begun")]
    assert orders(chart, "warfarin") == [(True, "")]
    assert orders(chart, "metoprolol") == [(True, "")], "one beta-blocker is enough"
    assert orders(chart, "atorvastatin_80") == [(True, "")]
    assert [v.day for v in chart.visits if v.kind == "emergency"] == [e.day for e in events]


def test_a_diabetic_with_weak_kidneys_comes_with_half_the_dose() -> None:
    heavy = person(STATIN_USER, bmi=70.0, egfr=40.0)
    found = known_conditions(heavy, Chance(1, 1, "fate"))
    drugs = next(known.drugs for known in found.known if known.condition == "diabetes")
    assert "metformin_reduced" in drugs
    assert "metformin" not in drugs


def test_nothing_happens_within_a_few_weeks() -> None:
    drawn = person(STATIN_USER)
    short = replace(drawn, first_visit=drawn.last_visit - timedelta(days=150))
    assert events_of(short, Chance(1, 1, "fate")) == ()


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 11, 20), 20), (date(2026, 11, 21), 20), (date(2026, 11, 22), 20)],
)
def test_the_practice_is_closed_at_weekends(day: date, expected: int) -> None:
    assert working_day(day).day == expected


def test_chance_is_even_and_bounded() -> None:
    chance = Chance(1, 1, "test")
    picks = [chance.weighted((("a", 0.25), ("b", 0.75))) for _ in range(2000)]
    assert 0.2 < picks.count("a") / 2000 < 0.3
    assert {chance.whole(1, 3) for _ in range(200)} == {1, 2, 3}
    noises = [chance.noise(2.0) for _ in range(2000)]
    assert max(map(abs, noises)) <= 6.0
    assert abs(sum(noises)) / 2000 < 0.25
