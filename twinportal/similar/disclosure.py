"""What may be said of a count of people, so that nothing can be told of one. Pure.

Below k people nothing is told but that they are fewer than k, nought included, on either side of a
share. Shares are rounded to fives or tens out of 100, so that no share fits one count alone; numbers
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
# at least this many people for a share: with fewer, hiding both ends would leave nothing
TIMES_K = 2


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


def told(events: int, people: int, k: int) -> Told:
    """What may be said of `events` among `people`. Raises ValueError unless 0 <= events <= people."""
    if not 0 <= events <= people:
        raise ValueError(f"{events} of {people} people")
    if people < TIMES_K * k:
        return Told("few")
    step = FINE if people >= FINE_FROM else COARSE
    if events < k:
        return Told("below", _up(k / people, step))
    if people - events < k:
        return Told("above", _down(1 - k / people, step))
    low, high = wilson(events / people, people)
    # half up: a half is no tie that another machine may break the other way
    share = step * ((2 * 100 * events + step * people) // (2 * step * people))
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
