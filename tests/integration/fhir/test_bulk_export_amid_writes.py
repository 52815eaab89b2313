"""Exports while others write: one moment, no duplicate, no hole, and nothing lost between two."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from patients.models import BulkJob, ResourceVersion
from patients.services import bulk_export, bulk_export_moment, bulk_jobs, ingest
from patients.services.interactions import Sender
from patients.services.reception import checked_interaction
from tests.factories import fhir
from tests.integration.conftest import database_url, wait_until
from tests.integration.fhir.bulk import (
    address_of,
    deleted,
    export,
    job_of,
    keys,
    kick_off,
    lines_of,
    manifest_of,
    stored,
    work,
)
from tests.integration.fhir.calls import post, put
from tests.integration.fhir.test_kill_at_commit import gate_at_commit
from tests.integration.fhir.test_kill_at_commit import somebody_waits as somebody_commits
from tests.integration.real_server import Door, RealServer, sessions

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
Json = dict[str, Any]
WRITERS, EXPORTS, IDS = 6, 2, 12
# so that the store does not outgrow the slow look at all of it
PAUSE_SECONDS = 0.02

# between what a request has written and its being seen: what an export must wait for
SLOW_COMMITS = """
    CREATE FUNCTION commit_slowly() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(random() * 0.3); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON patients_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION commit_slowly();
"""
NO_SLOW_COMMITS = "DROP TRIGGER slowly ON patients_auditevent; DROP FUNCTION commit_slowly();"


@contextmanager
def slow_commits() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(SLOW_COMMITS)
    yield
    with connection.cursor() as cursor:
        cursor.execute(NO_SLOW_COMMITS)


@pytest.fixture
def server(ehr: Client) -> Iterator[RealServer]:
    running = RealServer()
    yield running
    running.kill()
    wait_until(lambda: sessions() == 0, "the server's sessions end")


@pytest.fixture
def door(server: RealServer, ehr: Client) -> Door:
    return Door(server.port, ehr.defaults["HTTP_AUTHORIZATION"].split()[1])


def mark(fhir_id: str, number: int, subject: str) -> Json:
    resource = fhir.quantity(fhir_id, "2093-3", 100 + number % 200, "mg/dL", subject=subject)
    return resource | {"note": [{"text": f"round {number}"}]}


def bundle(writer: int, number: int) -> Json:
    """Two resources that always say the same round, a new one, and a deletion."""
    who = f"w{writer}"
    made = fhir.transaction(
        [
            mark(f"{who}-a", number, who),
            mark(f"{who}-b", number, who),
            mark(f"{who}-{number % IDS}", number, who),
        ]
    )
    gone = {"method": "DELETE", "url": f"Observation/{who}-{(number + 5) % IDS}"}
    made["entry"].append({"request": gone})
    return made


@contextmanager
def writers(door: Door) -> Iterator[None]:
    """They write as fast as they can for as long as this lasts."""
    stopped = threading.Event()

    def write(writer: int) -> int:
        number = 0
        while not stopped.wait(PAUSE_SECONDS):
            number += 1
            assert door.send("POST", "", bundle(writer, number)).status in (200, 409)
        return number

    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(write, writer) for writer in range(WRITERS)]
        try:
            yield
        finally:
            stopped.set()
    assert min(one.result() for one in running) > EXPORTS


class Copy:
    """What a client has that takes everything once, and from then on what changed."""

    def __init__(self, ehr: Client) -> None:
        self.ehr, self.rows, self.since = ehr, {}, ""  # type: ignore[var-annotated]

    def follow(self) -> Json:
        query = f"_since={self.since}" if self.since else ""
        manifest = export(self.ehr, f"/$export?{query}")
        for key in keys(lines_of(self.ehr, manifest)):
            name, _, version = key.rpartition("/")
            self.rows[name] = version
        for name in deleted(self.ehr, manifest):
            self.rows.pop(name, None)
        self.since = manifest["transactionTime"]
        return manifest

    @property
    def keys(self) -> set[str]:
        return {f"{name}/{version}" for name, version in self.rows.items()}


def moment_of(manifest: Json) -> datetime:
    found = parse_datetime(manifest["transactionTime"])
    assert found is not None
    return found


def rounds(ehr: Client, manifest: Json) -> dict[str, set[str]]:
    """Of each writer, the rounds that its two resources are in."""
    found: dict[str, set[str]] = {}
    for row in map(json.loads, lines_of(ehr, manifest).get("Observation", [])):
        who, _, name = row["id"].partition("-")
        if name in ("a", "b"):
            found.setdefault(who, set()).add(row["note"][0]["text"])
    return found


def test_under_load_each_is_one_moment_and_together_they_are_everything(
    ehr: Client, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_export, "PAGE", 100)
    people = [fhir.patient(f"w{writer}") for writer in range(WRITERS)]
    assert post(ehr, "", fhir.transaction(people)).status_code == 200
    copy = Copy(ehr)
    with slow_commits(), writers(door):
        wait_until(lambda: ResourceVersion.objects.count() > 100, "the writers write")
        for _ in range(EXPORTS):
            whole = export(ehr)
            assert keys(lines_of(ehr, whole)) == stored(at=moment_of(whole))
            # a transaction is in it or not: never half of it
            assert {len(found) for found in rounds(ehr, whole).values()} == {1}
            changed = copy.follow()
            assert copy.keys == set(stored(at=moment_of(changed)))
    copy.follow()
    assert copy.keys == set(stored())


def test_it_waits_for_whoever_began_before(ehr: Client, door: Door) -> None:
    """A push that was recorded before the moment commits after the export was asked for."""
    put(ehr, fhir.patient("p1"))
    pushed = fhir.transaction([fhir.blood_pressure("slow", 140, 80)])
    with ThreadPoolExecutor(1) as pool:
        with gate_at_commit():
            answer = pool.submit(door.send, "POST", "", pushed)
            wait_until(somebody_commits, "the push waits in its commit")
            address = address_of(kick_off(ehr))
            BulkJob.objects.update(state="running")
            job = job_of(address)
            for _ in range(4):
                assert not bulk_export.step(job, bulk_jobs.folder(job))
            assert "todo" not in job.parameters, "nothing is read while the push is on its way"
            assert "waiting" in ehr.get(address)["X-Progress"]
        assert answer.result().status == 200
    assert work(address).state == "complete"
    assert "Observation/slow/1" in keys(lines_of(ehr, manifest_of(ehr, address)))


def test_it_does_not_wait_for_whoever_came_later(ehr: Client) -> None:
    put(ehr, fhir.patient("p1"))
    job = job_of(address_of(kick_off(ehr)))
    while "after" not in job.parameters.get("moment", {}):
        assert not bulk_export.step(job, bulk_jobs.folder(job))
    with psycopg.connect(database_url()) as later:
        later.execute("SELECT 1")
        assert bulk_export_moment.running(), "it is seen, and not waited for"
        for _ in range(3):
            bulk_export.step(job, bulk_jobs.folder(job))
        assert "todo" in job.parameters


def test_a_clock_read_long_before_its_transaction_loses_nothing(ehr: Client) -> None:
    """Recorded before the moment, begun after the export had ended."""
    put(ehr, fhir.patient("p1"))
    copy = Copy(ehr)
    first = copy.follow()
    slow = moment_of(first) - timedelta(seconds=20)
    content = fhir.blood_pressure("slow", 140, 80)
    interaction = checked_interaction("PUT", "Observation", "slow", json.dumps(content).encode())
    ingest.process([interaction], sender=Sender(source="test"), now=slow)
    version = ResourceVersion.objects.get(resource__fhir_id="slow")
    assert version.recorded_at < moment_of(first)
    assert "Observation/slow/1" not in copy.keys
    second = copy.follow()
    assert "Observation/slow/1" in copy.keys == set(stored())
    # and by those who read the manifest's time as any other moment, one hour later too
    assert moment_of(second) > moment_of(first)
    assert copy.follow()["output"] == []


def test_the_moment_is_as_exact_as_it_is_told() -> None:
    now = timezone.now().replace(microsecond=123_456)
    moment = bulk_export_moment.moment_of(now)
    assert moment.microsecond == 124_000 and now <= moment
    whole = now.replace(microsecond=0)
    assert bulk_export_moment.moment_of(whole) == whole
    late = now.replace(microsecond=999_999)
    assert bulk_export_moment.moment_of(late) == late + timedelta(microseconds=1)
