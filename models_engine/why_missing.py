"""Why a value is missing although the record holds something of it."""

from models_engine.catalogue.risk.ckd_epi_2021 import ADULT_AGE
from patients.record.state import State


def dated_ahead(state: State, concept: str) -> str:
    """A sentence when a value of the concept is dated in the future, with a space before it."""
    day = state.dated_ahead.get(concept)
    return f" A value dated in the future ({day}) is not used." if day else ""


def why_no_egfr(state: State) -> str:
    """Why a recorded creatinine gives no eGFR."""
    sex, age = state.sex, state.age
    why = []
    if sex not in ("female", "male"):
        why.append("the sex is not" if sex in ("", "unknown") else f"the sex is {sex}")
    if state.birth_date is None:
        why.append("the birth date is not")
    elif age is None:
        why.append("the birth date is too vague to tell the age")
    elif age < ADULT_AGE:
        why.append(f"the equation is for adults from {ADULT_AGE} years")
    return f"creatinine is recorded; {', and '.join(why)}."
