"""What must hold for every model, ours or a third party's, before anybody may trust a number.

Each check takes a model and raises CheckFailure with plain words. The people are drawn with a
fixed seed inside the declared ranges, so that a failure today is the same failure tomorrow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from models_engine.catalogue.contract import Arrays, ClinicalModel, FloatArray
from models_engine.catalogue.declaration_checks import (
    CheckFailure,
    facts_are_complete,
    inputs_are_known,
    names_fit_the_tables,
    units_are_the_twins_units,
)
from models_engine.catalogue.drawn_people import draw, edge_people, grid, outside_range
from models_engine.features import build_features
from patients.record.state import State

__all__ = ["CHECKS", "CheckFailure", "Outcome", "run_checks"]

PEOPLE = 64
STEPS = 25
# sums of one person may be added up in another order in a batch
ROUNDING = {"rtol": 1e-10, "atol": 1e-13}
NOBODY = State(datetime(2026, 1, 1, 12, tzinfo=UTC), "", None, {})
Check = Callable[[ClinicalModel], None]


def finite_and_in_range(model: ClinicalModel) -> None:
    """Every person in the declared ranges gets finite numbers; probabilities are 0 to 1."""
    _require_numbers(model, draw(model, PEOPLE), "inside the declared ranges")


def holds_at_the_edges(model: ClinicalModel) -> None:
    """The same exactly at both ends of every range, alone and all together."""
    _require_numbers(model, edge_people(model, PEOPLE), "at the edge of the declared ranges")


def batch_equals_single(model: ClinicalModel) -> None:
    """A person's number does not depend on who else is computed."""
    people = draw(model, PEOPLE)
    together = _predict(model, people)
    alone = np.concatenate([_predict(model, _take(people, [n])) for n in range(PEOPLE)])
    _require_equal(together, alone, "a person alone gets another number than among others")


def order_does_not_matter(model: ClinicalModel) -> None:
    """Neither the order of the people nor that of the inputs changes a number."""
    people = draw(model, PEOPLE)
    turned = list(range(PEOPLE))[::-1]
    expected = _predict(model, people)[turned]
    got = _predict(model, _take(people, turned))
    _require_equal(got, expected, "people in another order get other numbers")
    backwards = {concept: people[concept] for concept in reversed(list(people))}
    got = _predict(model, backwards)[turned]
    _require_equal(got, expected, "inputs in another order give other numbers")


def is_deterministic(model: ClinicalModel) -> None:
    """The same inputs give the same numbers again, and are not changed by the model."""
    people = draw(model, PEOPLE)
    kept = {concept: column.copy() for concept, column in people.items()}
    first, second = model.predict(people), model.predict(people)
    if not np.array_equal(first, second, equal_nan=True):
        raise CheckFailure("The same inputs give another number the second time.")
    for concept, column in people.items():
        if not np.array_equal(column, kept[concept], equal_nan=True):
            raise CheckFailure(f"The model changes the array {concept!r} that it was given.")


def moves_as_declared(model: ClinicalModel) -> None:
    """No outcome ever moves against `monotone`, and the input makes a difference somewhere."""
    people = draw(model, PEOPLE)
    for concept, direction in model.monotone.items():
        values = grid(model.input(concept), STEPS)
        rows = [_predict(model, {**people, concept: np.full(PEOPLE, v)}) for v in values]
        steps = np.diff(np.stack(rows), axis=0) * (1.0 if direction == "up" else -1.0)
        if (steps < -1e-12 * np.maximum(1.0, np.abs(np.stack(rows[1:])))).any():
            wrong = "falls" if direction == "up" else "rises"
            raise CheckFailure(
                f"An outcome {wrong} where {concept!r} rises; it is declared as {direction!r}."
            )
        if not (steps > 0).any():
            raise CheckFailure(f"{concept!r} is declared as {direction!r} and changes nothing.")


def missing_inputs_are_declared(model: ClinicalModel) -> None:
    """Without any optional input there is a number; a person without a record gets none.

    Each required input is refused by name, unless the model does not apply at all, or the page
    shows what it took for it. Conditions and medicines count as absent instead.
    """
    people = dict(draw(model, PEOPLE))
    for declared in model.inputs:
        if not declared.required:
            people[declared.concept] = np.full(PEOPLE, np.nan)
            _require_numbers(model, people, f"without the optional input {declared.concept!r}")
    features = build_features(model, NOBODY)
    told = {refusal.concept for refusal in features.refusals} | set(features.sources)
    applies = {refusal.concept for refusal in features.refusals} <= {
        i.concept for i in model.inputs
    }
    for declared in model.inputs:
        has_record = declared.role not in ("condition", "medication")
        if applies and declared.required and has_record and declared.concept not in told:
            raise CheckFailure(
                f"{declared.concept!r} is required, yet a record without it is not refused."
            )


def reproduces_its_vectors(model: ClinicalModel) -> None:
    """Every test value is reproduced, and each outcome has one of a person inside the ranges."""
    beyond: dict[str, str] = {outcome.id: "there is none" for outcome in model.outcomes}
    for vector in model.vectors:
        outside = outside_range(model, vector.inputs)
        beyond |= {outcome: outside for outcome in vector.expected if beyond.get(outcome)}
        got = model.predict_one(vector.inputs)
        for outcome, expected in vector.expected.items():
            if not abs(got[outcome] - expected) <= vector.tolerance:
                raise CheckFailure(
                    f"Vector {vector.name!r} gives {outcome} {got[outcome]!r}, "
                    f"expected {expected!r} within {vector.tolerance}."
                )
    for outcome, outside in beyond.items():
        if outside:
            raise CheckFailure(
                f"No vector of {outcome} is of a person inside the model's ranges: {outside}."
            )


def stops_after_death(model: ClinicalModel) -> None:
    """Somebody who has died gets no number, whatever else is recorded."""
    dead = State(NOBODY.as_of, "", None, {}, deceased=True)
    if "deceased" not in {refusal.concept for refusal in build_features(model, dead).refusals}:
        raise CheckFailure("Somebody who has died would get a number: `applies` must refuse.")


def is_explained_against_possible_people(model: ClinicalModel) -> None:
    """The background and the reference values of a probability lie inside the ranges."""
    if model.background is None:
        return
    for row in range(model.background.size):
        person = {c: float(column[row]) for c, column in model.background.rows.items()}
        if outside := outside_range(model, person):
            raise CheckFailure(f"Background row {row + 1} is outside the ranges: {outside}.")
    for concept, value in model.optimal.items():
        if not model.input(concept).accepts(value):
            raise CheckFailure(
                f"The reference value of {concept!r}, {value}, is outside its range."
            )


CHECKS: tuple[tuple[str, Check], ...] = (
    ("facts are complete", facts_are_complete),
    ("names fit the tables", names_fit_the_tables),
    ("inputs are known to the twin", inputs_are_known),
    ("units are the twin's and convert back", units_are_the_twins_units),
    ("published values are reproduced", reproduces_its_vectors),
    ("numbers are finite and in range", finite_and_in_range),
    ("numbers hold at the edge of ranges", holds_at_the_edges),
    ("the same again, inputs untouched", is_deterministic),
    ("a batch equals one by one", batch_equals_single),
    ("order does not matter", order_does_not_matter),
    ("moves in the declared direction", moves_as_declared),
    ("missing inputs are declared", missing_inputs_are_declared),
    ("stops after death", stops_after_death),
    ("explained against possible people", is_explained_against_possible_people),
)


@dataclass(frozen=True)
class Outcome:
    """One check of one model: `problem` is empty when it holds."""

    check: str
    problem: str = ""


def run_checks(model: ClinicalModel) -> Iterator[Outcome]:
    """Every check in turn. A model that raises something of its own has failed the check."""
    for name, check in CHECKS:
        try:
            check(model)
        except CheckFailure as failure:
            yield Outcome(name, str(failure))
        # the model may be somebody else's code: whatever it raises is the answer
        except Exception as error:  # noqa: BLE001
            yield Outcome(name, f"The model raised {type(error).__name__}: {error}")
        else:
            yield Outcome(name)


def _predict(model: ClinicalModel, people: Arrays) -> FloatArray:
    rows = len(next(iter(people.values())))
    got = np.asarray(model.predict(people))
    if got.shape != (rows, len(model.outcomes)):
        raise CheckFailure(
            f"predict gives shape {got.shape} for {rows} people and {len(model.outcomes)} outcomes."
        )
    return got


def _require_numbers(model: ClinicalModel, people: Arrays, where: str) -> None:
    with np.errstate(all="ignore"):
        got = _predict(model, people)
    for at, outcome in enumerate(model.outcomes):
        column = got[:, at]
        wrong = ~np.isfinite(column)
        if outcome.is_probability:
            wrong |= ~((column >= 0) & (column <= 1))
        if wrong.any():
            worst = int(np.flatnonzero(wrong)[0])
            person = {c: float(v[worst]) for c, v in people.items()}
            raise CheckFailure(f"{outcome.id} is {column[worst]} {where}, for {person}.")


def _require_equal(got: FloatArray, expected: FloatArray, words: str) -> None:
    if not np.allclose(got, expected, equal_nan=True, **ROUNDING):
        worst = float(np.nanmax(np.abs(got - expected)))
        raise CheckFailure(f"{words.capitalize()}: they differ by up to {worst:.3g}.")


def _take(people: Arrays, rows: list[int]) -> dict[str, FloatArray]:
    return {concept: column[rows] for concept, column in people.items()}
