"""Every check finds the fault that it is there for, and says so in words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from models_engine.catalogue.contract import ClinicalModel, Input, Role
from models_engine.catalogue.facts import CalibrationPoint, Change, SubgroupRow
from models_engine.checks import run_checks
from models_engine.registry import model

GOOD = model("prevent_full_10y")
KIDNEY = model("kfre_4v")


def answering(base: ClinicalModel, change: Callable) -> ClinicalModel:
    """The model with `change(numbers, arrays)` between it and the world."""
    return replace(base, predict=lambda arrays: change(base.predict(arrays), arrays))


def with_input(base: ClinicalModel, concept: str, **changes: object) -> ClinicalModel:
    inputs = tuple(replace(i, **changes) if i.concept == concept else i for i in base.inputs)
    return replace(base, inputs=inputs)


def nan_at_high_age(numbers, arrays):
    return np.where(arrays["age"][:, np.newaxis] > 75, np.nan, numbers)


def only_at_the_edge(numbers, arrays):
    return np.where(arrays["age"][:, np.newaxis] == 79, 1.5, numbers)


def of_the_batch(numbers, arrays):
    return numbers * (1 - 0.01 * (len(numbers) > 1))


def of_the_row(numbers, arrays):
    return numbers * (1 - 1e-4 * np.arange(len(numbers))[:, np.newaxis])


def of_the_key_order(numbers, arrays):
    return numbers * (0.99 if next(iter(arrays)) == "sdi_decile" else 1)


def spoiling_its_inputs(numbers, arrays):
    arrays["age"][:] = 50
    return numbers


def another_every_time():
    calls = iter(range(10_000))
    return lambda numbers, arrays: numbers * (1 - 1e-6 * next(calls))


def falling_with_smoking(numbers, arrays):
    return numbers * (1 - 0.5 * arrays["smoking_status"][:, np.newaxis])


def without_hba1c_nothing(numbers, arrays):
    return np.where(np.isnan(arrays["hba1c"])[:, np.newaxis], np.nan, numbers)


FAULTS = {
    "numbers are finite and in range": answering(GOOD, nan_at_high_age),
    "numbers hold at the edge of ranges": answering(GOOD, only_at_the_edge),
    "a batch equals one by one": answering(GOOD, of_the_batch),
    "order does not matter": answering(GOOD, of_the_row),
    "the same again, inputs untouched": answering(GOOD, spoiling_its_inputs),
    "moves in the declared direction": answering(GOOD, falling_with_smoking),
    "missing inputs are declared": answering(GOOD, without_hba1c_nothing),
    "published values are reproduced": answering(GOOD, lambda n, a: n * 1.01),
    "stops after death": replace(GOOD, applies=lambda circumstances: ()),
    "units are the twin's and convert back": with_input(GOOD, "total_cholesterol", unit="mg/dL"),
    "names fit the tables": replace(GOOD, id="My model"),
    "facts are complete": replace(GOOD, version="next"),
    "explained against possible people": replace(KIDNEY, optimal={**KIDNEY.optimal, "egfr": 75.0}),
}


WITHOUT_STROKE = tuple(
    replace(v, expected={k: e for k, e in v.expected.items() if k != "stroke"})
    for v in GOOD.vectors
)


def problems(faulty: ClinicalModel) -> dict[str, str]:
    return {o.check: o.problem for o in run_checks(faulty) if o.problem}


def test_a_good_model_has_no_problem() -> None:
    assert problems(GOOD) == {}
    assert problems(KIDNEY) == {}


@pytest.mark.parametrize("check", FAULTS)
def test_each_check_finds_its_fault(check: str) -> None:
    assert check in problems(FAULTS[check])


@pytest.mark.parametrize(
    ("faulty", "check", "words"),
    [
        (
            answering(GOOD, of_the_key_order),
            "order does not matter",
            "Inputs in another order give other numbers",
        ),
        (
            answering(GOOD, another_every_time()),
            "the same again, inputs untouched",
            "another number the second time",
        ),
        (
            replace(GOOD, predict=lambda arrays: GOOD.predict(arrays)[:, :2]),
            "numbers are finite and in range",
            "shape (64, 2) for 64 people and 5 outcomes",
        ),
        (
            with_input(GOOD, "total_cholesterol", published_per_unit=18.0),
            "units are the twin's and convert back",
            "which the twin reads as",
        ),
        (
            with_input(GOOD, "total_cholesterol", published_unit="furlong"),
            "units are the twin's and convert back",
            "no unit in which",
        ),
        (
            with_input(GOOD, "hdl_cholesterol", published_unit=""),
            "units are the twin's and convert back",
            "a unit that it does not name",
        ),
        (
            replace(GOOD, monotone={"systolic_bp": "up"}),
            "moves in the declared direction",
            "An outcome falls where 'systolic_bp' rises",
        ),
        (
            replace(GOOD, vectors=WITHOUT_STROKE),
            "facts are complete",
            "No test vector says what stroke should be",
        ),
        (
            replace(GOOD, artefact_hash="1"),
            "names fit the tables",
            "no SHA-256",
        ),
        (
            replace(GOOD, version="1/2"),
            "names fit the tables",
            "no /",
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_says_what_is_wrong(faulty: ClinicalModel, check: str, words: str) -> None:
    assert words in problems(faulty)[check]


def test_a_direction_that_changes_nothing_is_no_direction() -> None:
    flat = answering(GOOD, lambda numbers, arrays: numbers * 0 + 0.1)
    assert "changes nothing" in problems(flat)["moves in the declared direction"]


@pytest.mark.parametrize(
    ("role", "any_of"),
    [
        ("measurement", ()),
        ("condition", ()),
        ("medication", ()),
        ("condition", ("diabetes_type_1", "shoe_size")),
    ],
)
def test_an_input_that_no_record_can_hold_is_found(role: Role, any_of: tuple[str, ...]) -> None:
    egfr = model("ckd_epi_2021")
    extra = Input(concept="shoe_size", role=role, label="Shoe size", order="Ask.", any_of=any_of)
    assert (
        "shoe_size"
        in problems(replace(egfr, inputs=(*egfr.inputs, extra)))["inputs are known to the twin"]
    )


def test_a_model_that_raises_has_failed_and_the_others_are_still_asked() -> None:
    def broken(arrays):
        raise ZeroDivisionError("no idea")

    found = problems(replace(GOOD, predict=broken))
    assert "ZeroDivisionError: no idea" in found["numbers are finite and in range"]
    assert "stops after death" not in found


def test_a_required_input_that_is_not_refused_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from models_engine import checks

    real = checks.build_features

    def careless(clinical_model, state):
        features = real(clinical_model, state)
        kept = tuple(r for r in features.refusals if r.concept != "systolic_bp")
        return replace(features, refusals=kept)

    monkeypatch.setattr(checks, "build_features", careless)
    assert "'systolic_bp' is required" in problems(GOOD)["missing inputs are declared"]


def test_vectors_outside_the_ranges_alone_prove_nothing() -> None:
    moved = [replace(v, inputs={**v.inputs, "egfr": 61.0}) for v in KIDNEY.vectors]
    beyond = tuple(replace(v, expected=KIDNEY.predict_one(v.inputs)) for v in moved)
    found = problems(replace(KIDNEY, vectors=beyond))["published values are reproduced"]
    assert (
        "No vector of kidney_failure_2y is of a person inside the model's ranges: egfr 61" in found
    )
    # one inside is enough
    assert problems(replace(KIDNEY, vectors=(*beyond, KIDNEY.vectors[0]))) == {}


POINT = CalibrationPoint("cvd", 100, 0.05, 0.06, 0.02, 0.10, "a cohort, 2001")
ROW = SubgroupRow("cvd", "Sex", "female", 50, 5, "C statistic", 0.7, 0.6, 0.8, "a cohort")


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 0},
        {"predicted": 1.2},
        {"low": 0.07},
        {"high": 1.1},
        {"high": float("nan")},
        {"where": " "},
    ],
)
def test_a_calibration_point_must_be_possible(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="CalibrationPoint"):
        replace(POINT, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"events": 51}, {"people": 0, "events": 0}, {"value": 0.9}, {"level": ""}]
)
def test_a_subgroup_row_must_be_possible(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="SubgroupRow"):
        replace(ROW, **wrong)


@pytest.mark.parametrize(
    "measured",
    [
        {"calibration_points": (replace(POINT, outcome="x"),)},
        {"subgroup_rows": (replace(ROW, outcome="x"),)},
    ],
)
def test_measured_tables_name_outcomes_of_the_model(measured: dict[str, object]) -> None:
    faulty = replace(GOOD, facts=replace(GOOD.facts, **measured))
    assert "unknown outcomes: x" in problems(faulty)["facts are complete"]


def test_the_change_log_names_the_version() -> None:
    log = (Change("0.9", date(2020, 1, 1), "An older one."),)
    faulty = replace(GOOD, facts=replace(GOOD.facts, change_log=log))
    assert "does not mention version" in problems(faulty)["facts are complete"]
