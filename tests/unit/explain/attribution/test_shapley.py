"""Exact Shapley values: the axioms, and shap's own exact explainer as oracle."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.attribution import shapley
from explain.attribution.shapley import exact_shapley, exact_shapley_many
from models_engine.registry import all_models, model
from tests.spec.models.test_every_model import people_strategy

REGION = "moderate"
PROBABILITIES = [m.id for m in all_models(score2_region=REGION) if m.is_probability and not m.quiet]


def players_of(clinical_model):
    return [(declared.concept,) for declared in clinical_model.inputs]


@pytest.mark.parametrize("model_id", PROBABILITIES)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_adds_up_on_every_model(model_id, data):
    m = model(model_id, score2_region=REGION)
    person = data.draw(people_strategy(m))

    result = exact_shapley(m.predict, person, m.background.rows, players_of(m))

    total = result.baseline + sum(result.contributions.values())
    np.testing.assert_allclose(total, result.output, atol=1e-9)
    np.testing.assert_allclose(result.output, list(m.predict_one(person).values()), atol=1e-12)
    np.testing.assert_allclose(
        result.baseline, m.predict(m.background.rows).mean(axis=0), atol=1e-12
    )


@pytest.mark.parametrize(
    ("model_id", "rows"), [("prevent_base_10y", 32), ("prevent_full_30y", 4), ("kfre_4v", 32)]
)
def test_equals_shaps_exact_explainer(model_id, rows):
    import shap  # slow to import: only where it is the oracle

    m = model(model_id)
    names = [declared.concept for declared in m.inputs]
    background = {c: column[:rows] for c, column in m.background.rows.items()}
    people = [dict(m.vectors[0].inputs), {c: float(v[-1]) for c, v in m.background.rows.items()}]

    def predict(matrix):
        return m.predict(dict(zip(names, np.asarray(matrix, dtype=float).T, strict=True)))

    masker = shap.maskers.Independent(np.stack([background[c] for c in names], axis=1), rows)
    explainer = shap.explainers.Exact(predict, masker)
    table = np.array([[person[c] for c in names] for person in people])
    theirs = explainer(table)

    for person, values, base in zip(people, theirs.values, theirs.base_values, strict=True):
        ours = exact_shapley(m.predict, person, background, [(c,) for c in names])
        np.testing.assert_allclose([ours.contributions[c,] for c in names], values, atol=1e-9)
        np.testing.assert_allclose(ours.baseline, base, atol=1e-9)


def tangled(arrays):
    """A model with interactions of every order, and one input that it does not read."""
    a, b, c = arrays["a"], arrays["b"], arrays["c"]
    return np.stack([a * b + np.sin(c) * a, a * b * c + b**2], axis=1)


numbers = st.floats(-3, 3).map(lambda v: round(v, 2))
people = st.fixed_dictionaries({name: numbers for name in "abcd"})
backgrounds = st.lists(people, min_size=1, max_size=4)


def columns(rows):
    return {name: np.array([row[name] for row in rows]) for name in "abcd"}


SINGLES = [("a",), ("b",), ("c",), ("d",)]


def by_definition(person, rows, players):
    """The mean over all orders of joining, one evaluation at a time."""
    total = {player: np.zeros(2) for player in players}
    orders = list(permutations(players))
    for row in rows:
        for order in orders:
            mixed = dict(row)
            before = tangled(columns([mixed]))[0]
            for player in order:
                mixed |= {c: person[c] for c in player}
                after = tangled(columns([mixed]))[0]
                total[player] += after - before
                before = after
    return {player: t / len(orders) / len(rows) for player, t in total.items()}


@settings(max_examples=60, deadline=None)
@given(person=people, rows=backgrounds)
def test_equals_the_definition(person, rows):
    result = exact_shapley(tangled, person, columns(rows), SINGLES)

    for player, expected in by_definition(person, rows, SINGLES).items():
        np.testing.assert_allclose(result.contributions[player], expected, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(person=people, rows=backgrounds)
def test_groups_of_concepts_play_as_one(person, rows):
    players = [("a", "c"), ("b",), ("d",)]

    result = exact_shapley(tangled, person, columns(rows), players)

    for player, expected in by_definition(person, rows, players).items():
        np.testing.assert_allclose(result.contributions[player], expected, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(person=people, rows=backgrounds)
def test_a_dummy_gets_nothing(person, rows):
    result = exact_shapley(tangled, person, columns(rows), SINGLES)

    np.testing.assert_allclose(result.contributions["d",], 0.0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(x=numbers, z=numbers, rest=people)
def test_symmetric_players_get_the_same(x, z, rest):
    def symmetric(arrays):
        return (arrays["a"] * arrays["b"] + arrays["c"])[:, None]

    person, row = rest | {"a": x, "b": x}, rest | {"a": z, "b": z}

    result = exact_shapley(symmetric, person, columns([row]), SINGLES)

    np.testing.assert_allclose(result.contributions["a",], result.contributions["b",], atol=1e-12)


@given(person=people)
def test_a_person_like_the_background_gets_zeros(person):
    result = exact_shapley(tangled, person, columns([person, person]), SINGLES)

    assert all((values == 0).all() for values in result.contributions.values())
    np.testing.assert_array_equal(result.baseline, result.output)


def test_concepts_that_do_not_play_keep_the_persons_value():
    person, row = dict.fromkeys("abcd", 2.0), dict.fromkeys("abcd", 1.0)

    result = exact_shapley(tangled, person, columns([row]), [("a",), ("b",)])

    held = tangled(columns([{**row, "c": 2.0, "d": 2.0}]))[0]
    np.testing.assert_allclose(result.baseline, held)
    assert set(result.contributions) == {("a",), ("b",)}


def test_a_value_missing_on_both_sides_does_not_play():
    def first_known(arrays):
        return np.where(np.isnan(arrays["b"]), arrays["a"], arrays["b"])[:, None]

    person = {"a": 3.0, "b": np.nan}
    background = {"a": np.array([1.0, 1.0]), "b": np.array([np.nan, 5.0])}

    result = exact_shapley(first_known, person, background, [("a",), ("b",)])

    assert result.baseline == pytest.approx(3.0)
    assert result.by_row[0, :, 0] == pytest.approx([2.0, 0.0])
    assert result.by_row[1, :, 0] == pytest.approx([1.0, -3.0])


@settings(max_examples=20, deadline=None)
@given(crowd=st.lists(people, min_size=1, max_size=7), rows=backgrounds)
def test_many_people_get_what_each_gets_alone(crowd, rows):
    table = exact_shapley_many(tangled, columns(crowd), columns(rows), SINGLES)

    for at, person in enumerate(crowd):
        alone = exact_shapley(tangled, person, columns(rows), SINGLES)
        np.testing.assert_allclose(
            table.contributions[at], list(alone.contributions.values()), atol=1e-12
        )
        np.testing.assert_allclose(table.baseline[at], alone.baseline, atol=1e-12)
        np.testing.assert_allclose(table.output[at], alone.output, atol=1e-12)


def test_many_people_are_played_in_blocks(monkeypatch):
    rng = np.random.default_rng(5)
    crowd = {name: rng.normal(size=25) for name in "abcd"}
    rows = {name: rng.normal(size=3) for name in "abcd"}
    whole = exact_shapley_many(tangled, crowd, rows, SINGLES)

    monkeypatch.setattr(shapley, "ROWS_AT_ONCE", 100)
    blocks = exact_shapley_many(tangled, crowd, rows, SINGLES)

    np.testing.assert_allclose(whole.contributions, blocks.contributions, rtol=1e-12)
    assert whole.evaluations == 25 * 3 * 16


@pytest.mark.parametrize(
    ("person", "players", "message"),
    [
        ({"a": 1.0}, [("a",)], "different concepts"),
        (dict.fromkeys("abcd", 1.0), [], "players needed"),
        (dict.fromkeys("abcd", 1.0), [("a",)] * 15, "players needed"),
        (dict.fromkeys("abcd", 1.0), [("a",), ("a", "b")], "two players"),
        (dict.fromkeys("abcd", 1.0), [("e",)], "different concepts"),
        ({}, [("a",)], "nobody"),
    ],
)
def test_what_cannot_be_played_is_refused(person, players, message):
    with pytest.raises(ValueError, match=message):
        exact_shapley(tangled, person, columns([dict.fromkeys("abcd", 0.0)]), players)
