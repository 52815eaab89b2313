"""Loads a site's RxNorm release, and projects again what may read differently by it."""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self, cast

from django.db import OperationalError, transaction

from patients.models import Resource, RxNormConcept, RxNormRelease
from patients.selectors.rxnorm import release_in_force
from patients.services import local_meanings
from patients.services.ingest import LOST_RACES
from patients.services.medications import DEPENDANTS
from patients.services.rebuild import rebuild_batch
from patients.signals import twins_changed
from patients.terminology.rxnorm_drugs import Drugs, drugs_of
from patients.terminology.rxnorm_rrf import RXNCONSO, RXNREL, RXNSAT, RrfError, read

FILES = (RXNCONSO, RXNREL, RXNSAT)
SOURCES = "RXNSAB.RRF"
ROWS = 5000
BATCH = 1000
ATTEMPTS = 5
_IN_NAME = re.compile(r"(\d{8})(?!\d)")


class ReleaseError(Exception):
    """The release cannot be loaded; the message says why, and where."""


@dataclass(frozen=True)
class Loaded:
    """A release that is in force now. `drugs` is None when it was before: nothing was read."""

    release: RxNormRelease
    drugs: Drugs | None


class Folder:
    """The files of a release in a folder or a ZIP archive, in its root or under `rrf`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = _archive(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of: object) -> None:
        if self.archive is not None:
            self.archive.close()

    def has(self, name: str) -> bool:
        return self._place(name) is not None

    def opened(self, name: str) -> BinaryIO:
        place = self._place(name)
        if place is None:
            raise ReleaseError(f"{self.path}: there is no {name}, nor rrf/{name}")
        if self.archive is not None:
            try:
                return cast(BinaryIO, self.archive.open(place))
            except RuntimeError as error:  # encrypted, or packed by an unknown method
                raise ReleaseError(f"{name}: it cannot be unpacked ({error})") from error
        return (self.path / place).open("rb")

    @contextmanager
    def bytes(self, name: str) -> Iterator[BinaryIO]:
        """Its bytes. An archive that is damaged is a ReleaseError."""
        try:
            with self.opened(name) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise ReleaseError(f"{name}: it cannot be read ({error})") from error

    @contextmanager
    def text(self, name: str) -> Iterator[Iterable[str]]:
        """Its lines. An encoding that is damaged is a ReleaseError too."""
        try:
            with (
                self.bytes(name) as stream,
                io.TextIOWrapper(stream, encoding="utf-8", newline="\n") as lines,
            ):
                yield lines
        except UnicodeDecodeError as error:
            raise ReleaseError(f"{name}: it is not UTF-8 ({error.reason})") from error

    def _place(self, name: str) -> str | None:
        for place in (name, f"rrf/{name}"):
            if self.archive is None and (self.path / place).is_file():
                return place
            if self.archive is not None and place in self.archive.NameToInfo:
                return place
        return None


def _archive(path: Path) -> zipfile.ZipFile | None:
    if path.is_dir():
        return None
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise ReleaseError(f"{path} is neither a folder nor a ZIP archive") from error


def load_release(path: Path, *, name: str = "", now: datetime) -> Loaded:
    """Put the release in the place of the one before, in one transaction.

    A release whose files are those of the one in force is left as it is.

    Raises:
        ReleaseError: a file is missing or malformed, its name is not known, or facts are being
            projected and do not pause for it.
    """
    with Folder(path) as folder:
        digest = _digest(folder)
        newest = release_in_force()
        if newest is not None and newest.sha256 == digest:
            return Loaded(newest, None)
        try:
            with ExitStack() as opened:
                drugs = drugs_of(read(*(opened.enter_context(folder.text(file)) for file in FILES)))
        except RrfError as error:
            raise ReleaseError(str(error)) from error
        # asked last: a release that cannot be read needs no name
        name = name or _name_of(folder)
    try:
        return Loaded(_store(drugs, name, digest, now), drugs)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") not in LOST_RACES:
            raise
        raise ReleaseError("Too much is being stored right now. Nothing was loaded.") from error


def _name_of(folder: Folder) -> str:
    """As the release calls itself (RXNSAB), else the date in the name of the archive."""
    if folder.has(SOURCES):
        with folder.text(SOURCES) as lines:
            for fields in (line.split("|") for line in lines):
                if len(fields) > 3 and fields[3] == "RXNORM" and fields[2]:
                    return fields[2]
    found = _IN_NAME.search(folder.path.stem)
    if found is None:
        raise ReleaseError("Which release is it? Say so with --release.")
    return f"RxNorm {found[1]}"


def _digest(folder: Folder) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        with folder.bytes(name) as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


@transaction.atomic
def _store(drugs: Drugs, name: str, digest: str, now: datetime) -> RxNormRelease:
    """What is written here nobody sees before the end: the lock need not come first."""
    release = RxNormRelease.objects.create(
        name=name[:100], sha256=digest, imported_at=now, concepts=len(drugs.found)
    )
    rows = (
        RxNormConcept(
            release=release,
            rxcui=drug.rxcui,
            term_type=drug.term_type,
            name=drug.name,
            ingredients=list(drug.ingredients),
            atc=list(drug.atc),
            strength_mg=drug.strength_mg,
            classes=list(drug.classes),
        )
        for drug in drugs.found
    )
    RxNormConcept.objects.bulk_create(rows, batch_size=ROWS)
    RxNormConcept.objects.exclude(release=release).delete()
    local_meanings.take()
    return release


def project_medications_again(
    *, now: datetime, progress: Callable[[int], None] = lambda _: None
) -> set[int]:
    """Every medication resource by what is in force now; the twins whose facts changed.

    Safe to stop and to run again: each batch is one transaction, and what was projected already is
    found unchanged.
    """
    changed: set[int] = set()
    last = 0
    while True:
        rows = Resource.objects.filter(
            pk__gt=last, type__in=DEPENDANTS, patient__isnull=False, deleted=False
        )
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return changed
        changed |= _project(keys, now)
        last = keys[-1]
        progress(len(keys))


def _project(keys: list[int], now: datetime) -> set[int]:
    """One batch; again if it loses a race, for an ingest may lock in another order."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _project_once(keys, now)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in LOST_RACES:
                raise
    return _project_once(keys, now)


@transaction.atomic
def _project_once(keys: list[int], now: datetime) -> set[int]:
    differing = rebuild_batch(keys, now)
    if differing:
        wake = partial(twins_changed.send_robust, sender=None, patient_ids=sorted(differing))
        transaction.on_commit(wake)
    return differing


def counted(drugs: Drugs) -> Iterable[str]:
    """What was loaded, in words."""
    classed = sum(1 for drug in drugs.found if drug.classes)
    yield f"{len(drugs.found)} drugs and ingredients, {classed} of them of a known class"
    if drugs.without_ingredients:
        yield (
            f"{len(drugs.without_ingredients)} concepts left out: their relations do not lead to"
            " all of their ingredients"
        )
