"""What `$import` refuses, and how it ends before its end: nothing half-said, nothing left behind."""

import gzip
import io
import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from patients.errors import BulkJobFailed
from patients.models import AuditEvent, BulkFile, BulkJob, ClientProfile, ImportFault, Resource
from patients.services import bulk_import, bulk_jobs
from patients.services.bulk_import_files import Budget, Sink
from tests.factories import fhir
from tests.integration.fhir.calls import faults, sent
from tests.integration.fhir.importing import (
    ASYNC,
    BOUNDARY,
    FHIR_JSON,
    MULTIPART,
    NDJSON,
    imported,
    job_of,
    ndjson,
    outcomes,
    parameters,
    send_files,
    send_lines,
    send_manifest,
    status,
    work_off,
)

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
ONE = ndjson([fhir.patient()])


@pytest.fixture(autouse=True)
def own(settings: Any, tmp_path: Path) -> Path:
    settings.BULK_DIR = tmp_path / "bulk"
    settings.FHIR_IMPORT_DIR = str(tmp_path / "own")
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def left_behind(settings: Any) -> list[Path]:
    folder = Path(settings.BULK_DIR)
    return list(folder.iterdir()) if folder.exists() else []


def with_scope(scope: str, *, user: Any = None) -> Client:
    made = AccessToken.objects.create(
        application=Application.objects.get(name="Test EHR"),
        user=user,
        token=f"token {scope}",
        expires=timezone.now() + timedelta(hours=1),
        scope=scope,
    )
    return Client(headers={"Authorization": f"Bearer {made.token}"})


# --- who may -------------------------------------------------------------------------------------


def test_scopes_of_a_line(ehr: Client) -> None:
    client = with_scope("system/Patient.cu system/Observation.c")
    (outcome,) = imported(client, send_lines(client, ndjson(fhir.complete_record()[:2])))
    issue = outcome["issue"][0]
    assert (issue["code"], issue["expression"]) == ("forbidden", ["resourceType"])
    assert set(sent().values_list("type", flat=True)) == {"Patient"}


def test_a_declared_type_that_may_not_be_written_is_refused_at_once(ehr: Client) -> None:
    client = with_scope("system/Patient.cu")
    manifest = {"input": [{"type": "Observation", "url": "a.ndjson"}]}
    assert send_files(client, ("a.ndjson", ONE), manifest=manifest).status_code == 403


@pytest.mark.parametrize("scope", ["system/*.rs", "system/*.c", "system/Patient.u", "cu"])
def test_a_token_that_may_write_nothing(ehr: Client, settings: Any, scope: str) -> None:
    assert send_lines(with_scope(scope), ONE).status_code == 403
    assert not BulkJob.objects.exists() and left_behind(settings) == []


def test_a_persons_token(ehr: Client, django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("somebody", password="x")
    assert send_lines(with_scope("system/*.cud", user=user), ONE).status_code == 403
    assert send_lines(Client(), ONE).status_code == 401


def test_nobody_else_sees_the_job_or_its_errors(ehr: Client) -> None:
    job = job_of(send_lines(ehr, b"{}\n"))
    work_off(job)
    other = Application.objects.create(
        name="Other",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    stranger = with_scope("system/*.cruds system/*.rs")
    AccessToken.objects.filter(token__startswith="token ").update(application=other)
    assert len(outcomes(ehr, job)) == 1
    assert status(stranger, job).status_code == 404
    assert stranger.get(f"/fhir/bulk/{job.public_id}/errors.ndjson").status_code == 404
    assert ehr.get(f"/fhir/bulk/{job.public_id}/upload.ndjson").status_code == 404


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "file:../secret.ndjson",
        "file:%2e%2e/secret.ndjson",
        "file:link.ndjson",
        "file:linked/secret.ndjson",
        "file:/etc/passwd",
        "file:///etc/passwd",
        "file://etc/passwd",
        "file:a/../../secret.ndjson",
        "file:pipe.ndjson",
        "file:absent.ndjson",
        "file:plain.txt",
        "file:empty/",
        "file:with-link/",
        "file:a\0.ndjson",
        "file:a%00.ndjson",
        "file:" + "a/" * 400 + "x.ndjson",
        "secret.ndjson",
        "FTP://x/y.ndjson",
        "http://127.0.0.1/Patient.ndjson",
        "https://example.org/Patient.ndjson",
        "s3://bucket/Patient.ndjson",
        "",
        "x" * 2000,
    ],
)
def test_paths_that_are_refused(ehr: Client, own: Path, settings: Any, url: str) -> None:
    secret = own.parent / "outside"
    secret.mkdir()
    for path in (secret / "secret.ndjson", own.parent / "secret.ndjson", own / "plain.txt"):
        path.write_bytes(ONE)
    (own / "a").mkdir()
    (own / "empty").mkdir()
    (own / "with-link").mkdir()
    (own / "with-link" / "Patient.ndjson").symlink_to(secret / "secret.ndjson")
    (own / "link.ndjson").symlink_to(secret / "secret.ndjson")
    (own / "linked").symlink_to(secret)
    os.mkfifo(own / "pipe.ndjson")
    answer = send_manifest(ehr, parameters(("Patient", url)))
    assert answer.status_code == 400
    assert faults(answer)[0]["diagnostics"]
    assert str(own.parent) not in answer.content.decode()
    assert not BulkJob.objects.exists() and left_behind(settings) == []


def test_what_is_outside_looks_as_what_is_not_there(ehr: Client, own: Path) -> None:
    (own.parent / "secret.ndjson").write_bytes(ONE)
    there, absent = (
        faults(send_manifest(ehr, parameters(("", f"file:../{name}.ndjson"))))[0]["diagnostics"]
        for name in ("secret", "absent")
    )
    assert there.replace("secret", "absent") == absent


def test_web_addresses_are_not_fetched_and_without_the_setting_no_file_is(
    ehr: Client, settings: Any
) -> None:
    answer = send_manifest(ehr, parameters(("", "https://example.org/Patient.ndjson")))
    assert "is not fetched" in faults(answer)[0]["diagnostics"]
    settings.FHIR_IMPORT_DIR = ""
    answer = send_manifest(ehr, parameters(("", "file:Patient.ndjson")))
    assert "FHIR_IMPORT_DIR" in faults(answer)[0]["diagnostics"]


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"input": []},
        {"input": {}},
        {"input": ["file:a.ndjson"]},
        {"input": [{"type": "Patient"}]},
        {"input": [{"url": 5}]},
        {"input": [{"url": "file:a.ndjson", "type": "Nonsense"}]},
        {"input": [{"url": "file:a.ndjson", "type": ["Patient"]}]},
        {"input": [{"url": "file:a.ndjson", "more": 1}]},
        {"input": [{"url": "file:a.ndjson"}, {"url": "file:a.ndjson"}]},
        {"input": [{"url": "file:a.ndjson"}, {"url": "file:./a.ndjson"}]},
        {"input": [{"url": "file:a.ndjson"}], "inputFormat": "application/xml"},
        {"input": [{"url": "file:a.ndjson"}], "mode": "fast"},
        {"resourceType": "Patient"},
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "input", "valueUri": "file:a"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "input", "part": {"name": 1}}]},
        {"resourceType": "Parameters", "parameter": "x"},
    ],
)
def test_manifests_that_are_refused(ehr: Client, own: Path, manifest: Json) -> None:
    (own / "a.ndjson").write_bytes(ONE)
    assert send_manifest(ehr, manifest).status_code == 400
    assert not BulkJob.objects.exists()


def test_a_manifest_that_is_no_json(ehr: Client) -> None:
    for body in (b"{", b"[]", b"\xff"):
        answer = ehr.post("/fhir/$import", body, content_type=FHIR_JSON, headers=ASYNC)
        assert answer.status_code == 400


# --- sizes ---------------------------------------------------------------------------------------


def test_files_are_for_this_system_alone(ehr: Client, settings: Any) -> None:
    job = job_of(send_files(ehr, ("a.ndjson", ONE)))
    folder = Path(settings.BULK_DIR) / str(job.public_id)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a.ndjson").stat().st_mode) == 0o600
    work_off(job)
    assert list(folder.iterdir()) == [], "what was uploaded goes once it is stored"


def test_a_body_that_is_too_large(ehr: Client, settings: Any) -> None:
    settings.FHIR_MAX_IMPORT_BYTES = 1000
    for answer in (
        send_lines(ehr, b"\n" * 1001),
        send_files(ehr, ("a.ndjson", b"\n" * 500), ("b.ndjson", b"\n" * 501)),
        send_lines(ehr, b"\n" * 3_000_000),
    ):
        assert answer.status_code == 413
        assert "FHIR_MAX_IMPORT_BYTES" in faults(answer)[0]["diagnostics"]
    assert not BulkJob.objects.exists() and left_behind(settings) == []
    assert send_lines(ehr, b"\n" * 998 + b"{}").status_code == 202


def test_an_import_may_be_larger_than_a_body_of_another_request(ehr: Client, settings: Any) -> None:
    settings.FHIR_MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    rows = ndjson([fhir.patient(f"p{i}") for i in range(40)])
    assert len(rows) > 2 * 2000
    assert imported(ehr, send_lines(ehr, rows)) == []
    assert imported(ehr, send_files(ehr, ("a.ndjson", rows))) == []
    assert sent().count() == 40


def test_gzip_bombs(ehr: Client, settings: Any, own: Path) -> None:
    settings.FHIR_MAX_IMPORT_BYTES = 100_000
    bomb = gzip.compress(b"\n" * 50_000_000)
    assert len(bomb) < 100_000
    assert send_files(ehr, ("a.ndjson.gz", bomb)).status_code == 413
    assert send_files(ehr, ("a.ndjson", gzip.compress(b"x") + bomb)).status_code == 413
    assert left_behind(settings) == []
    (own / "a.ndjson.gz").write_bytes(bomb)
    job = job_of(send_manifest(ehr, parameters(("", "file:a.ndjson.gz"))))
    work_off(job)
    assert job.state == "failed" and "FHIR_MAX_IMPORT_BYTES" in job.error
    assert left_behind(settings) == []


@pytest.mark.parametrize("cut", [1, 3, 12, 30, -1])
def test_broken_gzip(ehr: Client, settings: Any, cut: int) -> None:
    packed = gzip.compress(ndjson(fhir.complete_record()))
    answer = send_files(ehr, ("a.ndjson.gz", packed[:cut]))
    if cut == 1:
        assert len(imported(ehr, answer)) == 1, "one byte is a line"
        return
    assert answer.status_code == 400 and left_behind(settings) == []
    assert send_files(ehr, ("a.ndjson.gz", packed + b"x")).status_code == 400


def test_gzip_in_several_members_and_padding(ehr: Client) -> None:
    person, *rest = fhir.complete_record()
    packed = gzip.compress(ndjson([person])) + gzip.compress(ndjson(rest)) + b"\0" * 512
    assert imported(ehr, send_files(ehr, ("a.ndjson.gz", packed))) == []
    assert sent().count() == 7


@pytest.mark.parametrize("size", [1, 7, 100, 65536])
def test_gzip_in_pieces_of_any_size(tmp_path: Path, size: int) -> None:
    text = os.urandom(300_000) + b"\n" * 3_000_000
    packed = gzip.compress(text)
    sink = Sink(tmp_path / "x", Budget(10_000_000))
    for start in range(0, len(packed), size):
        sink.write(packed[start : start + size])
    sink.close()
    assert (tmp_path / "x").read_bytes() == text
    assert sink.size == len(text)


def test_a_body_that_ends_early(ehr: Client, settings: Any) -> None:
    """A connection that breaks must not import the half of a file."""
    for kind, body in (
        (NDJSON, ONE),
        (
            MULTIPART,
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n{{}}",
        ),
    ):
        content = body if isinstance(body, bytes) else body.encode()
        answer = ehr.post(
            "/fhir/$import",
            content,
            content_type=kind,
            headers=ASYNC,
            **{"CONTENT_LENGTH": str(len(content) + 10), "wsgi.input": io.BytesIO(content)},  # type: ignore[arg-type]
        )
        assert answer.status_code == 400, answer.content
        assert faults(answer)[0]["code"] == "incomplete"
    assert not BulkJob.objects.exists() and left_behind(settings) == []


@pytest.mark.parametrize("kind", [NDJSON, MULTIPART])
def test_a_body_without_its_length(ehr: Client, kind: str) -> None:
    content = ONE
    if kind == MULTIPART:
        head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n"
        content = head.encode() + ONE + f"\r\n--{BOUNDARY}--\r\n".encode()
    answer = ehr.post(
        "/fhir/$import",
        b"x",
        content_type=kind,
        headers=ASYNC,
        **{"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(content), "wsgi.input_terminated": True},  # type: ignore[arg-type]
    )
    assert imported(ehr, answer) == []
    assert sent().count() == 1


def test_parts_that_are_refused(ehr: Client, settings: Any) -> None:
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\n{{}}\r\n--{BOUNDARY}--\r\n'
    for body in (b"", b"nothing", field.encode()):
        answer = ehr.post("/fhir/$import", body or b" ", content_type=MULTIPART, headers=ASYNC)
        assert answer.status_code == 400
    kind = "multipart/form-data"
    assert ehr.post("/fhir/$import", b"x", content_type=kind, headers=ASYNC).status_code == 400
    many = [(f"{i}.ndjson", b"") for i in range(101)]
    assert send_files(ehr, *many).status_code == 400
    assert left_behind(settings) == []
    packed = ehr.post(
        "/fhir/$import", ONE, content_type=NDJSON, headers=ASYNC | {"Content-Encoding": "gzip"}
    )
    assert packed.status_code == 415


def test_a_full_disk(ehr: Client, settings: Any, tmp_path: Path) -> None:
    """/dev/full says what a full disk says."""
    sink = Sink(tmp_path / "x", Budget(10**9))
    full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    sink._file.close()
    sink._file = full
    with pytest.raises(Exception) as caught:
        sink.write(ONE)
    assert getattr(caught.value, "status", 0) == 507
    assert "disk of this server is full" in caught.value.issues[0].diagnostics
    full.close()


# --- ends before the end -------------------------------------------------------------------------


@pytest.fixture
def two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patients.services.bulk_import_text.MOST_LINES", 3)


def one_step(job: BulkJob) -> None:
    bulk_jobs._start(job)
    bulk_import.step(job, bulk_jobs.folder(job))


def test_a_file_that_changes_in_between(ehr: Client, own: Path, two_steps: None) -> None:
    path = own / "rows.ndjson"
    for change in (
        lambda: path.write_bytes(path.read_bytes() + ONE),
        lambda: os.utime(path, (1, 1)),
        path.unlink,
        lambda: (path.unlink(), path.mkdir()),
        lambda: (path.unlink(), path.symlink_to("/etc/hostname")),
    ):
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            path.rmdir()
        path.write_bytes(ndjson(fhir.complete_record()))
        job = job_of(send_manifest(ehr, parameters(("", "file:rows.ndjson"))))
        one_step(job)
        change()
        work_off(job)
        assert job.state == "failed"
        assert "3 of its lines are done and 3 resources stored" in job.error
        assert "rows.ndjson" in job.error
        answer = status(ehr, job)
        assert answer.status_code == 500 and job.error in faults(answer)[0]["diagnostics"]
    assert sent().count() == 3


def test_a_packed_file_that_changes_before_it_is_unpacked(ehr: Client, own: Path) -> None:
    path = own / "rows.ndjson.gz"
    path.write_bytes(gzip.compress(ONE))
    job = job_of(send_manifest(ehr, parameters(("", "file:rows.ndjson.gz"))))
    path.write_bytes(gzip.compress(ONE + ONE))
    work_off(job)
    assert job.state == "failed" and "changed" in job.error
    path.write_bytes(b"\x1f\x8bnonsense")
    job = job_of(send_manifest(ehr, parameters(("", "file:rows.ndjson.gz"))))
    work_off(job)
    assert job.state == "failed" and "no whole gzip" in job.error
    assert not Resource.objects.exists()


def test_an_upload_that_is_lost(ehr: Client, settings: Any, two_steps: None) -> None:
    job = job_of(send_lines(ehr, ndjson(fhir.complete_record())))
    one_step(job)
    (Path(settings.BULK_DIR) / str(job.public_id) / "upload.ndjson").unlink()
    with pytest.raises(BulkJobFailed):
        bulk_import.step(job, bulk_jobs.folder(job))


def test_cancelled_in_the_middle(ehr: Client, settings: Any, two_steps: None) -> None:
    job = job_of(send_lines(ehr, b"{}\n" + ndjson(fhir.complete_record())))
    one_step(job)
    assert ehr.delete(f"/fhir/bulk/{job.public_id}").status_code == 202
    assert left_behind(settings) == []
    assert bulk_jobs.work(job.pk) is False
    assert sent().count() == 2
    assert status(ehr, job).status_code == 404
    assert AuditEvent.objects.filter(action="delete", what="import").count() == 1
    assert not ImportFault.objects.exists()


def test_a_step_that_is_overtaken_by_a_cancellation_stores_nothing(
    ehr: Client, settings: Any
) -> None:
    job = job_of(send_lines(ehr, ONE))
    bulk_jobs._start(job)
    BulkJob.objects.filter(pk=job.pk).update(state="cancelled")
    assert bulk_import.step(job, bulk_jobs.folder(job)) is False
    assert not Resource.objects.exists()
    assert BulkFile.objects.get().position == 0


def test_a_client_that_is_revoked_in_the_middle(
    ehr: Client, settings: Any, two_steps: None
) -> None:
    job = job_of(send_lines(ehr, ndjson(fhir.complete_record())))
    one_step(job)
    ClientProfile.objects.update_or_create(
        application_id=job.application_id, defaults={"is_active": False}
    )
    work_off(job)
    assert (job.state, job.error) == ("failed", "the client was revoked")
    assert sent().count() == 3 and left_behind(settings) == []


def test_no_more_jobs_than_a_client_may_have(ehr: Client, settings: Any) -> None:
    settings.BULK_MOST_JOBS = 1
    job = job_of(send_lines(ehr, ONE))
    answer = send_lines(ehr, ONE)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert len(left_behind(settings)) == 1
    work_off(job)
    assert send_lines(ehr, ONE).status_code == 202


def test_what_expires_is_gone(ehr: Client, settings: Any) -> None:
    job = job_of(send_lines(ehr, ONE + b"{}\n"))
    work_off(job)
    assert len(outcomes(ehr, job)) == 1 and len(left_behind(settings)) == 1
    bulk_jobs.expire(now=timezone.now() + timedelta(hours=25))
    assert left_behind(settings) == []
    assert not ImportFault.objects.exists()
    assert status(ehr, job).status_code == 404


def test_an_upload_whose_server_was_killed_is_cleared_away(ehr: Client, settings: Any) -> None:
    job = job_of(send_lines(ehr, ONE))
    orphan = Path(settings.BULK_DIR) / "00000000-0000-4000-8000-000000000000"
    other = Path(settings.BULK_DIR) / "not-ours"
    for folder in (orphan, other):
        folder.mkdir()
        (folder / "half.ndjson").write_bytes(ONE)
    bulk_jobs.expire(now=timezone.now())
    assert orphan.exists(), "somebody may be sending it"
    bulk_jobs.expire(now=timezone.now() + timedelta(hours=2))
    assert sorted(left_behind(settings)) == sorted([bulk_jobs.folder(job), other])
