"""Compared with whom: people of one's age and sex, and oneself earlier."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.attribution.attribute import attribute
from explain.attribution.comparison import Comparison, Pair, against_earlier, against_sample
from explain.attribution.sample import far_from_sample
from models_engine.registry import model
from tests.spec.models.test_every_model import people_strategy

BASE = model("prevent_base_10y")
FULL = model("prevent_full_10y")
KIDNEY = model("kfre_4v")
CASE = dict(BASE.vectors[0].inputs)


def total(found):
    return found.baseline_value + sum(part.contribution for part in found.contributions)


def test_peers_are_the_sample_with_ones_own_age_and_sex():
    found = against_sample(BASE, CASE, "cvd", "peers")

    rows = {c: column for c, column in BASE.background.rows.items() if c not in ("age", "sex")}
    size = BASE.background.size
    own = {c: np.full(size, CASE[c]) for c in ("age", "sex")}
    expected = BASE.predict({**rows, **own})[:, 0].mean()
    assert found.baseline_value == pytest.approx(expected, abs=1e-12)
    assert not {"age", "sex"} & {part.concept for part in found.contributions}
    assert total(found) == pytest.approx(BASE.predict_one(CASE)["cvd"], abs=1e-9)
    assert found.gap < 1e-12


@pytest.mark.parametrize("baseline", ["optimal", "population"])
def test_what_is_recomputed_is_what_is_stored(baseline):
    stored = next(a for a in attribute(BASE, CASE) if (a.baseline, a.outcome) == (baseline, "hf"))

    found = against_sample(BASE, CASE, "hf", baseline)

    assert found.baseline_value == pytest.approx(stored.baseline_value, abs=1e-12)
    assert found.source == stored.source and found.far == stored.far
    assert found.overlap == pytest.approx(stored.overlap)
    ours = {part.concept: part.contribution for part in found.contributions}
    assert ours == pytest.approx({p.concept: p.contribution for p in stored.contributions})


@settings(max_examples=25)
@given(data=st.data())
def test_what_moved_adds_up_to_the_change(data):
    """UX E2: between two sets of inputs of one person, whatever was missing in either."""
    then, now = (
        {c: v for c, v in data.draw(people_strategy(FULL)).items() if not np.isnan(v)}
        for _ in range(2)
    )
    # only what differs plays: some of it is kept the same
    kept = data.draw(st.sets(st.sampled_from([i.concept for i in FULL.inputs]), min_size=6))
    now |= {c: then[c] for c in kept if c in then}

    found = against_earlier(FULL, now, then, "cvd")

    before, after = FULL.predict_one(then)["cvd"], FULL.predict_one(now)["cvd"]
    assert found.baseline_value == pytest.approx(before, abs=1e-12)
    assert total(found) == pytest.approx(after, abs=1e-6)
    assert found.gap < 1e-9
    same = {c for c in then if then[c] == now.get(c)}
    assert all(p.contribution == 0.0 for p in found.contributions if p.concept in same)


def test_a_value_that_was_missing_then_is_a_change():
    then, now = CASE, {**CASE, "hba1c": 11.0}

    found = against_earlier(FULL, now, then, "cvd")

    moved = {p.concept: p.contribution for p in found.contributions if p.contribution}
    assert moved.keys() == {"hba1c"}
    change = FULL.predict_one(now)["cvd"] - FULL.predict_one(then)["cvd"]
    assert moved["hba1c"] == pytest.approx(change, abs=1e-12)


def test_only_notable_pairs_are_named_and_none_is_lost():
    found = against_sample(BASE, CASE, "cvd", "population")

    moved = sum(abs(part.contribution) for part in found.contributions)
    assert all(abs(pair.together) >= max(0.001, 0.1 * moved) for pair in found.notable)
    assert found.notable == found.pairs[: len(found.notable)]
    sizes = [abs(pair.together) for pair in found.pairs]
    assert sizes == sorted(sizes, reverse=True)
    # halves of the pairs and what each does alone are the contributions
    for part in found.contributions:
        halves = sum(
            pair.together / 2
            for pair in found.pairs
            if part.concept in (pair.first.concept, pair.second.concept)
        )
        alone = found.alone[part.concept]
        assert part.contribution == pytest.approx(alone + halves, abs=1e-12)


def test_a_small_pair_is_not_named_however_large_its_share():
    found = against_sample(KIDNEY, dict(KIDNEY.vectors[0].inputs), "kidney_failure_2y", "optimal")
    first, second = found.contributions[:2]
    tiny = [replace(part, contribution=1e-4) for part in (first, second)]
    pairs = (Pair(*tiny, together=9e-4),)

    assert Comparison("", "", 0, 0, tuple(tiny), {}, pairs, 1.0, ()).notable == ()
    pairs = (Pair(*tiny, together=1.1e-3),)
    assert Comparison("", "", 0, 0, tuple(tiny), {}, pairs, 1.0, ()).notable == pairs


def test_a_gap_is_seen():
    found = against_sample(BASE, CASE, "cvd", "optimal")

    assert replace(found, baseline_value=found.baseline_value + 1e-3).gap == pytest.approx(1e-3)
    assert replace(found, pairs=found.pairs[1:]).gap > 1e-6


class TestFarFromTheSample:
    """UX E8: in range, and yet like nobody of those that a model is explained against."""

    def test_people_of_the_sample_are_not_far(self):
        for at in range(BASE.background.size):
            person = {c: float(column[at]) for c, column in BASE.background.rows.items()}
            assert far_from_sample(BASE, person) == ()

    def test_a_shifted_value_is(self):
        column = BASE.background.rows["systolic_bp"]
        shifted = float(column.mean() + 3.2 * column.std())
        assert shifted > column.max()

        assert far_from_sample(BASE, {**CASE, "systolic_bp": shifted}) == ("systolic_bp",)
        told = attribute(BASE, {**CASE, "systolic_bp": shifted})
        assert all("systolic_bp" in one.far for one in told)

    def test_a_little_beyond_the_largest_is_not(self):
        column = BASE.background.rows["systolic_bp"]
        beyond = float(max(column.max() + 0.1, column.mean() + 2.5 * column.std()))
        if beyond > column.mean() + 3 * column.std():
            beyond = float(column.max())

        assert far_from_sample(BASE, {"systolic_bp": beyond}) == ()

    def test_yes_and_no_are_never_far(self):
        for concept in ("sex", "smoking_status", "diabetes", "statin"):
            for value in (0.0, 1.0):
                assert far_from_sample(BASE, {concept: value}) == ()
