"""`$import` by real workers that are killed, by two at once, and beside `import_fhir`."""

import json
import random
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from patients.models import (
    AuditEvent,
    BulkFile,
    BulkJob,
    Fact,
    ImportFault,
    Patient,
    Resource,
    ResourceVersion,
)
from patients.services import bulk_import, bulk_jobs
from patients.synthetic.generate import generate, infrastructure_bundle
from tests.data import shared_data
from tests.factories import fhir
from tests.integration.conftest import Worker, wait_until
from tests.integration.fhir.calls import sent, sent_versions
from tests.integration.fhir.consistency import disagreements
from tests.integration.fhir.importing import (
    imported,
    job_of,
    ndjson,
    parameters,
    send_files,
    send_lines,
    send_manifest,
    status,
    work_off,
)
from twinportal.tasks import sweep_bulk_jobs

pytestmark = pytest.mark.django_db(transaction=True)
Json = dict[str, Any]
SEED = 20261121


@pytest.fixture(autouse=True)
def own(settings: Any, tmp_path: Path) -> Path:
    settings.BULK_DIR = tmp_path / "bulk"
    settings.FHIR_IMPORT_DIR = str(tmp_path / "own")
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def rows(patients: int) -> tuple[list[Json], list[int]]:
    """Lines in an unkind order, and the numbers of those that must be rejected."""
    made: list[Json] = []
    bad: list[int] = []
    for n in range(patients):
        # the values of the next patient come before the patient
        subject = f"p{n + 1}" if n + 1 < patients else "p0"
        for number in range(8):
            made.append(fhir.quantity(f"q{n}-{number}", "2093-3", 150, "mg/dL", subject=subject))
        made.append(fhir.patient(f"p{n}"))
        if n % 10 == 0:
            made.append(fhir.quantity(f"bad{n}", "2093-3", 5, "mmol/L", status="finished"))
            bad.append(len(made))
        if n % 25 == 0:
            made.append(fhir.blood_pressure(f"lost{n}", 140, 80, subject="nobody"))
            bad.append(len(made))
    return made, bad


def check(job: BulkJob, given: list[Json], bad: list[int], text: bytes) -> None:
    """Every line exactly once, whatever happened on the way."""
    job.refresh_from_db()
    assert job.state == "complete", job.error
    file = BulkFile.objects.get(job=job, role="input")
    assert (file.count, file.rejected) == (len(given) - len(bad), len(bad))
    assert (file.position, file.lines) == (len(text), len(given))
    assert sent().count() == len(given) - len(bad)
    assert set(sent_versions().values_list("version", flat=True)) == {1}
    offsets = [0]
    for line in text.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    faults = ImportFault.objects.filter(file=file).order_by("line")
    assert list(faults.values_list("line", flat=True)) == bad
    assert [fault.offset for fault in faults] == [offsets[n - 1] for n in bad]
    assert disagreements() == []
    events = AuditEvent.objects.filter(action="import").exclude(what="begin")
    named = {pk for event in events for pk in event.patient_ids}
    assert named == set(Patient.objects.values_list("pk", flat=True))


@pytest.mark.worker
def test_killed_again_and_again(
    ehr: Client, settings: Any, start_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    given, bad = rows(600)
    text = ndjson(given)
    job = job_of(send_lines(ehr, text))
    chance = random.Random(SEED)
    environment = {"queues": "bulk", "TWINPORTAL_BULK_DIR": str(settings.BULK_DIR)}

    def lines_done() -> int:
        return BulkFile.objects.get(job=job, role="input").lines

    def sweep() -> None:
        # the beat does this for a job that nobody has worked on lately
        BulkJob.objects.filter(pk=job.pk).update(worked_at=timezone.now() - bulk_jobs.PATIENCE * 2)
        sweep_bulk_jobs()

    for _ in range(3):
        worker = start_worker(**environment)
        sweep()
        before = lines_done()
        wait_until(lambda before=before: lines_done() > before, "a step")  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.4))
        worker.kill()
        job.refresh_from_db()
        assert job.state == "running", "killed in the middle"
    start_worker(**environment)
    deadline = time.monotonic() + 90
    while job.state == "running" and time.monotonic() < deadline:
        time.sleep(1)
        sweep()
        job.refresh_from_db()
    check(job, given, bad, text)
    answer = status(ehr, job)
    (error,) = answer.json()["error"]
    assert error["count"] == len(bad)


def test_two_at_once_do_everything_once(ehr: Client) -> None:
    """Even without the lock that keeps a second worker away."""
    given, bad = rows(200)
    text = ndjson(given)
    job = job_of(send_lines(ehr, text))
    bulk_jobs._start(job)
    folder = bulk_jobs.folder(job)

    def work() -> int:
        steps = 0
        try:
            while not bulk_import.step(BulkJob.objects.get(pk=job.pk), folder):
                steps += 1
        finally:
            connection.close()
        return steps

    with ThreadPoolExecutor(2) as pool:
        steps = [future.result() for future in [pool.submit(work), pool.submit(work)]]
    assert min(steps) > 0
    bulk_jobs.end(job, "complete", now=timezone.now())
    check(job, given, bad, text)


@pytest.mark.parametrize("moment", ["store", "commit", "audit"])
def test_an_error_in_a_step_leaves_nothing_of_it(
    ehr: Client, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The database goes away before, in the middle of, and after what a step writes."""
    given, bad = rows(60)
    text = ndjson(given)
    job = job_of(send_lines(ehr, text))
    with connection.cursor() as cursor:
        table = {
            "store": "patients_resourceversion",
            "commit": "patients_importfault",
            "audit": "patients_auditevent",
        }[moment]
        cursor.execute(
            "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER gone AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION gone()"
        )
    assert bulk_jobs.work(job.pk) is False
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER gone ON {table}; DROP FUNCTION gone()")
    assert not Resource.objects.exists() and not ImportFault.objects.exists()
    assert BulkFile.objects.get().position == 0
    job.refresh_from_db()
    assert (job.state, job.failures) == ("running", 1)
    work_off(job)
    check(job, given, bad, text)


def cohort(patients: int) -> Iterator[Json]:
    for bundle in [
        infrastructure_bundle(SEED),
        *generate(patients, seed=SEED, as_of=date(2026, 11, 1), odd_values=True),
    ]:
        yield from (entry["resource"] for entry in bundle["entry"])


def contents() -> dict[str, tuple[int, str, str]]:
    """Version, text without our stamp, and twin of each resource that was sent."""
    found = {}
    versions = ResourceVersion.objects.filter(resource__in=sent()).select_related(
        "resource__patient"
    )
    for version in versions:
        content = json.loads(version.content)
        content.pop("meta")
        row = version.resource
        owner = row.patient.fhir_id if row.patient else ""
        found[f"{row.type}/{row.fhir_id}"] = (row.version, json.dumps(content), owner)
    return found


def facts() -> list[tuple[Any, ...]]:
    columns = [
        f.attname
        for f in Fact._meta.concrete_fields
        if f.attname not in ("id", "patient_id", "resource_id", "recorded_at")
    ]
    listed = Fact.objects.values_list("patient__fhir_id", "resource__fhir_id", *columns)
    return sorted(listed, key=repr)


def test_the_same_as_import_fhir(ehr: Client, own: Path, tmp_path: Path) -> None:
    by_type: dict[str, list[Json]] = {}
    for resource in cohort(38):
        by_type.setdefault(resource["resourceType"], []).append(resource)
    count = sum(map(len, by_type.values()))
    assert count > 5000
    for kind, listed in by_type.items():
        (own / f"{kind}.ndjson").write_bytes(ndjson(listed))
    job = job_of(
        send_manifest(ehr, parameters(*((kind, f"file:{kind}.ndjson") for kind in by_type)))
    )
    work_off(job)
    assert job.state == "complete"
    output = status(ehr, job).json()["output"]
    assert {o["type"]: o["count"] for o in output} == {k: len(v) for k, v in by_type.items()}
    ours, our_facts = contents(), facts()
    assert len(ours) == count
    assert disagreements() == []
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE patients_resource, patients_patient CASCADE")
    call_command("import_fhir", str(own), workers=1, match_directory=False)
    assert contents() == ours
    assert facts() == our_facts


def test_real_exports_go_in(ehr: Client, tmp_path: Path) -> None:
    with tarfile.open(shared_data("synthea-smart-2019-ndjson.tar")) as archive:
        files = []
        for kind in ("AllergyIntolerance", "Patient"):
            member = archive.extractfile(f"smart-2019-615pt/{kind}.ndjson.gz")
            assert member is not None
            files.append((f"{kind}.ndjson.gz", member.read()))
    assert imported(ehr, send_files(ehr, *files)) == []
    assert Patient.objects.count() == 615
    assert sent().filter(type="AllergyIntolerance").count() == 374
