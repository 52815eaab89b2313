"""Allergies and intolerances: to the ingredient, to its class, and across classes by the rows.

An allergy to what is given, or to its class as such, excludes; an intolerance says avoid. What
crosses from one medicine to another is only what a row says.
"""

from collections.abc import Iterator

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.medicines import MedicineIndex, index_of
from models_engine.catalogue.treatment.knowledge.schema import AllergyRule
from models_engine.catalogue.treatment.person import Allergy, TreatmentPerson
from models_engine.catalogue.treatment.safety import words
from models_engine.catalogue.treatment.safety.finding import Finding, Level
from models_engine.catalogue.treatment.safety.medicine import Compared, Part, rows_about

TABLE = "allergies"
ANY_REACTION = ("", "any")
UNRECORDED, OTHER_THAN = "unrecorded", "other_than:"
REACTION = "reaction"


def allergies(
    medicine: Compared, person: TreatmentPerson, knowledge: Knowledge
) -> Iterator[Finding]:
    """What the recorded allergies say, and what cannot be told of them."""
    index = index_of(knowledge)
    for allergy in person.allergies:
        yield from _direct(medicine, allergy, index, knowledge)
        yield from _crossing(medicine, allergy, index, knowledge)
        if not allergy.is_known:
            yield _unread(allergy.label, allergy.references)
    if person.allergies_unread:
        yield _unread("", ())
    if not person.allergies_recorded:
        yield Finding(
            kind="allergy",
            level="told",
            message="Allergies are not recorded, neither any nor none: nothing could be compared.",
            plain="Your record does not say whether you have allergies. Tell your care team.",
        )


def _direct(
    medicine: Compared, allergy: Allergy, index: MedicineIndex, knowledge: Knowledge
) -> Iterator[Finding]:
    is_allergy = allergy.kind != "intolerance"
    level: Level = "X" if is_allergy else "D"
    what = "allergy" if is_allergy else "intolerance"
    shared = sorted(medicine.ingredients & set(allergy.ingredients))
    to_class = [] if allergy.ingredients else sorted(index.lowest(allergy.classes))
    shared_classes = [name for name in to_class if name in medicine.classes]
    if not shared and not shared_classes:
        return
    named = shared or [words.class_label(name, knowledge) for name in shared_classes]
    reactions = f" ({', '.join(allergy.reactions)})" if allergy.reactions else ""
    yield Finding(
        kind="allergy",
        level=level,
        message=f"Recorded {what} to {allergy.label}{reactions}: it is, or contains, {', '.join(named)}.",
        plain=f"Your record has an {what} to {allergy.label}.",
        references=allergy.references,
        other=allergy.label,
    )


def _crossing(
    medicine: Compared, allergy: Allergy, index: MedicineIndex, knowledge: Knowledge
) -> Iterator[Finding]:
    if allergy.ingredients:
        parts = [Part(name, index.classes_of(name)) for name in allergy.ingredients]
        parts.append(Part("", allergy.classes))
    else:
        parts = [Part("", index.lowest(allergy.classes))]
    for row in rows_about(AllergyRule, medicine, knowledge):
        if not any(part.is_subject(one) for part in parts for one in row.allergen):
            continue
        reaction = _has_reaction(row, allergy)
        if reaction is False:
            continue
        if reaction is None:
            yield Finding(
                kind="allergy",
                level="told" if row.severity == "C" else "ask",
                message=f"Allergy to {allergy.label}: the reaction is not recorded, and {_named(row)[0]} decides this. {row.says}",
                plain=f"Tell your care team what happened when you took {allergy.label}.",
                table=TABLE,
                row=row.id,
                references=allergy.references,
                missing=(REACTION,),
                other=allergy.label,
            )
            continue
        yield Finding(
            kind="allergy",
            level=row.severity,  # type: ignore[arg-type]
            message=f"Recorded allergy to {allergy.label}. {row.says}",
            plain=row.plain,
            table=TABLE,
            row=row.id,
            references=allergy.references,
            other=allergy.label,
        )


def _has_reaction(row: AllergyRule, allergy: Allergy) -> bool | None:
    """Whether the reaction is one of the row's; None where none is recorded and it decides."""
    if row.reaction in ANY_REACTION:
        return True
    if row.reaction == UNRECORDED:
        return not allergy.reactions
    is_other = row.reaction.startswith(OTHER_THAN)
    if not allergy.reactions:
        # what is said of no reaction at all is a row of its own
        return False if is_other else None
    named = [one.replace("_", " ") for one in _named(row)]
    told = [text.lower().replace("_", " ") for text in allergy.reactions]
    return any(one in text for one in named for text in told) != is_other


def _named(row: AllergyRule) -> list[str]:
    """The reactions that a row names, the usual word first."""
    return [one.strip() for one in row.reaction.lower().removeprefix(OTHER_THAN).split("/")]


def _unread(label: str, references: tuple[tuple[str, str, int], ...]) -> Finding:
    name = f" ({label})" if label else ""
    return Finding(
        kind="allergy",
        level="ask",
        message=f"An allergy is recorded that could not be read{name}: look at the record.",
        plain="Your record has an allergy that could not be read. Tell your care team what it is to.",
        references=references,
        missing=("allergy",),
        other=label,
    )
