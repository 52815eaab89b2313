"""Mappings are made and ended while data come in: no fact is left as somebody read it before."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from patients.models import Fact, Mapping, Patient, StaleTwin
from patients.services import local_meanings
from patients.services.mapping import MappingRefusedError, end_mapping
from patients.services.mapping_replay import replay_mapping
from patients.services.rebuild import rebuild_facts
from patients.terminology.meanings import Key, MappingKind
from tests.factories import fhir
from tests.factories.people import push
from tests.integration.conftest import Worker, database_url, wait_until
from tests.integration.mapping_calls import CHOL, LAB, coded, facts, local, replay_all, say, steward
from twinportal import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(works: list[Callable[[], Any]]) -> list[Any]:
    def run(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_ingest_races_with_mappings_and_their_replays(ehr_client: Client) -> None:
    token = ehr_client.defaults["HTTP_AUTHORIZATION"]
    push(ehr_client, *(fhir.patient(f"p{n}") for n in range(4)))
    drug = Key(MappingKind.MEDICATION, "", LAB, "ATO")
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-01-01",
        "medicationReference": {"reference": "Medication/m"},
    }
    push(ehr_client, {"resourceType": "Medication", "id": "m", "code": coded("ATO")})
    by = steward()
    done = threading.Event()

    def ingest(n: int) -> int:
        client = Client(headers={"Authorization": token})
        sent = 0
        while not done.is_set() or sent < 20:
            subject = {"subject": {"reference": f"Patient/p{n}"}}
            resources = [local(f"o{n}-{sent}", 200 + sent % 9, subject=f"p{n}")]
            resources.append(order | subject | {"id": f"r{n}-{sent}"})
            if sent % 3 == 0:
                resources.append(local(f"o{n}-0", 180 + sent % 50, subject=f"p{n}"))
            if sent % 5 == n:
                code = coded("ATO", display=f"{n} {sent}")
                resources.append({"resourceType": "Medication", "id": "m", "code": code})
            if sent == 0:
                resources = resources[:2]
            body = json.dumps(fhir.transaction(resources))
            answer = client.post("/fhir", body, content_type="application/fhir+json")
            assert answer.status_code in (200, 409), answer.content
            sent += 1
        return sent

    def map_and_end() -> int:
        try:
            for turn in range(6):
                target = ("total_cholesterol", "hdl_cholesterol")[turn % 2]
                made = say(CHOL, target, by)
                other = say(drug, ("rxnorm|83367", "atc|C09AA03")[turn % 2], by)
                replay_mapping(made.pk, now=timezone.now())
                if turn % 3 == 2:
                    end_mapping(other.pk, by=by, now=timezone.now(), reason="again")
                replay_all()
        finally:
            done.set()
        return 0

    in_threads([*(lambda n=n: ingest(n) for n in range(3)), map_and_end])  # type: ignore[misc]
    replay_all()
    assert Fact.objects.filter(concept="hdl_cholesterol").exists()
    assert rebuild_facts(now=timezone.now()) == set(), "every fact is as of the last mappings"
    live = set(Mapping.objects.filter(ended_at=None).values_list("pk", flat=True))
    assert {n for _, _, numbers in facts() for n in numbers} <= live


def test_who_maps_waits_for_what_is_being_stored(ehr_client: Client) -> None:
    """The very case: projected before the mapping, committed after its replay had looked."""
    push(ehr_client, fhir.patient())
    by = steward()
    stored, mapped = threading.Event(), threading.Event()

    def slow_ingest() -> bool:
        with transaction.atomic():
            push(ehr_client, local("slow"))
            stored.set()
            time.sleep(0.5)
            return mapped.is_set()

    def map_it() -> None:
        stored.wait()
        mapping = say(CHOL, "total_cholesterol", by)
        mapped.set()
        replay_mapping(mapping.pk, now=timezone.now())

    too_early, _ = in_threads([slow_ingest, map_it])
    assert not too_early
    assert [concept for concept, _, _ in facts()] == ["total_cholesterol"]


def test_an_ingest_waits_for_who_maps(ehr_client: Client) -> None:
    push(ehr_client, fhir.patient())
    by = steward()
    made = threading.Event()

    def map_slowly() -> None:
        with transaction.atomic():
            say(CHOL, "total_cholesterol", by)
            made.set()
            time.sleep(0.5)

    def ingest() -> None:
        made.wait()
        push(ehr_client, local("meanwhile"))

    in_threads([map_slowly, ingest])
    assert [concept for concept, _, _ in facts()] == ["total_cholesterol"]


def test_two_who_map_the_same_make_one(ehr_client: Client) -> None:
    by = steward()
    start = threading.Barrier(4)

    def map_it() -> bool:
        start.wait()
        try:
            say(CHOL, "total_cholesterol", by)
        except MappingRefusedError:
            return False
        return True

    made = in_threads([map_it] * 4)
    rows = Mapping.objects.order_by("version")
    assert [row.version for row in rows] == list(range(1, sum(made) + 1))
    assert rows.filter(ended_at=None).count() == 1


def test_too_long_a_wait_changes_nothing_and_says_so(
    ehr_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_meanings, "LONGEST_WAIT", "100ms")
    by = steward()
    with psycopg.connect(database_url()) as somebody:
        somebody.execute("SELECT pg_advisory_xact_lock_shared(%s)", [local_meanings.MAPPING_LOCK])
        with pytest.raises(MappingRefusedError, match="Much is being stored"):
            say(CHOL, "total_cholesterol", by)
    assert not Mapping.objects.exists()
    say(CHOL, "total_cholesterol", by)
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",), "the wait is limited for that transaction only"


def test_a_replay_that_loses_a_race_begins_its_batch_again(ehr_client: Client) -> None:
    push(ehr_client, fhir.patient(), local("a"))
    mapping = say(CHOL, "total_cholesterol")
    held, released = threading.Event(), threading.Event()

    def hold_a_row() -> None:
        with psycopg.connect(database_url()) as somebody:
            somebody.execute("SELECT FROM patients_resource WHERE fhir_id = 'a' FOR UPDATE")
            held.set()
            time.sleep(0.7)
        released.set()

    def replay() -> bool:
        held.wait()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
        before = released.is_set()
        replay_mapping(mapping.pk, now=timezone.now())
        return before

    _, late = in_threads([hold_a_row, replay])
    assert not late
    mapping.refresh_from_db()
    assert (mapping.twins, mapping.attempts) == (1, 0) and mapping.replayed_at is not None


@pytest.mark.worker
def test_a_worker_killed_in_a_replay(
    ehr_client: Client, start_worker: Callable[..., Worker]
) -> None:
    push(ehr_client, *(fhir.patient(f"p{n}") for n in range(3)))
    push(ehr_client, *(local(f"o{n}", subject=f"p{n}") for n in range(3)))
    StaleTwin.objects.all().delete()
    with psycopg.connect(database_url()) as blocker:
        # the replay waits for a resource that somebody else is writing: there it is killed
        blocker.execute("SELECT FROM patients_resource WHERE fhir_id = 'o2' FOR UPDATE")
        worker = start_worker()
        mapping = say(CHOL, "total_cholesterol")
        wait_until(_waits_for_a_row, "the replay waits")
        worker.kill()
        blocker.rollback()
    wait_until(lambda: not _waits_for_a_row(), "the dead worker's statement ends")
    assert facts() == []
    Mapping.objects.update(retry_at=timezone.now())
    start_worker()
    tasks.sweep_mappings.delay()
    wait_until(lambda: Mapping.objects.get().replayed_at is not None, "it is replayed after all")
    assert facts() == [("total_cholesterol", "usable", [mapping.pk])] * 3
    mapping.refresh_from_db()
    assert (mapping.resources, mapping.twins) == (3, 3)
    wait_until(lambda: not StaleTwin.objects.exists(), "the twins are refreshed")
    assert Patient.objects.count() == 3


def _waits_for_a_row() -> bool:
    with psycopg.connect(database_url()) as watcher:
        row = watcher.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND query LIKE '%patients_resource%FOR UPDATE%'"
        ).fetchone()
    return bool(row and row[0])
