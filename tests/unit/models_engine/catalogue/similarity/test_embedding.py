"""Points apart: symmetric, nought to oneself, what the table says for each feature, missing apart."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_engine.catalogue.similarity.embedding import (
    AGE,
    BY_ID,
    DIMENSIONS,
    FEATURES,
    MEASURED,
    MOST_AGE_BANDS,
    MOST_POINTS,
    Feature,
    bands_of,
    embed,
    points_apart,
    unknown_of,
)

Values = dict[str, float | None]


def _value(feature: Feature) -> st.SearchStrategy[float | None]:
    if feature.group != "measurement":
        return st.floats(0, 1) if feature.id != "age" else st.floats(18, 110)
    return st.none() | st.floats(0, 2 * feature.cuts[-1])


people = st.fixed_dictionaries({feature.id: _value(feature) for feature in FEATURES})


@settings(max_examples=30)
@given(people)
def test_nobody_is_apart_from_themselves(one: Values) -> None:
    assert points_apart(embed(one), embed(one)) == 0


@settings(max_examples=30)
@given(people, people)
def test_points_are_symmetric_and_add_up_feature_by_feature(one: Values, other: Values) -> None:
    """The oracle: bands apart times points; a quarter of the scale where one lacks the value."""
    expected = 0.0
    for feature in FEATURES:
        a, b = one[feature.id], other[feature.id]
        if a is not None and b is not None:
            expected += feature.points * abs(feature.band(a) - feature.band(b))
        elif a is not None or b is not None:
            expected += feature.points * len(feature.cuts) / 4
    found = points_apart(embed(one), embed(other))
    assert found == pytest.approx(expected, abs=1e-9)
    assert found == pytest.approx(points_apart(embed(other), embed(one)), abs=1e-12)


@settings(max_examples=30)
@given(people, people, people)
def test_the_distance_of_the_index_is_a_metric(one: Values, two: Values, three: Values) -> None:
    a, b, c = embed(one), embed(two), embed(three)
    direct = math.sqrt(points_apart(a, c))
    assert direct <= math.sqrt(points_apart(a, b)) + math.sqrt(points_apart(b, c)) + 1e-9


@settings(max_examples=30)
@given(people)
def test_a_vector_tells_the_bands_and_what_is_missing(one: Values) -> None:
    vector = embed(one)
    assert len(vector) == DIMENSIONS and all(map(math.isfinite, vector))
    told = bands_of(vector)
    for feature in FEATURES:
        value = one[feature.id]
        assert told[feature.id] == (feature.band(value) if value is not None else None)


@settings(max_examples=30)
@given(people, st.sampled_from(MEASURED), st.data())
def test_missing_is_as_far_from_every_value(one: Values, name: str, data: st.DataObject) -> None:
    """Never as near as the mean would be: the same from the lowest and from the highest."""
    missing = embed(one | {name: None})
    values = data.draw(st.tuples(*[st.floats(0, 2 * BY_ID[name].cuts[-1])] * 2))
    first, last = (points_apart(missing, embed(one | {name: value})) for value in values)
    assert first == pytest.approx(last)
    assert first > 0


@settings(max_examples=30)
@given(people)
def test_a_vector_has_bands_and_no_exact_value(one: Values) -> None:
    """A small change of a value inside its band asks the same question."""
    rounded = {
        name: value if value is None else float(_inside(BY_ID[name], value))
        for name, value in one.items()
    }
    assert embed(rounded) == embed(one)


def _inside(feature: Feature, value: float) -> float:
    band = feature.band(value)
    return feature.cuts[band - 1] if band else 0.0


def test_age_and_grave_conditions_weigh_most() -> None:
    # every five years of age counts as much as two bands of blood pressure
    assert AGE.points == 2 * BY_ID["systolic_bp"].points
    by_points = sorted(
        (feature for feature in FEATURES if feature.group == "condition"),
        key=lambda feature: -feature.points,
    )
    assert by_points[0].id == "kidney_replacement"
    assert {feature.id for feature in by_points[1:3]} == {"vascular_disease", "heart_failure"}
    # two such conditions apart are never alike, nor is a failed kidney from one that works
    assert by_points[1].points + by_points[2].points > MOST_POINTS
    assert by_points[0].points > MOST_POINTS
    # ten years of age are let through by themselves, and leave room for half of the rest
    assert MOST_AGE_BANDS * AGE.points < MOST_POINTS / 2


def test_unknown_counts_measured_features_only() -> None:
    values: Values = {feature.id: 0.0 for feature in FEATURES}
    assert unknown_of(values) == 0
    assert unknown_of(values | {"bmi": None, "egfr": None}) == 2


@pytest.mark.parametrize("change", [{"shoe_size": 42.0}, {"bmi": math.nan}])
def test_what_cannot_be_embedded_is_refused(change: Values) -> None:
    values: Values = {feature.id: 0.0 for feature in FEATURES}
    with pytest.raises((KeyError, ValueError)):
        embed(values | change)
    with pytest.raises(KeyError):
        embed({})


def test_bands_are_told_in_words() -> None:
    pressure = BY_ID["systolic_bp"]
    assert [pressure.band_text(band) for band in (0, 1, 7)] == [
        "below 110 mmHg",
        "110 to 120 mmHg",
        "180 mmHg or more",
    ]
    assert BY_ID["smoking"].band_text(2) == "current"
