"""`$import`: every kind of body, and every bad line by file, line and byte offset."""

import codecs
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from patients.fhir.validation import validate
from patients.models import (
    AuditEvent,
    BulkFile,
    BulkJob,
    Fact,
    ImportFault,
    Patient,
    ResourceVersion,
)
from patients.services.ndjson import lines
from tests.factories import fhir
from tests.integration.fhir.calls import faults, sent, sent_versions
from tests.integration.fhir.importing import (
    ASYNC,
    NDJSON,
    imported,
    job_of,
    ndjson,
    parameters,
    send_files,
    send_lines,
    send_manifest,
    source,
    status,
    work_off,
)

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> Path:
    """Job folders, and an empty folder of the server's own files."""
    settings.BULK_DIR = tmp_path / "bulk"
    settings.FHIR_IMPORT_DIR = str(tmp_path / "own")
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def ids() -> set[str]:
    return set(sent().values_list("fhir_id", flat=True))


def wrong(fhir_id: str) -> Json:
    return fhir.quantity(fhir_id, "2093-3", 5, "mmol/L", status="finished")


# --- bodies --------------------------------------------------------------------------------------


def test_lines_as_the_body(ehr: Client) -> None:
    answer = send_lines(ehr, ndjson(fhir.complete_record()))
    assert answer.status_code == 202
    job = job_of(answer)
    waiting = status(ehr, job)
    assert (waiting.status_code, waiting["X-Progress"]) == (202, "0 % read, 0 stored, 0 rejected")
    work_off(job)
    done = status(ehr, job)
    assert done.status_code == 200
    assert done.json()["output"] == [
        {"type": "Observation", "count": 6, "inputUrl": "upload.ndjson"},
        {"type": "Patient", "count": 1, "inputUrl": "upload.ndjson"},
    ]
    assert done.json()["error"] == []
    assert Fact.objects.count() == 7
    assert set(sent_versions().values_list("version", flat=True)) == {1}


def test_several_files_compressed_or_not_in_any_order(ehr: Client) -> None:
    person, *rest = fhir.complete_record()
    answer = send_files(
        ehr,
        ("Observation.ndjson.gz", gzip.compress(ndjson(rest))),
        ("Patient.ndjson", ndjson([person])),
    )
    assert imported(ehr, answer) == []
    assert len(ids()) == 7
    rows = BulkFile.objects.order_by("pk").values_list("name", "type", "count", "lines")
    assert list(rows) == [
        ("Patient.ndjson", "Patient", 1, 1),
        ("Observation.ndjson", "Observation", 6, 6),
    ]


def test_a_manifest_beside_the_files(ehr: Client) -> None:
    manifest = {"input": [{"type": "Observation", "url": "rows.ndjson"}]}
    answer = send_files(ehr, ("rows.ndjson", ndjson([fhir.patient()])), manifest=manifest)
    (outcome,) = imported(ehr, answer)
    assert "the manifest says Observation" in outcome["issue"][0]["diagnostics"]
    assert outcome["issue"][0]["expression"] == ["resourceType"]
    manifest = {"input": [{"url": "other.ndjson"}]}
    refused = send_files(ehr, ("rows.ndjson", b"{}"), manifest=manifest)
    assert refused.status_code == 400
    assert "other.ndjson" in faults(refused)[0]["diagnostics"]


@pytest.mark.parametrize("form", ["Parameters", "plain"])
def test_files_of_the_server(ehr: Client, folders: Path, form: str) -> None:
    person, *rest = fhir.complete_record()
    (folders / "2026").mkdir()
    (folders / "2026" / "Observation.ndjson.gz").write_bytes(gzip.compress(ndjson(rest)))
    (folders / "Patient.ndjson").write_bytes(ndjson([person]))
    inputs = [("Observation", "file:2026/Observation.ndjson.gz"), ("", "file:Patient.ndjson")]
    plain = {
        "inputFormat": NDJSON,
        "inputSource": "https://ehr.example.org",
        "input": [{"url": url} | ({"type": kind} if kind else {}) for kind, url in inputs],
    }
    answer = send_manifest(ehr, parameters(*inputs) if form == "Parameters" else plain)
    assert imported(ehr, answer) == []
    assert len(ids()) == 7
    output = status(ehr, job_of(answer)).json()["output"]
    assert output == [
        {"type": "Observation", "count": 6, "inputUrl": "file:2026/Observation.ndjson.gz"},
        {"type": "Patient", "count": 1, "inputUrl": "file:Patient.ndjson"},
    ]
    assert (folders / "Patient.ndjson").exists(), "what is the server's own stays"


def test_a_folder_of_the_server(ehr: Client, folders: Path) -> None:
    person, *rest = fhir.complete_record()
    (folders / "2026" / "more").mkdir(parents=True)
    (folders / "2026" / "Patient.ndjson").write_bytes(ndjson([person]))
    (folders / "2026" / "more" / "Observation.jsonl").write_bytes(ndjson(rest))
    (folders / "elsewhere.ndjson").write_bytes(ndjson([fhir.practitioner()]))
    assert imported(ehr, send_manifest(ehr, parameters(("", "file:2026/")))) == []
    assert len(ids()) == 7


def test_client_source_care_team_and_audit(ehr: Client, settings: Any) -> None:
    answer = send_lines(ehr, ndjson(fhir.complete_record()))
    job = job_of(answer)
    work_off(job)
    versions = ResourceVersion.objects.all()
    assert {v.source for v in versions} == {f"client {job.application_id}"}
    assert {v.request_id for v in versions} == {answer["X-Request-ID"]}
    (event,) = AuditEvent.objects.filter(action="import", what__contains="Patient")
    assert (event.actor_kind, event.actor) == ("client", str(job.application_id))
    assert event.patient_ids == [Patient.objects.get().pk]
    assert event.request_id == answer["X-Request-ID"]


def test_names_are_made_safe_and_unlike(ehr: Client) -> None:
    one = ndjson([fhir.patient()])
    names = ["a b.ndjson", "a/b.ndjson", "b.ndjson.gz", "errors.ndjson", "..", "B.ndjson"]
    files = [(name, one) for name in names]
    answer = send_files(ehr, *files)
    found = [f.name for f in job_of(answer).files.order_by("pk")]
    assert len(found) == len(set(found)) == len(names) - 1, "a file without a name is no file"
    assert set(found) == {
        *("a_b.ndjson", "b.ndjson", "b-2.ndjson", "errors-2.ndjson", "B-3.ndjson"),
    }
    assert imported(ehr, answer) == []


# --- bad lines -----------------------------------------------------------------------------------


def places(found: list[Json]) -> list[tuple[str, int, int, int]]:
    for outcome in found:
        assert validate(outcome) == []
        for issue in outcome["issue"]:
            at = source(issue)
            words = f"{at['file']}, line {at['line']}, byte {at['byteOffset']}: "
            assert issue["diagnostics"].startswith(words)
    return [tuple(source(outcome["issue"][0]).values()) for outcome in found]  # type: ignore[misc]


def test_every_kind_of_bad_line_has_its_place(ehr: Client, settings: Any) -> None:
    settings.FHIR_MAX_BODY_BYTES = 2000
    good = json.dumps(fhir.patient()).encode()
    ours = fhir.patient("ours") | {
        "identifier": [{"system": "urn:twinportal:prediction", "value": "x"}]
    }
    rows: list[tuple[bytes, str, str]] = [
        (codecs.BOM_UTF8 + good, "", ""),
        (b"", "", ""),
        (b"  \t ", "", ""),
        (json.dumps(wrong("a")).encode(), "code-invalid", "Observation.status"),
        (b"{", "structure", ""),
        (b'{"resourceType":"Patient","name":"\xff"}', "structure", ""),
        (b"[]", "structure", ""),
        (b'"x"', "structure", ""),
        (b"{} {}", "structure", ""),
        (b"{}", "", ""),
        (b'{"resourceType":"Patient","id":"big","x":"' + b"x" * 5000 + b'"}', "too-costly", ""),
        (b'{"resourceType":"Bundle","type":"batch"}', "not-supported", "resourceType"),
        (b'{"resourceType":"AuditEvent","id":"x"}', "forbidden", "AuditEvent"),
        (json.dumps(ours).encode(), "forbidden", "Patient"),
        (b'{"resourceType":"Nonsense","id":"x"}', "", ""),
        (b'{"resourceType":["Patient"]}', "", ""),
        (b'{"resourceType":"Patient","id":"not an id"}', "", "Patient.id"),
        (b'{"resourceType":"Patient","id":5}', "", "Patient.id"),
        (b'{"resourceType":"Patient","id":"nul","language":"\\u0000"}', "", "Patient.language"),
        (
            json.dumps(fhir.blood_pressure("lost", 1, 1, subject="nobody")).encode(),
            "not-found",
            "Observation.subject",
        ),
        (json.dumps(fhir.practitioner("last")).encode(), "", ""),
    ]
    bad = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
    ends = [b"\n", b"\r\n"]
    text, expected = b"", []
    for number, (row, _, _) in enumerate(rows):
        if number in bad:
            expected.append(("upload.ndjson", number + 1, len(text), len(row)))
        text += row + (ends[number % 2] if number < len(rows) - 1 else b"")
    found = imported(ehr, send_lines(ehr, text))
    assert places(found) == expected
    for outcome, number in zip(found, bad, strict=True):
        _, code, element = rows[number]
        issue = outcome["issue"][0]
        assert code in ("", issue["code"]), (rows[number], issue)
        if element:
            assert issue["expression"][0].startswith(element), (rows[number], issue)
    assert ids() == {"p1", "last"}
    file = BulkFile.objects.get(role="input")
    assert (file.count, file.rejected, file.lines, file.position) == (2, 17, 21, len(text))


ROWS = st.lists(
    st.tuples(
        st.sampled_from([b"", b" ", b"{}", b"[1]", b"x" * 30, b"\xff", b'{"a":"\\n"}', b"\r"]),
        st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\r\r\n"]),
    ),
    max_size=30,
)


@given(rows=ROWS, tail=st.sampled_from([b"", b"{}", b"\r", b"x" * 50]), skip=st.integers(0, 20))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_offsets_are_those_of_a_plain_count(
    rows: list[tuple[bytes, bytes]], tail: bytes, skip: int, tmp_path: Path
) -> None:
    text = b"".join(row + end for row, end in rows) + tail
    path = tmp_path / "x.ndjson"
    path.write_bytes(text)
    by_hand = text.split(b"\n")
    if by_hand[-1] == b"":
        by_hand.pop()
    with path.open("rb") as stream:
        found = list(lines(stream, limit=20))
    assert [line.number for line in found] == list(range(1, len(by_hand) + 1))
    offset = 0
    for line, row in zip(found, by_hand, strict=True):
        assert line.offset == offset
        without_end = row.removesuffix(b"\r") if text[offset + len(row) :][:1] else row
        assert line.length == len(without_end)
        assert line.raw is None or line.raw == without_end
        assert (line.raw is None) == (line.size > 20)
        offset += line.size
    assert offset == len(text)
    # and from anywhere in it, as a worker does that goes on
    if skip < len(found):
        start = found[skip]
        with path.open("rb") as stream:
            stream.seek(start.offset)
            again = list(lines(stream, limit=20, number=start.number, offset=start.offset))
        assert again == found[skip:]


def test_later_references_wait(ehr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patients.services.bulk_import_text.MOST_LINES", 2)
    monkeypatch.setattr("patients.services.bulk_import.MOST_LINES", 2)
    rows = [
        *(fhir.blood_pressure(f"bp{i}", 140, 80, subject="p1") for i in range(5)),
        fhir.blood_pressure("lost", 140, 80, subject="nobody"),
        fhir.patient(practitioner="dr9"),
        fhir.patient("p2"),
        fhir.practitioner("dr9"),
    ]
    (outcome,) = imported(ehr, send_lines(ehr, ndjson(rows)))
    assert source(outcome["issue"][0])["line"] == 6
    assert ids() == {*(f"bp{i}" for i in range(5)), "p1", "p2", "dr9"}
    assert set(sent_versions().values_list("version", flat=True)) == {1}
    file = BulkFile.objects.get(role="input")
    assert (file.count, file.rejected) == (8, 1)


def test_a_line_that_waited_does_not_undo_a_newer_one(
    ehr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.services.bulk_import_text.MOST_LINES", 1)
    old, new = fhir.blood_pressure("bp", 120, 80), fhir.blood_pressure("bp", 150, 90, subject="p2")
    rows = [fhir.patient("p2"), old, new, fhir.patient("p1")]
    (outcome,) = imported(ehr, send_lines(ehr, ndjson(rows)))
    assert source(outcome["issue"][0])["line"] == 2
    assert outcome["issue"][0]["code"] == "duplicate"
    assert set(Fact.objects.values_list("patient__fhir_id", flat=True)) == {"p2"}
    file = BulkFile.objects.get(role="input")
    assert (file.count, file.rejected) == (3, 1)


def test_the_same_id_twice_is_two_versions_in_order(ehr: Client) -> None:
    rows = [fhir.patient(family="First"), wrong("a"), fhir.patient(family="Second"), wrong("b")]
    found = imported(ehr, send_lines(ehr, ndjson(rows)))
    assert [source(o["issue"][0])["line"] for o in found] == [2, 4]
    assert Patient.objects.get().family == "Second"
    assert sorted(sent_versions().values_list("version", flat=True)) == [1, 2]


def test_a_resource_without_an_id_is_created_once(ehr: Client) -> None:
    nameless = {k: v for k, v in fhir.blood_pressure("", 140, 80).items() if k != "id"}
    rows = [nameless, nameless, fhir.patient()]
    assert imported(ehr, send_lines(ehr, ndjson(rows))) == []
    assert sent().filter(type="Observation").count() == 2


@pytest.mark.parametrize(
    "nothing",
    [b"", b"\n\r\n \n", codecs.BOM_UTF8, b"\n" * 3_000_000],
    ids=["nothing", "blank", "mark", "long"],
)
def test_an_import_without_lines_is_refused(ehr: Client, settings: Any, nothing: bytes) -> None:
    """Whoever sends an empty file by mistake would read "complete" and believe it."""
    packed = gzip.compress(nothing)
    for answer in (
        send_lines(ehr, nothing, CONTENT_TYPE=NDJSON, CONTENT_LENGTH=str(len(nothing))),
        send_files(ehr, ("Patient.ndjson", nothing)),
        send_files(ehr, ("Patient.ndjson.gz", packed), ("b.ndjson", nothing)),
    ):
        assert answer.status_code == 400
        assert "no line" in faults(answer)[0]["diagnostics"]
    assert send_files(ehr).status_code == 400
    assert send_files(ehr, manifest=parameters(("Patient", "file:a.ndjson"))).status_code == 400
    assert not BulkJob.objects.exists()
    assert not any(Path(settings.BULK_DIR).iterdir())


def test_an_empty_file_beside_another_is_none(ehr: Client) -> None:
    full = ndjson([fhir.patient()])
    job = job_of(send_files(ehr, ("Patient.ndjson", full), ("b.ndjson", b"")))
    work_off(job)
    found = {o["inputUrl"]: o["count"] for o in status(ehr, job).json()["output"]}
    assert found == {"Patient.ndjson": 1, "b.ndjson": 0}


def test_a_file_of_several_types_is_counted_by_type(
    ehr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over several steps, and with a line that waits for its patient."""
    monkeypatch.setattr("patients.services.bulk_import_text.MOST_LINES", 2)
    rows = [
        fhir.blood_pressure("early", 140, 80, subject="p2"),
        fhir.patient("p1"),
        *(fhir.blood_pressure(f"o{n}", 140, 80, subject="p1") for n in range(3)),
        fhir.condition("c", "44054006", subject="p1"),
        wrong("w"),
        fhir.patient("p2"),
    ]
    job = job_of(send_lines(ehr, ndjson(rows)))
    work_off(job)
    assert status(ehr, job).json()["output"] == [
        {"type": "Condition", "count": 1, "inputUrl": "upload.ndjson"},
        {"type": "Observation", "count": 4, "inputUrl": "upload.ndjson"},
        {"type": "Patient", "count": 2, "inputUrl": "upload.ndjson"},
    ]
    assert job.files.get(role="input").count == 7


def test_faults_beyond_two_gigabytes_are_valid_fhir(ehr: Client) -> None:
    job = job_of(send_lines(ehr, ndjson([wrong("a")])))
    work_off(job)
    fault = ImportFault.objects.get()
    fault.offset, fault.line = 2**40, 2**33
    from patients.services.bulk_import_report import outcome_of

    outcome = outcome_of(fault)
    assert validate(outcome) == []
    assert source(outcome["issue"][0])["byteOffset"] == 2**40


def test_a_plain_post_says_what_is_missing(ehr: Client) -> None:
    answer = ehr.post("/fhir/$import", b"{}", content_type=NDJSON)
    assert answer.status_code == 400
    assert "Prefer: respond-async" in faults(answer)[0]["diagnostics"]
    other = ehr.post("/fhir/$import", b"<x/>", content_type="application/xml", headers=ASYNC)
    assert other.status_code == 415


def test_an_error_nobody_foresaw_costs_its_line_alone(ehr: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.fhir_id = 'boom' THEN RAISE EXCEPTION 'boom'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER boom BEFORE INSERT ON patients_resource"
            " FOR EACH ROW EXECUTE FUNCTION boom()"
        )
    nameless = {k: v for k, v in fhir.blood_pressure("", 140, 80).items() if k != "id"}
    values = [fhir.blood_pressure(f"bp{n}", 140, 80) for n in range(20)]
    rows = [fhir.patient(), *values[:9], fhir.patient("boom"), nameless, *values[9:]]
    (outcome,) = imported(ehr, send_lines(ehr, ndjson(rows)))
    assert source(outcome["issue"][0])["line"] == 11
    assert outcome["issue"][0]["code"] == "exception"
    assert sent().count() == 22
    assert set(sent_versions().values_list("version", flat=True)) == {1}
    assert Fact.objects.count() == 42
    file = BulkFile.objects.get(role="input")
    assert (file.count, file.rejected) == (22, 1)


def test_the_same_import_again_changes_nothing(ehr: Client) -> None:
    """What is here already is not stored again, and counts as stored."""
    rows = ndjson(fhir.complete_record())
    assert imported(ehr, send_lines(ehr, rows)) == []
    assert imported(ehr, send_lines(ehr, rows)) == []
    assert set(sent_versions().values_list("version", flat=True)) == {1}
    assert [f.count for f in BulkFile.objects.all()] == [7, 7]
