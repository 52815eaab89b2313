"""Whether a fact may be used: every doubt is collected, the gravest one names the quality."""

from dataclasses import dataclass

from patients.record.drafts import Quality

_GRAVITY = (
    Quality.INACTIVE,
    Quality.UNDATED,
    Quality.IMPLAUSIBLE,
    Quality.MODIFIED,
    Quality.UNCLASSIFIED,
    Quality.UNKNOWN_UNIT,
    Quality.MISSING_UNIT,
    Quality.IMPOSSIBLE,
    Quality.VERIFY,
    Quality.USABLE,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    quality: Quality
    reason: str = ""


FINE = Judgement(Quality.USABLE)


def inactive(reason: str) -> Judgement:
    return Judgement(Quality.INACTIVE, reason)


def verify(reason: str) -> Judgement:
    return Judgement(Quality.VERIFY, reason)


def unclassified(reason: str) -> Judgement:
    return Judgement(Quality.UNCLASSIFIED, reason)


def settled(*judgements: Judgement) -> Judgement:
    """The gravest quality, with every reason, the gravest first."""
    ranked = sorted(judgements, key=lambda judgement: _GRAVITY.index(judgement.quality))
    reasons = dict.fromkeys(judgement.reason for judgement in ranked if judgement.reason)
    return Judgement(ranked[0].quality, "; ".join(reasons))
