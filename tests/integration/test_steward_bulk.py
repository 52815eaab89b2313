"""The data steward's page of imports and exports."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import AuditEvent, BulkJob
from tests.factories import fhir
from tests.factories.people import clinician, signed_in
from tests.integration.fhir.importing import job_of, ndjson, send_lines, work_off
from twinportal.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.BULK_DIR = tmp_path


@pytest.fixture
def steward() -> Client:
    return signed_in(User.objects.create_user("steward", role="steward"))


def secret_and_wrong() -> bytes:
    wrong = fhir.quantity("secret-id", "2093-3", 5, "mmol/L", status="secret-value")
    return ndjson([fhir.patient(), wrong])


def test_it_says_where_an_import_failed_and_no_value(ehr_client: Client, steward: Client) -> None:
    job = job_of(send_lines(ehr_client, secret_and_wrong()))
    page = steward.get(reverse("steward-bulk")).content.decode()
    assert "Waiting" in page and "0 % read" in page and "Test EHR" in page
    work_off(job)
    assert "Complete" in steward.get(reverse("steward-bulk")).content.decode()
    page = steward.get(reverse("steward-bulk-job", args=[job.public_id])).content.decode()
    offset = len(ndjson([fhir.patient()]))
    assert "upload.ndjson, line 2" in page and str(offset) in page
    assert "Observation.status" in page and "code-invalid" in page
    assert "secret" not in page and "Cancel this" not in page


def test_cancelling_is_a_post_and_audited(ehr_client: Client, steward: Client) -> None:
    job = job_of(send_lines(ehr_client, secret_and_wrong()))
    address = reverse("steward-bulk-cancel", args=[job.public_id])
    assert "Cancel this import" in steward.get(address.removesuffix("cancel/")).content.decode()
    assert steward.get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = steward.cookies
    assert strict.post(address).status_code == 403
    assert steward.post(address, follow=True).status_code == 200
    job.refresh_from_db()
    assert job.state == BulkJob.State.CANCELLED
    event = AuditEvent.objects.get(actor_kind="user", action="delete")
    assert (event.what, event.detail) == ("import", str(job.public_id))
    again = steward.post(address, follow=True).content.decode()
    assert "has ended already" in again
    assert AuditEvent.objects.filter(actor_kind="user", action="delete").count() == 1


def test_for_stewards_alone(ehr_client: Client) -> None:
    job = job_of(send_lines(ehr_client, secret_and_wrong()))
    names = ("steward-bulk", "steward-bulk-job", "steward-bulk-cancel")
    doctor = signed_in(clinician())
    for name in names:
        address = reverse(name, args=[job.public_id] if name != "steward-bulk" else [])
        method = "post" if name.endswith("cancel") else "get"
        assert getattr(doctor, method)(address).status_code == 403
        assert getattr(Client(), method)(address).status_code == 302
    job.refresh_from_db()
    assert job.is_open


def test_an_empty_page_and_an_unknown_job(steward: Client) -> None:
    assert "No client has asked" in steward.get(reverse("steward-bulk")).content.decode()
    unknown = "00000000-0000-4000-8000-000000000000"
    assert steward.get(reverse("steward-bulk-job", args=[unknown])).status_code == 404
