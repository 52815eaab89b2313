"""Medicines that should not, or not so, be taken together: pairs and threes, in any order."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import Interaction
from models_engine.catalogue.treatment.person import Reference, Taken
from models_engine.catalogue.treatment.safety.finding import Finding, Level, sorted_findings
from models_engine.catalogue.treatment.safety.medicine import (
    Compared,
    Part,
    all_taken,
    rows_about,
)

TABLE = "interactions"
Together = tuple[Compared, ...]


def interactions(
    medicine: Compared,
    taken: Sequence[Compared],
    replaced: Sequence[Compared],
    knowledge: Knowledge,
) -> Iterator[Finding]:
    """What speaks against the medicine beside what is taken, and beside what it takes the place of."""
    rows = rows_about(Interaction, medicine, knowledge)
    for row in rows:
        for others, doubt in _beside(row, medicine, taken):
            yield _found(row, others, doubt, f"With {_labels(others)}: ")
        for others, _ in _beside(row, medicine, replaced):
            yield from _in_its_place(row, others)
    for other in (one for one in taken if one.could_be):
        yield from _group_only(medicine, other, rows)


def interactions_among(medicines: Iterable[Taken], knowledge: Knowledge) -> tuple[Finding, ...]:
    """What is found among medicines that are taken already, the gravest first."""
    taken = all_taken(medicines, knowledge)
    return sorted_findings(
        _found(row, group, doubt, f"{_labels(group)}: ")
        for row in knowledge.rows(Interaction)
        for group, doubt in _together(row, taken)
    )


def _beside(
    row: Interaction, medicine: Compared, taken: Sequence[Compared]
) -> Iterator[tuple[Together, str]]:
    """The medicines with which it makes the row true."""
    for group, doubt in _together(row, (medicine, *taken)):
        if any(one is medicine for one in group):
            yield tuple(one for one in group if one is not medicine), doubt


def _together(row: Interaction, medicines: Sequence[Compared]) -> Iterator[tuple[Together, str]]:
    """Sets of medicines that make the row true, each once, with what is not certain.

    Every subject is met by another ingredient; a combination may meet two of three.
    """
    subjects = (row.applies_to, row.other, *((row.third,) if row.third else ()))
    met = [
        [(at, part) for at, one in enumerate(medicines) for part in one.parts_of(subject)]
        for subject in subjects
    ]
    seen: dict[tuple[int, ...], str] = {}
    for choice in product(*met):
        where = tuple(sorted({at for at, _ in choice}))
        if len(where) < 2 or not _are_distinct(choice):
            continue
        first = medicines[choice[0][0]]
        limit = row.over_daily_mg
        if limit is not None and first.daily_mg is not None and first.daily_mg <= limit:
            continue
        unsure = limit is not None and first.daily_mg is None
        doubt = f" The daily dose of {first.label} is not known." if unsure else ""
        if where not in seen or not doubt:
            seen[where] = doubt
    for where, doubt in seen.items():
        yield tuple(medicines[at] for at in where), doubt


def _are_distinct(choice: Sequence[tuple[int, Part]]) -> bool:
    """One ingredient in two medicines is a duplicate, and no interaction with itself."""
    names = [part.ingredient or (at, part) for at, part in choice]
    return len(set(names)) == len(names)


def _found(row: Interaction, others: Together, doubt: str, lead: str) -> Finding:
    unsure = [one.label for one in others if one.taken is not None and not one.taken.is_certain]
    certain = f" It is not certain that {', '.join(unsure)} is taken." if unsure else ""
    advice = f" {_sentence(row.management)}" if row.management else ""
    return Finding(
        kind="interaction",
        level=row.severity,  # type: ignore[arg-type]
        message=f"{lead}{row.says}{advice}{doubt}{certain}",
        plain=row.plain,
        table=TABLE,
        row=row.id,
        references=_references(others),
        other=_labels(others),
    )


def _in_its_place(row: Interaction, others: Together) -> Iterator[Finding]:
    """What is stopped may still act when the new one begins."""
    level: Level | None = {"X": "C", "D": "told"}.get(row.severity)  # type: ignore[assignment]
    if level is None:
        return
    yield Finding(
        kind="interaction",
        level=level,
        message=f"{_labels(others)} has to be stopped first, and may act for a while: {row.says} {_sentence(row.management)}".strip(),
        plain=f"Stop {_labels(others)} before you begin this, as your care team tells you.",
        table=TABLE,
        row=row.id,
        references=_references(others),
        other=_labels(others),
    )


def _group_only(
    medicine: Compared, other: Compared, rows: Iterable[Interaction]
) -> Iterator[Finding]:
    """Of a medicine only the group is known: some of it interact by their own name or class."""
    for row in rows:
        for one, two in ((row.applies_to, row.other), (row.other, row.applies_to)):
            mine = medicine.is_any(one)
            may = any(part.is_subject(subject) for part in other.could_be for subject in two)
            if mine and may and not other.is_any(two):
                yield which_one(other, f"Some of this group interact: {row.says}", TABLE, row.id)
                return


def which_one(other: Compared, why: str, table: str = "", row: str = "") -> Finding:
    """Only the group of a medicine is known, and it matters which one it is."""
    return Finding(
        kind="unresolved",
        level="ask",
        message=f"Of {other.label} only the group is known: which medicine is it? {why}",
        plain=f"Tell your care team which medicine you take: {other.label}.",
        table=table,
        row=row,
        references=_references((other,)),
        missing=("medicine",),
        other=other.label,
    )


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."


def _labels(medicines: Together) -> str:
    return " and ".join(one.label for one in medicines)


def _references(medicines: Together) -> tuple[Reference, ...]:
    found = dict.fromkeys(ref for one in medicines if one.taken for ref in one.taken.references)
    return tuple(found)
