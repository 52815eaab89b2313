"""Whose an export is, who may fetch its files, and how it ends."""

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from patients.models import AuditEvent, BulkJob, ClientProfile
from patients.services import bulk_export, bulk_jobs
from tests.factories import fhir
from tests.integration.fhir.bulk import (
    address_of,
    content_of,
    export,
    job_of,
    keys,
    kick_off,
    lines_of,
    manifest_of,
    stored,
    work,
)
from tests.integration.fhir.calls import faults, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
READ_ALL = "system/*.rs"


@pytest.fixture
def filled(ehr: Client) -> Client:
    resources = [fhir.practitioner(), *fhir.complete_record("p1", practitioner="dr1")]
    assert post(ehr, "", fhir.transaction(resources)).status_code == 200
    return ehr


def application() -> Application:
    return Application.objects.create(
        name="Another",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )


def client_of(owner: Application | None, scope: str = READ_ALL, user: Any = None) -> Client:
    token = AccessToken.objects.create(
        application=owner,
        user=user,
        token=f"token-{AccessToken.objects.count()}",
        expires=timezone.now() + timedelta(hours=1),
        scope=scope,
    )
    return Client(headers={"Authorization": f"Bearer {token.token}"})


def folder_of(address: str) -> Path:
    return Path(configured.BULK_DIR) / address.rpartition("/")[2]


def test_another_client_knows_nothing_of_it(filled: Client) -> None:
    address = address_of(kick_off(filled))
    other = client_of(application())
    assert other.get(address).status_code == 404
    assert other.delete(address).status_code == 404
    work(address)
    url = manifest_of(filled, address)["output"][0]["url"]
    assert other.get(address).status_code == other.get(url).status_code == 404
    assert Client().get(address).status_code == Client().get(url).status_code == 401
    assert content_of(filled, url)


def test_without_types_it_is_what_the_token_may_read(filled: Client) -> None:
    narrow = client_of(application(), "system/Patient.rs system/Observation.s system/Device.r")
    assert keys(lines_of(narrow, export(narrow))) == stored(["Patient"])
    assert kick_off(narrow, "/$export?_type=Patient,Observation").status_code == 403
    assert kick_off(narrow, "/Group/g1/$export").status_code == 403
    writer = client_of(application(), "system/*.cud")
    assert kick_off(writer).status_code == 403
    assert not BulkJob.objects.filter(scopes="system/*.cud").exists()


def test_a_token_that_stands_for_a_person_exports_nothing(
    filled: Client, django_user_model: Any
) -> None:
    create = django_user_model.objects.create_user
    person = create("clinician", role="clinician", practitioner_id="dr1")
    assert kick_off(client_of(application(), user=person)).status_code == 403
    assert kick_off(client_of(None)).status_code == 403


def test_a_file_is_for_tokens_that_may_read_its_type(filled: Client) -> None:
    manifest = export(filled)
    since = manifest["transactionTime"]
    patients, rest = (
        [e["url"] for e in manifest["output"] if (e["type"] == "Patient") is wanted]
        for wanted in (True, False)
    )
    owner = job_of(address_of(kick_off(filled))).application
    narrow = client_of(owner, "system/Patient.r")
    assert content_of(narrow, patients[0])
    assert narrow.get(rest[0]).status_code == 403
    assert filled.delete("/fhir/Observation/" + some_id("Observation")).status_code == 204
    changed = export(filled, f"/$export?_since={since}")
    assert narrow.get(changed["deleted"][0]["url"]).status_code == 403


def some_id(kind: str) -> str:
    return next(iter(stored([kind]))).split("/")[1]


def test_a_revoked_client_gets_nothing_more(filled: Client) -> None:
    done = address_of(kick_off(filled))
    work(done)
    url = manifest_of(filled, done)["output"][0]["url"]
    running = address_of(kick_off(filled))
    job = job_of(running)
    bulk_jobs.folder(job)
    ClientProfile.objects.create(application=job.application, is_active=False)
    assert filled.get(url).status_code == filled.get(running).status_code == 401
    job = work(running)
    assert (job.state, job.error) == ("failed", "the client was revoked")
    assert not folder_of(running).exists()


@pytest.mark.parametrize("name", ["..%2f..%2fsettings.py", "..", "Patient.2.ndjson", "%00", "a%0a"])
def test_a_name_leads_nowhere_else(filled: Client, name: str) -> None:
    address = address_of(kick_off(filled))
    work(address)
    answer = filled.get(f"{address}/{name}")
    assert answer.status_code == 404
    assert faults(answer)


def test_files_are_for_this_systems_user_only(filled: Client) -> None:
    address = address_of(kick_off(filled))
    work(address)
    assert folder_of(address).stat().st_mode & 0o077 == 0


def test_how_it_goes(filled: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_export, "PAGE", 4)
    address = address_of(kick_off(filled))
    waiting = filled.get(address)
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "2")
    assert "waiting" in waiting["X-Progress"]
    job = job_of(address)
    BulkJob.objects.update(state="running")
    for _ in range(4):
        bulk_export.step(job, bulk_jobs.folder(job))
    assert filled.get(address)["X-Progress"].endswith("resources written")
    url = f"{address}/{job.files.order_by('pk')[0].name}"
    assert filled.get(url).status_code == 404, "before the end there are no files"
    work(address)
    done = filled.get(address)
    assert (done.status_code, done["Content-Type"]) == (200, "application/json")
    assert done["Expires"].endswith("GMT")


def test_cancelling(filled: Client) -> None:
    address = address_of(kick_off(filled))
    job = job_of(address)
    bulk_jobs.folder(job)
    assert filled.delete(address).status_code == 202
    assert work(address).state == "cancelled"
    assert filled.get(address).status_code == filled.delete(address).status_code == 404
    assert not folder_of(address).exists()
    done = address_of(kick_off(filled))
    work(done)
    url = manifest_of(filled, done)["output"][0]["url"]
    assert filled.delete(done).status_code == 202
    assert filled.get(url).status_code == filled.get(done).status_code == 404
    assert not folder_of(done).exists()
    assert AuditEvent.objects.filter(action="delete", what="export").count() == 2


def test_cancelled_between_two_steps(filled: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_export, "PAGE", 2)
    address = address_of(kick_off(filled))
    step = bulk_export.step
    done = []

    def then_cancel(job: BulkJob, folder: Path) -> bool:
        ended = step(job, folder)
        done.append(ended)
        if len(done) == 5:
            assert filled.delete(address).status_code == 202
        return ended

    monkeypatch.setattr(bulk_export, "step", then_cancel)
    assert work(address).state == "cancelled"
    assert len(done) == 5
    assert not folder_of(address).exists()


def test_files_go_when_their_time_is_over(filled: Client) -> None:
    address = address_of(kick_off(filled))
    work(address)
    url = manifest_of(filled, address)["output"][0]["url"]
    soon = timezone.now() + timedelta(hours=configured.BULK_FILE_HOURS - 0.1)
    assert bulk_jobs.expire(now=soon) == 0
    assert content_of(filled, url)
    assert bulk_jobs.expire(now=soon + timedelta(hours=1)) == 1
    assert filled.get(url).status_code == filled.get(address).status_code == 404
    assert not folder_of(address).exists()


def test_a_folder_that_a_killed_worker_left_goes_too(filled: Client) -> None:
    address = address_of(kick_off(filled))
    filled.delete(address)
    left = bulk_jobs.folder(job_of(address))
    (left / "Patient.1.ndjson").write_text("{}")
    bulk_jobs.expire(now=timezone.now())
    assert not left.exists()


def test_a_client_has_so_many_jobs_and_no_more(filled: Client, settings: Any) -> None:
    settings.BULK_MOST_JOBS = 2
    first, _ = (address_of(kick_off(filled)) for _ in range(2))
    refused = kick_off(filled)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert kick_off(client_of(application())).status_code == 202
    filled.delete(first)
    assert kick_off(filled).status_code == 202


def test_a_lost_file_fails_the_job_and_not_its_client(
    filled: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_export, "PAGE", 2)
    address = address_of(kick_off(filled, "/$export?_type=Observation"))
    job = job_of(address)
    while not job.files.exists():
        bulk_export.step(job, bulk_jobs.folder(job))
    (folder_of(address) / job.files.get().name).unlink()
    for _ in range(bulk_jobs.MOST_FAILURES):
        assert not bulk_jobs.work(job.pk)
    answer = filled.get(address)
    assert answer.status_code == 500
    assert "No such file" in faults(answer)[0]["diagnostics"]


def test_files_come_compressed_if_that_is_wanted(filled: Client) -> None:
    address = address_of(kick_off(filled))
    work(address)
    for entry in manifest_of(filled, address)["output"]:
        plain = content_of(filled, entry["url"])
        headers = {"Accept-Encoding": "gzip", "Accept": "application/fhir+ndjson"}
        answer = filled.get(entry["url"], headers=headers)
        assert answer["Content-Type"] == "application/fhir+ndjson"
        assert answer["Content-Encoding"] == "gzip"
        assert gzip.decompress(b"".join(answer.streaming_content)) == plain
        assert answer["Cache-Control"] == "no-store"


def test_what_was_deleted_by_the_moment_is_not_there_and_comes_back(filled: Client) -> None:
    """A resource that is made again after the moment was not there at it."""
    put(filled, fhir.blood_pressure("bp", 140, 80))
    filled.delete("/fhir/Observation/bp")
    address = address_of(kick_off(filled, "/Patient/$export?_type=Observation"))
    put(filled, fhir.blood_pressure("bp", 150, 80))
    work(address)
    lines = lines_of(filled, manifest_of(filled, address))
    assert not any(json.loads(row)["id"] == "bp" for row in lines["Observation"])
