"""No small count can be told from what one table of the monitoring pages shows: by trying all."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_engine.monitoring import drift
from twinportal.dashboards.monitoring import words
from twinportal.dashboards.monitoring.drift_rows import DriftRow, drift_rows
from twinportal.dashboards.monitoring.page import _years
from twinportal.dashboards.monitoring.suppression import WITHHELD, count, protected, reasons

FEW = st.lists(st.integers(0, 9), min_size=1, max_size=4)
SMALL = range(1, 5)


def could_be(word: str, most: int, zero_too: bool) -> list[int]:
    """Every number that a cell may stand for."""
    if word == words.MANY:
        return list(SMALL)
    if word == WITHHELD:
        return list(range(0 if zero_too else 5, most + 1))
    return [int(word.replace(",", ""))]


def tables(shown: list[str], total: str, most: int) -> list[tuple[int, ...]]:
    """All rows of counts that would look like this."""
    every = all(word == WITHHELD for word in shown)
    cells = [could_be(word, most, every) for word in shown]
    totals = range(most + 1) if total == WITHHELD else could_be(total, most, every)
    return [row for row in product(*cells) if sum(row) in totals]


def not_told(counts: list[int], shown: list[str], found: list[tuple[int, ...]]) -> None:
    assert tuple(counts) in found, "what is shown is true"
    for place, number in enumerate(counts):
        if number in SMALL:
            assert shown[place] in (words.MANY, WITHHELD)
            assert len({row[place] for row in found}) > 1, (counts, shown)


@given(FEW)
def test_no_small_count_follows_from_the_total(counts: list[int]) -> None:
    shown = list(protected(counts).words)
    not_told(counts, shown, tables(shown, count(sum(counts)), sum(counts)))


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([20, 2], [WITHHELD, words.MANY]),
        ([20, 2, 0], [WITHHELD, words.MANY, "0"]),
        ([20, 2, 3], ["20", words.MANY, words.MANY]),
        ([20, 4, 4, 30], ["20", words.MANY, words.MANY, WITHHELD]),
        ([4, 4], [WITHHELD] * 2),
        ([5, 1], [WITHHELD] * 2),
        ([3, 0], [words.MANY, "0"]),
        ([20, 22], ["20", "22"]),
    ],
)
def test_what_is_left_out(counts: list[int], shown: list[str]) -> None:
    assert list(protected(counts).words) == shown


@given(st.integers(0, 30), st.integers(0, 30))
def test_nor_a_part_beside_its_whole(part: int, rest: int) -> None:
    shown = [WITHHELD if w == "the others" else w for w in words.parts(part, part + rest)]
    not_told([part, rest], shown, tables(shown, count(part + rest), part + rest))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.data())
def test_nor_a_reason_that_the_others_leave_over(counts: list[int], data: Any) -> None:
    people = data.draw(st.integers(max(counts), sum(counts)))
    shown = list(reasons(counts, people).words)
    every = all(word == WITHHELD for word in shown)
    cells = [could_be(w, people, every) for w in shown]
    totals = could_be(count(people), people, zero_too=False)
    found = [
        row for row in product(*cells) if any(max(row) <= whole <= sum(row) for whole in totals)
    ]
    not_told(counts, shown, found)


def compared(name: str, before: list[int], now: list[int]) -> dict[str, Any]:
    made = drift.compare(before, now)
    cuts = list(range(1, len(before)))
    return {
        "name": name,
        "before": before,
        "now": now,
        "cuts": cuts,
        "by_value": False,
        "level": made.level,
        "index": made.index,
        "chance": made.chance,
    }


def sides(row: DriftRow) -> list[tuple[list[str], str]]:
    totals = [said.rsplit(" ", 1)[0] for said in row.people.split(", ")]
    if len(totals) != 2:
        totals = [part.replace(" then", "").replace(" now", "") for part in totals]
    return [([b.before for b in row.bins], totals[0]), ([b.now for b in row.bins], totals[1])]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=4))
def test_no_row_of_drift_tells_a_small_count(pairs: list[tuple[int, int]]) -> None:
    before, now = ([pair[at] for pair in pairs] for at in (0, 1))
    (row,) = drift_rows(None, [compared("input:weight", before, now)], (0, 0))
    used = len(row.bins) == len(pairs)
    for counts, (shown, total) in zip((before, now), sides(row), strict=True):
        kept = counts if used else [n for n, pair in zip(counts, pairs, strict=True) if any(pair)]
        not_told(kept, shown, tables(shown, total, sum(counts)))


@settings(max_examples=60)
@given(st.integers(1, 4), st.integers(96, 400), st.integers(0, 300), st.integers(100, 500))
def test_nor_do_the_verdict_and_the_index(few: int, many: int, yes: int, no: int) -> None:
    before, now = [few, many], [yes, no]
    whole = (few + many, yes + no)
    row = compared("input:smoking", before, now)
    (shown,) = drift_rows(None, [row], whole)
    if row["level"] != "too_few":
        assert (shown.index, shown.chance) == ("", "")
    assert [b.before_share for b in shown.bins] == ["", ""]
    alike = [
        first
        for first in SMALL
        if drift.compare([first, few + many - first], now).level == row["level"]
    ]
    assert [b.before for b in shown.bins] in ([words.MANY, WITHHELD], [WITHHELD] * 2)
    assert len(alike) > 1 or shown.bins[0].before == WITHHELD


def test_people_with_a_value_do_not_tell_how_many_have_none() -> None:
    ways = compared("ways:weight", [97, 0, 0, 3, 0, 0], [60, 0, 0, 40, 0, 0])
    value = compared("input:weight", [50, 47], [30, 30])
    output = compared("output:risk", [50, 48], [30, 30])
    how, weight, risk = drift_rows(None, [ways, value, output], (100, 100))
    assert [b.before for b in how.bins] == [WITHHELD, words.MANY]
    assert weight.people == "not shown then, 60 now" and risk.people == "not shown then, 60 now"
    assert [b.before for b in weight.bins] == [WITHHELD, "47"]
    assert [b.now for b in weight.bins] == ["30", "30"]
    assert [b.before for b in risk.bins] == [WITHHELD, "48"]
    assert [b.now_share for b in weight.bins] == ["50 %"] * 2


def test_the_years_leave_nothing_over_of_all() -> None:
    ratio = {"expected": 9.0, "ratio": 1.0, "low": 0.5, "high": 2.0}

    def year(people: int, events: int) -> dict[str, Any]:
        both = {"ratio": ratio, "ratio_to_now": ratio}
        return {"people": people, "events": events, "complete": events, "followed": 0.9, **both}

    found = _years({"2024": year(60, 12), "2025": year(50, 2), "2026": year(3, 0)})
    assert [row.people for row in found] == [WITHHELD, "50", words.MANY]
    assert [row.is_shown for row in found] == [False, True, False]
    found = _years({"2024": year(60, 12), "2025": year(50, 2)})
    assert [row.events for row in found] == [WITHHELD, words.MANY]
    assert found[0].ratio == found[0].ratio_to_now == WITHHELD
    assert found[1].ratio.startswith("at most")
