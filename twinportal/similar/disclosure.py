"""What may be said of a count of people, so that nothing can be told of one. Pure.

Of less than k people nothing is told but that they are few, nought included, on either side of a
share: a share is told only where every count that rounds to it is k or more. Shares are rounded to fives or tens out of 100, so that no share fits one count alone; numbers
of people to tens. Exact counts never leave this package.
"""

import math
from dataclasses import dataclass
from typing import Literal

from models_engine.catalogue.disease.aalen_johansen import wilson

Kind = Literal["share", "below", "above", "few"]
# out of 100; the coarser one for fewer people, where one of them weighs more
FINE, COARSE = 5, 10
FINE_FROM = 60
# for a share: so many times k, and so many; one person of fewer would show through the rounding
TIMES_K, LEAST = 3, 30
# "fewer than 40 out of 100" tells nobody anything: such a bound is not shown
LOOSEST = 25


@dataclass(frozen=True)
class Told:
    """A share out of 100. "below" and "above": only that `share` is not reached, or passed.

    `low` to `high` is the 95 % interval of a "share", rounded outwards; None for the others. "few":
    nothing is told, and `share` is 0.
    """

    kind: Kind
    share: int = 0
    low: int | None = None
    high: int | None = None
    step: int = COARSE

    @property
    def others(self) -> int:
        return 100 - self.share

    @property
    def low_words(self) -> tuple[Literal["", "below"], int]:
        """ "" and the number, or "below" and the first number it may not reach: never nought."""
        low = self.low or 0
        return ("", low) if low > 0 else ("below", self.step)

    @property
    def high_words(self) -> tuple[Literal["", "above"], int]:
        """The same for the upper end: never all."""
        high = 100 if self.high is None else self.high
        return ("", high) if high < 100 else ("above", 100 - self.step)


def least(k: int) -> int:
    """From how many people on a share is told."""
    return max(TIMES_K * k, LEAST)


def told(events: int, people: int, k: int) -> Told:
    """What may be said of `events` among `people`. Raises ValueError unless 0 <= events <= people."""
    if not 0 <= events <= people:
        raise ValueError(f"{events} of {people} people")
    if people < least(k):
        return Told("few")
    # of the tens alone: an exact number of people would show through where an answer changes
    tens = 10 * (people // 10)
    step = FINE if tens >= FINE_FROM else COARSE
    # half up: a half is no tie that another machine may break the other way
    share = step * ((2 * 100 * events + step * people) // (2 * step * people))
    # the first share of which every count that rounds to it is k or more
    first = step * math.ceil(round((100 * k / tens + step / 2) / step, 9))
    if share < first or 100 - share < first:
        if first > LOOSEST:
            return Told("few")
        return Told("below", first) if share < first else Told("above", 100 - first)
    # of what is told, not of the exact counts, which its ends would give away
    low, high = wilson(share / 100, tens)
    return Told("share", share, _down(low, step), _up(high, step), step)


def people_text(number: int, k: int) -> str:
    """ "fewer than 10", "about 80"."""
    if number < k:
        return f"fewer than {k}"
    return f"about {max(k, 10 * ((number + 5) // 10))}"


def _up(share: float, step: int) -> int:
    # 0.1 * 100 is a little above 10
    return min(100, step * math.ceil(round(share * 100 / step, 9)))


def _down(share: float, step: int) -> int:
    return max(0, step * math.floor(round(share * 100 / step, 9)))
