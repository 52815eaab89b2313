"""How far a distribution has moved from a stored reference: population stability index. Pure.

PSI = sum over bins of (a - r) ln(a / r), r and a the shares of the reference and of now. Its limits
of 0.1 and 0.25 are conventions of credit scoring, not tests: with few people chance alone exceeds
them. Under no drift, PSI divided by (1/n + 1/m) is about chi-square with one degree of freedom
less than there are bins, which gives the limit of chance beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, inf, log, log10, nextafter, sqrt
from typing import Literal

Level = Literal["too_few", "none", "some", "large"]
SOME, LARGE = 0.1, 0.25
# people on either side, below which no drift is judged: [J]
LEAST_PEOPLE = 100
MOST_VALUES = 10
# people in a bin of the reference, below which its limits come close to one person's value: [J]
LEAST_IN_BIN = 5
# the shares at which a reference is cut
DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# upper 5 % of the standard normal distribution
_NORMAL_95 = 1.6448536269514722


def cut_points(distinct: Sequence[float], quantiles: Sequence[float]) -> tuple[float, ...]:
    """Where bins begin, rising. Each is in the bin that it begins; below the first is one more.

    `distinct` are the different values of the reference, or its first MOST_VALUES + 1 of them:
    when they are few each has a bin of its own, with one below and one above for what is new.
    Otherwise the bins are those of `quantiles`, without empty ones.
    """
    if len(distinct) <= MOST_VALUES:
        values = sorted(set(distinct))
        return (*values, nextafter(values[-1], inf)) if values else ()
    cuts = sorted(set(quantiles))
    # what begins at the lowest value has nothing below it
    return tuple(cut for cut in cuts if cut > min(distinct))


def is_by_value(distinct: Sequence[float]) -> bool:
    """Whether each value of the reference has a bin of its own."""
    return len(distinct) <= MOST_VALUES


def rounded(cuts: Sequence[float]) -> tuple[float, ...]:
    """Cuts to a step of 1, 0.1 ... that is a hundredth to a tenth of what they span: no limit of
    a bin is the very value of somebody."""
    if len(cuts) < 2 or cuts[0] == cuts[-1]:
        return tuple(float(f"{cut:.2g}") for cut in cuts)
    places = -floor(log10((cuts[-1] - cuts[0]) / 10))
    return tuple(sorted({round(cut, places) for cut in cuts}))


def between(distinct: Sequence[float]) -> tuple[float, ...]:
    """Cuts half-way between few values, where one of its own would tell of whom it is."""
    values = sorted(set(distinct))
    return tuple((a + b) / 2 for a, b in pairwise(values))


def merged(
    cuts: Sequence[float], counts: Sequence[int], least: int = LEAST_IN_BIN
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Neighbours joined until every bin holds `least`; what is left over joins the last. One bin
    without cuts where all together are fewer."""
    kept: list[float] = []
    sums = [0]
    for at, number in enumerate(counts):
        sums[-1] += number
        if at < len(cuts) and sums[-1] >= least:
            kept.append(cuts[at])
            sums.append(0)
    if len(sums) > 1 and sums[-1] < least:
        last = sums.pop()
        sums[-1] += last
        kept.pop()
    return tuple(kept), tuple(sums)


def stability_index(reference: Sequence[int], now: Sequence[int]) -> float:
    """PSI of two counts over the same bins.

    A bin that is empty on one side counts as half a person there, one that is empty on both not
    at all. Raises ValueError on different lengths, a negative count, or nobody on a side.
    """
    if len(reference) != len(now) or min((*reference, *now), default=-1) < 0:
        raise ValueError("two rows of counts over the same bins are needed")
    n, m = sum(reference), sum(now)
    if not n or not m:
        raise ValueError("nobody to compare")
    total = 0.0
    for before, after in zip(reference, now, strict=True):
        if before or after:
            r, a = max(before, 0.5) / n, max(after, 0.5) / m
            total += (a - r) * log(a / r)
    return total


def chance_limit(reference: Sequence[int], now: Sequence[int]) -> float:
    """The PSI that 5 in 100 samples of these sizes exceed when nothing has changed; 0 of one bin.

    The chi-square quantile is Wilson and Hilferty's approximation (within 3 %).
    """
    used = sum(1 for pair in zip(reference, now, strict=True) if any(pair))
    if used < 2:
        return 0.0
    df = used - 1
    quantile = df * (1 - 2 / (9 * df) + _NORMAL_95 * sqrt(2 / (9 * df))) ** 3
    return quantile * (1 / sum(reference) + 1 / sum(now))


@dataclass(frozen=True)
class Drift:
    """One comparison. `index` and `chance` are None when there are too few people."""

    level: Level
    reference_people: int
    people: int
    index: float | None = None
    chance: float | None = None


def compare(reference: Sequence[int], now: Sequence[int]) -> Drift:
    """Judge two counts over the same bins by the conventions, and by what chance can do."""
    n, m = sum(reference), sum(now)
    if min(n, m) < LEAST_PEOPLE:
        return Drift("too_few", n, m)
    index, chance = stability_index(reference, now), chance_limit(reference, now)
    level: Level = "none"
    if index >= SOME and index > chance:
        level = "large" if index >= LARGE else "some"
    return Drift(level, n, m, index, chance)


def has_jumped(before: int, of_before: int, now: int, of_now: int, *, by: float = 0.1) -> bool:
    """Whether a share moved by `by` or more, and by more than three standard errors."""
    if min(of_before, of_now) < LEAST_PEOPLE:
        return False
    p, q = before / of_before, now / of_now
    pooled = (before + now) / (of_before + of_now)
    error = sqrt(pooled * (1 - pooled) * (1 / of_before + 1 / of_now))
    return abs(p - q) >= by and abs(p - q) > 3 * error
