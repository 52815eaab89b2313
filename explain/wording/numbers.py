"""Probabilities as people read them. The number is the same at every literacy level."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from explain.wording.language import gettext

DENOMINATOR = 100
FEWER, MORE = "fewer than 1", "more than 99"


@dataclass(frozen=True)
class Frequency:
    """A probability as a count out of 100, never certain.

    `count` is what an icon array fills. `words` marks the number up and is the same in every
    language: "fewer than 1", "23" or "more than 99"; `said` is what a sentence says of it.
    """

    count: int
    words: str

    @property
    def said(self) -> str:
        """ "fewer than 1", "23" or "more than 99", in the language of the reader."""
        return _said(self.words)

    @property
    def opening(self) -> str:
        """The same where a sentence begins with it."""
        return _opening(self.words)

    @property
    def others(self) -> int:
        """The rest of the hundred."""
        return DENOMINATOR - self.count

    @property
    def others_words(self) -> str:
        """The rest, worded as carefully; the same in every language."""
        if self.words == FEWER:
            return MORE
        if self.words == MORE:
            return FEWER
        return str(self.others)

    @property
    def others_opening(self) -> str:
        """The rest where a sentence begins with it."""
        return _opening(self.others_words)

    @property
    def out_of(self) -> str:
        """ "23 out of 100", in the language of the reader."""
        return gettext("{count} out of 100").format(count=self.said)

    @property
    def plural(self) -> int:
        """What decides on singular or plural of the people: one, or more."""
        return max(1, self.count)

    @property
    def others_plural(self) -> int:
        """The same of the rest."""
        return max(1, self.others)


def _said(words: str) -> str:
    return {FEWER: gettext("fewer than 1"), MORE: gettext("more than 99")}.get(words, words)


def _opening(words: str) -> str:
    return {FEWER: gettext("Fewer than 1"), MORE: gettext("More than 99")}.get(words, words)


def frequency(probability: float) -> Frequency:
    """Natural frequency of a probability in [0, 1], rounded half up; ValueError outside.

    Below one half in a hundred, and down to nought, it is "fewer than 1"; from 99.5 in a hundred
    on it is "more than 99".
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"{probability!r} is not a probability")
    exact = Decimal(repr(float(probability))) * DENOMINATOR
    if exact < 1:
        return Frequency(0, FEWER)
    if exact > DENOMINATOR - 1:
        return Frequency(DENOMINATOR, MORE)
    count = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return Frequency(count, str(count))


def people_apart(before: float, after: float) -> int | None:
    """The difference of two probabilities in whole people of a hundred, without its sign.

    The difference itself is rounded half up, not the two numbers; None below 1 in 100.
    """
    exact = abs(Decimal(repr(float(after))) - Decimal(repr(float(before)))) * DENOMINATOR
    return None if exact < 1 else int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def percent(probability: float) -> str:
    """For clinicians: one decimal, "14.7 %"; never "0.0 %" or "100.0 %"."""
    shown = (Decimal(repr(float(probability))) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if shown < Decimal("0.1"):
        return "< 0.1 %"
    if shown > Decimal("99.9"):
        return "> 99.9 %"
    return f"{shown} %"


def points(change: float) -> str:
    """A signed difference of probabilities in percentage points, "+2.1"."""
    shown = (Decimal(repr(float(change))) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if shown == 0:
        return "±0.0"
    return f"{'+' if shown > 0 else '−'}{abs(shown)}"
