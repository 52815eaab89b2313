"""Condition concepts and their SNOMED CT and ICD-10 codes, descendants written out.

The tables are `concepts/conditions.csv` and `condition_codes.csv`. SNOMED CT rows are exact; ICD-10
rows marked `prefix` cover every code below, the longest row winning (E11.22 before E11). Nothing
is guessed from text. All codes are [M]: from general knowledge, not yet verified.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from patients.terminology import tables
from patients.terminology.codings import SYSTEMS, Code, code_in


@dataclass(frozen=True, slots=True)
class ConditionConcept:
    """A condition that a model or a page asks for.

    `persists`: stays in the history after it is resolved. `procedure_days`: how long a procedure
    with one of the codes counts as the condition; None if it never does. `implies`: concepts that
    are true whenever this one is. `for_prescribing`: read by the rules of treatment alone; no
    prediction model counts it.
    """

    id: str
    display: str
    plain_name: str
    persists: bool
    procedure_days: int | None
    implies: tuple[str, ...]
    for_prescribing: bool


@dataclass(frozen=True, slots=True)
class ConditionCode:
    """What one code says: the concept first, then those that it states or implies as well."""

    concepts: tuple[ConditionConcept, ...]
    detail: str
    display: str


def _concepts() -> Mapping[str, ConditionConcept]:
    columns = "concept,display,plain_name,persists,procedure_days,implies,prescribing,evidence,note"
    return {
        row["concept"]: ConditionConcept(
            id=row["concept"],
            display=row["display"],
            plain_name=row["plain_name"],
            persists=row["persists"] == "yes",
            procedure_days=int(row["procedure_days"]) if row["procedure_days"] else None,
            implies=tuple(row["implies"].split()),
            for_prescribing=row["prescribing"] == "yes",
        )
        for row in tables.rows("conditions", columns)
    }


CONDITIONS: Mapping[str, ConditionConcept] = _concepts()
PERSISTING: frozenset[str] = frozenset(c.id for c in CONDITIONS.values() if c.persists)
FOR_PRESCRIBING: frozenset[str] = frozenset(c.id for c in CONDITIONS.values() if c.for_prescribing)


def implied_by(concept: ConditionConcept) -> tuple[ConditionConcept, ...]:
    """The concept, and those that are true whenever it is."""
    ids = dict.fromkeys((concept.id, *concept.implies))
    return tuple(CONDITIONS[name] for name in ids)


def _stated(row: dict[str, str]) -> tuple[ConditionConcept, ...]:
    ids = [row["concept"], *CONDITIONS[row["concept"]].implies, *row["also"].split()]
    return tuple(CONDITIONS[concept] for concept in dict.fromkeys(ids))


def _codes() -> tuple[Mapping[Code, ConditionCode], Mapping[Code, ConditionCode]]:
    exact: dict[Code, ConditionCode] = {}
    prefixes: dict[Code, ConditionCode] = {}
    columns = "concept,systems,code,match,detail,also,display,evidence"
    for row in tables.rows("condition_codes", columns):
        table = {"exact": exact, "prefix": prefixes}[row["match"]]
        for system in row["systems"].split():
            code = code_in(system, row["code"])
            if code in exact or code in prefixes:
                raise ValueError(f"condition_codes.csv: {code} twice")
            table[code] = ConditionCode(_stated(row), row["detail"], row["display"])
    return exact, prefixes


_EXACT, _PREFIXES = _codes()


def _shortened(code: Code) -> Iterator[Code]:
    """An ICD-10 code and its ancestors, down to the three-character category."""
    kind = SYSTEMS[code.name]
    for length in range(len(code.value), 2, -1):
        yield kind(code.value[:length])


def condition_codes_of(concept: str) -> tuple[tuple[Code, ConditionCode, bool], ...]:
    """Every code that states the concept; True where it stands for all codes below it."""
    exact = [(code, entry, False) for code, entry in _EXACT.items()]
    below = [(code, entry, True) for code, entry in _PREFIXES.items()]
    return tuple(
        row for row in (*exact, *below) if concept in {stated.id for stated in row[1].concepts}
    )


def condition_of(code: Code) -> ConditionCode | None:
    """What a condition or procedure code says; None when the table does not know it."""
    found = _EXACT.get(code)
    if found is None and code.name.startswith("icd10"):
        found = next((_PREFIXES[c] for c in _shortened(code) if c in _PREFIXES), None)
    return found
