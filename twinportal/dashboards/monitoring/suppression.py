"""Which counts of a table are left out, so that no small one can be told from the rest. Pure.

A count of 1 to 4 is shown as "fewer than 5". Where the total stands beside the counts that make it
up, one small count alone is what is missing: others are then left out too (complementary
suppression), the largest first, until every small count could be another one with all that is
shown staying as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# a count below this, and not nought, might tell of one person: it is not shown
SMALLEST = 5
MANY = "fewer than 5"
WITHHELD = "not shown"


@dataclass(frozen=True)
class Told:
    """Counts in words. `hidden` are places whose number is not shown, nor a share of it; where
    all of them are left out (`nothing`) not even which are nought is told."""

    words: tuple[str, ...]
    hidden: frozenset[int]
    nothing: bool = False


def is_small(number: int) -> bool:
    return 0 < number < SMALLEST


def count(number: int) -> str:
    """ "0", "fewer than 5", "1,204"."""
    return MANY if is_small(number) else f"{number:,}"


def protected(
    counts: Sequence[int],
    alike: Callable[[list[int]], bool] = lambda other: True,
    also: Sequence[int] = (),
) -> Told:
    """The counts (none negative) beside their total, which is shown with `count`.

    `alike` says whether other counts would leave the rest of the row as it is. `also` are places
    that are left out for another reason.
    """
    small = {place for place, number in enumerate(counts) if is_small(number)}
    hidden = small | {place for place in also if counts[place]}
    rest = sorted((p for p in range(len(counts)) if counts[p] and p not in hidden), key=_by(counts))
    while not all(_may_differ(counts, place, hidden, alike) for place in small):
        if not rest:
            every = frozenset(range(len(counts)))
            return Told((WITHHELD,) * len(counts), every, nothing=True)
        hidden.add(rest.pop())
    words = tuple(
        WITHHELD if place in hidden - small else count(number)
        for place, number in enumerate(counts)
    )
    return Told(words, frozenset(hidden))


def _by(counts: Sequence[int]) -> Callable[[int], int]:
    return lambda place: counts[place]


def _may_differ(
    counts: Sequence[int], place: int, hidden: set[int], alike: Callable[[list[int]], bool]
) -> bool:
    """Whether one more or less there, made up for by another hidden count, shows the same."""
    for step in (1, -1):
        for other in hidden:
            changed = list(counts)
            changed[place] += step
            if other != place:
                changed[other] -= step
            # a total is not known only as long as it is small itself
            same_total = sum(changed) == sum(counts) or (
                is_small(sum(changed)) and is_small(sum(counts))
            )
            same_kind = all(
                changed[p] > 0 and is_small(changed[p]) == is_small(counts[p])
                for p in (place, other)
            )
            if same_total and same_kind and alike(changed):
                return True
    return False


def reasons(counts: Sequence[int], people: int) -> Told:
    """Counts of people who may be in several: together they are at least `people`, each at most.

    A small one is given away by what the others leave over for it.
    """
    small = {place for place, number in enumerate(counts) if is_small(number)}
    hidden = set(small)
    rest = sorted((p for p in range(len(counts)) if p not in hidden), key=_by(counts))
    most_small = SMALLEST - 1
    while small and hidden == small:
        left = people - sum(counts[place] for place in rest) - most_small * (len(small) - 1)
        # the least that each small one can be, against the most
        if max(left, 1) < min(most_small, people):
            break
        if is_small(people):
            break
        if not rest:
            return Told((WITHHELD,) * len(counts), frozenset(range(len(counts))), nothing=True)
        hidden.add(rest.pop())
    words = tuple(
        WITHHELD if place in hidden - small else count(number)
        for place, number in enumerate(counts)
    )
    return Told(words, frozenset(hidden))
