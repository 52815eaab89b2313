"""Sentences of the patient's page. Short, active, with the number and the time in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explain.wording.numbers import Frequency, frequency
from explain.wording.phrases import (
    KEEP_MEDICINES,
    MEDICINES,
    Level,
    concept_words,
    outcome_words,
)

REASONS_SHOWN = 3
# a smaller share of the picture is not worth a sentence
SMALLEST_REASON = 0.002


@dataclass(frozen=True)
class ResultText:
    """Everything said of one result, at one level. Numbers do not depend on the level."""

    title: str
    about: str
    main: str
    otherwise: str
    comparison: str
    frequency: Frequency
    compared: Frequency
    raising: tuple[str, ...]
    lowering: tuple[str, ...]
    talk: tuple[str, ...]
    medicines: str


def years(horizon: float) -> str:
    return f"{horizon:g} years"


def result_text(
    *,
    outcome: str,
    level: Level,
    probability: float,
    baseline: float,
    horizon: float,
    contributions: Sequence[Mapping[str, Any]],
) -> ResultText:
    """Sentences for one probability.

    `baseline` is the same model's probability for a person of the same age and sex with
    reference values; `contributions` are stored rows against it.
    """
    words = outcome_words(outcome, level)
    own, other = frequency(probability), frequency(baseline)
    within = f"within {years(horizon)}"
    healthy = {
        "plain": "people of your age whose test results are all good",
        "standard": "people of your age and sex with healthy test results",
        "detailed": "people of the same age and sex with reference values",
    }[level]
    return ResultText(
        title=words.title,
        about=words.about,
        main=f"{_capital(own.out_of)} people like you will {words.event} {within}.",
        otherwise=f"{_capital(own.others_words)} out of 100 will not {within}.",
        comparison=f"Of {healthy}, it is {other.out_of} {within}.",
        frequency=own,
        compared=other,
        raising=_reasons(contributions, level, sign=1),
        lowering=_reasons(contributions, level, sign=-1),
        talk=_talk(contributions, level),
        medicines=_medicines(contributions, level),
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _reasons(
    contributions: Sequence[Mapping[str, Any]], level: Level, *, sign: int
) -> tuple[str, ...]:
    """The concepts that moved the estimate most in one direction, largest first."""
    found = []
    for row in sorted(contributions, key=lambda r: -abs(r["contribution"])):
        words = concept_words(row["concept"], level)
        if words and row["contribution"] * sign >= SMALLEST_REASON:
            found.append(words.name)
    return tuple(dict.fromkeys(found))[:REASONS_SHOWN]


def _talk(contributions: Sequence[Mapping[str, Any]], level: Level) -> tuple[str, ...]:
    """Questions about what raises the estimate and can be changed; never about age or sex."""
    found = []
    for row in sorted(contributions, key=lambda r: -r["contribution"]):
        words = concept_words(row["concept"], level)
        raises = row["contribution"] >= SMALLEST_REASON
        if words and words.talk and row["modifiable"] and raises:
            found.append(words.talk)
    return tuple(dict.fromkeys(found))[:REASONS_SHOWN]


def _medicines(contributions: Sequence[Mapping[str, Any]], level: Level) -> str:
    """What must be said when a medicine may stand among the reasons; else nothing."""
    counts = any(
        row["concept"] in MEDICINES and abs(row["contribution"]) >= SMALLEST_REASON
        for row in contributions
    )
    return KEEP_MEDICINES[level] if counts else ""
