"""What facts do not keep of an AllergyIntolerance: what happened, and whether it was an allergy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from patients.record.elements import Json, children, codings, text

Kind = Literal["allergy", "intolerance", ""]
_KINDS: dict[str, Kind] = {"allergy": "allergy", "intolerance": "intolerance"}


@dataclass(frozen=True, slots=True)
class AllergyDetails:
    """`kind` is empty where it was not sent. `reactions` are the manifestations as they were sent.

    `severity` is the gravest of the reactions; `categories` are food, medication, environment,
    biologic.
    """

    kind: Kind = ""
    reactions: tuple[str, ...] = ()
    severity: str = ""
    categories: frozenset[str] = frozenset()


def allergy_details(resource: Json) -> AllergyDetails:
    """The details of an AllergyIntolerance, whatever is odd in it."""
    reactions = children(resource, "reaction")
    severities = [text(one, "severity") for one in reactions]
    found = dict.fromkeys(
        name for reaction in reactions for name in _names(children(reaction, "manifestation"))
    )
    sent = resource.get("category")
    categories = [one for one in sent if isinstance(one, str)] if isinstance(sent, list) else []
    return AllergyDetails(
        kind=_KINDS.get(text(resource, "type"), ""),
        reactions=tuple(found),
        severity=next((one for one in ("severe", "moderate", "mild") if one in severities), ""),
        categories=frozenset(categories),
    )


def _names(concepts: list[Json]) -> Iterator[str]:
    """Every word for it: the display of each coding, and the text."""
    for concept in concepts:
        yield from (coding.display for coding in codings(concept) if coding.display)
        if words := text(concept, "text"):
            yield words
