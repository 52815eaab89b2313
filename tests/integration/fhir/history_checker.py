"""Judges what many clients were told at once: is there one order of versions that explains it all?

Pure functions over a log of operations and the histories found in the end. Every write must have
its own content, so that a version can be told from every other.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["write", "read"]
ABSENT = None


@dataclass(frozen=True)
class Operation:
    """What one client did to one resource between `start` and `end`, and what it was told.

    `version` is the one acknowledged to a write or shown to a read; None if the write was refused
    or the read found nothing. `content` is None for a deletion and for a read that found nothing.
    `based_on` is the version that an If-Match demanded; `adds` is what a patch appends. `group`
    names what was written in one transaction, or seen by one search.
    """

    start: float
    end: float
    kind: Kind
    resource: str
    version: int | None
    content: str | None
    based_on: int | None = None
    adds: str = ""
    group: str = ""


@dataclass(frozen=True)
class Version:
    """One entry of a history; `content` is None where the resource was deleted."""

    number: int
    content: str | None
    at: float


def faults(log: Sequence[Operation], histories: Mapping[str, Sequence[Version]]) -> list[str]:
    """In words, by resource; empty when every answer was right."""
    by_resource: dict[str, list[Operation]] = defaultdict(list)
    for operation in log:
        by_resource[operation.resource].append(operation)
    found = [
        f"{name}: {words}"
        for name in sorted(by_resource.keys() | histories.keys())
        for words in _of_resource(by_resource[name], histories.get(name, ()))
    ]
    return [*found, *_torn(log)]


def _of_resource(log: Sequence[Operation], history: Sequence[Version]) -> Iterator[str]:
    ordered = sorted(history, key=lambda version: version.number)
    contents = {version.number: version.content for version in ordered}
    writes = [o for o in log if o.kind == "write" and o.version is not None]
    reads = [o for o in log if o.kind == "read"]
    yield from _gaps(ordered)
    yield from _moments(ordered)
    yield from _acknowledged_twice(writes)
    yield from _unwritten(writes, ordered)
    yield from _refused(log, contents)
    yield from _lost(writes, contents)
    yield from _order_of_writes(writes)
    yield from _what_reads_saw(reads, contents)
    yield from _moments_of_reads(reads, writes, contents)


def _gaps(history: Sequence[Version]) -> Iterator[str]:
    numbers = [version.number for version in history]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"gap: the history has the versions {numbers}"


def _moments(history: Sequence[Version]) -> Iterator[str]:
    for one, next_one in pairwise(history):
        if next_one.at < one.at:
            yield f"out of order: version {next_one.number} is older than version {one.number}"


def _acknowledged_twice(writes: Sequence[Operation]) -> Iterator[str]:
    seen: set[int | None] = set()
    for write in writes:
        if write.version in seen:
            yield f"acknowledged twice: version {write.version}"
        seen.add(write.version)


def _unwritten(writes: Sequence[Operation], history: Sequence[Version]) -> Iterator[str]:
    acknowledged = {write.version for write in writes}
    for version in history:
        if version.number not in acknowledged:
            yield f"unwritten: nobody was told of version {version.number}"


def _refused(log: Sequence[Operation], contents: Mapping[int, str | None]) -> Iterator[str]:
    stored = {content for content in contents.values() if content is not None}
    for write in log:
        if write.kind == "write" and write.version is None and write.content in stored:
            yield f"refused and stored: {write.content!r}"


def _lost(writes: Sequence[Operation], contents: Mapping[int, str | None]) -> Iterator[str]:
    for write in writes:
        number = write.version or 0
        if number not in contents:
            yield f"unreadable: version {number} was acknowledged"
        elif contents[number] != write.content:
            yield f"lost update: version {number} was acknowledged with other content"
        if write.based_on is not None and number != write.based_on + 1:
            yield f"lost update: version {number} was to follow version {write.based_on}"
        if write.adds and write.content != f"{contents.get(number - 1)}{write.adds}":
            yield f"lost update: version {number} is not version {number - 1} and {write.adds!r}"


def _order_of_writes(writes: Sequence[Operation]) -> Iterator[str]:
    """A write that began after another was acknowledged has the later version."""
    for write in writes:
        before = _newest(writes, write.start)
        if (write.version or 0) <= before and before != write.version:
            yield f"out of order: version {write.version} was begun after version {before} was told"


def _what_reads_saw(
    reads: Sequence[Operation], contents: Mapping[int, str | None]
) -> Iterator[str]:
    for read in reads:
        if read.version is not None and contents.get(read.version, ABSENT) != read.content:
            yield f"phantom: a read saw what version {read.version} never was"


def _moments_of_reads(
    reads: Sequence[Operation], writes: Sequence[Operation], contents: Mapping[int, str | None]
) -> Iterator[str]:
    """A read sees nothing older than what anybody was told before, and nothing of its future."""
    told = [*writes, *(read for read in reads if read.version is not None)]
    for read in reads:
        oldest = _newest(told, read.start)
        newest = min((w.version or 0 for w in writes if w.start > read.end), default=None)
        if read.version is None:
            possible = {0, *(n for n, content in contents.items() if content is None)}
        else:
            possible = {read.version}
        if not any(number >= oldest for number in possible):
            seen = read.version if read.version is not None else "nothing"
            yield f"stale read: {seen} after version {oldest} was told"
        elif newest is not None and not any(oldest <= number < newest for number in possible):
            yield f"read of the future: {read.version} before version {newest} was begun"


def _newest(log: Sequence[Operation], moment: float) -> int:
    """The newest version that anybody was told of before this moment; 0 if none."""
    return max((o.version or 0 for o in log if o.end < moment), default=0)


def _torn(log: Sequence[Operation]) -> Iterator[str]:
    """A search sees all of a transaction or nothing of it."""
    written: dict[str, dict[str, int]] = defaultdict(dict)
    seen: dict[str, dict[str, int]] = defaultdict(dict)
    for one in log:
        if one.group and one.version is not None:
            (written if one.kind == "write" else seen)[one.group][one.resource] = one.version
    for search, versions in seen.items():
        for transaction, parts in written.items():
            both = versions.keys() & parts.keys()
            if len({versions[name] >= parts[name] for name in both}) > 1:
                yield f"torn: search {search} saw a part of transaction {transaction}"
