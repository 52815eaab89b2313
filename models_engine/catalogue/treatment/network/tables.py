"""Delimited text as rows with line numbers; every fault names its line."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError

if TYPE_CHECKING:
    import _csv

SHOWN = 5
MOST_ROWS = 5_000_000


@dataclass
class Faults:
    """Faults of one table, told together so that a file is repaired in one go."""

    table: str
    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, line: int, what: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(f"line {line}: {what}")

    def refuse_any(self) -> None:
        if self.count:
            rest = self.count - len(self.first)
            more = f"; and {rest} more" if rest else ""
            raise NetworkError(f"{self.table}: {'; '.join(self.first)}{more}")


def rows(
    lines: Iterable[str], columns: Sequence[str], table: str, delimiter: str = "\t"
) -> Iterator[tuple[int, list[str]]]:
    """(line number, the values of `columns`, stripped) of each row; a header is required.

    Raises NetworkError for a missing or doubled column, a row of another length, a quotation that
    does not end, and more than 5,000,000 rows.
    """
    try:
        yield from _rows(csv.reader(lines, delimiter=delimiter, strict=True), columns, table)
    except csv.Error as error:
        raise NetworkError(f"{table}: {error}") from error


def _rows(
    reader: "_csv.Reader", columns: Sequence[str], table: str
) -> Iterator[tuple[int, list[str]]]:
    header = [name.strip() for name in next(reader, [])]
    if header:
        header[0] = header[0].removeprefix("\ufeff")
    for name in columns:
        if header.count(name) != 1:
            found = ", ".join(header) or "nothing"
            raise NetworkError(f"{table}: needs one column {name!r}; the header has {found}")
    places = [header.index(name) for name in columns]
    read = 0
    for row in reader:
        if not row:
            continue
        read += 1
        if read > MOST_ROWS:
            raise NetworkError(f"{table}: more than {MOST_ROWS:,} rows")
        if len(row) != len(header):
            raise NetworkError(
                f"{table}: line {reader.line_num}: {len(row)} values under {len(header)} columns"
            )
        yield reader.line_num, [row[place].strip() for place in places]


def gene_fault(gene: str, system: GeneSystem) -> str | None:
    """Why `gene` is no identifier of the system, or None."""
    if system.accepts(gene):
        return None
    return f"{gene!r} is not a gene identifier of the system {system.name}"


def digest(lines: Iterable[str]) -> str:
    """SHA-256 of what was understood, in sorted order: the order of a file does not matter."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def positions(genes: Sequence[str]) -> Mapping[str, int]:
    return {gene: place for place, gene in enumerate(genes)}
