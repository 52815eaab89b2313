"""Who may look at a job of a client: not a person, and no token that is narrower than the job's."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import Application

from patients.models import BulkJob, ImportFault
from patients.services import bulk_jobs
from tests.factories import fhir
from tests.factories.people import clinician
from tests.integration.fhir.bulk import address_of, kick_off, manifest_of, work
from tests.integration.fhir.calls import post
from tests.integration.fhir.importing import job_of, ndjson, send_lines, status, work_off
from tests.integration.fhir.test_bulk_export_access import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> None:
    settings.BULK_DIR = tmp_path / "bulk"


def fetched(client: Client, url: str) -> int:
    """The status of a file that is read to its end."""
    answer = client.get(url)
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()
    return answer.status_code


@pytest.fixture
def exported(ehr: Client) -> str:
    """The address of a finished export."""
    post(ehr, "", fhir.transaction(fhir.complete_record("p1")))
    address = address_of(kick_off(ehr))
    work(address)
    return address


@pytest.fixture
def rejected(ehr: Client) -> BulkJob:
    """A finished import with a line that quotes what was sent."""
    job = job_of(send_lines(ehr, ndjson([fhir.patient() | {"gender": "Mannlich Schmidt"}])))
    work_off(job)
    return job


def test_a_person_sees_nothing_of_it(ehr: Client, exported: str) -> None:
    person = client_of(Application.objects.get(), "system/*.cruds", user=clinician())
    url = manifest_of(ehr, exported)["output"][0]["url"]
    for address in (exported, url):
        assert person.get(address).status_code == 403
    assert person.delete(exported).status_code == 403
    assert fetched(ehr, url) == 200


def test_a_narrow_token_takes_no_export_away(ehr: Client, exported: str) -> None:
    narrow = client_of(Application.objects.get(), "system/AuditEvent.rs system/*.cud")
    assert narrow.delete(exported).status_code == 403
    assert ehr.get(exported).status_code == 200
    assert client_of(Application.objects.get(), "system/*.rs").delete(exported).status_code == 202


@pytest.mark.parametrize("scope", ["system/AuditEvent.rs", "system/*.rs", "system/Patient.cu"])
def test_faults_of_an_import_are_for_who_may_import(
    ehr: Client, rejected: BulkJob, scope: str
) -> None:
    (entry,) = status(ehr, rejected).json()["error"]
    narrow = client_of(Application.objects.get(), scope)
    assert narrow.get(entry["url"]).status_code == 403
    assert narrow.delete(f"/fhir/bulk/{rejected.public_id}").status_code == 403
    assert fetched(client_of(Application.objects.get(), "system/*.cu"), entry["url"]) == 200


def test_faults_go_with_the_job(ehr: Client, rejected: BulkJob) -> None:
    assert ImportFault.objects.exists()
    assert ehr.delete(f"/fhir/bulk/{rejected.public_id}").status_code == 202
    assert not ImportFault.objects.exists()


def test_an_export_is_readable_by_its_user_alone(ehr: Client, exported: str, settings: Any) -> None:
    job = BulkJob.objects.get()
    for path in bulk_jobs.place(job).iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_blank_lines_are_stepped_over(ehr: Client) -> None:
    person, *rest = fhir.complete_record()
    body = b"\n" * 3000 + ndjson([person]) + b"\n\r\n" * 3000 + ndjson(rest) + b"\n" * 3000
    job = job_of(send_lines(ehr, body + b"{\n"))
    steps = 0
    while bulk_jobs.work(job.pk):
        steps += 1
    job.refresh_from_db()
    (file,) = job.files.filter(role="input")
    assert (job.state, file.count, file.rejected, steps) == ("complete", 7, 1, 0)
    assert ImportFault.objects.get().line == 3000 + 1 + 6000 + 6 + 3000 + 1


def test_an_import_of_nothing_but_faults_ends(ehr: Client, settings: Any) -> None:
    settings.FHIR_MAX_IMPORT_FAULTS = 600
    job = job_of(send_lines(ehr, b"x\n" * 2000))
    work_off(job)
    assert job.state == "failed" and "more than 600 lines were rejected" in job.error
    assert ImportFault.objects.count() == 1000
