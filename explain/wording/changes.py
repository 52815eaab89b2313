"""What changed since an earlier number, in a patient's words. It speaks of the estimate alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explain.wording.language import gettext
from explain.wording.messages import REASONS_SHOWN, SMALLEST_REASON
from explain.wording.numbers import frequency
from explain.wording.phrases import Level, concept_words
from explain.wording.reasons import Reason

# what a person of the same age and sex with reference values has: it grows with the years
AGE = "age"


@dataclass(frozen=True)
class ChangeText:
    """`was`, `is_now` and `direction` are sentences; `why` names what moved the estimate most."""

    was: str
    is_now: str
    direction: str
    opening: str
    why: tuple[Reason, ...]


def moved(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    baseline_change: float,
) -> list[tuple[str, float]]:
    """By concept, how far its contribution moved (probability), largest first.

    `before` and `after` are stored contributions to two predictions of one model, against people
    of the same age and sex with reference values; how far those differ is counted under the age.
    The sum is the difference of the two predictions.
    """
    found: dict[str, float] = {}
    for row in after:
        found[row["concept"]] = found.get(row["concept"], 0.0) + row["contribution"]
    for row in before:
        found[row["concept"]] = found.get(row["concept"], 0.0) - row["contribution"]
    found[AGE] = found.get(AGE, 0.0) + baseline_change
    return sorted(found.items(), key=lambda item: (-abs(item[1]), item[0]))


def change_text(
    level: Level,
    *,
    day: str,
    horizon: float,
    before: float,
    after: float,
    why: Sequence[tuple[str, float]] | None,
) -> ChangeText:
    """`day` is the earlier one, as a text. `why` as `moved` gives it; None: not comparable."""
    old, new = frequency(before), frequency(after)
    numbers = {"day": day, "years": f"{horizon:g}", "old": old.out_of, "new": new.out_of}
    was = {
        "plain": gettext("On %(day)s your number was %(old)s within %(years)s years."),
        "standard": gettext("On %(day)s your number was %(old)s within %(years)s years."),
        "detailed": gettext("The estimate of %(day)s was %(old)s within %(years)s years."),
    }[level]
    is_now = {
        "plain": gettext("Now it is %(new)s within %(years)s years."),
        "standard": gettext("Now it is %(new)s within %(years)s years."),
        "detailed": gettext("The estimate now is %(new)s within %(years)s years."),
    }[level]
    told = _told(why, level) if why is not None else ()
    return ChangeText(
        was % numbers,
        is_now % numbers,
        _direction(old.count, new.count, after - before),
        _opening(level, is_comparable=why is not None, has_reasons=bool(told)),
        told,
    )


def _direction(old: int, new: int, change: float) -> str:
    if old == new:
        return gettext("That is about the same.")
    return gettext("It went up.") if change > 0 else gettext("It went down.")


def _opening(level: Level, *, is_comparable: bool, has_reasons: bool) -> str:
    if not is_comparable:
        return {
            "plain": gettext("We work it out in a new way now. So we cannot say why it moved."),
            "standard": gettext(
                "We work out the number in another way now, so we cannot say why it moved."
            ),
            "detailed": gettext(
                "Another model or version was used, so the two estimates cannot be taken apart."
            ),
        }[level]
    if not has_reasons:
        return ""
    return {
        "plain": gettext("These things moved the number most:"),
        "standard": gettext("These things moved the estimate most:"),
        "detailed": gettext("The inputs whose contribution to the estimate changed most:"),
    }[level]


def _told(why: Sequence[tuple[str, float]], level: Level) -> tuple[Reason, ...]:
    found: dict[str, Reason] = {}
    for concept, change in why:
        words = concept_words(concept, level)
        if words and abs(change) >= SMALLEST_REASON:
            found.setdefault(words.name, Reason(words.name, change > 0))
    return tuple(found.values())[:REASONS_SHOWN]
