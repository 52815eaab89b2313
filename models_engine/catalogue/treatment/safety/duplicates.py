"""The same ingredient twice, or two of a class of which one is enough."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.knowledge.schema import DrugClass
from models_engine.catalogue.treatment.person import Taken
from models_engine.catalogue.treatment.safety import words
from models_engine.catalogue.treatment.safety.finding import Finding
from models_engine.catalogue.treatment.safety.interactions import which_one
from models_engine.catalogue.treatment.safety.medicine import Compared, all_taken

TABLE = "classes"


def duplicates(
    medicine: Compared, taken: Sequence[Compared], knowledge: Knowledge
) -> Iterator[Finding]:
    """One finding of each medicine that has the ingredient, or else the class, already."""
    wanted = _of_which_one_is_enough(knowledge)
    for other in taken:
        yield from _of_two(medicine, other, f"{other.label} is taken already", wanted, knowledge)


def duplicates_among(medicines: Iterable[Taken], knowledge: Knowledge) -> tuple[Finding, ...]:
    """The same among what is taken."""
    wanted = _of_which_one_is_enough(knowledge)
    pairs = combinations(all_taken(medicines, knowledge), 2)
    return tuple(
        finding
        for one, two in pairs
        for finding in _of_two(
            one, two, f"{one.label} and {two.label} are both taken", wanted, knowledge
        )
    )


def _of_which_one_is_enough(knowledge: Knowledge) -> frozenset[str]:
    return frozenset(row.id for row in knowledge.rows(DrugClass) if row.duplicates)


def _of_two(
    one: Compared, two: Compared, lead: str, wanted: frozenset[str], knowledge: Knowledge
) -> Iterator[Finding]:
    references = two.taken.references if two.taken else ()
    if one.taken:
        references = (*one.taken.references, *references)
    same = sorted(one.ingredients & two.ingredients)
    if same:
        yield Finding(
            kind="duplicate",
            level="D",
            message=f"{lead}: both contain {', '.join(same)}.",
            plain=f"You already take this medicine: {two.label}.",
            references=references,
            other=two.label,
        )
        return
    shared = index_of(knowledge).lowest(one.classes & two.classes & wanted)
    for name in sorted(shared):
        yield Finding(
            kind="duplicate",
            level="D",
            message=f"{lead}: both are of one class ({words.class_label(name, knowledge)}).",
            plain=f"You already take a medicine of this kind: {two.label}.",
            table=TABLE,
            row=name,
            references=references,
            other=two.label,
        )
    if not shared:
        may = {name for part in two.could_be for name in part.classes} & one.classes & wanted
        if may:
            yield which_one(two, "It may be of the same class.", TABLE, min(may))
