"""Index days, what was known on them, and what came within the window after."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease.aalen_johansen import CENSORED, DIAGNOSED, DIED
from models_engine.catalogue.disease.people import NEVER, YEAR, People
from models_engine.catalogue.disease.vocabulary import families

CHUNK = 4096


@dataclass(frozen=True)
class Rules:
    """What counts, all in days but `min_history`, a number of different diagnoses."""

    window: int = 365
    run_in: int = 365
    gap: int = 548
    min_history: int = 2


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Index days (n,): whose, when, and the last day until which the person was followed."""

    person: np.ndarray
    day: FloatArray
    end: FloatArray

    def __len__(self) -> int:
        return len(self.person)

    def take(self, chosen: np.ndarray) -> "Landmarks":
        return Landmarks(self.person[chosen], self.day[chosen], self.end[chosen])


def landmarks(people: People, rows: np.ndarray, rules: Rules) -> Landmarks:
    """Index days of the people `rows`, a window apart, so that no diagnosis follows two of them.

    The first lies `run_in` days after the start of a period of observation (what is recorded
    when somebody first comes is not new), and a share of a window more that the person's hash
    decides: an index day is any day, not that of a visit or a diagnosis. The window of each ends
    before the data do: cut windows are those of late days, when who is likely to fall ill has
    fallen ill, so that the rest would seem healthier than it was.
    """
    latest = people.last_day - rules.window
    person, day, end = [], [], []
    for row in rows:
        offset = int(people.draws[row, 1] * rules.window)
        for first, last in people.people[row].periods:
            for at in range(first + rules.run_in + offset, last, rules.window):
                if at > latest:
                    break
                person.append(row)
                day.append(at)
                end.append(min(at + rules.window, last))
    found = Landmarks(
        np.array(person, dtype=np.int64),
        np.array(day, dtype=np.float64),
        np.array(end, dtype=np.float64),
    )
    return _with_history(people, found, rules)


def landmarks_on(people: People, rows: np.ndarray, rules: Rules, day: int) -> Landmarks:
    """One index day for all: `day`, for those who were under observation for long enough."""
    found = [
        (row, min(day + rules.window, last))
        for row in rows
        for first, last in people.people[row].periods
        if first + rules.run_in <= day < last
    ]
    made = Landmarks(
        np.array([row for row, _ in found], dtype=np.int64),
        np.full(len(found), float(day)),
        np.array([end for _, end in found], dtype=np.float64),
    )
    return _with_history(people, made, rules)


def _with_history(people: People, found: Landmarks, rules: Rules) -> Landmarks:
    if not len(found):
        return found
    enough = [view.known.sum(axis=1) >= rules.min_history for view in views(people, found)]
    return found.take(np.concatenate(enough))


@dataclass(frozen=True, eq=False)
class View:
    """Some landmarks in full. `known`, `at_risk` and `event` are (n, v); `days_since` too, in
    years since the first diagnosis, NaN where there is none. `time` (n, v): days until the first
    diagnosis, death or the end of follow-up. `died` (n,): followed until death.
    """

    person: np.ndarray
    age: FloatArray
    sex: FloatArray
    known: np.ndarray
    years_since: FloatArray
    at_risk: np.ndarray
    event: np.ndarray
    time: FloatArray
    died: np.ndarray

    @property
    def cause(self) -> np.ndarray:
        """(n, v): how the time of each person and token ended."""
        ended = np.where(self.died[:, None], DIED, CENSORED)
        return np.asarray(np.where(self.event, DIAGNOSED, ended))


def views(people: People, found: Landmarks, size: int = CHUNK) -> Iterator[View]:
    """The landmarks in order, `size` at a time, since (n, v) of all may not fit into memory."""
    for first in range(0, len(found), size):
        yield view(people, found.take(np.arange(first, min(first + size, len(found)))))


def view(people: People, found: Landmarks) -> View:
    """What was known and what followed. A diagnosis on the index day is known, never next.

    Nobody is at risk of what is known, of what one of the same family is known of, or of what was
    first diagnosed on a later day that is not exact.
    """
    days, exact = people.first_days(found.person)
    after = days - found.day[:, None]
    known: Any = after <= 0
    at_risk = ~known & (exact | (days == NEVER))
    for family in families(people.tokens):
        at_risk[:, family] &= ~known[:, family].any(axis=1)[:, None]
    followed = found.end - found.day
    event = at_risk & (after <= followed[:, None])
    death = people.death[found.person]
    return View(
        person=found.person,
        age=(found.day - people.birth[found.person]) / YEAR,
        sex=people.sex[found.person],
        known=known,
        years_since=np.where(known, -after / YEAR, np.nan),
        at_risk=at_risk,
        event=event,
        time=np.where(event, after, followed[:, None]),
        died=(death > found.day) & (death <= found.end),
    )


def until(people: People, day: int) -> People:
    """The people as if nothing after `day` had happened or been written down."""
    cut = [
        replace(
            person,
            periods=tuple((a, min(b, day)) for a, b in person.periods if a <= day),
            diagnoses=tuple(row for row in person.diagnoses if row[1] <= day),
            death=person.death if person.death is not None and person.death <= day else None,
        )
        for person in people.people
    ]
    return People(people.tokens, tuple(cut), people.seed, day)
