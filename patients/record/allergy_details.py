"""What an AllergyIntolerance says beyond what somebody is allergic to. Pure."""

from dataclasses import dataclass
from typing import Literal

from patients.record.elements import Json, children, codings, text

# SNOMED CT codes of manifestations that rules ask for [M]; others are told by their words
MANIFESTATIONS = {
    "41291007": "angioedema",
    "39579001": "anaphylaxis",
    "68566005": "urticaria",
    "126485001": "urticaria",
    "49727002": "cough",
    "68962001": "muscle pain",
    "240131006": "rhabdomyolysis",
    "73442001": "Stevens-Johnson syndrome",
    "768962006": "toxic epidermal necrolysis",
}
SEVERITIES = ("mild", "moderate", "severe")
HIGH = "high"


@dataclass(frozen=True, slots=True)
class AllergyDetails:
    """`kind` as typed; `reactions` in words, each once; `severity` the gravest of them.

    `categories`: food, medication, environment, biologic.
    """

    kind: Literal["allergy", "intolerance", ""] = ""
    reactions: tuple[str, ...] = ()
    severity: str = ""
    categories: frozenset[str] = frozenset()


def allergy_details(resource: Json) -> AllergyDetails:
    """What one AllergyIntolerance says. What is not said stays empty."""
    kind = text(resource, "type")
    given = [one for one in resource.get("category", ()) if isinstance(one, str)]
    reactions, severities = [], []
    for reaction in children(resource, "reaction"):
        severities.append(text(reaction, "severity"))
        for manifestation in children(reaction, "manifestation"):
            reactions += list(_words(manifestation))
    known = [one for one in SEVERITIES if one in severities]
    severity = known[-1] if known else ""
    if not severity and text(resource, "criticality") == HIGH:
        severity = "high criticality"
    return AllergyDetails(
        kind=kind if kind in ("allergy", "intolerance") else "",  # type: ignore[arg-type]
        reactions=tuple(dict.fromkeys(reactions)),
        severity=severity,
        categories=frozenset(given),
    )


def _words(manifestation: Json) -> list[str]:
    found = [MANIFESTATIONS[c.code] for c in codings(manifestation) if c.code in MANIFESTATIONS]
    told = text(manifestation, "text")
    displays = [c.display for c in codings(manifestation) if c.display]
    return [*found, *([told] if told else displays)]
