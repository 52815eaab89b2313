"""Histories as arrays: who, first diagnoses by day, when somebody was under observation.

Days are ordinals (`date.toordinal`). Nothing here names a person beyond a key that only decides,
by its hash, into which part of the data the person falls; the keys never leave the training.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from models_engine.catalogue.contract import FloatArray

NEVER = np.inf
YEAR = 365.25


@dataclass(frozen=True)
class Person:
    """One person's history. `diagnoses`: (token, first day, whether the day is exact).

    `periods`: (first, last day) under observation, not overlapping, in order. `sex` is female,
    male or anything else; `birth` and `death` are days, `death` None while alive.
    """

    key: str
    birth: int
    sex: str
    periods: tuple[tuple[int, int], ...]
    diagnoses: tuple[tuple[str, int, bool], ...]
    death: int | None = None


def periods_of(
    contacts: Sequence[int], gap: int, until: int, death: int | None = None
) -> tuple[tuple[int, int], ...]:
    """Spans of observation from the days of contact: a silence of more than `gap` days ends one.

    A span lasts `gap` days beyond its last contact, at most to `until` or to death: who has not
    come for that long may have left, and then nobody would know of a diagnosis.
    """
    last = until if death is None else min(until, death)
    days = sorted({day for day in contacts if day <= last})
    found: list[tuple[int, int]] = []
    for day in days:
        if found and day - found[-1][1] <= gap:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return tuple((first, min(end + gap, last)) for first, end in found)


def sex_code(sex: str) -> float:
    """0.5 female, -0.5 male, 0 otherwise: between the two."""
    return {"female": 0.5, "male": -0.5}.get(sex, 0.0)


class Part(StrEnum):
    """What a person's data serve for; one part a person."""

    FIT = "fit"
    CALIBRATE = "calibrate"
    CHOOSE = "choose"
    TEST = "test"


_UP_TO = ((0.4, Part.FIT), (0.7, Part.CALIBRATE), (0.8, Part.CHOOSE), (1.0, Part.TEST))


def draws(key: str, seed: int) -> tuple[float, float, float]:
    """Three numbers in [0, 1) that the key and the seed decide; the same on any machine."""
    raw = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=24).digest()
    return tuple(int.from_bytes(raw[i : i + 8], "big") / 2**64 for i in (0, 8, 16))  # type: ignore[return-value]


def part_of(draw: float) -> Part:
    return next(part for limit, part in _UP_TO if draw < limit)


@dataclass(frozen=True, eq=False)
class People:
    """Many people over one vocabulary, sorted by key so that their order never matters.

    `last_day`: where the data end for everybody.
    """

    tokens: tuple[str, ...]
    people: tuple[Person, ...]
    seed: int
    last_day: float = NEVER
    draws: FloatArray = field(init=False)
    birth: FloatArray = field(init=False)
    sex: FloatArray = field(init=False)
    death: FloatArray = field(init=False)
    # diagnoses of person i: rows start[i] to start[i + 1]
    start: np.ndarray = field(init=False)
    code: np.ndarray = field(init=False)
    day: FloatArray = field(init=False)
    exact: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        rows = tuple(sorted(self.people, key=lambda p: p.key))
        place = {token: i for i, token in enumerate(self.tokens)}
        found = [[(place[t], d, e) for t, d, e in _first(p) if t in place] for p in rows]
        flat = [row for per_person in found for row in per_person]
        put = object.__setattr__
        put(self, "people", rows)
        put(self, "draws", np.array([draws(p.key, self.seed) for p in rows]).reshape(-1, 3))
        put(self, "birth", np.array([p.birth for p in rows], dtype=np.float64))
        put(self, "sex", np.array([sex_code(p.sex) for p in rows]))
        death = [NEVER if p.death is None else p.death for p in rows]
        put(self, "death", np.array(death, dtype=np.float64))
        put(self, "start", np.cumsum([0, *(len(f) for f in found)]))
        put(self, "code", np.array([r[0] for r in flat], dtype=np.int64))
        put(self, "day", np.array([r[1] for r in flat], dtype=np.float64))
        put(self, "exact", np.array([r[2] for r in flat], dtype=bool))

    def __len__(self) -> int:
        return len(self.people)

    @property
    def parts(self) -> np.ndarray:
        """The part (n,) of each person."""
        return np.array([part_of(d).value for d in self.draws[:, 0]], dtype=object)

    def first_days(self, rows: np.ndarray) -> tuple[FloatArray, np.ndarray]:
        """First days (m, v) of every token, `NEVER` without one, and whether they are exact."""
        size = self.start[rows + 1] - self.start[rows]
        at = np.repeat(np.arange(len(rows)), size)
        offset = np.arange(len(at)) - np.repeat(np.cumsum(size) - size, size)
        place = np.repeat(self.start[rows], size) + offset
        days = np.full((len(rows), len(self.tokens)), NEVER)
        exact = np.ones(days.shape, dtype=bool)
        days[at, self.code[place]] = self.day[place]
        exact[at, self.code[place]] = self.exact[place]
        return days, exact


def _first(person: Person) -> list[tuple[str, int, bool]]:
    """The earliest of each token, so that a repeat is never new; on one day the exact one."""
    found: dict[str, tuple[str, int, bool]] = {}
    for row in sorted(person.diagnoses, key=lambda r: (r[1], not r[2])):
        found.setdefault(row[0], row)
    return list(found.values())


def tokens_with(people: Sequence[Person], least: int, most: int) -> tuple[str, ...]:
    """Tokens that at least `least` people have, the `most` commonest, in alphabetical order."""
    counts: dict[str, int] = {}
    for person in people:
        for token in {d[0] for d in person.diagnoses}:
            counts[token] = counts.get(token, 0) + 1
    common = sorted((t for t, n in counts.items() if n >= least), key=lambda t: (-counts[t], t))
    return tuple(sorted(common[:most]))
