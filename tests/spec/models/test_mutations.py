"""No mistyped number survives: a second implementation disagrees as soon as one is off by 1 %."""

import numpy as np
import pytest

from models_engine.catalogue.contract import ClinicalModel, Equation
from models_engine.registry import every_calibration
from tests.spec.models.oracles.second_opinions import Opinion, opinions

OPINIONS = opinions()
EQUATIONS = [m for m in every_calibration().values() if isinstance(m.predict, Equation)]
# a second implementation adds up in another order
ROUNDING = {"rtol": 1e-9, "atol": 1e-12}


def name_of(model: ClinicalModel) -> str:
    """Its id, and its version where every calibration has an opinion of its own."""
    versioned = f"{model.id} {model.version}"
    return versioned if versioned in OPINIONS else model.id


def arrays_of(model: ClinicalModel, opinion: Opinion) -> dict[str, np.ndarray]:
    """The people as the model reads them; what is left out is missing."""
    return {
        i.concept: np.array([float(p.get(i.concept, np.nan)) for p in opinion.people])
        for i in model.inputs
    }


def expected_of(model: ClinicalModel, opinion: Opinion) -> np.ndarray:
    rows = [opinion.compute(person) for person in opinion.people]
    return np.array([[row[outcome.id] for outcome in model.outcomes] for row in rows])


def test_every_equation_has_a_second_opinion() -> None:
    assert {name_of(m) for m in EQUATIONS} == set(OPINIONS)


@pytest.mark.parametrize("model", EQUATIONS, ids=name_of)
def test_equals_the_second_opinion(model: ClinicalModel) -> None:
    opinion = OPINIONS[name_of(model)]

    np.testing.assert_allclose(
        model.predict(arrays_of(model, opinion)), expected_of(model, opinion), **ROUNDING
    )


@pytest.mark.parametrize("model", EQUATIONS, ids=name_of)
def test_one_percent_in_any_number_is_noticed(model: ClinicalModel) -> None:
    opinion = OPINIONS[name_of(model)]
    arrays, expected = arrays_of(model, opinion), expected_of(model, opinion)
    assert isinstance(model.predict, Equation)

    unnoticed = [
        name
        for name in model.predict.numbers
        if np.allclose(model.predict.changed(name)(arrays), expected, equal_nan=True, **ROUNDING)
    ]

    assert unnoticed == []
