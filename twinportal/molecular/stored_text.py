"""Text of tables as it comes in (maybe gzip, tabs or commas) and as it is stored.

Faults are NetworkError, whose words may name genes and cell types of a patient: for the page of
that patient, never for a log.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TextIO

from models_engine.catalogue.treatment.network.identifiers import NetworkError
from models_engine.catalogue.treatment.network.tables import rows

GZIP = b"\x1f\x8b"
CHUNK = 2**20


def text_of(content: bytes, *, most: int) -> str:
    """Unpacked and decoded. Raises NetworkError: more than `most` bytes, broken gzip, no UTF-8."""
    check_text(content, most=most)
    with streamed(content) as text:
        return text.read()


def check_text(content: bytes, *, most: int) -> None:
    """Raises what `text_of` does; only a piece of the text is ever in memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = line = 0
    is_empty = True
    for chunk in chain(_chunks(content), [b""]):
        size += len(chunk)
        if size > most:
            raise NetworkError(f"larger than {most / 2**20:,.0f} MiB unpacked")
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n") + 1
            raise NetworkError(f"line {line}: the text is not UTF-8") from error
        if "\0" in text:
            line += text[: text.index("\0")].count("\n") + 1
            raise NetworkError(f"line {line}: not a text file")
        line += text.count("\n")
        is_empty = is_empty and not text.strip("\ufeff \t\r\n\v\f")
    if is_empty:
        raise NetworkError("the file is empty")


def _chunks(content: bytes) -> Iterator[bytes]:
    with _unpacking(content) as file:
        try:
            while chunk := file.read(CHUNK):
                yield chunk
        except (OSError, EOFError, zlib.error) as error:
            raise NetworkError(f"the gzip file is broken: {error}") from error


def _unpacking(content: bytes) -> io.BytesIO | gzip.GzipFile:
    packed = io.BytesIO(content)
    return gzip.GzipFile(fileobj=packed) if content.startswith(GZIP) else packed


def streamed(content: bytes) -> TextIO:
    """The lines of what `check_text` let pass; a line break inside quotes stays one."""
    return io.TextIOWrapper(_unpacking(content), encoding="utf-8-sig", newline="")


def header_of(content: bytes) -> str:
    """The first line."""
    with streamed(content) as text:
        return text.readline()


def lines(text: str) -> io.StringIO:
    """For a reader: a line break inside quotes stays one."""
    return io.StringIO(text, newline="")


def delimiter_of(text: str) -> str:
    """A tab where the header has one, else a comma."""
    return "\t" if "\t" in text.partition("\n")[0] else ","


def has_column(text: str, name: str) -> bool:
    header = next(csv.reader(lines(text.partition("\n")[0]), delimiter=delimiter_of(text)), [])
    return name in [column.strip() for column in header]


def packed(
    text: Iterable[str], delimiter: str, given: Sequence[str], stored: Sequence[str], table: str
) -> bytes:
    """The columns `given` of a text that was read without a fault, under the names `stored`."""
    return packed_rows(stored, (values for _, values in rows(text, given, table, delimiter)))


def packed_rows(header: Sequence[str], values: Iterable[Sequence[str]]) -> bytes:
    out = io.BytesIO()
    # no time of day in it: the same table is the same bytes
    with (
        gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0) as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(values)
    return out.getvalue()


def unpacked(content: bytes | memoryview) -> TextIO:
    """Lines of what `packed` made."""
    file = gzip.GzipFile(fileobj=io.BytesIO(content))
    return io.TextIOWrapper(file, encoding="utf-8", newline="")
