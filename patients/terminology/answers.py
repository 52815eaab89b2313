"""Coded answers: which SNOMED CT or LOINC answer means 'current', 'former', 'never' smoker."""

from collections.abc import Mapping
from typing import NamedTuple

from patients.terminology import tables
from patients.terminology.codings import Code, code_in
from patients.terminology.measurements import CODED


class Answer(NamedTuple):
    value_code: str
    display: str


def _answers() -> Mapping[tuple[str, Code], Answer]:
    found: dict[tuple[str, Code], Answer] = {}
    columns = "concept,system,code,value_code,display,evidence"
    for row in tables.rows("answer_codes", columns):
        if row["concept"] not in CODED:
            raise ValueError(f"answer_codes.csv: {row['concept']} is no coded concept")
        key = (row["concept"], code_in(row["system"], row["code"]))
        if key in found:
            raise ValueError(f"answer_codes.csv: {key} twice")
        found[key] = Answer(row["value_code"], row["display"])
    return found


_ANSWERS = _answers()

# the values that answers of a concept may have, in the table's order
ANSWER_VALUES: Mapping[str, tuple[str, ...]] = {
    concept: tuple(
        dict.fromkeys(answer.value_code for (of, _), answer in _ANSWERS.items() if of == concept)
    )
    for concept in CODED
}


def answers_of(concept: str) -> tuple[tuple[Code, Answer], ...]:
    """Every answer code that the table reads for a coded concept."""
    return tuple((code, answer) for (known, code), answer in _ANSWERS.items() if known == concept)


def answer_of(concept: str, code: Code) -> Answer | None:
    """What an answer code means for a coded concept; None when the table does not know it."""
    return _ANSWERS.get((concept, code))
