"""A shared proposal as its patient sees it: the same outcomes and denominators for every option."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from explain.figures.icon_array import IconArray, icon_array
from explain.wording.decision_aid import (
    AS_NOW,
    KEEP,
    NOT_KNOWN,
    Counts,
    counts,
    difference_words,
    more_or_fewer,
    people_words,
    shown,
)
from explain.wording.phrases import Level
from models_engine.catalogue.treatment.knowledge.schema import Outcome
from models_engine.catalogue.treatment.ranking.results import Ranking
from models_engine.treatment_knowledge import treatment_knowledge
from twinportal.treatment.sharing import why_not_shared
from twinportal.treatment.words import months_words

Json = dict[str, Any]
# a difference of a probability that is worth a word
CHANGED = 0.005
MOST_OF_A_SIDE = 4
EVERY = {
    "day": "once a day",
    "half_day": "twice a day",
    "week": "once a week",
    "month": "once a month",
    "half_year": "every six months",
}


@dataclass(frozen=True)
class Cell:
    """One outcome of one option; without a number `found` is None."""

    outcome: str
    title: str
    horizon: str
    found: Counts | None
    number: str
    people: str
    words: str

    @property
    def icons(self) -> IconArray | None:
        return icon_array(self.found.with_) if self.found else None

    @property
    def label(self) -> str:
        return f"{self.title}, within {self.horizon}: {self.number}"


@dataclass(frozen=True)
class Side:
    """One option of the aid."""

    key: str
    title: str
    how: str
    better: tuple[Cell, ...]
    worse: tuple[Cell, ...]
    values: tuple[str, ...]
    tests: tuple[str, ...]
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class GridRow:
    """One outcome over all options: the same numbers as a table."""

    outcome: str
    title: str
    horizon: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Aid:
    """The whole comparison."""

    sides: tuple[Side, ...]

    @property
    def grid(self) -> list[GridRow]:
        by_side = [(*side.better, *side.worse) for side in self.sides]
        return [
            GridRow(cells[0].outcome, cells[0].title, cells[0].horizon, cells)
            for cells in zip(*by_side, strict=True)
        ]


def aid_of(result: Json, level: Level) -> Aid:
    """The comparison of a snapshot, in words of a level."""
    candidates = result["candidates"]
    gains, harms = _outcomes(candidates, better=True), _outcomes(candidates, better=False)
    kept = sum(one["kind"] == "keep" for one in candidates)
    sides = tuple(
        Side(
            key=one["key"],
            title=_title(one, level, alone=kept == 1),
            how=_how(one),
            better=tuple(_cell(key, one, candidates, level) for key in gains),
            worse=tuple(_cell(key, one, candidates, level) for key in harms),
            values=tuple(_value(change) for change in one["values"]),
            tests=_tests(one),
            cautions=tuple(f["plain"] for f in one["findings"] if f["level"] == "C"),
        )
        for one in candidates
    )
    return Aid(sides)


def is_still_safe(result: Json, now: Ranking) -> bool:
    """Whether every option may still be shown, by the record of now."""
    fit = {one.key for one in now.candidates if not why_not_shared(one)}
    return not now.barred and all(one["key"] in fit for one in result["candidates"])


def has_changed(result: Json, now: Ranking) -> bool:
    """Whether any number of now is another one."""
    current = {one.key: one for one in now.candidates}
    for kept in result["candidates"]:
        one = current.get(kept["key"])
        if one is None:
            return True
        fresh = {c.outcome: c for c in (*one.benefits, *one.harms)}
        old = {c["outcome"]: c for c in (*kept["benefits"], *kept["harms"])}
        if set(fresh) != set(old):
            return True
        for key, change in old.items():
            if abs(fresh[key].after - change["after"]) >= CHANGED:
                return True
            if abs(fresh[key].before - change["before"]) >= CHANGED:
                return True
    return False


def _outcomes(candidates: Sequence[Json], *, better: bool) -> list[str]:
    """The outcomes of one side over all options, those with the largest weight first.

    On which side an outcome stands follows from its largest difference, the same for every option.
    """
    largest: dict[str, float] = {}
    for change in _all(candidates):
        known = largest.get(change["outcome"], 0.0)
        if abs(change["difference"]) > abs(known):
            largest[change["outcome"]] = change["difference"]
    weights = {one.id: one.weight for one in treatment_knowledge().rows(Outcome)}
    found = [key for key, difference in largest.items() if (difference < 0) == better]
    return sorted(found, key=lambda key: (-weights.get(key, 0.0), key))[:MOST_OF_A_SIDE]


def _cell(key: str, one: Json, candidates: Sequence[Json], level: Level) -> Cell:
    change = _change(key, one)
    if change is None and one["kind"] == "keep":
        # what another option is compared with is the treatment of today
        other = next((c for c in (_change(key, two) for two in candidates) if c), None)
        change = other and {**other, "after": other["before"]}
    title = _capital(next(c["plain_label"] for c in _all(candidates) if c["outcome"] == key))
    if change is None:
        horizon = next(c["months"] for c in _all(candidates) if c["outcome"] == key)
        words = NOT_KNOWN[level]
        return Cell(key, title, months_words(horizon), None, words, "", "")
    found = counts(change["before"], change["after"])
    is_now = one["kind"] == "keep"
    if change["is_excess_only"]:
        return _excess(key, title, change, is_now=is_now, level=level)
    return Cell(
        outcome=key,
        title=title,
        horizon=months_words(change["months"]),
        found=found,
        number=shown(change["after"], found.with_),
        people=people_words(level, of_trial=change["baseline"] == "trial"),
        words="" if is_now else difference_words(found, level),
    )


def _excess(key: str, title: str, change: Json, *, is_now: bool, level: Level) -> Cell:
    """Only how many more (or fewer) is known: no picture of a hundred can be drawn of it."""
    apart = abs(change["after"] - change["before"])
    is_more = change["after"] > change["before"]
    return Cell(
        outcome=key,
        title=title,
        horizon=months_words(change["months"]),
        found=None,
        number=AS_NOW[level] if is_now else more_or_fewer(apart, is_more=is_more),
        people="",
        words="",
    )


def _change(key: str, one: Json) -> Json | None:
    return next((c for c in _all([one]) if c["outcome"] == key), None)


def _all(candidates: Iterable[Json]) -> Iterable[Json]:
    for one in candidates:
        yield from (c for c in (*one["benefits"], *one["harms"]) if _is_for_patients(c))


def _is_for_patients(change: Json) -> bool:
    """No research model, and no event that another number holds already."""
    return change["is_counted"] and not change["is_research"]


def _title(one: Json, level: Level, *, alone: bool) -> str:
    is_today = one["kind"] == "keep" and alone
    return KEEP[level] if is_today else _capital(one["plain_label"])


def _how(one: Json) -> str:
    if one["kind"] in ("keep", "stop"):
        return ""
    return _capital(one["plain_dose"] or EVERY.get(one["every"], ""))


def _tests(one: Json) -> tuple[str, ...]:
    """What beginning it needs; of what is kept the tests are under way."""
    if one["kind"] in ("keep", "stop"):
        return ()
    return tuple(f"{row['test']}: {row['when']}" for row in one["monitoring"])


def _value(change: Json) -> str:
    digits = 1 if change["concept"] in ("hba1c", "ldl_cholesterol", "weight") else 0
    before, after = (f"{change[name]:.{digits}f}" for name in ("before", "after"))
    return f"{change['label']}: from {before} to about {after} {change['unit']}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
