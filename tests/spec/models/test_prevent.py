"""AHA PREVENT reproduces what is published, and its coefficients cannot drift unseen."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models_engine.catalogue.contract import FEMALE, MALE
from models_engine.catalogue.risk import prevent_equations
from models_engine.catalogue.risk.inputs import cholesterol
from models_engine.catalogue.risk.prevent_vectors import (
    PUBLISHED_ADD_ONS,
    PUBLISHED_CASE,
    SPLINE,
    SPLINE_CASE,
    UNROUNDED,
)
from models_engine.registry import model
from tests.spec.models import oracle

# preventr's published test values (README and unit tests), 3 decimals: all 5 variants, both
# sexes, both horizons, 5 outcomes = 100 values. cvd ascvd hf chd stroke
PUBLISHED = {
    ("base", FEMALE, 10): (0.147, 0.092, 0.081, 0.044, 0.054),
    ("base", FEMALE, 30): (0.530, 0.354, 0.390, 0.198, 0.221),
    ("base", MALE, 10): (0.163, 0.102, 0.106, 0.056, 0.052),
    ("base", MALE, 30): (0.514, 0.349, 0.424, 0.216, 0.197),
    ("hba1c", FEMALE, 10): (0.165, 0.103, 0.107, 0.055, 0.053),
    ("hba1c", FEMALE, 30): (0.541, 0.356, 0.449, 0.219, 0.200),
    ("hba1c", MALE, 10): (0.187, 0.112, 0.130, 0.063, 0.056),
    ("hba1c", MALE, 30): (0.524, 0.340, 0.457, 0.211, 0.188),
    ("uacr", FEMALE, 10): (0.181, 0.111, 0.105, 0.055, 0.065),
    ("uacr", FEMALE, 30): (0.565, 0.381, 0.437, 0.220, 0.241),
    ("uacr", MALE, 10): (0.195, 0.123, 0.130, 0.066, 0.063),
    ("uacr", MALE, 30): (0.535, 0.368, 0.448, 0.227, 0.213),
    ("sdi", FEMALE, 10): (0.127, 0.080, 0.070, 0.038, 0.047),
    ("sdi", FEMALE, 30): (0.485, 0.322, 0.358, 0.179, 0.202),
    ("sdi", MALE, 10): (0.143, 0.088, 0.089, 0.049, 0.043),
    ("sdi", MALE, 30): (0.480, 0.317, 0.384, 0.199, 0.171),
    ("full", FEMALE, 10): (0.174, 0.105, 0.114, 0.056, 0.056),
    ("full", FEMALE, 30): (0.534, 0.348, 0.443, 0.213, 0.204),
    ("full", MALE, 10): (0.191, 0.112, 0.131, 0.068, 0.052),
    ("full", MALE, 30): (0.513, 0.326, 0.438, 0.216, 0.167),
}
REGRESSION = json.loads(oracle.REGRESSION.read_text(encoding="utf-8"))


def arrays_of(people):
    names = prevent_input_names()
    return {n: np.array([float(p.get(n, np.nan)) for p in people]) for n in names}


def prevent_input_names():
    return [*PUBLISHED_CASE, "sex", *PUBLISHED_ADD_ONS]


@pytest.mark.parametrize(("variant", "sex", "years"), PUBLISHED)
def test_published_values_of_every_variant(variant, sex, years):
    table = prevent_equations.read_table(variant, years)
    person = {**PUBLISHED_CASE, **PUBLISHED_ADD_ONS, "sex": sex}

    probabilities = prevent_equations.predict(table, arrays_of([person]))

    # 0.0005: the values are published with 3 decimals
    np.testing.assert_allclose(probabilities, [PUBLISHED[variant, sex, years]], atol=0.0005)


@pytest.mark.parametrize(("case", "expected"), [(PUBLISHED_CASE, UNROUNDED), (SPLINE_CASE, SPLINE)])
def test_computed_six_decimal_values(case, expected):
    for (variant, years, sex), values in expected.items():
        got = model(f"prevent_{variant}_{years}y").predict_one({**case, "sex": sex})

        assert list(got.values())[: len(values)] == pytest.approx(values, abs=6e-7)


@pytest.mark.parametrize("years", [10, 30])
def test_base_coefficients_equal_the_second_transcription(years):
    exact = oracle.coefficient_columns("base", years)
    printed = oracle.six_digit_columns(years)

    for column, coefficients in exact.items():
        assert [round(c, 6) for c in coefficients] == pytest.approx(printed[column], abs=1.01e-6)


@pytest.mark.parametrize(("variant", "years"), oracle.TABLES)
def test_equals_the_slow_implementation(variant, years):
    columns = oracle.coefficient_columns(variant, years)
    rng = oracle.random.Random(7)
    people = [oracle.random_person(rng, years, variant) for _ in range(200)]

    fast = model(f"prevent_{variant}_{years}y").predict(arrays_of(people))

    slow = [list(oracle.prevent(p, columns, variant, years).values()) for p in people]
    np.testing.assert_allclose(fast, slow, rtol=1e-12)


@pytest.mark.parametrize(("variant", "years"), oracle.TABLES)
def test_regression_values_hold(variant, years):
    people, expected = regression(variant, years)

    got = model(f"prevent_{variant}_{years}y").predict(people)

    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize(("variant", "years"), oracle.TABLES)
def test_one_percent_in_any_coefficient_fails_a_vector(variant, years):
    people, expected = regression(variant, years)
    table = prevent_equations.read_table(variant, years)
    unnoticed = []
    for sex in ("female", "male"):
        coefficients = getattr(table, sex)
        for at in zip(*np.nonzero(coefficients), strict=True):
            mutated = coefficients.copy()
            mutated[at] *= 1.01
            got = prevent_equations.predict(replace(table, **{sex: mutated}), people)
            if np.allclose(got, expected, rtol=1e-9, atol=0):
                unnoticed.append((sex, at))

    assert unnoticed == []


def regression(variant, years):
    rows = [row for row in REGRESSION if row["model"] == f"prevent_{variant}_{years}y"]
    expected = [[row["p"][outcome] for outcome in oracle.OUTCOMES] for row in rows]
    return arrays_of([row["x"] for row in rows]), np.array(expected)


def test_missing_terms_stand_in_for_absent_optional_inputs():
    person = {**PUBLISHED_CASE, "sex": FEMALE}
    full = model("prevent_full_10y")
    columns = oracle.coefficient_columns("full", 10)

    assert full.predict_one(person) == pytest.approx(oracle.prevent(person, columns, "full", 10))
    assert full.predict_one(person)["cvd"] != full.predict_one({**person, "hba1c": 5.3})["cvd"]


def test_hdl_interaction_is_per_a_third_of_a_unit():
    # the published spreadsheet mislabels the term: this age and HDL tell the two readings apart
    person = {**SPLINE_CASE, "sex": MALE, "age": 75.0, "hdl_cholesterol": cholesterol(90)}
    columns = oracle.six_digit_columns(10)

    got = model("prevent_base_10y").predict_one(person)["cvd"]

    assert got == pytest.approx(oracle.prevent(person, columns, "base", 10)["cvd"], abs=2e-6)
