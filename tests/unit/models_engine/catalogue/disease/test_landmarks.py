"""What counts as known, as next and as followed: no diagnosis leaks into its own prediction."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.disease.aalen_johansen import CENSORED, DIAGNOSED, DIED
from models_engine.catalogue.disease.landmarks import (
    Landmarks,
    Rules,
    View,
    landmarks,
    landmarks_on,
    until,
    view,
)
from models_engine.catalogue.disease.people import (
    Part,
    People,
    Person,
    draws,
    part_of,
    periods_of,
    tokens_with,
)

A, B, C = "icd10:A00", "icd10:B00", "icd10:C00"
TOKENS = (A, B, C)
RULES = Rules(window=100, run_in=50, gap=30, min_history=1)


def person(*diagnoses: tuple[str, int, bool], key: str = "p", **more: object) -> Person:
    made = Person(key, 0, "male", ((100, 1000),), diagnoses)
    return replace(made, **more)  # type: ignore[arg-type]


def at(day: int, *diagnoses: tuple[str, int, bool], end: int = 600, **more: object) -> View:
    people = People(TOKENS, (person(*diagnoses, **more),), seed=1)
    return view(people, Landmarks(np.array([0]), np.array([float(day)]), np.array([float(end)])))


def test_a_later_first_diagnosis_is_next() -> None:
    seen = at(500, (A, 300, True), (B, 540, True))

    assert seen.known[0].tolist() == [True, False, False]
    assert seen.event[0].tolist() == [False, True, False]
    assert seen.time[0].tolist() == [100.0, 40.0, 100.0]
    assert seen.cause[0].tolist() == [CENSORED, DIAGNOSED, CENSORED]
    assert seen.years_since[0, 0] == pytest.approx(200 / 365.25)


def test_a_diagnosis_of_the_same_day_is_known_and_never_next() -> None:
    seen = at(500, (A, 500, True))

    assert seen.known[0, 0] and not seen.at_risk[0, 0] and not seen.event.any()


def test_a_repeat_is_never_next() -> None:
    seen = at(500, (A, 520, True), (A, 300, True), (A, 560, False))

    assert seen.known[0, 0] and not seen.event.any()


def test_one_after_the_window_is_not_next() -> None:
    assert not at(500, (A, 601, True)).event.any()
    assert at(500, (A, 600, True)).event[0, 0]


def test_a_day_that_is_not_exact_is_never_a_first_diagnosis() -> None:
    seen = at(500, (A, 550, False))

    assert not seen.known[0, 0] and not seen.at_risk[0, 0] and not seen.event.any()
    assert at(500, (A, 450, False)).known[0, 0]


def test_a_better_name_for_the_same_disease_is_not_next() -> None:
    tokens = ("concept:diabetes_other", "concept:diabetes_type_2")
    one = person((tokens[0], 300, True), (tokens[1], 540, True))

    seen = view(
        People(tokens, (one,), 1), Landmarks(np.array([0]), np.array([500.0]), np.array([600.0]))
    )

    assert not seen.at_risk.any() and not seen.event.any()


def test_death_ends_the_time_at_risk() -> None:
    seen = at(500, (A, 300, True), end=560, death=560)

    assert seen.died[0] and seen.cause[0].tolist() == [DIED, DIED, DIED]
    assert not at(500, (A, 300, True), end=560, death=600).died[0]


def test_nobody_is_asked_before_the_run_in_or_with_too_short_a_history() -> None:
    people = People(TOKENS, (person((A, 300, True), (B, 320, True)),), seed=1)

    found = landmarks(people, np.array([0]), RULES)
    longer = landmarks(people, np.array([0]), replace(RULES, min_history=2))

    assert found.day.min() >= 300 and longer.day.min() >= 320
    assert (found.end <= 1000).all() and (np.diff(found.day) == RULES.window).all()
    assert len(landmarks(people, np.array([0]), replace(RULES, min_history=3))) == 0
    early = landmarks_on(people, np.array([0]), replace(RULES, min_history=0), 149)
    assert len(early) == 0
    assert len(landmarks_on(people, np.array([0]), replace(RULES, min_history=0), 150)) == 1


def test_no_window_reaches_beyond_the_data() -> None:
    one = person((A, 110, True))
    every = landmarks(People(TOKENS, (one,), seed=1), np.array([0]), RULES)
    cut = landmarks(People(TOKENS, (one,), seed=1, last_day=700), np.array([0]), RULES)

    assert cut.day.tolist() == [day for day in every.day if day + RULES.window <= 700]
    assert 0 < len(cut) < len(every)


@given(st.integers(0, 50), st.lists(st.integers(1, 2000), min_size=1, max_size=6))
def test_no_diagnosis_follows_two_index_days(number: int, days: list[int]) -> None:
    diagnoses = tuple((TOKENS[i % 3], day, True) for i, day in enumerate(days))
    rules = replace(RULES, min_history=0)
    people = People(TOKENS, (person(*diagnoses, key=str(number)),), seed=1)
    found = landmarks(people, np.array([0]), rules)

    if len(found):
        assert (view(people, found).event.sum(axis=0) <= 1).all()


def test_nothing_after_the_day_is_left() -> None:
    people = People(TOKENS, (person((A, 300, True), (B, 600, True), death=900, key="x"),), seed=1)

    (cut,) = until(people, 500).people

    assert cut.diagnoses == ((A, 300, True),)
    assert cut.periods == ((100, 500),) and cut.death is None


class TestPeriods:
    def test_a_silence_longer_than_the_gap_ends_one(self) -> None:
        assert periods_of([10, 30, 100], 30, 500) == ((10, 60), (100, 130))

    def test_it_ends_with_the_data_or_with_death(self) -> None:
        assert periods_of([10, 30], 30, 45) == ((10, 45),)
        assert periods_of([10, 30, 44], 30, 500, death=40) == ((10, 40),)
        assert periods_of([600], 30, 500) == ()

    @given(st.lists(st.integers(1, 300)), st.integers(1, 50))
    def test_they_hold_every_contact_and_do_not_overlap(self, days: list[int], gap: int) -> None:
        found = periods_of(days, gap, 1000)
        assert all(any(a <= day <= b for a, b in found) for day in days)
        assert all(one[1] < two[0] for one, two in pairwise(found))


class TestParts:
    def test_a_key_has_one_part_whoever_else_is_there(self) -> None:
        few = People(TOKENS, (person(key="a"), person(key="b")), seed=1)
        more = People(TOKENS, (person(key="0"), person(key="b"), person(key="a")), seed=1)

        assert dict(zip("ab", few.parts, strict=True)) == dict(
            zip("ab", more.parts[1:], strict=True)
        )

    def test_the_shares_are_as_said(self) -> None:
        parts = [part_of(draws(f"k{i}", 1)[0]) for i in range(20_000)]
        shares = {part: parts.count(part) / len(parts) for part in Part}
        expected = {Part.FIT: 0.4, Part.CALIBRATE: 0.3, Part.CHOOSE: 0.1, Part.TEST: 0.2}
        assert shares == pytest.approx(expected, abs=0.015)


def test_the_vocabulary_is_what_enough_people_share() -> None:
    people = [person((A, 1, True), (A, 2, True), (B, 1, True)), person((A, 1, True))]

    assert tokens_with(people, 2, 10) == (A,)
    assert tokens_with(people, 1, 1) == (A,)
    assert tokens_with(people, 1, 10) == (A, B)
