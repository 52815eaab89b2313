"""Exports by real workers: killed in the midst of a page, woken by nobody, and done all the same."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from celery import current_app
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.utils import timezone

from patients.models import BulkFile, BulkJob
from tests.factories import fhir
from tests.integration.conftest import Worker, database_url, wait_until
from tests.integration.fhir.bulk import (
    address_of,
    export,
    job_of,
    keys,
    kick_off,
    lines_of,
    manifest_of,
    stored,
)
from tests.integration.fhir.calls import post
from twinportal import embedded, tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
StartWorker = Callable[..., Worker]
# several pages of one type
MANY = 9_000
QUEUES = "celery,bulk"
GATE = 993
WAIT_AT_GATE = f"""
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NEW; END $$;
    CREATE TRIGGER gate BEFORE INSERT OR UPDATE ON patients_bulkfile
    FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
"""
NO_GATE = "DROP TRIGGER gate ON patients_bulkfile; DROP FUNCTION wait_at_gate();"
# one resource again and again, under other ids
REPEAT = """
    WITH one AS (
        SELECT r.*, v.content, v.method, v.recorded_at
        FROM patients_resource r JOIN patients_resourceversion v ON v.resource_id = r.id
        WHERE r.type = 'Observation' ORDER BY r.id LIMIT 1
    ), made AS (
        INSERT INTO patients_resource (type, fhir_id, version, content_hash, deleted, last_updated,
            patient_id, tokens, refs, date_low, date_high, search_values)
        SELECT type, 'many-' || n, 1, content_hash, false, last_updated, patient_id, tokens, refs,
            date_low, date_high, search_values
        FROM one, generate_series(1, %s) n RETURNING id, fhir_id
    )
    INSERT INTO patients_resourceversion (resource_id, version, content, method, recorded_at,
        source, request_id)
    SELECT made.id, 1, replace(content, one.fhir_id, made.fhir_id), method, recorded_at, '', ''
    FROM one, made
"""


@pytest.fixture
def empty_queues() -> None:
    """Wake-ups of earlier tests speak of rows that are gone."""
    with current_app.connection_for_write() as broker:
        for queue in ("celery", "bulk"):
            broker.default_channel.queue_declare(queue)
            broker.default_channel.queue_purge(queue)


@pytest.fixture
def many(ehr: Client) -> Client:
    only = [fhir.patient("p1"), fhir.quantity("one-of-many", "2093-3", 200, "mg/dL")]
    assert post(ehr, "", fhir.transaction(only)).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute(REPEAT, [MANY])
    return ehr


@pytest.fixture
def gate(ehr: Client) -> Iterator[None]:
    """Whoever tells the database of a file waits while somebody else holds the lock GATE."""
    with connection.cursor() as cursor:
        cursor.execute(WAIT_AT_GATE)
    yield
    with connection.cursor() as cursor:
        cursor.execute(NO_GATE)


@contextmanager
def nobody_commits() -> Iterator[None]:
    """A worker that has written a page waits here with telling the database. This is no
    transaction, for which an export would wait before it begins.
    """
    with psycopg.connect(database_url(), autocommit=True) as keeper:
        keeper.execute("SELECT pg_advisory_lock(%s)", [GATE])
        yield


class Keeper:
    """Holds the gate, and can let one page through before it holds it again."""

    def __init__(self) -> None:
        self.sessions = [psycopg.connect(database_url(), autocommit=True) for _ in range(2)]

    def hold(self) -> None:
        self.sessions[0].execute("SELECT pg_advisory_lock(%s)", [GATE])

    def let_one_through(self) -> None:
        """Locks are given in the order in which they were asked for: the second session is
        behind the page that waits, and before the next one.
        """
        first, second = self.sessions
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(second.execute, "SELECT pg_advisory_lock(%s)", [GATE])
            wait_until(lambda: waiting() == 2, "the keeper stands in the queue")
            first.execute("SELECT pg_advisory_unlock(%s)", [GATE])
            asked.result()
        self.sessions.reverse()
        wait_until(somebody_waits, "the next page waits")

    def release(self) -> None:
        for session in self.sessions:
            session.close()


def somebody_waits() -> bool:
    return waiting() > 0


def waiting() -> int:
    with psycopg.connect(database_url()) as other:
        row = other.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
            " AND objid = %s",
            [GATE],
        ).fetchone()
    return int(row[0]) if row else 0


def size_of(address: str) -> tuple[int, int]:
    """Bytes of the Observations' file on the disk, and as committed."""
    path = Path(configured.BULK_DIR) / address.rpartition("/")[2] / "Observation.1.ndjson"
    committed = BulkFile.objects.filter(job=job_of(address), name=path.name)
    known = committed.values_list("size", flat=True).first()
    return (path.stat().st_size if path.exists() else 0), known or 0


def sweep(address: str) -> None:
    """As beat does when the job has been quiet."""
    BulkJob.objects.filter(pk=job_of(address).pk).update(
        created_at=timezone.now() - timedelta(minutes=5),
        worked_at=timezone.now() - timedelta(minutes=5),
    )
    tasks.sweep_bulk_jobs.delay()


def is_complete(address: str) -> bool:
    return job_of(address).state == BulkJob.State.COMPLETE


def test_killed_with_a_page_on_the_disk(
    many: Client, start_worker: StartWorker, empty_queues: None, gate: None
) -> None:
    before = stored()
    worker = start_worker(queues=QUEUES)
    with nobody_commits():
        address = address_of(kick_off(many, "/$export?_type=Observation,Patient,Provenance"))
        wait_until(somebody_waits, "the first page waits to be committed")
        on_disk, committed = size_of(address)
        assert on_disk > committed == 0
        worker.kill()
    for _ in range(3):
        wait_until(lambda: not somebody_waits(), "the dead worker's statement ends")
        assert size_of(address)[1] == committed, "nothing is committed by the dead"
        (keeper := Keeper()).hold()
        worker = start_worker(queues=QUEUES)
        sweep(address)
        wait_until(somebody_waits, "a page waits")
        assert size_of(address)[0] == on_disk, "written again, and not a second time"
        keeper.let_one_through()
        on_disk, now_committed = size_of(address)
        assert on_disk > now_committed > committed
        committed = now_committed
        worker.kill()
        keeper.release()
    wait_until(lambda: not somebody_waits(), "the dead worker's statement ends")
    start_worker(queues=QUEUES)
    sweep(address)
    wait_until(lambda: is_complete(address), "another worker ends the export")
    lines = lines_of(many, manifest_of(many, address))
    assert keys(lines) == before
    assert len(lines["Observation"]) == MANY + 1


def test_two_workers_do_it_once(
    many: Client, start_worker: StartWorker, empty_queues: None
) -> None:
    start_worker(queues=QUEUES)
    start_worker(queues=QUEUES)
    address = address_of(kick_off(many))
    for _ in range(6):
        tasks.work_on_bulk_job.delay(job_of(address).pk)
    wait_until(lambda: is_complete(address), "the export ends")
    assert keys(lines_of(many, manifest_of(many, address))) == stored()


def test_a_broker_that_is_away_delays_it(
    many: Client, start_worker: StartWorker, tmp_path: Path
) -> None:
    folder = Path("/tmp") / f"tp-{tmp_path.name[-20:]}"  # noqa: S108 a socket's path must be short
    folder.mkdir(exist_ok=True)
    path = folder / "broker.sock"
    broker = embedded.spawn_redis(path, folder)
    before = current_app.conf.broker_url
    use_broker(f"redis+socket://{path}")
    try:
        broker.send_signal(signal.SIGKILL)
        broker.wait()
        address = address_of(kick_off(many))
        broker = embedded.spawn_redis(path, folder)
        start_worker(f"unix://{path}", queues=QUEUES)
        assert job_of(address).state == BulkJob.State.WAITING
        sweep(address)
        wait_until(lambda: is_complete(address), "the sweep found the job")
        assert keys(lines_of(many, manifest_of(many, address))) == stored()
    finally:
        broker.kill()
        broker.wait()
        use_broker(before)


def use_broker(url: str) -> None:
    """Point this process's Celery app at another broker, with fresh connection pools."""
    current_app.conf.broker_url = url
    current_app._pool = None
    current_app.amqp._producer_pool = None


def test_the_same_without_workers(many: Client) -> None:
    assert keys(lines_of(many, export(many))) == stored()
