"""Everything that speaks against giving one medicine to one person. Pure.

No finding takes another away or makes it lighter. What decides and is missing is asked for, unless
the medicine is excluded whatever the answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.person import Taken, TreatmentPerson
from models_engine.catalogue.treatment.safety.allergies import allergies
from models_engine.catalogue.treatment.safety.contraindications import contraindications
from models_engine.catalogue.treatment.safety.dosing import kidney_doses
from models_engine.catalogue.treatment.safety.duplicates import duplicates
from models_engine.catalogue.treatment.safety.finding import Finding, Safety, settled
from models_engine.catalogue.treatment.safety.genes import genes
from models_engine.catalogue.treatment.safety.interactions import interactions, interactions_among
from models_engine.catalogue.treatment.safety.medicine import (
    Compared,
    all_taken,
    ingredients_unknown,
    proposed,
)

__all__ = ["check", "interactions_among"]


def check(
    option_ingredients: Sequence[str],
    daily_mg: float | None,
    route: str,
    indication: str,
    person: TreatmentPerson,
    knowledge: Knowledge,
    *,
    replaces: Sequence[Taken] = (),
) -> Safety:
    """All findings about giving the ingredients to the person, the gravest first.

    `daily_mg` is of a single ingredient, None where it is not known; `replaces` are medicines of
    the person that would be stopped for it (a medicine that is kept replaces itself). Of what is
    replaced, criteria still see what goes on with the new one: the ingredient, or the class.
    """
    medicine = proposed(option_ingredients, daily_mg, route, indication, knowledge)
    left = _without(person.medicines, replaces)
    beside = all_taken(left, knowledge)
    replaced = all_taken(replaces, knowledge)
    going_on = [*left, *(one for old in replaces if (one := _shared(old, medicine)))]
    person = replace(person, treats=indication, medicines=tuple(going_on))
    findings = (
        *_unknown(medicine, knowledge),
        *contraindications(medicine, person, knowledge),
        *allergies(medicine, person, knowledge),
        *kidney_doses(medicine, person, knowledge),
        *interactions(medicine, beside, replaced, knowledge),
        *_unresolved(beside),
        *duplicates(medicine, beside, knowledge),
        *genes(medicine, person, knowledge),
    )
    return Safety(settled(findings))


def _without(medicines: Sequence[Taken], replaced: Sequence[Taken]) -> list[Taken]:
    """Each replaced one is taken away once: of two equal rows one stays."""
    left = list(medicines)
    for one in replaced:
        if one in left:
            left.remove(one)
    return left


def _shared(old: Taken, new: Compared) -> Taken | None:
    """What of a replaced medicine is taken on: an ACE inhibitor after an ARB is still of their kind."""
    ingredients = tuple(name for name in old.ingredients if name in new.ingredients)
    classes = old.classes & new.classes
    if not ingredients and not classes:
        return None
    return replace(old, ingredients=ingredients, classes=classes)


def _unknown(medicine: Compared, knowledge: Knowledge) -> Iterator[Finding]:
    """Of an ingredient that is in no table nothing could be found, which is not safety."""
    for name in ingredients_unknown(medicine, index_of(knowledge)):
        yield Finding(
            kind="unresolved",
            level="ask",
            message=f"The tables know nothing of {name}: it could not be checked.",
            plain=f"{name} could not be checked. Ask your care team.",
            missing=("medicine",),
            other=name,
        )


def _unresolved(taken: Sequence[Compared]) -> Iterator[Finding]:
    """Beside a medicine that nobody knows, "no interaction found" cannot be said."""
    for one in taken:
        if one.taken is None or one.taken.is_known:
            continue
        yield Finding(
            kind="unresolved",
            level="ask",
            message=f"{one.label} could not be matched to the tables: what it does together with this is not known.",
            plain=f"Tell your care team what {one.label} is: it could not be compared.",
            references=one.taken.references,
            missing=("medicine",),
            other=one.label,
        )
