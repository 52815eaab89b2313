"""Checks of what a model declares, before any number is computed."""

import re

from models_engine.catalogue.accepted_codes import concepts_of, is_known
from models_engine.catalogue.contract import ClinicalModel, Input
from patients.terminology.measurements import MEASUREMENTS
from patients.terminology.units import to_canonical, ucum_of

NAME = re.compile(r"[a-z][a-z0-9_]*")
# as the columns of model runs and predictions
LONGEST_NAME, LONGEST_VERSION, LONGEST_UNIT = 64, 32, 32
HASH = re.compile(r"[0-9a-f]{64}")
AGE_UNIT = "a"


class CheckFailure(AssertionError):
    """A model does not keep what every model must; the message says what, in plain words."""


def facts_are_complete(model: ClinicalModel) -> None:
    """The change log names this version, and every outcome has a test value."""
    if not any(model.version in change.version for change in model.facts.change_log):
        raise CheckFailure(f"The change log does not mention version {model.version}.")
    tested = {outcome for vector in model.vectors for outcome in vector.expected}
    untested = [outcome.id for outcome in model.outcomes if outcome.id not in tested]
    if untested:
        raise CheckFailure(f"No test vector says what {', '.join(untested)} should be.")
    outcomes = {outcome.id for outcome in model.outcomes}
    measured = {row.outcome for row in model.facts.calibration_points}
    measured |= {row.outcome for row in model.facts.subgroup_rows}
    if unknown := measured - outcomes:
        raise CheckFailure(f"Measured tables name unknown outcomes: {', '.join(sorted(unknown))}.")


def names_fit_the_tables(model: ClinicalModel) -> None:
    """Ids are plain words that a table column and an address can hold; the hash is SHA-256."""
    for name in (model.id, *(o.id for o in model.outcomes), *(i.concept for i in model.inputs)):
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise CheckFailure(
                f"{name!r} is no id: a to z, digits and _, at most {LONGEST_NAME} of them."
            )
    if len(model.version) > LONGEST_VERSION or "/" in model.version:
        raise CheckFailure(
            f"Version {model.version!r}: at most {LONGEST_VERSION} characters, no /."
        )
    for outcome in model.outcomes:
        if len(outcome.unit) > LONGEST_UNIT:
            raise CheckFailure(f"The unit of {outcome.id} is longer than {LONGEST_UNIT}.")
    if not HASH.fullmatch(model.artefact_hash):
        raise CheckFailure("artefact_hash is no SHA-256: use catalogue.artefact.artefact_hash.")


def inputs_are_known(model: ClinicalModel) -> None:
    """Every input is a concept that a twin can hold; any other would be missing for ever."""
    for declared in model.inputs:
        if not is_known(declared):
            raise CheckFailure(
                f"{declared.concept!r} is no concept of patients/terminology/concepts: "
                f"no record could ever hold {', '.join(concepts_of(declared))}."
            )


def units_are_the_twins_units(model: ClinicalModel) -> None:
    """Each input is in the twin's canonical unit, and the published unit converts to it."""
    for declared in model.inputs:
        expected = _canonical_unit(declared)
        if expected is not None and declared.unit != expected:
            raise CheckFailure(
                f"{declared.concept!r} is declared in {declared.unit!r}; the twin holds it in "
                f"{expected!r}. State the paper's unit as published_unit."
            )
        _require_round_trip(declared)


def _canonical_unit(declared: Input) -> str | None:
    if declared.concept == "age":
        return AGE_UNIT
    if declared.role not in ("measurement", "derived"):
        return None
    known = (MEASUREMENTS[c].unit for c in concepts_of(declared) if c in MEASUREMENTS)
    return next(known, None)


def _require_round_trip(declared: Input) -> None:
    if not declared.published_unit:
        if declared.published_per_unit != 1.0:
            raise CheckFailure(f"{declared.concept!r} converts to a unit that it does not name.")
        return
    known = next((c for c in concepts_of(declared) if c in MEASUREMENTS), None)
    if known is None:
        return
    unit = ucum_of(declared.published_unit)
    if unit is None and declared.unit.startswith("{"):
        # a count of something ({drinks}/d) may be called by any name
        return
    for value in (v for v in (1.0, declared.low, declared.high) if v):
        published = value * declared.published_per_unit
        back = to_canonical(known, published, unit) if unit else None
        if back is None:
            raise CheckFailure(
                f"{declared.published_unit!r} is no unit in which {known!r} can be read."
            )
        if abs(back.value - value) > 1e-6 * max(1.0, abs(value)):
            raise CheckFailure(
                f"{declared.concept!r}: {value:g} {declared.unit} is shown as {published:g} "
                f"{declared.published_unit}, which the twin reads as {back.value:g} "
                f"{declared.unit}."
            )
