"""Sentences of the patient's page. Short, active, with the number and the time in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explain.wording.language import gettext
from explain.wording.language import gettext_noop as N_
from explain.wording.levels import ByLevel
from explain.wording.numbers import Frequency, frequency
from explain.wording.phrases import (
    KEEP_MEDICINES,
    MEDICINES,
    Level,
    concept_words,
    otherwise_sentence,
    outcome_sentence,
    outcome_words,
)
from explain.wording.times import years_words

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
    range: str
    caption: str
    low: Frequency | None
    high: Frequency | None


# with whom the own number is compared; `number` is "8 out of 100", `time` "10 years"
COMPARISON = ByLevel(
    {
        "plain": N_("Of people your age with all tests good, it is {number} within {time}."),
        "standard": N_(
            "Of people your age and sex with healthy tests, it is {number} within {time}."
        ),
        "detailed": N_(
            "Of people of the same age and sex with reference values, it is {number} within {time}."
        ),
    }
)
RANGE_UNKNOWN = ByLevel(
    {
        "plain": N_(
            "We do not know how far off this number is. No study tells us. It fits groups of "
            "people better than one person."
        ),
        "standard": N_(
            "We do not know the exact range around this number. None has been published. The "
            "number fits groups of people better than a single person."
        ),
        "detailed": N_(
            "No interval around this estimate has been published. It describes groups better than "
            "a single person."
        ),
    }
)


def result_text(
    *,
    outcome: str,
    level: Level,
    probability: float,
    baseline: float,
    horizon: float,
    contributions: Sequence[Mapping[str, Any]],
    low: float | None = None,
    high: float | None = None,
) -> ResultText:
    """Sentences for one probability.

    `baseline` is the same model's probability for a person of the same age and sex with
    reference values; `contributions` are stored rows against it. `low` and `high` are the
    published interval, None where there is none. Raises ValueError where the probability is not
    between them.
    """
    words = outcome_words(outcome, level)
    own, other = frequency(probability), frequency(baseline)
    time = years_words(horizon)
    return ResultText(
        title=words.title,
        about=words.about,
        main=outcome_sentence(outcome, level, own, horizon),
        otherwise=otherwise_sentence(own, horizon),
        comparison=COMPARISON[level].format(number=other.out_of, time=time),
        frequency=own,
        compared=other,
        raising=_reasons(contributions, level, sign=1),
        lowering=_reasons(contributions, level, sign=-1),
        talk=_talk(contributions, level),
        medicines=_medicines(contributions, level),
        range=range_words(probability, low, high, horizon, level),
        caption=gettext("You: {number} within {time}").format(number=own.out_of, time=time),
        low=None if low is None else frequency(low),
        high=None if high is None else frequency(high),
    )


def range_words(
    probability: float, low: float | None, high: float | None, horizon: float, level: Level
) -> str:
    """How far off the number may be, with its time; or that nobody knows, and what is known."""
    if low is None or high is None:
        return RANGE_UNKNOWN[level]
    if not low <= probability <= high:
        raise ValueError(f"{probability!r} is not between {low!r} and {high!r}")
    first, last = frequency(low), frequency(high)
    if first.words == last.words:
        return gettext("The true number may be a little higher or lower than this.")
    return gettext(
        "The true number may be between {low} and {high} out of 100 within {time}."
    ).format(low=first.said, high=last.said, time=years_words(horizon))


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
