"""Every twin is scored in batches, as a refresh would score it, whoever is killed meanwhile."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from explain.models import Attribution
from models_engine.models import ModelRun, Prediction
from patients.models import Patient, Resource, ResourceVersion, StaleTwin
from patients.services.cohort import load_synthetic_cohort
from tests.factories import fhir
from tests.factories.people import push
from tests.integration.conftest import ROOT, Worker, database_url, wait_until
from twinportal import pipeline, staleness, tasks
from twinportal.attention.models import WorklistEntry
from twinportal.population import services
from twinportal.population.models import PopulationRun

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COHORT = 5
# a batch fails on the statement that stores this patient's runs
BREAK = """
    CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'broken on purpose'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON models_engine_modelrun
    FOR EACH ROW WHEN (NEW.patient_id = {}) EXECUTE FUNCTION pg_temp.refuse()
"""
MEND = "DROP TRIGGER refuse ON models_engine_modelrun"


@pytest.fixture
def cohort(db: None, settings: Any) -> list[int]:
    """Keys of synthetic twins, of whom nobody has been scored."""
    settings.SCORE2_REGION = "moderate"
    load_synthetic_cohort(COHORT, seed=7, now=NOW, progress=lambda: None)
    return list(Patient.objects.order_by("pk").values_list("pk", flat=True))


def people(ehr: Client, count: int) -> list[int]:
    for n in range(count):
        push(ehr, *fhir.complete_record(f"p{n}"))
    return list(Patient.objects.order_by("pk").values_list("pk", flat=True))


def columns(row: Any, *without: str) -> dict[str, Any]:
    names = {f.attname for f in row._meta.concrete_fields} - {"id", *without}
    return {name: getattr(row, name) for name in sorted(names)}


def everything(patient_id: int) -> list[Any]:
    """All that a refresh stores of one twin, without the keys that the tables make."""
    runs, predictions, reasons = {}, {}, {}
    for run in ModelRun.objects.filter(patient_id=patient_id):
        key: tuple[str, ...] = run.model_id, str(run.as_of)
        content: Any = None
        if run.risk_assessment is not None:
            version = ResourceVersion.objects.get(resource=run.risk_assessment)
            content = {k: v for k, v in json.loads(version.content).items() if k != "id"}
            indexed = columns(run.risk_assessment, "fhir_id", "content_hash", "tokens", "refs")
            content = content, indexed
        assert key not in runs
        runs[key] = columns(run, "risk_assessment_id"), content
        for row in run.predictions.all():
            predictions[*key, row.outcome] = columns(row, "run_id")
    told = Attribution.objects.filter(prediction__patient=patient_id)
    for reason in told.select_related("prediction"):
        row = reason.prediction
        key = row.model_id, str(row.as_of), row.outcome, reason.baseline
        reasons[key] = columns(reason, "prediction_id")
    entry = WorklistEntry.objects.select_related("prediction").get(pk=patient_id)
    shown = entry.prediction and (entry.prediction.model_id, entry.prediction.outcome)
    return [
        runs,
        predictions,
        reasons,
        columns(entry, "prediction_id", "flag_id", "changed_at"),
        shown,
    ]


def forget_all(patient_ids: list[int]) -> None:
    ModelRun.objects.all().delete()
    WorklistEntry.objects.all().delete()
    Resource.objects.filter(type="RiskAssessment").delete()
    StaleTwin.objects.bulk_create([StaleTwin(patient_id=i, marked_at=NOW) for i in patient_ids])


def test_a_population_run_stores_what_a_refresh_stores_to_the_last_bit(cohort: list[int]) -> None:
    def score(alone: list[int], together: list[int]) -> dict[int, list[Any]]:
        for patient_id in alone:
            assert pipeline.refresh_twin(patient_id, now=NOW)
        scored = pipeline.score_twins(together, now=NOW)
        assert set(scored.refreshed) == set(together) and not scored.failed
        assert not StaleTwin.objects.exists()
        return {patient_id: everything(patient_id) for patient_id in cohort}

    first = score(cohort[::2], cohort[1::2])
    forget_all(cohort)
    swapped = score(cohort[1::2], cohort[::2])
    assert swapped == first
    runs, predictions, reasons = (Counter() for _ in range(3))
    for found in first.values():
        runs.update(key[0] for key in found[0])
        predictions.update(key[0] for key, row in found[1].items() if row["value"] is not None)
        reasons.update(key[0] for key in found[2])
    assert len(runs) > 20 and len(predictions) > 8 and len(reasons) > 4


def test_again_changes_nothing_and_keeps_every_run(cohort: list[int]) -> None:
    first = pipeline.score_twins(cohort, now=NOW)
    before = [everything(patient_id)[:3] for patient_id in cohort]
    again = pipeline.score_twins(cohort, now=NOW)
    assert [everything(patient_id)[:3] for patient_id in cohort] == before
    assert not any(done.created or done.superseded for done in again.refreshed.values())
    assert {m: n.kept for m, n in again.models.items()} == {
        m: n.created for m, n in first.models.items()
    }


def test_the_statements_of_a_batch_do_not_grow_with_it(cohort: list[int]) -> None:
    def statements(patient_ids: list[int]) -> int:
        with CaptureQueriesContext(connection) as asked:
            pipeline.score_twins(patient_ids, now=NOW)
        return len(asked)

    assert statements(cohort[:2]) == statements(cohort[2:])
    assert statements(cohort[:2]) == statements(cohort[2:]), "nor when all is kept"


@pytest.mark.django_db
def test_a_twin_without_a_mark_is_scored_when_time_went_by(ehr_client: Client) -> None:
    (one,) = people(ehr_client, 1)
    pipeline.refresh_twin(one, now=NOW)
    assert pipeline.refresh_twin(one, now=NOW + timedelta(days=400)) is None, "nothing is marked"
    done = pipeline.score_twins([one], now=NOW + timedelta(days=400)).refreshed[one]
    assert done.created
    base = Prediction.objects.get(model_id="prevent_base_10y", outcome="cvd", status="current")
    assert base.value is None and "too_old" in base.run.refusals[0]["code"]
    assert base.replaces.get().value is not None
    assert pipeline.score_twins([one], now=NOW, only_stale=True).refreshed == {}


@pytest.mark.django_db
def test_a_new_version_ends_the_runs_of_the_old_one_and_their_risk_assessments(
    ehr_client: Client, settings: Any
) -> None:
    ids = people(ehr_client, 3)
    settings.SCORE2_REGION = "moderate"
    pipeline.score_twins(ids, now=NOW)
    settings.SCORE2_REGION = "high"
    scored = pipeline.score_twins(ids, now=NOW + timedelta(hours=1))
    assert scored.models["score2"].created == 3
    old = ModelRun.objects.filter(model_id="score2", model_version="2021-moderate.1")
    assert old.count() >= 3
    for run in old:
        assert {row.status for row in run.predictions.all()} == {"superseded"}
        if run.risk_assessment is not None:
            last = ResourceVersion.objects.filter(resource=run.risk_assessment).latest("version")
            assert json.loads(last.content)["status"] == "cancelled" and last.version == 2
            assert run.risk_assessment.version == 2


@contextmanager
def broken_for(patient_id: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(BREAK.format(int(patient_id)))
    yield
    with connection.cursor() as cursor:
        cursor.execute(MEND)


@pytest.mark.django_db
def test_one_that_fails_does_not_take_the_others_with_it(ehr_client: Client) -> None:
    ids = people(ehr_client, 5)
    StaleTwin.objects.all().delete()
    with broken_for(ids[2]), pytest.raises(CommandError, match="1 twins failed"):
        command()
    run = PopulationRun.objects.get()
    assert (run.state, run.total, run.scored, run.failed) == ("complete", 5, 4, 1)
    done = set(ModelRun.objects.values_list("patient_id", flat=True))
    assert done == {*ids} - {ids[2]}
    mark = StaleTwin.objects.get()
    assert mark.patient_id == ids[2] and mark.attempts == 1 and mark.last_error
    # the sweep comes back to it
    assert staleness.due(now=timezone.now() + timedelta(minutes=1)) == [ids[2]]
    pipeline.refresh_twin(ids[2], now=timezone.now())
    assert not StaleTwin.objects.exists()


def command(*options: str) -> str:
    out = StringIO()
    call_command("score_population", *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_twin_in_the_hands_of_another_is_tried_again_at_the_end(ehr_client: Client) -> None:
    ids = people(ehr_client, 3)
    run = services.begin(now=timezone.now())
    assert run is not None
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_advisory_lock(7001, %s)", [ids[0]])
        assert services.step(run.pk, batch=2)
        run.refresh_from_db()
        assert (run.scored, run.held, run.after) == (1, [ids[0]], ids[1])
        assert StaleTwin.objects.filter(pk=ids[0]).exists(), "the mark is not lost"
    assert services.work(run.pk, batch=2) is False
    run.refresh_from_db()
    assert (run.state, run.scored, run.held) == ("complete", 3, [])
    assert not StaleTwin.objects.exists()


@pytest.mark.django_db
def test_the_command_says_what_it_did_and_begins_anew_the_next_time(ehr_client: Client) -> None:
    people(ehr_client, 2)
    said = command()
    assert "2 of 2 twins" in said
    (line,) = [line for line in said.splitlines() if line.startswith("prevent_base_10y ")]
    assert line.split()[1:] == ["2", "0", "0"]
    (line,) = [line for line in said.splitlines() if line.startswith("fib4 ")]
    assert line.split()[1:] == ["2", "0", "2"]
    said = command("--only-stale")
    assert "0 of 0 twins" in said
    (line,) = [line for line in command().splitlines() if line.startswith("fib4 ")]
    assert line.split()[1:] == ["0", "2", "2"]
    assert PopulationRun.objects.filter(state="complete").count() == 3


@pytest.mark.django_db
def test_one_run_at_a_time_and_one_process_at_it(ehr_client: Client) -> None:
    people(ehr_client, 2)
    run = services.begin(now=timezone.now())
    assert run is not None
    assert services.begin(now=timezone.now()) is None
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [services.LOCK, run.pk])
        assert services.work(run.pk) is False
        with pytest.raises(CommandError, match="in another process"):
            command()
    assert not ModelRun.objects.exists()
    assert "Going on after 0 of 2" in command()
    with pytest.raises(CommandError, match="1 or more"):
        command("--batch", "0")
    open_one = services.begin(now=timezone.now(), only_stale=True)
    assert open_one is not None
    with pytest.raises(CommandError, match="--restart"):
        command()
    assert "Stopped after 0" in command("--stop")
    assert "No run is open" in command("--stop")
    assert services.step(open_one.pk) is False, "what was stopped stays so"


@pytest.fixture
def scoring() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """The command in a process of its own, on the test database."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> "subprocess.Popen[bytes]":
        program = [sys.executable, "manage.py", "score_population", *options]
        environment = os.environ | {"TWINPORTAL_MODE": "test", "DATABASE_URL": database_url()}
        quiet = subprocess.DEVNULL
        begun.append(
            subprocess.Popen(program, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
        )
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.wait()


@pytest.mark.django_db(transaction=True)
def test_a_killed_run_goes_on_where_it_was(
    ehr_client: Client, scoring: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    ids = people(ehr_client, 4)
    with psycopg.connect(database_url()) as blocker:
        # the third twin's runs cannot be stored: there the process is killed
        blocker.execute("SELECT 1 FROM patients_patient WHERE id = %s FOR UPDATE", [ids[2]])
        process = scoring("--batch", "1")
        wait_until(lambda: PopulationRun.objects.filter(scored=2).exists(), "two are scored")
        process.send_signal(signal.SIGKILL)
        process.wait()
    run = PopulationRun.objects.get()
    assert (run.state, run.after) == ("running", ids[1])
    assert set(ModelRun.objects.values_list("patient_id", flat=True)) == {*ids[:2]}
    assert StaleTwin.objects.count() == 2
    wait_until(lambda: not_locked(run.pk), "the dead session's lock is gone")
    assert scoring().wait() == 0
    run.refresh_from_db()
    assert (run.state, run.scored, run.failed) == ("complete", 4, 0)
    live = Counter(ModelRun.objects.filter(replayed=False).values_list("patient_id", "model_id"))
    assert set(live.values()) == {1}
    assert {patient_id for patient_id, _ in live} == {*ids}
    assert not StaleTwin.objects.exists()


def not_locked(run_id: int) -> bool:
    with services.alone(run_id) as is_mine:
        return is_mine


@pytest.mark.django_db(transaction=True)
def test_what_is_pushed_while_its_batch_is_in_hand_is_not_lost(ehr_client: Client) -> None:
    ids = people(ehr_client, 3)
    pipeline.score_twins(ids, now=timezone.now())
    assert not StaleTwin.objects.exists()
    push(
        ehr_client,
        fhir.blood_pressure("p2-bp2", 140, 80, date="2026-11-01T09:00:00Z", subject="p2"),
    )

    def scored() -> dict[int, pipeline.Refresh]:
        try:
            return services.score(ids, only_stale=False).refreshed
        finally:
            connections.close_all()

    with psycopg.connect(database_url()) as blocker, ThreadPoolExecutor(1) as pool:
        # the batch has read the facts and waits to store the new run
        blocker.execute("LOCK TABLE models_engine_modelrun IN SHARE MODE")
        working = pool.submit(scored)
        wait_until(waits_to_store, "the batch waits to store")
        late = fhir.blood_pressure("p1-bp2", 171, 80, date="2026-11-02T09:00:00Z", subject="p1")
        push(ehr_client, late)
        assert StaleTwin.objects.filter(pk=ids[1]).exists()
        blocker.rollback()
        assert set(working.result(timeout=60)) == {*ids}
    assert not StaleTwin.objects.exists(), "it was scored again, at once"
    newest = Prediction.objects.select_related("run").get(
        patient=ids[1], model_id="prevent_base_10y", outcome="cvd", status="current"
    )
    used = {row["concept"]: row["value"] for row in newest.run.inputs}
    assert used["systolic_bp"] == 171


def waits_to_store() -> bool:
    with psycopg.connect(database_url()) as other:
        row = other.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'models_engine_modelrun'::regclass"
        ).fetchone()
    return bool(row and row[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.worker
def test_beat_begins_a_run_and_workers_finish_it(
    ehr_client: Client, start_worker: Callable[..., Worker]
) -> None:
    ids = people(ehr_client, 2)
    StaleTwin.objects.all().delete()
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge("bulk")
    # its first message is lost
    forsaken = services.begin(now=timezone.now() - timedelta(minutes=5))
    assert forsaken is not None
    tasks.score_population()
    assert PopulationRun.objects.count() == 1, "not a second one beside it"
    start_worker(queues="bulk")
    tasks.sweep_population()
    assert services.forsaken(now=timezone.now()) is None, "one message is enough"
    wait_until(lambda: PopulationRun.objects.filter(state="complete").exists(), "the run ends")
    assert set(ModelRun.objects.values_list("patient_id", flat=True)) == {*ids}
    tasks.score_population()
    wait_until(lambda: PopulationRun.objects.filter(state="complete").count() == 2, "the next too")
