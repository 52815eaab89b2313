"""Ratings are by named people or there are none (UX P19, UX P20)."""

import pytest

from tools.ratings import INSTRUMENTS, RATINGS, Instrument, pages, read, status

PAGES = frozenset({"portal-home"})
HEAD = "page,item,answer,rater,role,day"


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda one: one.name)
def test_the_files_of_this_project_can_be_read(instrument: Instrument) -> None:
    with (RATINGS / instrument.file).open() as lines:
        answers = read(lines, instrument, frozenset(pages()))
    assert {status(answers, instrument, page) for page in pages()} >= {"unrated"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("portal-home,1,yes,,nurse,2026-11-21", "by nobody"),
        ("portal-home,1,yes,Ann Example, ,2026-11-21", "by nobody"),
        ("portal-home,21,yes,Ann Example,nurse,2026-11-21", "no such item"),
        ("portal-home,1,good,Ann Example,nurse,2026-11-21", "no such answer"),
        ("elsewhere,1,yes,Ann Example,nurse,2026-11-21", "no page of the portal"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"cci.csv, line 2: .*{words}"):
        read([HEAD, line], INSTRUMENTS[0], PAGES)


def test_a_page_is_rated_when_every_item_is_answered() -> None:
    cci = INSTRUMENTS[0]
    lines = [f"portal-home,{n},yes,Ann Example,nurse,2026-11-21" for n in range(1, cci.items + 1)]
    assert status(read([HEAD, *lines[:-1]], cci, PAGES), cci, "portal-home") == "unrated"
    assert status(read([HEAD, *lines], cci, PAGES), cci, "portal-home") == "1 of 1 raters"
    assert status([], cci, "portal-home") == "unrated"
