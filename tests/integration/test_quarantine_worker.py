"""A real worker tries what is due in quarantine; killed in the middle it loses nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from patients.models import Fact, Patient, QuarantinedResource, Resource, StaleTwin
from tests.factories import fhir
from tests.integration.conftest import Worker, database_url, wait_until
from tests.integration.fhir.calls import post, put
from tests.integration.fhir.tolerant import make_tolerant, push_patient
from twinportal import tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
StartWorker = Callable[..., Worker]


@pytest.fixture
def waiting(ehr_client: Client) -> Client:
    """A weight of somebody who came after it."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("celery")
    push_patient(ehr_client)
    make_tolerant()
    weight: dict[str, Any] = fhir.quantity("o1", "29463-7", 80, "kg", subject="p9")
    assert post(ehr_client, "/Observation", weight).status_code == 202
    push_patient(ehr_client, "p9")
    StaleTwin.objects.all().delete()
    return ehr_client


def is_stored() -> bool:
    return QuarantinedResource.objects.get().state == "stored"


def test_what_came_too_early_goes_in_and_the_twin_hears_of_it(
    waiting: Client, start_worker: StartWorker
) -> None:
    tasks.replay_quarantined.delay()
    start_worker()
    wait_until(is_stored, "the weight is stored")
    patient = Patient.objects.get(fhir_id="p9")
    assert Fact.objects.filter(patient=patient).count() == 1
    wait_until(lambda: patient.model_runs.exists(), "the models have run on it")


def test_a_worker_killed_while_it_stores(waiting: Client, start_worker: StartWorker) -> None:
    with psycopg.connect(database_url()) as blocker:
        blocker.execute("LOCK TABLE patients_resourceversion IN SHARE MODE")
        worker = start_worker()
        tasks.replay_quarantined.delay()
        wait_until(waits_for_the_lock, "the worker waits to store")
        worker.kill()
        blocker.rollback()
    wait_until(lambda: not waits_for_the_lock(), "the dead worker's statement ends")
    row = QuarantinedResource.objects.get()
    assert (row.state, row.tries) == ("waiting", 0)
    assert not Resource.objects.filter(type="Observation").exists()

    start_worker()
    tasks.replay_quarantined.delay()
    wait_until(is_stored, "another worker stores it")
    assert Resource.objects.filter(type="Observation").count() == 1


def waits_for_the_lock() -> bool:
    with psycopg.connect(database_url()) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'patients_resourceversion'::regclass"
        ).fetchone()
    return bool(row and row[0])


def test_a_patient_who_comes_ends_the_wait(waiting: Client, start_worker: StartWorker) -> None:
    """A patient who comes makes what waits for them due, however often it was tried before."""
    later = timezone.now() + timedelta(hours=1)
    QuarantinedResource.objects.update(
        retry_at=later, last_tried_at=timezone.now() - timedelta(minutes=5)
    )
    assert put(waiting, fhir.patient("p9", family="Other")).status_code == 200
    tasks.replay_quarantined.delay()
    start_worker()
    wait_until(is_stored, "the weight is stored")
