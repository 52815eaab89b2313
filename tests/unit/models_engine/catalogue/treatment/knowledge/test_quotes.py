"""A row that claims an opened source says no number that no quote of its sources carries."""

import re
from collections.abc import Iterator

import pytest

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import GeneRule, Interaction, Source

# names that hold digits: genes, alleles, enzymes, drugs
NAMES = re.compile(r"HLA-\S+|\*\d\S*|[A-Za-z]+\d\w*")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def numbers(text: str) -> set[float]:
    thousands = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return {float(found) for found in NUMBER.findall(NAMES.sub("", thousands))}


def claims() -> Iterator[tuple[str, str, str]]:
    """Row, what it says, and the quotes behind it."""
    sources = knowledge().by_id(Source)
    for kind in (Interaction, GeneRule):
        for row in knowledge().rows(kind):
            if row.evidence in ("S", "Q"):
                advice = row.advice if isinstance(row, GeneRule) else ""
                quotes = " ".join(sources[name].quote for name in row.source)
                yield row.id, f"{row.says} {advice}", quotes


def test_numbers_are_read_and_names_are_not() -> None:
    assert numbers("HLA-B*15:02 and CYP2D6 *4: 25,620 people, 1.5 to 2 (c.2846A>T)") == {
        *(25620.0, 1.5, 2.0, 2846.0)
    }


@pytest.mark.parametrize(("row", "said", "quotes"), [*claims()], ids=lambda text: text[:40])
def test_every_number_stands_in_a_quote(row: str, said: str, quotes: str) -> None:
    assert numbers(said) <= numbers(quotes), row
