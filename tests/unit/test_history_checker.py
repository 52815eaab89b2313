"""A checker that finds nothing proves nothing: each kind of fault must be found."""

import random
from dataclasses import replace

import pytest

from tests.integration.fhir.history_checker import Operation, Version, faults

R = "Observation/o"
Log = list[Operation]


def write(start: float, version: int | None, content: str | None, **more: object) -> Operation:
    return Operation(start, start + 1, "write", R, version, content, **more)  # type: ignore[arg-type]


def read(start: float, version: int | None, content: str | None) -> Operation:
    return Operation(start, start + 1, "read", R, version, content)


def history(*contents: str | None) -> list[Version]:
    return [Version(n, content, float(n)) for n, content in enumerate(contents, 1)]


def found(log: Log, versions: list[Version]) -> list[str]:
    """The names of the faults."""
    return [words.removeprefix(f"{R}: ").split(":")[0] for words in faults(log, {R: versions})]


FAULTLESS = [
    write(0, 1, "a"),
    read(2, 1, "a"),
    write(4, 2, "b", based_on=1),
    write(6, 3, "b+c", adds="+c"),
    write(8, 4, None),
    read(10, None, None),
    write(12, 5, "d"),
]
STORED = history("a", "b", "b+c", None, "d")


def test_what_is_right_has_no_fault() -> None:
    assert found(FAULTLESS, STORED) == []


def test_what_overlaps_may_be_in_any_order() -> None:
    log = [replace(operation, start=0, end=99) for operation in FAULTLESS]
    assert found(log, STORED) == []


def test_a_read_during_a_write_may_see_either() -> None:
    long_write = replace(write(2, 2, "b"), end=9)
    for seen in (read(4, 1, "a"), read(4, 2, "b")):
        assert found([write(0, 1, "a"), long_write, seen], history("a", "b")) == []


@pytest.mark.parametrize(
    ("log", "versions", "fault"),
    [
        pytest.param(
            [write(0, 1, "a"), write(2, 2, "b")], history("a", "x"), "lost update", id="overwritten"
        ),
        pytest.param(
            [write(0, 1, "a"), write(2, 2, "b"), write(4, 3, "c", based_on=1)],
            history("a", "b", "c"),
            "lost update",
            id="If-Match of an older version",
        ),
        pytest.param(
            [write(0, 1, "a"), write(2, 2, "a+b", adds="+b"), write(4, 3, "a+c", adds="+c")],
            history("a", "a+b", "a+c"),
            "lost update",
            id="a patch of an older version",
        ),
        pytest.param(
            [write(0, 1, "a"), write(2, 3, "b")],
            [Version(1, "a", 1), Version(3, "b", 3)],
            "gap",
            id="gap",
        ),
        pytest.param(
            [replace(write(0, 1, "a"), end=9), write(2, 1, "b")],
            history("a"),
            "acknowledged twice",
            id="one version, two writers",
        ),
        pytest.param(
            [write(0, 1, "a"), write(2, 2, "b")], history("a"), "unreadable", id="unreadable"
        ),
        pytest.param([write(0, 1, "a")], history("a", "b"), "unwritten", id="nobody's version"),
        pytest.param(
            [write(0, 1, "a"), write(2, None, "b")],
            history("a", "b"),
            "refused and stored",
            id="refused and stored",
        ),
        pytest.param(
            [write(0, 1, "a"), write(2, 2, "b"), read(4, 1, "a")],
            history("a", "b"),
            "stale read",
            id="stale after a write",
        ),
        pytest.param(
            [write(0, 1, "a"), replace(write(2, 2, "b"), end=9), read(3, 2, "b"), read(5, 1, "a")],
            history("a", "b"),
            "stale read",
            id="stale after another's read",
        ),
        pytest.param(
            [write(0, 1, "a"), read(2, None, None)], history("a"), "stale read", id="not found"
        ),
        pytest.param(
            [write(0, 1, "a"), write(2, 2, None), read(4, 1, "a")],
            history("a", None),
            "stale read",
            id="seen after the deletion",
        ),
        pytest.param(
            [read(0, 1, "a"), write(2, 1, "a")],
            history("a"),
            "read of the future",
            id="read of the future",
        ),
        pytest.param(
            [write(0, 1, "a"), read(2, 1, "x")], history("a"), "phantom", id="never written"
        ),
        pytest.param(
            [write(0, 2, "b"), write(2, 1, "a")],
            history("a", "b"),
            "out of order",
            id="versions against real time",
        ),
        pytest.param(
            [write(0, 1, "a"), write(2, 2, "b")],
            [Version(1, "a", 5.0), Version(2, "b", 4.0)],
            "out of order",
            id="moments against versions",
        ),
    ],
)
def test_a_fault_is_found(log: Log, versions: list[Version], fault: str) -> None:
    assert fault in found(log, versions)


def test_a_resource_with_no_history_at_all() -> None:
    assert "unreadable" in " ".join(faults([write(0, 1, "a")], {}))


def test_a_torn_transaction_is_found() -> None:
    log = [
        *(replace(write(0, 1, f"a{r}"), resource=r) for r in ("x", "y")),
        *(replace(write(2, 2, f"b{r}"), end=9, resource=r, group="t") for r in ("x", "y")),
    ]
    histories = {r: history(f"a{r}", f"b{r}") for r in ("x", "y")}
    whole = [replace(read(4, 2, f"b{r}"), resource=r, group="s") for r in ("x", "y")]
    assert faults([*log, *whole], histories) == []
    torn = [whole[0], replace(read(4, 1, "ay"), resource="y", group="s")]
    assert faults([*log, *torn], histories) == ["torn: search s saw a part of transaction t"]


def right_run(chance: random.Random) -> tuple[Log, list[Version]]:
    """What clients of a faultless store are told: each operation takes place at one moment."""
    log: Log = []
    versions: list[Version] = []
    for moment in range(1, 40):
        start, end = moment - chance.uniform(0, 5), moment + chance.uniform(0, 5)
        if chance.random() < 0.5:
            content = None if versions and chance.random() < 0.2 else f"w{moment}"
            versions.append(Version(len(versions) + 1, content, float(moment)))
            log.append(Operation(start, end, "write", R, len(versions), content))
        elif versions and versions[-1].content is not None:
            log.append(Operation(start, end, "read", R, len(versions), versions[-1].content))
        else:
            log.append(Operation(start, end, "read", R, None, None))
    return log, versions


@pytest.mark.parametrize("seed", range(50))
def test_no_fault_is_found_where_there_is_none(seed: int) -> None:
    log, versions = right_run(random.Random(seed))
    assert faults(log, {R: versions}) == []


@pytest.mark.parametrize("seed", range(50))
def test_a_forgotten_version_is_found(seed: int) -> None:
    log, versions = right_run(random.Random(seed))
    forgotten = versions[: -1 - seed % 3]
    assert "unreadable" in found(log, forgotten)
