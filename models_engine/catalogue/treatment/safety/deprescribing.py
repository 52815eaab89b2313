"""Which medicines of an older person who takes many should be looked at again, and why. Pure.

What speaks against a medicine of old age, and when no reason for it is recorded, are rows of
`deprescribing`; beside them stand the contraindications, doses, allergies and genes of what is
taken (`current.py`, at any age), and what the medicines do together. Nothing here says "stop": it says what to talk about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models_engine.catalogue.treatment.knowledge.criteria import AGE
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import Deprescribing
from models_engine.catalogue.treatment.person import LOADS, Reference, Taken, TreatmentPerson
from models_engine.catalogue.treatment.safety import words
from models_engine.catalogue.treatment.safety.current import findings_of_taken
from models_engine.catalogue.treatment.safety.duplicates import duplicates_among
from models_engine.catalogue.treatment.safety.finding import LEVELS, Finding, Level
from models_engine.catalogue.treatment.safety.interactions import interactions_among
from models_engine.catalogue.treatment.safety.medicine import Compared, all_taken, rows_about

TABLE = "deprescribing"
# from which age and number of medicines a review is offered [J]
OLDER_FROM = 65
MANY_FROM = 5


@dataclass(frozen=True)
class Reason:
    """Why a medicine should be looked at; `how` says what stopping it needs."""

    finding: Finding
    how: str = ""


@dataclass(frozen=True)
class Review:
    """One medicine with its reasons, the gravest first."""

    medicine: Taken
    reasons: tuple[Reason, ...]

    @property
    def level(self) -> Level:
        """The gravest of its reasons."""
        return self.reasons[0].finding.level


@dataclass(frozen=True)
class MedicinesReview:
    """`why` says for whom a review of old age is or is not.

    Unless it `is_due` only `checked`, `together` and `unresolved` are filled.

    `checked` are medicines with what speaks against them at any age (conditions, pregnancy,
    allergies, kidneys, genes), the gravest first; none of the dead. `medicines` are those with a
    reason of old age as well; `general` reasons are about the list as a whole; `together`
    interactions and duplicates among all; `loads` the medicines that are counted together, by the
    name of the count; `unresolved` could not be looked at.
    """

    is_due: bool
    why: str
    medicines: tuple[Review, ...] = ()
    general: tuple[Reason, ...] = ()
    together: tuple[Finding, ...] = ()
    loads: Mapping[str, tuple[Taken, ...]] = field(default_factory=dict)
    unresolved: tuple[Taken, ...] = ()
    checked: tuple[Review, ...] = ()


def review_medicines(person: TreatmentPerson, knowledge: Knowledge) -> MedicinesReview:
    """The review of a person of 65 or more who takes five medicines or more."""
    is_due, why = _is_due(person)
    found = findings_of_taken(person, knowledge)
    at_any_age = [(one, [Reason(finding) for finding in findings]) for one, findings in found]
    review = MedicinesReview(
        is_due,
        why,
        together=(
            *interactions_among(person.medicines, knowledge),
            *duplicates_among(person.medicines, knowledge),
        ),
        unresolved=person.unresolved,
        checked=_reviews(at_any_age),
    )
    if not is_due:
        return review
    taken = all_taken(person.medicines, knowledge)
    of_old_age = [
        (medicine, [*_of_rows(one, person, knowledge), *reasons])
        for (medicine, reasons), one in zip(at_any_age, taken, strict=True)
    ]
    return replace(
        review,
        medicines=_reviews(of_old_age),
        general=tuple(_general(person, knowledge)),
        loads={name: _with_class(person.medicines, kinds) for name, kinds in LOADS.items()},
    )


def _is_due(person: TreatmentPerson) -> tuple[bool, str]:
    many = len(person.medicines)
    doubtful = sum(not one.is_certain for one in person.medicines)
    count = f"{many} {'medicine' if many == 1 else 'medicines'} recorded"
    if doubtful:
        count += f", {doubtful} of them not certain to be taken"
    if person.barred:
        return False, person.barred
    if person.age is None:
        return False, "The age is not known."
    if person.age < OLDER_FROM or many < MANY_FROM:
        return False, (
            f"Age {person.age}, {count}: the review is of people of {OLDER_FROM} or more who take "
            f"{MANY_FROM} or more."
        )
    return True, f"Age {person.age}, {count}."


def _with_class(medicines: Sequence[Taken], kinds: frozenset[str]) -> tuple[Taken, ...]:
    return tuple(one for one in medicines if one.classes & kinds)


def _reviews(found: Iterable[tuple[Taken, Iterable[Reason]]]) -> tuple[Review, ...]:
    """Those with a reason that is more than told."""
    reviews = []
    for medicine, reasons in found:
        grave = [one for one in reasons if one.finding.level != "told"]
        if grave:
            grave.sort(key=lambda one: LEVELS.index(one.finding.level))
            reviews.append(Review(medicine, tuple(grave)))
    return tuple(sorted(reviews, key=lambda one: LEVELS.index(one.level)))


def _is_about_indication(row: Deprescribing) -> bool:
    """Nothing but the age and what is not there: no disease that it would be for is recorded."""
    words_ = row.when.words
    lacking = sum(word.kind == "lacks" for word in words_)
    return lacking >= 2 and all(w.kind in ("lacks", "not") or w.name == AGE for w in words_)


def _of_rows(medicine: Compared, person: TreatmentPerson, knowledge: Knowledge) -> Iterator[Reason]:
    references = medicine.taken.references if medicine.taken else ()
    for row in rows_about(Deprescribing, medicine, knowledge):
        if not _is_general(row):
            yield from _of_row(row, references, person)


def _general(person: TreatmentPerson, knowledge: Knowledge) -> Iterator[Reason]:
    for row in knowledge.rows(Deprescribing):
        if _is_general(row):
            yield from _of_row(row, (), person)


def _is_general(row: Deprescribing) -> bool:
    return any(subject.kind == "any" for subject in row.applies_to)


def _of_row(
    row: Deprescribing, references: tuple[Reference, ...], person: TreatmentPerson
) -> Iterator[Reason]:
    answer = row.when.ask(person)
    if answer.holds is False:
        return
    if answer.holds is None:
        missing = words.to_record(answer.missing, person)
        asked = Finding(
            kind="missing",
            level="told" if row.severity == "C" else "ask",
            message=f"{words.missing_words(answer.missing, person)} It decides this: {row.says}",
            plain=words.missing_plain(missing),
            table=TABLE,
            row=row.id,
            references=references,
            missing=missing,
        )
        yield Reason(asked, row.how)
        return
    found = Finding(
        kind="no_indication" if _is_about_indication(row) else "review",
        level=row.severity,  # type: ignore[arg-type]
        message=words.with_reading(row.says, words.read_words(answer.used, person)),
        plain=row.plain,
        table=TABLE,
        row=row.id,
        references=(*references, *words.references_to(answer.used, person)),
    )
    yield Reason(found, row.how)
