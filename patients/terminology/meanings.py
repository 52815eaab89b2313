"""What codes and units of one place mean, as a data steward has said.

Beside the committed tables and never above them: every look-up asks the tables first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from patients.terminology.answers import answer_of
from patients.terminology.codings import LocalCode, RxNorm, code_in, code_of
from patients.terminology.conditions import CONDITIONS, ConditionCode, condition_of, implied_by
from patients.terminology.measurements import OBSERVATIONS, ObservationCode, observation_of
from patients.terminology.medications import Medication, is_listed, medication_of
from patients.terminology.release import NO_RELEASE, Release
from patients.terminology.senders import sender_of
from patients.terminology.units import folded, ucum_of

T = TypeVar("T")


class MappingKind(StrEnum):
    OBSERVATION = "observation_code"
    ANSWER = "answer_code"
    CONDITION = "condition_code"
    MEDICATION = "medication_code"
    UNIT = "unit"


class Key(NamedTuple):
    """What is mapped. `concept` is that of an answer or a unit, and empty otherwise; a unit has
    no system, its `code` is the spelling without case and spaces, and it is of one `source`: nobody
    owns a spelling, and another sender may mean something else by it. Codes have none.
    """

    kind: MappingKind
    concept: str
    system: str
    code: str
    source: str = ""


class Meant(NamedTuple, Generic[T]):
    """What a code or a unit means, and the mapping that says so; 0 for the committed tables."""

    value: T
    mapping: int = 0


class Statement(NamedTuple):
    """One mapping: its number, what it maps, and onto what (see `mappable.target_of`)."""

    mapping: int
    key: Key
    target: str


def unit_key(concept: str, spelling: str, source: str) -> Key:
    """`source` is a sender: "client 3", or "server"."""
    return Key(MappingKind.UNIT, concept, "", folded(spelling), source)


@dataclass(frozen=True, slots=True)
class LocalMeanings:
    """All mappings that are in force. Nothing here changes; `with_statement` makes another.

    No mapped unit is read before `for_source` has said whose they are. `release` is the site's
    RxNorm release, which is asked last.
    """

    said: Mapping[Key, Statement] = field(default_factory=dict)
    observations: Mapping[tuple[str, str], Meant[ObservationCode]] = field(default_factory=dict)
    answers: Mapping[tuple[str, str, str], Meant[str]] = field(default_factory=dict)
    conditions: Mapping[tuple[str, str], Meant[ConditionCode]] = field(default_factory=dict)
    medications: Mapping[tuple[str, str], Meant[Medication]] = field(default_factory=dict)
    units: Mapping[tuple[str, str, str], Meant[str]] = field(default_factory=dict)
    sender: str = ""
    release: Release = NO_RELEASE

    def for_source(self, source: str) -> "LocalMeanings":
        """As they are for what came from there; `source` as a version notes it."""
        return replace(self, sender=sender_of(source)) if self.units else self

    def observation(self, system: str, code: str) -> Meant[ObservationCode] | None:
        standard = code_of(system, code)
        if standard and (found := observation_of(standard)):
            return Meant(found)
        return self.observations.get((system, code))

    def answer(self, concept: str, system: str, code: str) -> Meant[str] | None:
        """The value that a coded answer has for a concept ('current' for smoking)."""
        standard = code_of(system, code)
        if standard and (found := answer_of(concept, standard)):
            return Meant(found.value_code)
        return self.answers.get((concept, system, code))

    def condition(self, system: str, code: str) -> Meant[ConditionCode] | None:
        standard = code_of(system, code)
        if standard and (found := condition_of(standard)):
            return Meant(found)
        return self.conditions.get((system, code))

    def medication(self, system: str, code: str) -> Meant[Medication] | None:
        standard = code_of(system, code)
        if standard and (found := medication_of(standard)):
            return Meant(found)
        if mapped := self.medications.get((system, code)):
            return mapped
        if not isinstance(standard, RxNorm) or is_listed(standard):
            return None
        product = self.release.product(standard.value)
        return Meant(product.medication) if product and product.medication else None

    def unit(self, concept: str, spelling: str) -> Meant[str] | None:
        """The UCUM unit that a spelling means in values of this concept."""
        if known := ucum_of(spelling):
            return Meant(known)
        if not self.units or not self.sender:
            return None
        return self.units.get((self.sender, concept, folded(spelling)))

    def with_statement(self, statement: Statement) -> "LocalMeanings":
        """The same with one more, in place of what was said of its key before."""
        others = self.without(statement.key).said.values()
        return meanings_of([*others, statement], self.release)

    def without(self, key: Key) -> "LocalMeanings":
        """The same as if nobody had mapped this key."""
        return meanings_of((s for k, s in self.said.items() if k != key), self.release)


NO_MEANINGS = LocalMeanings()
_TABLES = {
    MappingKind.OBSERVATION: "observations",
    MappingKind.ANSWER: "answers",
    MappingKind.CONDITION: "conditions",
    MappingKind.MEDICATION: "medications",
    MappingKind.UNIT: "units",
}


def meanings_of(statements: Iterable[Statement], release: Release = NO_RELEASE) -> LocalMeanings:
    """The meanings that these state. One whose target is no longer in the tables says nothing;
    `mappable.without_effect` tells why.
    """
    said = {statement.key: statement for statement in statements}
    tables: dict[str, dict[Any, Meant[Any]]] = {name: {} for name in _TABLES.values()}
    for key, statement in said.items():
        value = _value(key, statement.target)
        if value is not None:
            tables[_TABLES[key.kind]][_place(key)] = Meant(value, statement.mapping)
    return LocalMeanings(
        said,
        observations=tables["observations"],
        answers=tables["answers"],
        conditions=tables["conditions"],
        medications=tables["medications"],
        units=tables["units"],
        release=release,
    )


def _place(key: Key) -> tuple[str, ...]:
    if key.kind == MappingKind.UNIT:
        return (key.source, key.concept, key.code)
    if key.kind == MappingKind.ANSWER:
        return (key.concept, key.system, key.code)
    return (key.system, key.code)


def _value(key: Key, target: str) -> object | None:
    match key.kind:
        case MappingKind.OBSERVATION:
            concept = OBSERVATIONS.get(target)
            code = LocalCode(key.code)
            return concept and ObservationCode(code, concept, concept.display, refused_unit="")
        case MappingKind.CONDITION:
            stated = CONDITIONS.get(target)
            return stated and ConditionCode(implied_by(stated), "", stated.display)
        case MappingKind.MEDICATION:
            return medication_target(target)
        case _:
            return target


def medication_target(target: str) -> Medication | None:
    """The drug of our table that "rxnorm|83367" or "atc|C10AA05" names."""
    system, _, code = target.partition("|")
    try:
        return medication_of(code_in(system, code))
    except ValueError:
        return None
