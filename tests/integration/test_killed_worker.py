"""The truth is in PostgreSQL: a killed worker or broker delays predictions and loses nothing."""

import json
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from explain.models import Attribution
from models_engine.catalogue.display import displayed
from models_engine.models import ModelRun, Prediction
from models_engine.registry import all_models
from patients.models import Patient, Resource, StaleTwin
from tests.factories import fhir
from tests.integration.conftest import Worker, database_url, wait_until
from twinportal import embedded, tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
StartWorker = Callable[..., Worker]
# of the quiet ones, those that are for everybody; who is not in hospital has none of a stay
FOR_EVERYBODY = ("charlson", "fib4", "findrisc")
EXPECTED_MODELS = {m.id: 1 for m in all_models() if not m.quiet or m.id in FOR_EVERYBODY}


@pytest.fixture
def empty_queue() -> None:
    """Wake-ups of earlier tests speak of rows that are gone."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("celery")


def use_broker(url: str) -> None:
    """Point this process's Celery app at another broker, with fresh connection pools."""
    current_app.conf.broker_url = url
    current_app._pool = None
    current_app.amqp._producer_pool = None


def push(ehr: Client, resources: list[dict[str, Any]]) -> None:
    body = json.dumps(fhir.transaction(resources))
    answer = ehr.post("/fhir", body, content_type="application/fhir+json")
    assert answer.status_code == 200, answer.content


def assert_exactly_the_right_predictions() -> None:
    """One current run a model, each one shown explained once, each number written back once."""
    live = ModelRun.objects.filter(replayed=False)
    assert Counter(live.values_list("model_id", flat=True)) == EXPECTED_MODELS
    current = Prediction.objects.filter(status="current")
    assert current.count() == Prediction.objects.filter(run__in=live).count()
    keys = Counter(Prediction.objects.values_list("model_id", "outcome", "as_of"))
    assert set(keys.values()) == {1}
    blocks = displayed(list(current.select_related("run")))
    shown = {p.run_id for block in blocks for p in block.predictions if p.value is not None}
    explained = Prediction.objects.filter(run__in=shown)
    assert Attribution.objects.count() == 2 * explained.count() > 0
    written = live.exclude(risk_assessment=None)
    assert Resource.objects.filter(type="RiskAssessment").count() == written.count() > 0


def waiting_for_a_lock() -> bool:
    with psycopg.connect(database_url()) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'models_engine_modelrun'::regclass"
        ).fetchone()
    return bool(row and row[0])


def test_a_worker_killed_between_computing_and_storing(
    ehr_client: Client, start_worker: StartWorker, empty_queue: None
) -> None:
    push(ehr_client, fhir.complete_record())
    # the refresh computes, then blocks on its first insert: there the worker is killed
    with psycopg.connect(database_url()) as blocker:
        blocker.execute("LOCK TABLE models_engine_modelrun IN SHARE MODE")
        worker = start_worker()
        tasks.refresh_twin.delay(Patient.objects.get().pk)
        wait_until(waiting_for_a_lock, "the worker waits to store")
        worker.kill()
        blocker.rollback()
    wait_until(lambda: not waiting_for_a_lock(), "the dead worker's statement ends")
    assert not ModelRun.objects.exists()
    assert StaleTwin.objects.count() == 1

    StaleTwin.objects.update(marked_at=timezone.now() - timedelta(minutes=5))
    start_worker()
    tasks.sweep_stale_twins.delay()
    wait_until(lambda: not StaleTwin.objects.exists(), "the twin is refreshed after all")
    assert_exactly_the_right_predictions()


def test_a_broker_that_dies_before_the_wake_up(
    ehr_client: Client, start_worker: StartWorker, settings: Any, tmp_path: Path
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
        push(ehr_client, fhir.complete_record())
        assert StaleTwin.objects.count() == 1

        broker = embedded.spawn_redis(path, folder)
        start_worker(f"unix://{path}")
        StaleTwin.objects.update(marked_at=timezone.now() - timedelta(minutes=5))
        tasks.sweep_stale_twins.delay()
        wait_until(lambda: not StaleTwin.objects.exists(), "the sweep found the twin")
        assert_exactly_the_right_predictions()
    finally:
        broker.kill()
        broker.wait()
        use_broker(before)


def test_two_wake_ups_make_one_set(
    ehr_client: Client, start_worker: StartWorker, empty_queue: None
) -> None:
    push(ehr_client, fhir.complete_record())
    start_worker()
    start_worker()
    patient_id = Patient.objects.get().pk
    for _ in range(6):
        tasks.refresh_twin.delay(patient_id)
    wait_until(lambda: not StaleTwin.objects.exists(), "the twin is refreshed")
    assert_exactly_the_right_predictions()
