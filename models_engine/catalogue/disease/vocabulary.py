"""Which diagnosis a recorded condition is counted as: its token, or none.

In this order, for one recorded condition:

1. the twin's own concepts, where the committed tables or a steward's mapping state one
   (`concept:copd`): only there do ICD-10 and SNOMED CT meet. Concepts of the prescribing rules
   are none of these: a finer name for a rule must not rename what a model has learnt;
2. else the three-character category of its ICD-10 code (`icd10:J45`), chapters A to N;
3. else its SNOMED CT code as sent (`snomed:195662009`): no hierarchy is at hand to group it.

Anything else (ICD-9, local codes, free text) is not counted. Chapters O to Z and U are left out:
pregnancy, birth, malformations, symptoms, injuries, causes from outside and contacts are not the
course of a disease [J]. So is a SNOMED CT code whose sender names it with another semantic tag
than "(disorder)".
"""

import re
from collections.abc import Iterable, Sequence

from patients.terminology.codings import Icd10, Snomed, code_of
from patients.terminology.conditions import CONDITIONS, FOR_PRESCRIBING

CONCEPT, ICD10, SNOMED = "concept", "icd10", "snomed"
CHAPTERS = frozenset("ABCDEFGHIJKLMN")
NOT_COUNTED = frozenset({"pregnancy", "gestational_diabetes"})
# a second one of these names the first one better: it is not a new disease [J]
FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"concept:diabetes_type_1", "concept:diabetes_type_2", "concept:diabetes_other"}),
)
_COUNTED = frozenset(CONDITIONS) - FOR_PRESCRIBING
_TAG = re.compile(r"\(([a-z][a-z /+-]+)\)\s*$")


def tokens_of(concepts: Iterable[str], codings: Iterable[tuple[str, str, str]]) -> list[str]:
    """The tokens of one recorded condition, in order, each once; none when it is not counted.

    `concepts` are what the tables state of it, `codings` its (system, code, display).
    """
    stated = list(dict.fromkeys(c for c in concepts if c in _COUNTED))
    if stated:
        return [f"{CONCEPT}:{c}" for c in stated if c not in NOT_COUNTED]
    known = [(code_of(system, code), display) for system, code, display in codings]
    for code, _ in known:
        if isinstance(code, Icd10):
            return [f"{ICD10}:{code.value[:3]}"] if code.value[0] in CHAPTERS else []
    for code, display in known:
        if isinstance(code, Snomed):
            return [f"{SNOMED}:{code.value}"] if _may_be_disorder(display) else []
    return []


def _may_be_disorder(display: str) -> bool:
    tag = _TAG.search(display)
    return tag is None or tag[1] == "disorder"


def label(token: str, display: str = "") -> str:
    """What a page calls a token; `display` is what senders often call it, or nothing."""
    system, _, code = token.partition(":")
    if system == CONCEPT:
        return CONDITIONS[code].display
    if system == ICD10:
        return f"ICD-10 {code}" + (f" (such as {display})" if display else "")
    return display or f"SNOMED CT {code}"


def families(tokens: Sequence[str]) -> list[list[int]]:
    """Places in `tokens` of those that name one disease, where there is more than one."""
    found = [[i for i, t in enumerate(tokens) if t in family] for family in FAMILIES]
    return [places for places in found if len(places) > 1]
