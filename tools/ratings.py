"""Prints which patient pages people have rated, by CCI and PEMAT-P (docs/ratings/README.md)."""

import csv
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RATINGS = ROOT / "docs" / "ratings"
ANSWERS = {"yes", "no", "not applicable"}


@dataclass(frozen=True)
class Instrument:
    """`raters`: how many people must have answered all `items` of a page."""

    name: str
    file: str
    items: int
    raters: int


INSTRUMENTS = (Instrument("CCI", "cci.csv", 20, 1), Instrument("PEMAT-P", "pemat.csv", 24, 2))


@dataclass(frozen=True)
class Answer:
    """One item of one page by one named person."""

    page: str
    item: int
    answer: str
    rater: str
    role: str
    day: date


def read(lines: Iterable[str], instrument: Instrument, pages: frozenset[str]) -> list[Answer]:
    """The answers of a file. Raises ValueError naming the line that nobody can have meant."""
    answers = []
    for number, row in enumerate(csv.DictReader(lines), 2):
        one = Answer(
            row["page"],
            int(row["item"]),
            row["answer"],
            row["rater"].strip(),
            row["role"].strip(),
            date.fromisoformat(row["day"]),
        )
        wrong = [
            text
            for text, found in {
                "names no page of the portal": one.page not in pages,
                "has no such item": not 1 <= one.item <= instrument.items,
                "has no such answer": one.answer not in ANSWERS,
                "is by nobody": not one.rater or not one.role,
            }.items()
            if found
        ]
        if wrong:
            raise ValueError(f"{instrument.file}, line {number}: {', '.join(wrong)}")
        answers.append(one)
    return answers


def status(answers: Iterable[Answer], instrument: Instrument, page: str) -> str:
    """ "unrated", or how many people answered every item of the page."""
    items: defaultdict[str, set[int]] = defaultdict(set)
    for one in answers:
        if one.page == page:
            items[one.rater].add(one.item)
    complete = sum(len(found) == instrument.items for found in items.values())
    if not complete:
        return "unrated"
    return f"{complete} of {instrument.raters} raters"


def pages() -> list[str]:
    """The names of the portal's pages for patients, from its addresses."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
    os.environ.setdefault("TWINPORTAL_MODE", "demo")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.urls import URLPattern, URLResolver, get_resolver

    def named(found: Iterable[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
        for one in found:
            path = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from named(one.url_patterns, path)
            elif path.startswith("my/") and one.name:
                yield one.name

    return sorted(set(named(get_resolver().url_patterns)))


def main() -> None:
    known = pages()
    for instrument in INSTRUMENTS:
        with (RATINGS / instrument.file).open() as lines:
            answers = read(lines, instrument, frozenset(known))
        print(f"{instrument.name}:")
        for page in known:
            print(f"  {page}: {status(answers, instrument, page)}")


if __name__ == "__main__":
    main()
