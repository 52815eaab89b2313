"""Seeded chance: every draw belongs to one patient and one purpose, so no draw moves another."""

from collections.abc import Sequence
from hashlib import blake2s
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws for one patient and purpose; the same seed, patient and purpose give the same draws."""

    def __init__(self, seed: int, index: int, purpose: str) -> None:
        # text seeds are hashed with SHA-512 by the standard library, on every platform alike
        self._random = Random(f"twinportal/{seed}/{index}/{purpose}")  # noqa: S311

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self._random.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def normal(self, mean: float, sd: float, low: float, high: float) -> float:
        """A normal draw, pulled to the nearer end when it falls outside [low, high]."""
        return min(max(self._random.gauss(mean, sd), low), high)

    def noise(self, sd: float) -> float:
        """Measurement error: normal around zero, never beyond three standard deviations."""
        return self.normal(0.0, sd, -3.0 * sd, 3.0 * sd)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.whole(0, len(options) - 1)]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of (option, weight) pairs."""
        left = self._random.random() * sum(weight for _, weight in options)
        for option, weight in options[:-1]:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]


def stable_id(*parts: object, length: int = 12) -> str:
    """Hexadecimal digits that depend on the parts alone: ids that say nothing about a patient."""
    text = "|".join(str(part) for part in parts)
    return blake2s(text.encode(), digest_size=16).hexdigest()[:length]
