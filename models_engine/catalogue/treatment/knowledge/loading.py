"""CSV files -> checked rows. Every fault names file, row and column."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast, get_type_hints

from models_engine.catalogue.treatment.knowledge import schema
from models_engine.catalogue.treatment.knowledge.criteria import Criteria
from models_engine.catalogue.treatment.knowledge.replacing import FolderRead, Replacement
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
    """The rows of one file. Raises KnowledgeError naming folder, file, line and what is wrong."""
    try:
        # Excel begins its "CSV UTF-8" with a mark
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from _rows(row, csv.DictReader(text, strict=True), path)
    except UnicodeDecodeError as error:
        text_is = "it is not UTF-8: save it again as CSV UTF-8"
        raise KnowledgeError(f"{path}: {text_is}") from error
    except (csv.Error, OSError) as error:
        raise KnowledgeError(f"{path}: it cannot be read: {error}") from error


def _rows(row: type[R], reader: "csv.DictReader[str]", path: Path) -> Iterator[R]:
    hints = get_type_hints(row)
    there = tuple(reader.fieldnames or ())
    wanted = tuple(name for name in columns(row) if name in there or name not in optional(row))
    if there != wanted:
        found = ",".join(there) or "nothing"
        raise KnowledgeError(f"{path}: the columns must be {','.join(columns(row))}, not {found}")
    for content in reader:
        where = f"{path}, line {reader.line_num}, {content.get('id')!r}"
        if None in content or None in content.values():
            raise KnowledgeError(f"{where}: a cell too many or too few")
        try:
            made = row(**{name: _cell(name, hints[name], content[name]) for name in wanted})
        except (TypeError, ValueError) as error:
            raise KnowledgeError(f"{where}: {error}") from error
        yield made


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

    One is itself and no other: what is derived from the tables is kept by it. `folders` are what
    was read, the committed one first; `added[table]` the ids of rows of the others.
    """

    tables: Mapping[str, Mapping[str, Any]]
    folders: tuple[FolderRead, ...] = ()
    added: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def rows(self, row: type[R]) -> tuple[R, ...]:
        """The rows of one table."""
        return tuple(cast("Mapping[str, R]", self.tables[table_of(row)]).values())

    def by_id(self, row: type[R]) -> Mapping[str, R]:
        """The rows of one table by id."""
        return cast("Mapping[str, R]", self.tables[table_of(row)])

    @property
    def replacements(self) -> tuple[Replacement, ...]:
        """Rows of a later folder in the place of others that say something else."""
        every = (one for folder in self.folders for one in folder.replacements)
        return tuple(one for one in every if one.changes)

    def is_own(self, table: str, row: str) -> bool:
        """Whether the row is of another folder than the first: the site's own."""
        return row in self.added.get(table, ())


def table_of(row: type) -> str:
    """The name of the table of such rows."""
    return next(name for name, known in TABLES.items() if known is row)


def read_knowledge(*folders: Path) -> Knowledge:
    """All tables of the folders; a later folder adds rows and replaces those of the same id.

    Raises KnowledgeError; inside one folder an id stands once, nothing else lies there than tables
    (and what is hidden, or a README), and a table that is there has a row.
    """
    found: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
    added: dict[str, frozenset[str]] = {}
    read: list[FolderRead] = []
    for folder in folders:
        tables = _tables(folder)
        replacements = []
        for name, rows in tables.items():
            before = found[name]
            replacements += [Replacement(name, before[i], rows[i]) for i in rows if i in before]
            found[name] |= rows
            if read:
                added[name] = added.get(name, frozenset()) | rows.keys()
        numbers = {name: len(rows) for name, rows in tables.items()}
        read.append(FolderRead(folder, MappingProxyType(numbers), tuple(replacements)))
    whole = MappingProxyType({name: MappingProxyType(rows) for name, rows in found.items()})
    return Knowledge(whole, tuple(read), MappingProxyType(added))


def _tables(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows of one folder by table, in the order of TABLES."""
    for path in _inside(folder):
        if path.name not in TABLES or not path.is_dir():
            what = f"a folder for each table is expected, named {', '.join(TABLES)}"
            raise KnowledgeError(f"{path}: it is not read; {what}")
    there = [name for name in TABLES if (folder / name).is_dir()]
    if not there:
        raise KnowledgeError(f"{folder}: there is no table in it")
    return {name: _table(name, folder / name) for name in there}


def _table(name: str, folder: Path) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for path in _inside(folder):
        if path.suffix != ".csv" or path.is_dir():
            raise KnowledgeError(f"{path}: it is not read; the name of a file ends in .csv")
        rows: Iterator[Any] = read_rows(TABLES[name], path)
        for one in rows:
            if one.id in own:
                raise KnowledgeError(f"{path}: {one.id!r} stands twice")
            own[one.id] = one
    if not own:
        raise KnowledgeError(f"{folder}: there is no row in it")
    return own


def _inside(folder: Path) -> list[Path]:
    """What lies in a folder, in order, without what is hidden and a README."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise KnowledgeError(f"{folder}: it cannot be read: {error.strerror}") from error
    return [path for path in paths if not _is_aside(path)]


def _is_aside(path: Path) -> bool:
    is_readme = path.stem.upper() == "README" and path.suffix.lower() != ".csv"
    return path.name.startswith(".") or is_readme


@cache
def knowledge() -> Knowledge:
    """The committed tables, read and checked once a process."""
    return read_knowledge(FOLDER)
