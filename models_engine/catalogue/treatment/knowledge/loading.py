"""CSV files -> checked rows. Every fault names file, row and column."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast, get_type_hints

from models_engine.catalogue.treatment.knowledge import schema
from models_engine.catalogue.treatment.knowledge.criteria import Criteria
from models_engine.catalogue.treatment.knowledge.schema import TABLES, Subject

FOLDER = Path(__file__).parent / "tables"
R = TypeVar("R")


class KnowledgeError(ValueError):
    """A table that cannot be used, in plain words."""


def columns(row: type) -> tuple[str, ...]:
    """The columns of a table: the row's own first, then what every sourced row carries."""
    shared = {f.name for f in fields(schema.Recommendation)} & set(_TRAILING)
    names = [f.name for f in fields(row)]
    if not set(_TRAILING) <= set(names):
        return tuple(names)
    own = [name for name in names if name not in shared and name != "id"]
    return ("id", *own, *_TRAILING)


def optional(row: type) -> frozenset[str]:
    """Columns that a file may leave out."""
    return frozenset(f.name for f in fields(row) if f.default is not MISSING)


_TRAILING = ("says", "population", "source", "evidence", "reviewed")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _slashed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split("/") if word.strip())


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None


def _yes(text: str) -> bool:
    if text not in ("yes", "no", ""):
        raise ValueError(f"{text!r} is neither yes nor no")
    return text == "yes"


def _subjects(text: str) -> schema.Subjects:
    return tuple(Subject.parse(word) for word in text.split())


_BY_NAME: Mapping[str, Callable[[str], Any]] = {
    "ingredients": _slashed,
    "aliases": _slashed,
    "applies_to": _subjects,
    "other": _subjects,
    "third": _subjects,
    "allergen": _subjects,
}
_BY_TYPE: Mapping[Any, Callable[[str], Any]] = {
    str: str.strip,
    float: float,
    int: int,
    bool: _yes,
    date: date.fromisoformat,
    float | None: _number,
    Criteria: Criteria.parse,
    tuple[str, ...]: _words,
}


def read_rows(row: type[R], path: Path) -> Iterator[R]:
    """The rows of one file. Raises KnowledgeError naming file, line and what is wrong."""
    hints = get_type_hints(row)
    with path.open(encoding="utf-8", newline="") as text:
        reader = csv.DictReader(text, strict=True)
        there = set(reader.fieldnames or ())
        wanted = tuple(name for name in columns(row) if name in there or name not in optional(row))
        if tuple(reader.fieldnames or ()) != wanted:
            raise KnowledgeError(f"{path.name}: the columns must be {','.join(columns(row))}")
        for content in reader:
            where = f"{path.parent.name}/{path.name}, line {reader.line_num}, {content.get('id')!r}"
            if None in content or None in content.values():
                raise KnowledgeError(f"{where}: a cell too many or too few")
            try:
                yield row(**{name: _cell(name, hints[name], content[name]) for name in wanted})
            except (TypeError, ValueError) as error:
                raise KnowledgeError(f"{where}: {error}") from error


def _cell(name: str, hint: Any, text: str) -> Any:
    read = _BY_NAME.get(name) or _BY_TYPE.get(hint)
    try:
        if read:
            return read(text)
        # a Literal: the text itself, if it is one of its words
        if text.strip() not in hint.__args__:
            raise ValueError(f"{text!r} is none of {', '.join(hint.__args__)}")
        return text.strip()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Every table, each a mapping from id to row in the order of the files.

    One is itself and no other: what is derived from the tables is kept by it.
    """

    tables: Mapping[str, Mapping[str, Any]]

    def rows(self, row: type[R]) -> tuple[R, ...]:
        """The rows of one table."""
        return tuple(cast("Mapping[str, R]", self.tables[table_of(row)]).values())

    def by_id(self, row: type[R]) -> Mapping[str, R]:
        """The rows of one table by id."""
        return cast("Mapping[str, R]", self.tables[table_of(row)])


def table_of(row: type) -> str:
    """The name of the table of such rows."""
    return next(name for name, known in TABLES.items() if known is row)


def read_knowledge(*folders: Path) -> Knowledge:
    """All tables of the folders; a later folder adds rows and replaces those of the same id.

    Raises KnowledgeError; inside one folder an id stands once.
    """
    found: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
    for folder in folders:
        for name, row in TABLES.items():
            own: dict[str, Any] = {}
            for path in sorted((folder / name).glob("*.csv")):
                rows: Iterator[Any] = read_rows(row, path)
                for one in rows:
                    if one.id in own:
                        raise KnowledgeError(f"{name}/{path.name}: {one.id!r} stands twice")
                    own[one.id] = one
            found[name] |= own
    return Knowledge(MappingProxyType({n: MappingProxyType(rows) for n, rows in found.items()}))


@cache
def knowledge() -> Knowledge:
    """The committed tables, read and checked once a process."""
    return read_knowledge(FOLDER)
