"""A shared proposal as its patient sees it: the same outcomes and denominators for every option."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from explain.figures.icon_array import IconArray, icon_array
from explain.wording.check_ups import CheckUp, check_up_words
from explain.wording.decision_aid import (
    KEEP,
    NOT_KNOWN,
    NOTHING_NEW,
    ONLY_CHANGE,
    STUDIES_DIFFER,
    TODAY,
    Counts,
    counts,
    difference_words,
    from_to,
    more_or_fewer,
    people_within,
    people_words,
    rest_words,
    shown,
    started_from,
    title_within,
    value_words,
    within,
)
from explain.wording.doses import kidney_dose_words
from explain.wording.language import gettext
from explain.wording.numbers import Frequency, frequency, people_apart
from explain.wording.options import Told, option_title, told
from explain.wording.phrases import Level
from explain.wording.times import horizon_words
from patients.terminology.units import CONVERSIONS
from twinportal.treatment.aid_rows import Row, rows_of

Json = dict[str, Any]
EVERY = {
    "day": gettext_noop("once a day"),
    "half_day": gettext_noop("twice a day"),
    "week": gettext_noop("once a week"),
    "month": gettext_noop("once a month"),
    "half_year": gettext_noop("every six months"),
}


@dataclass(frozen=True)
class Cell:
    """One outcome of one option; without a number of people `found` is None."""

    outcome: str
    title: str
    horizon: str
    found: Counts | None
    number: str
    people: str
    words: str
    is_number: bool = True

    @property
    def icons(self) -> IconArray | None:
        return icon_array(self.found.with_) if self.found else None

    @property
    def label(self) -> str:
        """The picture in words."""
        return title_within(self.title, self.horizon, self.number)

    @property
    def said(self) -> str:
        """The number with its time; what is said where there is none."""
        return within(self.number, self.horizon) if self.is_number else self.number

    @property
    def of_whom(self) -> str:
        """The same, and whose hundred it is."""
        return people_within(self.number, self.people, self.horizon)


@dataclass(frozen=True)
class Side:
    """One option of the aid, or (`key` empty) today where no option is today."""

    key: str
    title: str
    how: str
    prevented: tuple[Cell, ...]
    side_effects: tuple[Cell, ...]
    has_others: bool
    values: tuple[str, ...]
    tests: tuple[str, ...]
    cautions: tuple[Told, ...]


@dataclass(frozen=True)
class GridRow:
    """One outcome over all options: the same numbers as a table. `horizon` empty where they differ."""

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
        by_side = [(*side.prevented, *side.side_effects) for side in self.sides]
        return [
            GridRow(
                cells[0].outcome,
                cells[0].title,
                cells[0].horizon if len({cell.horizon for cell in cells}) == 1 else "",
                cells,
            )
            for cells in zip(*by_side, strict=True)
        ]


def aid_of(
    result: Json,
    level: Level,
    *,
    new: Mapping[str, tuple[str, ...]] | None = None,
    units: Mapping[str, str] | None = None,
) -> Aid:
    """The comparison of a snapshot, in words of a level.

    `new`: by option, the cautions that came up after it was shared. `units`: by concept, the UCUM
    unit in which the patient knows it; the canonical one without.
    """
    # today first, as every other option is compared with it
    candidates = sorted(result["candidates"], key=lambda one: one["kind"] != "keep")
    prevented = _numbered(rows_of(candidates, "event"))
    side_effects = _numbered(rows_of(candidates, "harm"))
    kept = sum(one["kind"] == "keep" for one in candidates)

    def side(one: Json | None, key: str, title: str) -> Side:
        def cells(rows: Sequence[tuple[str, Row]]) -> tuple[Cell, ...]:
            return tuple(_cell(name, row, one, candidates, level) for name, row in rows)

        values = [_value(change, units or {}, level) for change in one["values"]] if one else []
        return Side(
            key=key,
            title=title,
            how=_how(one) if one else "",
            prevented=cells(prevented),
            side_effects=cells(side_effects),
            has_others=one is not None,
            values=tuple(value for value in values if value),
            tests=_tests(one, level) if one else (),
            cautions=_cautions(one, (new or {}).get(key, ()), level) if one else (),
        )

    sides = [side(one, one["key"], _title(one, level, alone=kept == 1)) for one in candidates]
    if not kept:
        takes_none = all(one["kind"] == "start" for one in candidates)
        sides.insert(0, side(None, "", (NOTHING_NEW if takes_none else TODAY)[level]))
    return Aid(tuple(sides))


def titles_of(result: Json, level: Level) -> tuple[str, ...]:
    """What the options of a snapshot are called."""
    kept = sum(one["kind"] == "keep" for one in result["candidates"])
    return tuple(_title(one, level, alone=kept == 1) for one in result["candidates"])


def _numbered(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Each row with a name of its own: the second of one outcome has a number."""
    seen: list[str] = []
    found = []
    for row in rows:
        seen.append(row.outcome)
        number = seen.count(row.outcome)
        found.append((row.outcome if number == 1 else f"{row.outcome}_{number}", row))
    return found


def _cell(name: str, row: Row, one: Json | None, candidates: Sequence[Json], level: Level) -> Cell:
    title = capfirst(gettext(row.plain_label))
    others = [c for c in map(row.of, candidates) if c]
    started = _started(others)
    if one is None or one["kind"] == "keep":
        return _today(name, title, others, started, level)
    change = row.of(one)
    if change is None:
        horizon = horizon_words(others[0]["months"])
        return Cell(name, title, horizon, None, NOT_KNOWN[level], "", "", is_number=False)
    horizon = horizon_words(change["months"])
    if change["is_excess_only"]:
        apart = people_apart(change["before"], change["after"])
        number = more_or_fewer(apart, is_more=change["difference"] > 0)
        return Cell(name, title, horizon, None, number, "", rest_words(apart, level))
    found = counts(change["before"], change["after"])
    words = difference_words(found, level)
    if len(started) > 1:
        words = f"{words} {started_from(_without(change), horizon)}"
    people = people_words(level, of_trial=change["baseline"] == "trial")
    return Cell(name, title, horizon, found, shown(change["after"], found.with_), people, words)


def _today(
    name: str, title: str, others: Sequence[Json], started: Sequence[Json], level: Level
) -> Cell:
    """What every option is compared with; of that, `before` of the options is known."""
    horizon = horizon_words((started or others)[0]["months"])
    if not started:
        return Cell(name, title, horizon, None, ONLY_CHANGE[level], "", "", is_number=False)
    if len(started) > 1:
        first, last = _counted(started[0]), _counted(started[-1])
        number = last.out_of if first == last else from_to(first.said, last.said)
        return Cell(name, title, horizon, None, number, "", STUDIES_DIFFER[level])
    found = counts(started[0]["before"], started[0]["before"])
    people = people_words(level, of_trial=started[0]["baseline"] == "trial")
    return Cell(name, title, horizon, found, _without(started[0]), people, "")


def _started(others: Sequence[Json]) -> list[Json]:
    """The different numbers, in people and time, from which the options start, the least first."""
    known = [one for one in others if not one["is_excess_only"]]
    found = {(_without(one), horizon_words(one["months"])): one for one in known}
    return sorted(found.values(), key=lambda one: float(one["before"]))


def _without(change: Json) -> str:
    return shown(change["before"], counts(change["before"], change["before"]).without)


def _counted(change: Json) -> Frequency:
    return frequency(change["before"])


def _title(one: Json, level: Level, *, alone: bool) -> str:
    if one["kind"] == "keep" and alone:
        return KEEP[level]
    return capfirst(option_title(one["plain_label"], without_dose=_kidney_dose(one) is not None))


def _how(one: Json) -> str:
    if one["kind"] in ("keep", "stop"):
        return ""
    if found := _kidney_dose(one):
        fits, usual = found.get("daily_mg"), one.get("daily_mg")
        return kidney_dose_words(found["dose"], is_lower=bool(fits and usual and fits < usual))
    dose, rhythm = one["plain_dose"], EVERY.get(one["every"])
    if dose:
        return capfirst(gettext(dose))
    return capfirst(_(rhythm)) if rhythm else ""


def _kidney_dose(one: Json) -> Json | None:
    """What was found about the dose, where it may not be the usual one."""
    found = (f for f in one["findings"] if f["kind"] == "kidney_dose" and f["dose"])
    first = next(found, None)
    return first if first and not first["dose"].startswith("usual dose") else None


def _tests(one: Json, level: Level) -> tuple[str, ...]:
    """What beginning it needs; of what is kept the tests are under way."""
    if one["kind"] in ("keep", "stop"):
        return ()
    return check_up_words((CheckUp(row["test"], row["when"]) for row in one["monitoring"]), level)


def _cautions(one: Json, new: Sequence[str], level: Level) -> tuple[Told, ...]:
    kept = (f["plain"] for f in one["findings"] if f["level"] == "C")
    fresh = (told(text, as_new=level) for text in new)
    return tuple(dict.fromkeys([*fresh, *(told(text) for text in kept)]))


def _value(change: Json, units: Mapping[str, str], level: Level) -> str:
    concept, unit = change["concept"], change["unit"]
    wanted = units.get(concept, unit)
    before, after = change["before"], change["after"]
    if wanted != unit and (conversion := CONVERSIONS.get((concept, wanted))):
        before, after, unit = conversion.back(before), conversion.back(after), wanted
    return value_words(concept, change["label"], before, after, unit, level)
