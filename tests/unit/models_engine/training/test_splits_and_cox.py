"""What training stands on, and the product's test environment can run: folds and Cox regression."""

import numpy as np
import pytest

from models_engine.training.cox import newton_cox
from models_engine.training.splits import bootstrap, folds


def made_up(n=400, seed=3, ties=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    died = rng.exponential(np.exp(-(x @ np.array([0.8, -0.5, 0.0]))))
    left = rng.exponential(2.0, n)
    time = np.minimum(died, left)
    return x, np.ceil(time * 20) / 20 if ties else time, died <= left


def slow_likelihood(beta, x, time, event):
    """Breslow's partial log-likelihood, one event after the other."""
    eta = x @ beta
    return sum(eta[i] - np.log(np.exp(eta[time >= time[i]]).sum()) for i in np.flatnonzero(event))


@pytest.mark.parametrize("ties", [False, True])
def test_cox_maximises_the_partial_likelihood(ties):
    x, time, event = made_up(ties=ties)
    best = newton_cox(x, time, event, ridge=0.0).coefficients

    top = slow_likelihood(best, x, time, event)
    for nudge in 1e-3 * np.vstack([np.eye(3), -np.eye(3)]):
        assert slow_likelihood(best + nudge, x, time, event) < top
    np.testing.assert_allclose(best, [0.8, -0.5, 0.0], atol=0.2)


@pytest.mark.parametrize("ties", [False, True])
def test_the_baseline_hazard_is_breslows(ties):
    x, time, event = made_up(ties=ties)
    fitted = newton_cox(x, time, event, ridge=0.0)

    weight = np.exp(x @ fitted.coefficients)
    slow = [
        sum(1 / weight[time >= time[i]].sum() for i in np.flatnonzero(event & (time <= t)))
        for t in fitted.times[::20]
    ]
    np.testing.assert_allclose(fitted.hazard[::20], slow, rtol=1e-9)


def test_ridge_shrinks():
    x, time, event = made_up()

    free, held = (newton_cox(x, time, event, ridge=r).coefficients for r in (0.0, 100.0))

    assert np.linalg.norm(held) < 0.8 * np.linalg.norm(free)


def test_no_person_stands_on_both_sides_of_a_split():
    groups = np.random.default_rng(1).integers(0, 60, 400)
    tested = []
    for train, test in folds(groups):
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == 400
        tested += list(test)
    assert sorted(tested) == list(range(400))


def test_folds_of_single_rows_are_those_of_scikit_learn():
    from sklearn.model_selection import KFold

    ours = folds(np.arange(103))
    theirs = KFold(5, shuffle=True, random_state=0).split(np.zeros(103))
    for (_, test), (_, expected) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(test, expected)


def test_a_bootstrap_draws_persons_whole():
    groups = np.repeat(np.arange(50), np.random.default_rng(2).integers(1, 5, 50))
    size = np.bincount(groups)

    drawn = bootstrap(groups, np.random.default_rng(0))

    counts = np.bincount(groups[drawn], minlength=50)
    assert (counts % size == 0).all()
    assert (counts // size).sum() == 50
    assert (counts == 0).any()
