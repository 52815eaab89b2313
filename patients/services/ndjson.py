"""Lines of NDJSON, each with its place, and never more of one in memory than is allowed."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

PIECE = 1024 * 1024


@dataclass(frozen=True)
class Line:
    """`number` from 1; `offset` in bytes from the start of the text. `size` counts the line's end,
    `length` does not. `raw` is None for a line that is too long, and has no end otherwise.
    """

    number: int
    offset: int
    size: int
    length: int
    raw: bytes | None

    @property
    def is_blank(self) -> bool:
        return self.raw is not None and not self.raw.strip()


def lines(stream: IO[bytes], *, limit: int, number: int = 1, offset: int = 0) -> Iterator[Line]:
    """The lines from here on; the stream stands at `offset`, where line `number` begins.

    Some editors begin a file with a byte order mark, which is no JSON.
    """
    while begun := stream.readline(limit + 1):
        is_long = len(begun) > limit
        size, last = _to_the_end(stream, begun) if is_long else (len(begun), begun)
        length = size - (2 if last.endswith(b"\r\n") else int(last.endswith(b"\n")))
        raw = None if is_long else begun[:length]
        if raw is not None and not offset:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        yield Line(number, offset, size, length, raw)
        number, offset = number + 1, offset + size


def _to_the_end(stream: IO[bytes], begun: bytes) -> tuple[int, bytes]:
    """Size of a line that is not kept, and its last bytes."""
    size, last = len(begun), begun[-2:]
    while not last.endswith(b"\n") and (piece := stream.readline(PIECE)):
        size, last = size + len(piece), (last + piece)[-2:]
    return size, last
