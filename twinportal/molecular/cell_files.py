"""AnnData files of a twin: kept in pieces, read and computed by a worker, gone when that is done."""

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from patients import audit
from patients.models import Patient
from patients.services.session_locks import alone
from twinportal.molecular import anndata_reading, expression
from twinportal.molecular.anndata_reading import SIGNATURE, Choice
from twinportal.molecular.models import CellFile, CellFilePart, ExpressionSet
from twinportal.molecular.stored_text import packed_rows

log = logging.getLogger(__name__)
State = CellFile.State
OPEN = (State.READING, State.COMPUTING)
LOCK = 7011
PATIENCE = timedelta(minutes=10)
MOST_ATTEMPTS = 3
MOST_OF_A_TWIN = 3
PART_BYTES = 4 * 2**20


class Gone(Exception):
    """The file was deleted while a worker had it in hand."""


@transaction.atomic
def keep(
    *,
    patient: Patient,
    chunks: Iterable[bytes],
    file_name: str,
    name: str,
    system: GeneSystem,
    sampled_on: date | None,
    by: Any,
    now: datetime,
) -> CellFile:
    """Store the file for a worker. Raises NetworkError; nothing is stored then."""
    Patient.objects.select_for_update().get(pk=patient.pk)
    if CellFile.objects.about(patient.pk).exclude(state=State.DONE).count() >= MOST_OF_A_TWIN:
        raise NetworkError(f"{MOST_OF_A_TWIN} AnnData files of this twin wait: delete one first")
    row = CellFile.objects.create(
        patient=patient,
        name=name,
        system=system.name.lower(),
        sampled_on=sampled_on,
        file_name=file_name[-200:],
        size=0,
        sha256="",
        added_by=by,
        added_at=now,
        worked_at=now,
    )
    digest, size = sha256(), 0
    for number, content in enumerate(chunks):
        if number == 0 and not content.startswith(SIGNATURE):
            raise NetworkError("this is no AnnData file: it is not HDF5")
        size += len(content)
        if size > settings.MOLECULAR_MAX_H5AD_BYTES:
            raise NetworkError(f"larger than {settings.MOLECULAR_MAX_H5AD_BYTES / 2**20:,.0f} MiB")
        digest.update(content)
        CellFilePart.objects.create(file=row, number=number, content=content)
    if not size:
        raise NetworkError("the file is empty")
    row.size, row.sha256 = size, digest.hexdigest()
    row.save(update_fields=["size", "sha256"])
    transaction.on_commit(partial(wake, row.pk))
    return row


def choose(row: CellFile, choice: Choice, *, now: datetime) -> bool:
    """Have it computed; whether it was waiting for a choice."""
    waiting = CellFile.objects.filter(pk=row.pk, state=State.CHOOSE)
    is_mine = waiting.update(
        state=State.COMPUTING, choice=asdict(choice), error="", attempts=0, worked_at=now
    )
    if is_mine:
        transaction.on_commit(partial(wake, row.pk))
    return bool(is_mine)


def wake(file_id: int) -> None:
    """Tell a worker; with the broker down the sweep finds the file."""
    from twinportal.molecular.tasks import work_on_cells

    try:
        work_on_cells.delay(file_id)
    except OperationalError:
        log.warning("the broker is down; the sweep will find the file")


def waiting(*, now: datetime) -> list[int]:
    """Files that a worker should have in hand and of which nobody has heard lately."""
    quiet = CellFile.objects.filter(state__in=OPEN, worked_at__lt=now - PATIENCE)
    found = list(quiet.order_by("added_at").values_list("pk", flat=True))
    CellFile.objects.filter(pk__in=found).update(worked_at=now)
    return found


def expire(*, now: datetime) -> int:
    """Forget files that nobody has gone on with: they are patient data."""
    before = now - timedelta(hours=settings.BULK_FILE_HOURS)
    over = CellFile.objects.filter(worked_at__lt=before).exclude(state__in=OPEN)
    for row in over:
        row.delete()
        audit.record(
            actor_kind="system",
            actor="molecular",
            action="delete",
            what="AnnData file",
            detail=str(row.public_id),
            patient_ids=[row.patient_id],
        )
    return len(over)


def work(file_id: int) -> None:
    """Read or compute, unless somebody does. Harmless when it comes twice or late."""
    with alone(LOCK, file_id) as is_mine:
        is_open = CellFile.objects.filter(pk=file_id, state__in=OPEN)
        if not is_mine or not is_open.update(
            attempts=F("attempts") + 1, worked_at=timezone.now(), done=0
        ):
            return
        row = CellFile.objects.filter(pk=file_id).select_related("patient", "added_by").first()
        if row is None:
            return
        if row.attempts > MOST_ATTEMPTS:
            why = row.error or "the worker was lost each time, perhaps for want of memory"
            _refuse(row, f"Begun {MOST_ATTEMPTS} times and never ended: {why}.")
            return
        try:
            with _on_disk(row) as path:
                if row.state == State.READING:
                    _read(row, path)
                else:
                    _compute(row, path)
        except Gone:
            log.info("a file of cells was deleted while it was in hand")
        except NetworkError as error:
            _refuse(row, str(error))
        except Exception as error:
            log.error("AnnData: %s", type(error).__name__, exc_info=settings.MODE == "test")
            is_open.update(error=type(error).__name__, worked_at=timezone.now())


def _refuse(row: CellFile, why: str) -> None:
    """A wrong choice can be made again; a file that cannot be read stays so."""
    after = State.CHOOSE if row.state == State.COMPUTING else State.FAILED
    CellFile.objects.filter(pk=row.pk, state=row.state).update(
        state=after, error=why, worked_at=timezone.now()
    )


def _read(row: CellFile, path: Path) -> None:
    CellFile.objects.filter(pk=row.pk, state=State.READING).update(
        state=State.CHOOSE,
        holds=anndata_reading.summary_of(path),
        error="",
        worked_at=timezone.now(),
    )


def _compute(row: CellFile, path: Path) -> None:
    system = GeneSystem[row.system.upper()]
    rows, method = anndata_reading.table_of(path, Choice(**row.choice), system, _progress(row.pk))
    if not rows:
        raise NetworkError("nothing could be tested: " + " ".join(method["warnings"][1:]))
    method["shown"].append(["File", f"{row.file_name}, SHA-256 {row.sha256}"])
    with transaction.atomic():
        still_mine = CellFile.objects.select_for_update().filter(pk=row.pk, state=State.COMPUTING)
        if not still_mine.exists():
            raise Gone
        made, is_new = expression.add(
            patient=row.patient,
            content=packed_rows(expression.COLUMNS, rows),
            file_name=row.file_name,
            name=row.name,
            system=system,
            sampled_on=row.sampled_on,
            origin=ExpressionSet.Origin.ANNDATA,
            method=method,
            by=row.added_by,
            now=timezone.now(),
        )
        if is_new:
            audit.record(
                actor_kind="user",
                actor=str(row.added_by_id),
                action="create",
                what="expression",
                detail=str(made.public_id),
                patient_ids=[row.patient_id],
            )
        CellFilePart.objects.filter(file=row).delete()
        still_mine.update(state=State.DONE, expression=made, error="", worked_at=timezone.now())


def _progress(file_id: int) -> Callable[[int, int], None]:
    def told(done: int, of: int) -> None:
        mine = CellFile.objects.filter(pk=file_id, state=State.COMPUTING)
        if not mine.update(done=done, total=of, worked_at=timezone.now()):
            raise Gone

    return told


@contextmanager
def _on_disk(row: CellFile) -> Iterator[Path]:
    """The file for those who read HDF5, in a folder that nobody else reads, and gone after it."""
    digest = sha256()
    with tempfile.TemporaryDirectory(prefix="twinportal-cells-") as folder:
        path = Path(folder) / "cells.h5ad"
        numbers = list(row.parts.order_by("number").values_list("number", flat=True))
        with path.open("wb") as file:
            for number in numbers:
                content = bytes(row.parts.values_list("content", flat=True).get(number=number))
                digest.update(content)
                file.write(content)
        if digest.hexdigest() != row.sha256:
            raise NetworkError("the file is not what was uploaded: its checksum differs")
        yield path
