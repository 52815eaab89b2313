"""Clinical vignettes: a made-up or published person, and what a ranking has to say of them.

They are data (`vignettes/*.json`, a list of vignettes each), so that a clinician can read and write
them. `vignettes/sources.csv` holds the sources that no row of the knowledge base needs: published
cases. A vignette is "sourced" when a source that was opened says what is expected, and
"awaiting_review" when we expect it ourselves.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS, Source

FOLDER = Path(__file__).parent / "vignettes"
Status = Literal["sourced", "awaiting_review"]


@dataclass(frozen=True)
class Person:
    """Compact facts. Each measurement is [concept, value, unit, days ago]; each medicine
    [ingredients separated by "/", mg a day or null]; a medicine that no table can name is
    [its words, null, "unresolved"]; each allergy [to what, reaction or ""]; each genotype
    [gene, diplotype], of HLA [gene, "*57:01 positive"]. `smoking`: current, former, never, or not known.
    """

    age: int
    sex: str
    conditions: tuple[str, ...] = ()
    measurements: tuple[tuple[str, float, str, int], ...] = ()
    medicines: tuple[tuple[Any, ...], ...] = ()
    allergies: tuple[tuple[str, str], ...] = ()
    genotypes: tuple[tuple[str, str], ...] = ()
    smoking: str = ""


@dataclass(frozen=True)
class Vignette:
    """`says` is what the source says, in our words. `indication` is empty where only rules of
    safety are looked at. `expect` is read by `expectations.py`. `known_gap`: why it fails today.
    """

    id: str
    title: str
    status: Status
    says: str
    person: Person
    expect: Mapping[str, Any]
    indication: str = ""
    sources: tuple[str, ...] = ()
    known_gap: str = ""
    topic: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.status not in get_args(Status):
            raise ValueError(f"{self.id}: status {self.status!r}")
        if self.indication and self.indication not in INDICATIONS:
            raise ValueError(f"{self.id}: indication {self.indication!r}")
        if not (self.id and self.title and self.says and self.expect):
            raise ValueError(f"{self.id}: a title, what is said, and an expectation are needed")


def _made(row: dict[str, Any], topic: str) -> Vignette:
    person = {
        name: tuple(tuple(one) if isinstance(one, list) else one for one in held)
        if isinstance(held, list)
        else held
        for name, held in row.pop("person").items()
    }
    sources = tuple(row.pop("sources", ()))
    return Vignette(person=Person(**person), sources=sources, topic=topic, **row)


@cache
def vignettes() -> tuple[Vignette, ...]:
    """All of them, by file and as they stand in it. Raises TypeError on a field nobody knows."""
    return tuple(
        _made(row, path.stem)
        for path in sorted(FOLDER.glob("*.json"))
        for row in json.loads(path.read_text())
    )


@cache
def case_sources() -> Mapping[str, Source]:
    """The published cases, by id."""
    with (FOLDER / "sources.csv").open(newline="") as lines:
        rows = [
            Source(**{**row, "opened_on": date.fromisoformat(row["opened_on"])})
            for row in csv.DictReader(lines)
        ]
    found = {row.id: row for row in rows}
    if len(found) != len(rows):
        raise ValueError("two sources of one id")
    return found


@cache
def all_sources() -> Mapping[str, Source]:
    """Those, and the sources of the knowledge base."""
    return {**knowledge().by_id(Source), **case_sources()}
