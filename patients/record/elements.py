"""Reads FHIR elements out of plain dicts without ever raising: odd content reads as absent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from patients.terminology.codings import Code, code_of

Json = dict[str, Any]


def text(node: Json, name: str) -> str:
    """A string member, without the NUL characters that no database column can hold."""
    found = node.get(name)
    return found.replace("\x00", "").strip() if isinstance(found, str) else ""


def child(node: Json, name: str) -> Json:
    found = node.get(name)
    return found if isinstance(found, dict) else {}


def children(node: Json, name: str) -> list[Json]:
    found = node.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


@dataclass(frozen=True, slots=True)
class Coding:
    """A FHIR Coding. `known` is None for a system that we do not read."""

    system: str
    code: str
    display: str
    known: Code | None


NO_CODING = Coding("", "", "", None)


def codings(concept: Json) -> Iterator[Coding]:
    """The codings of a CodeableConcept that have a code, in order."""
    for node in children(concept, "coding"):
        system, code = text(node, "system"), text(node, "code")
        if code:
            yield Coding(system, code, text(node, "display"), code_of(system, code))


def first_coding(concept: Json) -> Coding:
    """The first coding, which names what we could not classify."""
    return next(codings(concept), NO_CODING)


def shown(concept: Json, coding: Coding, otherwise: str = "") -> str:
    """The text to show: what the sender wrote for this coding, else the concept's text."""
    return coding.display or text(concept, "text") or otherwise or coding.code


def status_of(concept: Json) -> str:
    """The code of a status that is a CodeableConcept (Condition.clinicalStatus)."""
    return first_coding(concept).code.casefold()
