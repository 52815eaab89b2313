"""Text of tables as it comes in (maybe gzip, tabs or commas) and as it is stored.

Faults are NetworkError, whose words may name genes and cell types of a patient: for the page of
that patient, never for a log.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Sequence

from models_engine.catalogue.treatment.network.identifiers import NetworkError
from models_engine.catalogue.treatment.network.tables import rows

GZIP = b"\x1f\x8b"


def text_of(content: bytes, *, most: int) -> str:
    """Unpacked and decoded. Raises NetworkError: more than `most` bytes, broken gzip, no UTF-8."""
    if content.startswith(GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise NetworkError(f"the gzip file is broken: {error}") from error
    if len(content) > most:
        raise NetworkError(f"larger than {most / 2**20:,.0f} MiB unpacked")
    if not content.strip():
        raise NetworkError("the file is empty")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise NetworkError(f"line {line}: the text is not UTF-8") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise NetworkError(f"line {line}: not a text file")
    return text


def lines(text: str) -> io.StringIO:
    """For a reader: a line break inside quotes stays one."""
    return io.StringIO(text, newline="")


def delimiter_of(text: str) -> str:
    """A tab where the header has one, else a comma."""
    return "\t" if "\t" in text.partition("\n")[0] else ","


def has_column(text: str, name: str) -> bool:
    header = next(csv.reader(lines(text.partition("\n")[0]), delimiter=delimiter_of(text)), [])
    return name in [column.strip() for column in header]


def packed(text: str, given: Sequence[str], stored: Sequence[str], table: str) -> bytes:
    """The columns `given` of a text that was read without a fault, under the names `stored`."""
    return packed_rows(
        stored, (values for _, values in rows(lines(text), given, table, delimiter_of(text)))
    )


def packed_rows(header: Sequence[str], values: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(header)
    writer.writerows(values)
    # no time of day in it: the same table is the same bytes
    return gzip.compress(out.getvalue().encode(), mtime=0)


def unpacked(content: bytes | memoryview) -> io.StringIO:
    """Lines of what `packed` made."""
    return lines(gzip.decompress(bytes(content)).decode())
