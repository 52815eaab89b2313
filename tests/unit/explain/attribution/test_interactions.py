"""Pairs of inputs: the definition as oracle, and that everything adds up.

shap's exact explainer is no oracle here: its pairs are the Shapley-Taylor index, another one.
"""

import math
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.attribution.interactions import exact_interactions
from explain.attribution.shapley import exact_shapley
from models_engine.registry import all_models, model
from tests.spec.models.test_every_model import people_strategy
from tests.unit.explain.attribution.test_shapley import (
    SINGLES,
    backgrounds,
    columns,
    people,
    tangled,
)

REGION = "moderate"
PROBABILITIES = [m.id for m in all_models(score2_region=REGION) if m.is_probability and not m.quiet]


def by_definition(person, rows, players):
    """The sum over every coalition without the pair, one evaluation at a time."""
    k, found = len(players), np.zeros((len(players), len(players), 2))

    def value(row, joined):
        mixed = dict(row)
        for at in joined:
            mixed |= {c: person[c] for c in players[at]}
        return tangled(columns([mixed]))[0]

    for row in rows:
        for i, j in combinations(range(k), 2):
            others = [at for at in range(k) if at not in (i, j)]
            for size in range(len(others) + 1):
                for s in map(set, combinations(others, size)):
                    weight = 1 / ((k - 1) * comb(k - 2, size)) / len(rows)
                    both = value(row, s | {i, j}) - value(row, s | {i})
                    found[i, j] += weight * (both - value(row, s | {j}) + value(row, s))
            found[j, i] = found[i, j]
    return found


@settings(max_examples=25)
@given(person=people, rows=backgrounds)
def test_equals_the_definition(person, rows):
    result = exact_interactions(tangled, person, columns(rows), SINGLES)

    np.testing.assert_allclose(result.pairs, by_definition(person, rows, SINGLES), atol=1e-9)


@pytest.mark.parametrize("model_id", PROBABILITIES)
@settings(max_examples=2)
@given(data=st.data())
def test_alone_and_pairs_add_up_on_every_model(model_id, data):
    """UX E2 of what the page says of inputs together."""
    m = model(model_id, score2_region=REGION)
    person = data.draw(people_strategy(m))
    players = [(c,) for c, value in person.items() if not math.isnan(value)]
    rows = {
        c: np.full(4, np.nan) if math.isnan(person[c]) else column[:4]
        for c, column in m.background.rows.items()
    }

    found = exact_interactions(m.predict, person, rows, players)

    pairs = np.triu(np.moveaxis(found.pairs, 2, 0), 1).sum(axis=(1, 2))
    total = found.baseline + found.alone.sum(axis=0) + pairs
    np.testing.assert_allclose(total, found.output, atol=1e-9)
    alone = exact_shapley(m.predict, person, rows, players)
    np.testing.assert_allclose(
        found.contributions, np.array(list(alone.contributions.values())), atol=1e-12
    )
    np.testing.assert_allclose(found.by_row, alone.by_row, atol=1e-12)


def test_a_sum_has_no_pairs_and_a_product_has_one():
    def mixed(arrays):
        return (arrays["a"] * arrays["b"] + 2 * arrays["c"])[:, None]

    person, row = dict.fromkeys("abcd", 3.0), dict.fromkeys("abcd", 1.0)

    found = exact_interactions(mixed, person, columns([row]), SINGLES)

    # (3 - 1) x (3 - 1) is what a and b do together
    assert found.pairs[0, 1, 0] == pytest.approx(4.0)
    assert found.pairs[1, 0, 0] == pytest.approx(4.0)
    others = found.pairs.copy()
    others[0, 1] = others[1, 0] = 0
    np.testing.assert_allclose(others, 0, atol=1e-12)
    np.testing.assert_allclose(found.alone[:, 0], [2, 2, 4, 0], atol=1e-12)
