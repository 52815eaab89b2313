"""Rates against scikit-learn, lifts against what was planted, groups by their promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import PoissonRegressor

from models_engine.catalogue.disease.aalen_johansen import CENSORED, DIAGNOSED
from models_engine.catalogue.disease.evaluate import choose
from models_engine.catalogue.disease.groups import MOST, grouped
from models_engine.catalogue.disease.landmarks import Landmarks, Rules, landmarks, view
from models_engine.catalogue.disease.methods import Method, recency
from models_engine.catalogue.disease.people import People, tokens_with
from models_engine.catalogue.disease.rates import RIDGE, base_rates, design, lifts, poisson
from tests.unit.models_engine.catalogue.disease.planted import HAZARDS, ROOTS, planted


@pytest.fixture(scope="module")
def cohort() -> tuple[People, Landmarks]:
    people = planted(4000)
    made = People(tokens_with(people, 20, 100), tuple(people), seed=1)
    return made, landmarks(made, np.arange(len(made)), Rules(min_history=1))


def test_poisson_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    x = np.stack([np.ones(500), rng.normal(size=500), rng.random(500) < 0.3], axis=1)
    exposure = rng.uniform(0.2, 2.0, 500)
    events = rng.poisson(exposure * np.exp(x @ [-1.0, 0.4, 0.8])).astype(float)

    found = poisson(x, events, exposure)

    theirs = PoissonRegressor(alpha=1e-3 / exposure.sum(), tol=1e-9, max_iter=500)
    theirs.fit(x[:, 1:], events / exposure, sample_weight=exposure)
    assert found == pytest.approx([theirs.intercept_, *theirs.coef_], abs=1e-4)


def test_base_rates_solve_their_penalised_equations(cohort: tuple[People, Landmarks]) -> None:
    people, found = cohort
    seen = view(people, found)

    rates = base_rates([seen], len(people.tokens))

    # in cells of a year of age: as many events as expected, up to what holds the slopes back
    x = design(np.floor(seen.age) + 0.5, seen.sex)
    years = np.where(seen.at_risk, seen.time, 0.0) / 365.25
    for j, row in enumerate(rates.coefficients):
        left = x.T @ (seen.event[:, j] - years[:, j] * np.exp(x @ row))
        assert left == pytest.approx([1e-6, RIDGE, RIDGE, RIDGE] * row, abs=1e-3)


def test_lifts_find_what_was_planted(cohort: tuple[People, Landmarks]) -> None:
    people, found = cohort
    seen = view(people, found)
    base = base_rates([seen], len(people.tokens))

    made = lifts([seen], base, least=20)

    place = {t: i for i, t in enumerate(people.tokens)}
    overall = np.exp(base.overall)
    for after in ("concept:heart_failure", "icd10:C34"):
        rates = HAZARDS[after]
        raising, other = sorted(ROOTS, key=lambda root: -rates[root])
        expected = np.log(rates[raising] / overall[place[after]])
        assert made[place[raising], place[after]] == pytest.approx(expected, abs=0.2)
        # less often is not counted: who has both would be told too little
        assert made[place[other], place[after]] == 0
    assert (lifts([seen], base, least=10**6) == 0).all()


def test_recency_counts_from_the_newest_first_diagnosis(cohort: tuple[People, Landmarks]) -> None:
    people, found = cohort
    seen = view(people, found)
    days = np.nanmin(seen.years_since, axis=1) * 365.25
    near = recency(seen)
    assert (near[:, 0] == (days < 90)).all()
    assert (near[:, 1] == ((days >= 90) & (days < 365))).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.0, 2.0))
def test_groups_keep_their_promises(seed: int, slope: float) -> None:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=600) * slope, 1) - 2.0
    ill = np.ceil(rng.exponential(1 / np.exp(scores)) * 365)
    time = np.minimum(np.maximum(ill, 1), rng.integers(100, 365, 600)).astype(float)
    cause = np.where(time == ill, DIAGNOSED, CENSORED)

    found = grouped(scores, time, cause, 365, np.arange(600), people=20, events=20)

    if found is None:
        assert np.sum(cause == DIAGNOSED) < 20
        return
    shares = found.shares
    assert len(shares) == len(found.upper) + 1 <= MOST
    assert all(s.people >= 20 and s.events >= 20 for s in shares)
    assert sum(s.people for s in shares) == 600
    chances = [s.probability for s in shares]
    assert chances == sorted(chances) and len(set(chances)) == len(chances)
    # everybody falls into the group that they were counted in
    place = found.place(scores)
    assert [int(np.sum(place == g)) for g in range(len(shares))] == [s.people for s in shares]
    assert not np.isin(scores, found.upper).any()


def test_too_few_make_no_group() -> None:
    time, nobody = np.full(100, 10.0), np.full(100, CENSORED)
    everybody, one = np.full(100, DIAGNOSED), np.arange(100)
    assert grouped(np.zeros(100), time, nobody, 365, one, people=20, events=20) is None
    assert grouped(np.zeros(100), time, everybody, 365, one, people=101, events=20) is None
    group = grouped(np.zeros(100), time, everybody, 365, one, people=20, events=20)
    assert group is not None and group.upper == () and group.shares[0].probability == 1.0
    same = np.zeros(100, dtype=int)
    assert grouped(np.zeros(100), time, everybody, 365, same, people=20, events=20) is None


class TestChoice:
    """The simplest method stays unless a later one is surely better in the same people."""

    def of(self, **better: float) -> Method:
        rng = np.random.default_rng(1)
        plain = rng.normal(size=400)
        noise = {m: rng.normal(scale=0.1, size=400) for m in Method}
        return choose({m: plain + better.get(m.value, 0.0) + noise[m] for m in Method}, seed=1)

    def test_nothing_to_gain(self) -> None:
        assert self.of() is Method.FREQUENCY
        assert self.of(embedding=-1.0) is Method.FREQUENCY

    def test_an_embedding_that_is_no_better_than_the_simpler_one_is_not_used(self) -> None:
        assert self.of(conditional=0.3, embedding=0.3) is Method.CONDITIONAL

    def test_a_better_embedding_is_used(self) -> None:
        assert self.of(age_sex=0.1, conditional=0.2, embedding=0.4) is Method.EMBEDDING
