"""What a steward fills in to map a code or a unit: from the request to a wish, and the choices."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict

from patients.selectors.mappings import display_of
from patients.selectors.senders import sender_name, sender_names
from patients.services.mapping import Wish
from patients.terminology.answers import ANSWER_VALUES
from patients.terminology.conditions import CONDITIONS
from patients.terminology.mappable import concept_text, why_not_mappable
from patients.terminology.meanings import Key, MappingKind, unit_key
from patients.terminology.measurements import CODED, MEASUREMENTS
from patients.terminology.medications import listed_medications
from patients.terminology.senders import SERVER, is_sender
from patients.terminology.units import units_of
from twinportal.typed import row_key, typed_text

KIND_WORDS = {
    MappingKind.OBSERVATION: "Observation code",
    MappingKind.ANSWER: "Answer code",
    MappingKind.CONDITION: "Condition or procedure code",
    MappingKind.MEDICATION: "Medication code",
    MappingKind.UNIT: "Unit",
}
CODE_KINDS = [kind for kind in MappingKind if kind not in (MappingKind.UNIT, MappingKind.ANSWER)]
Choices = list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True)
class Subject:
    """What is to be mapped, as the page shows it. `seen` is a unit's spelling as it was sent.

    What its senders call a code stands in no address: it is theirs to write, and addresses are
    logged.
    """

    key: Key
    seen: str
    display: str

    @property
    def kind_words(self) -> str:
        return KIND_WORDS[self.key.kind]

    @property
    def concept_words(self) -> str:
        return concept_text(self.key.concept) if self.key.concept else ""

    @property
    def is_unit(self) -> bool:
        return self.key.kind == MappingKind.UNIT

    @property
    def sender_words(self) -> str:
        return sender_name(self.key.source) if self.key.source else ""

    @property
    def lacks_sender(self) -> bool:
        """It might be mapped, but for that."""
        told = self.key._replace(source=SERVER)
        return self.is_unit and not self.key.source and not why_not_mappable(told)

    @property
    def senders(self) -> list[tuple[str, str]]:
        """Whose unit it may be."""
        return list(sender_names().items())

    @property
    def is_medication(self) -> bool:
        return self.key.kind == MappingKind.MEDICATION


def subject_of(given: QueryDict) -> Subject | None:
    """None where the request names no kind that there is."""
    try:
        kind = MappingKind(given.get("kind", ""))
    except ValueError:
        return None
    concept, system, code = (_text(given, name) for name in ("concept", "system", "code"))
    if kind == MappingKind.UNIT:
        source = _text(given, "source")
        sender = source if is_sender(source) else ""
        return Subject(unit_key(concept, code, sender), code, code)
    concept = concept if kind == MappingKind.ANSWER else ""
    key = Key(kind, concept, system, code)
    return Subject(key, code, display_of(key))


def wish_of(subject: Subject, given: QueryDict) -> Wish:
    """What they want it to mean, and why. A drug may be given with its name behind it."""
    target, seen = _text(given, "target"), given.get("replaces", "")
    if subject.is_medication:
        target = target.partition(" ")[0]
    return Wish(
        key=subject.key,
        target=target,
        reason=_text(given, "reason"),
        display=subject.display or subject.seen,
        replaces=row_key(seen),
    )


def _text(given: QueryDict, name: str) -> str:
    return typed_text(given.get(name, ""))


def choices_for(key: Key) -> Choices:
    """What it may mean, in groups."""
    match key.kind:
        case MappingKind.OBSERVATION:
            return [
                (
                    "Measurements",
                    _named((c.id, f"{c.display} ({c.unit})") for c in MEASUREMENTS.values()),
                ),
                ("Coded observations", _named((c.id, c.display) for c in CODED.values())),
            ]
        case MappingKind.CONDITION:
            return [("Conditions", _named((c.id, c.display) for c in CONDITIONS.values()))]
        case MappingKind.ANSWER:
            return [("Answers", [(v, v) for v in ANSWER_VALUES.get(key.concept, ())])]
        case MappingKind.UNIT:
            return [("Units that are read here", [(u, u) for u in units_of(key.concept)])]
        case _:
            found = listed_medications().items()
            return [("Drugs", _named((f"{c.name}|{c.value}", d.display) for c, d in found))]


def _named(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(pairs, key=lambda pair: pair[1].casefold())
