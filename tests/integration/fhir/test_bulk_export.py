"""`$export`: what is asked for is what comes, and all of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.dateparse import parse_datetime

from patients.fhir.validation import validate
from patients.models import AuditEvent, BulkFile, BulkJob, Patient, Resource
from patients.services import bulk_export, bulk_export_files, bulk_jobs
from tests.factories import fhir
from tests.integration.fhir.bulk import (
    PREFER,
    address_of,
    content_of,
    deleted,
    export,
    job_of,
    keys,
    kick_off,
    kick_off_by_post,
    lines_of,
    manifest_of,
    stored,
    work,
)
from tests.integration.fhir.calls import expressions, faults, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
PRETTY = """{
  "resourceType": "Observation",
  "id": "pretty", "status": "final",
  "code": {"text": "a \\n b \\u2028 c"},\r
  "subject": {"reference": "Patient/p1"},
  "valueQuantity": {"value": 405.70, "unit": "mg", "extension":
      [{"url": "http://x", "valueDecimal": 1.10e1}]}
}"""


def group(fhir_id: str, *members: str, **more: Any) -> Json:
    listed = [{"entity": {"reference": f"Patient/{m}"}} for m in members]
    return {
        "resourceType": "Group",
        "id": fhir_id,
        "type": "person",
        "actual": True,
        "member": listed,
    } | more


def linked_to(fhir_id: str) -> list[Json]:
    return [{"other": {"reference": f"Patient/{fhir_id}"}, "type": "replaced-by"}]


def patients_of(lines: dict[str, list[str]]) -> set[str]:
    """FHIR ids of those whom the lines are about."""
    rows = [json.loads(row) for rows in lines.values() for row in rows]
    named = {r["id"] for r in rows if r["resourceType"] == "Patient"}
    subjects = (r.get("subject") or r.get("patient") or {} for r in rows)
    return named | {s["reference"].partition("/")[2] for s in subjects if s}


@pytest.fixture
def filled(ehr: Client) -> Client:
    resources = [
        fhir.practitioner(),
        *fhir.complete_record("p1", practitioner="dr1"),
        *fhir.complete_record("p2"),
        *fhir.complete_record("p3"),
        *(fhir.condition(f"c{p}", "44054006", subject=p) for p in ("p1", "p2", "p3")),
    ]
    assert post(ehr, "", fhir.transaction(resources)).status_code == 200
    assert put(ehr, group("g1", "p1", "p3")).status_code == 201
    return ehr


class TestWhole:
    def test_the_system_is_everything_that_is_stored(self, filled: Client) -> None:
        manifest = export(filled)
        assert keys(lines_of(filled, manifest)) == stored()
        assert manifest["requiresAccessToken"] is True
        assert manifest["request"] == "http://testserver/fhir/$export"
        assert manifest["deleted"] == manifest["error"] == []

    def test_files_and_pages_have_their_limits(
        self, filled: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk_export, "PAGE", 3)
        monkeypatch.setattr(bulk_export_files, "MOST_LINES", 4)
        manifest = export(filled)
        assert keys(lines_of(filled, manifest)) == stored()
        names = [e["url"].rpartition("/")[2] for e in manifest["output"]]
        assert "Observation.1.ndjson" in names and "Observation.2.ndjson" in names
        assert max(e["count"] for e in manifest["output"]) == 4

    def test_large_resources_make_small_pages(
        self, filled: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk_export, "PAGE_BYTES", 100)
        assert keys(lines_of(filled, export(filled))) == stored()

    def test_a_line_is_what_was_sent(self, filled: Client) -> None:
        assert post(filled, "/Observation", PRETTY).status_code == 201
        rows = lines_of(filled, export(filled, "/$export?_type=Observation"))["Observation"]
        (row,) = [r for r in rows if "405.70" in r]
        assert "1.10e1" in row and "\\n" in row and "\r" not in row
        read = filled.get(f"/fhir/Observation/{json.loads(row)['id']}")
        assert json.loads(row) == read.json()

    def test_an_empty_store_has_no_files(self, ehr: Client) -> None:
        manifest = export(ehr)
        assert manifest["output"] == manifest["deleted"] == []


class TestParameters:
    def test_types(self, filled: Client) -> None:
        for query in ("_type=Patient,Observation", "_type=Patient&_type=Observation"):
            lines = lines_of(filled, export(filled, f"/$export?{query}"))
            assert keys(lines) == stored(["Patient", "Observation"])

    def test_post_says_the_same_as_get(self, filled: Client) -> None:
        kinds = [{"name": "_type", "valueString": kind} for kind in ("Patient", "Condition")]
        more = {"name": "_outputFormat", "valueString": "application/fhir+ndjson"}
        address = address_of(kick_off_by_post(filled, "/$export", *kinds, more))
        assert work(address).state == "complete"
        assert keys(lines_of(filled, manifest_of(filled, address))) == stored(
            ["Patient", "Condition"]
        )

    def test_elements_with_what_r4_demands_and_a_mark(self, filled: Client) -> None:
        assert post(filled, "/Observation", PRETTY).status_code == 201
        path = (
            "/$export?_type=Patient,Observation,Condition&_elements=Patient.name,Observation.value"
        )
        lines = lines_of(filled, export(filled, path))
        for row in map(json.loads, lines["Patient"]):
            assert set(row) == {"resourceType", "id", "meta", "name"}
            assert row["meta"]["tag"][-1]["code"] == "SUBSETTED"
            assert row["meta"]["lastUpdated"]
        rows = list(map(json.loads, lines["Observation"]))
        assert all({"status", "code"} <= set(row) for row in rows)
        assert not any({"subject", "effectiveDateTime"} & set(row) for row in rows)
        assert any("valueQuantity" in row for row in rows)
        assert any("405.70" in row for row in lines["Observation"])
        assert all("tag" not in json.loads(row)["meta"] for row in lines["Condition"])
        everywhere = lines_of(filled, export(filled, "/Patient/$export?_elements=subject"))
        assert set(json.loads(everywhere["Patient"][0])) == {"resourceType", "id", "meta"}
        assert "subject" in json.loads(everywhere["Condition"][0])

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/$export?_type=Obs", "_type"),
            ("/$export?_type=", "_type"),
            ("/$export?_type=AuditEvent", "_type"),
            ("/Patient/$export?_type=Practitioner", "_type"),
            ("/Group/g1/$export?_type=Organization", "_type"),
            ("/$export?_since=yesterday", "_since"),
            ("/$export?_since=ge2020", "_since"),
            ("/$export?_since=2020&_since=2021", "_since"),
            ("/$export?_outputFormat=text/csv", "_outputFormat"),
            ("/$export?_elements=nonsense", "_elements"),
            ("/$export?_elements=Patient.status", "_elements"),
            ("/$export?_elements=Nobody.name", "_elements"),
            ("/$export?_typeFilter=Patient%3Fname%3Dx", "_typeFilter"),
            ("/$export?includeAssociatedData=LatestProvenanceResources", "includeAssociatedData"),
            ("/Patient/$export?patient=Patient/p1", "patient"),
            ("/$export?x=1", "x"),
        ],
    )
    def test_what_is_not_understood_is_refused(self, filled: Client, path: str, name: str) -> None:
        answer = kick_off(filled, path)
        assert (answer.status_code, expressions(answer)) == (400, [name])
        assert not BulkJob.objects.exists()

    def test_a_lenient_client_is_told_what_was_left_out(self, filled: Client) -> None:
        path = "/$export?_type=Patient&_typeFilter=Patient%3Fgender%3Dmale&x=1"
        answer = kick_off(filled, path, Prefer="respond-async, handling=lenient")
        assert [i["severity"] for i in faults(answer)] == ["information", "warning", "warning"]
        wrong = kick_off(filled, "/$export?_type=X", Prefer="respond-async;handling=lenient")
        assert wrong.status_code == 400

    def test_it_runs_in_the_background_or_not_at_all(self, filled: Client) -> None:
        for path in ("/$export", "/Patient/$export", "/Group/g1/$export"):
            answer = filled.get(f"/fhir{path}")
            assert answer.status_code == 400
            assert "Prefer: respond-async" in faults(answer)[0]["diagnostics"]
        assert kick_off(filled, Accept="application/fhir+xml").status_code == 406
        for wrong in (fhir.patient(), {"resourceType": "Parameters", "parameter": {}}):
            assert post(filled, "/$export", wrong, **PREFER).status_code == 400
        for parameter in ({"name": "_type"}, {"name": "_type", "valueString": 1}, "x"):
            body = {"resourceType": "Parameters", "parameter": [parameter]}
            assert post(filled, "/$export", body, **PREFER).status_code == 400


class TestRecords:
    def test_of_all_patients(self, filled: Client) -> None:
        lines = lines_of(filled, export(filled, "/Patient/$export"))
        assert patients_of(lines) == {"p1", "p2", "p3"}
        assert "Practitioner" not in lines and "Group" not in lines
        known = Resource.objects.exclude(patient=None).values_list("type", "fhir_id")
        assert {key.rpartition("/")[0] for key in keys(lines)} == {"/".join(k) for k in known}

    def test_of_a_group(self, filled: Client) -> None:
        lines = lines_of(filled, export(filled, "/Group/g1/$export"))
        assert patients_of(lines) == {"p1", "p3"}
        assert len(lines["Patient"]) == 2

    def test_of_some_patients(self, filled: Client) -> None:
        named = {"name": "patient", "valueReference": {"reference": "Patient/p3"}}
        for path in ("/Patient/$export", "/Group/g1/$export"):
            address = address_of(kick_off_by_post(filled, path, named))
            work(address)
            assert patients_of(lines_of(filled, manifest_of(filled, address))) == {"p3"}
        stranger = {"name": "patient", "valueReference": {"reference": "Patient/p2"}}
        answer = kick_off_by_post(filled, "/Group/g1/$export", named, stranger)
        assert answer.status_code == 400
        assert [i["diagnostics"] for i in faults(answer)] == ["Patient/p2 is not in the Group"]
        assert kick_off_by_post(filled, "/$export", named).status_code == 400
        other = {"name": "patient", "valueReference": {"reference": "Group/g1"}}
        assert kick_off_by_post(filled, "/Patient/$export", other).status_code == 400

    def test_a_group_must_be_here_and_list_its_members(self, filled: Client) -> None:
        assert kick_off(filled, "/Group/g9/$export").status_code == 404
        meant = {k: v for k, v in group("g2", actual=False).items() if k != "member"}
        assert put(filled, meant).status_code == 201
        assert kick_off(filled, "/Group/g2/$export").status_code == 400
        filled.delete("/fhir/Group/g2")
        assert kick_off(filled, "/Group/g2/$export").status_code == 410
        gone = {"entity": {"reference": "Patient/p1"}, "inactive": True}
        put(filled, group("g3", "p2") | {"member": [gone, *group("g3", "p2")["member"]]})
        assert patients_of(lines_of(filled, export(filled, "/Group/g3/$export"))) == {"p2"}

    def test_who_was_deleted_is_not_there_and_who_was_merged_is(self, filled: Client) -> None:
        p1, p2 = Patient.objects.get(fhir_id="p1"), Patient.objects.get(fhir_id="p2")
        linked = fhir.patient("p2") | {"link": linked_to("p1")}
        assert put(filled, linked).status_code == 200
        p2.refresh_from_db()
        assert p2.merged_into_id == p1.pk
        assert filled.delete("/fhir/Patient/p3").status_code == 204
        assert patients_of(lines_of(filled, export(filled, "/Patient/$export"))) == {"p1", "p2"}
        one = lines_of(filled, export(filled, "/Group/g1/$export"))
        assert patients_of(one) == {"p1", "p2"}

    def test_what_goes_to_somebody_else_meanwhile_stays_in_the_old_record(
        self, filled: Client
    ) -> None:
        """The file has the old text, which is about the old patient."""
        put(filled, fhir.blood_pressure("moves", 140, 80, subject="p1"))
        inside = address_of(kick_off(filled, "/Group/g1/$export"))
        put(filled, group("g2", "p2"))
        outside = address_of(kick_off(filled, "/Group/g2/$export"))
        for address in (inside, outside):
            while "todo" not in (job := job_of(address)).parameters:
                assert not bulk_export.step(job, bulk_jobs.folder(job))
        put(filled, fhir.blood_pressure("moves", 140, 80, subject="p2"))
        found = {}
        for address in (inside, outside):
            work(address)
            found[address] = lines_of(filled, manifest_of(filled, address))
        assert "Observation/moves/1" in keys(found[inside])
        assert patients_of(found[outside]) == {"p2"}
        assert not any(key.startswith("Observation/moves") for key in keys(found[outside]))


class TestSince:
    def test_what_changed_and_what_was_deleted(self, filled: Client) -> None:
        first = export(filled)
        since = first["transactionTime"]
        put(filled, fhir.blood_pressure("new", 150, 90, subject="p1"))
        put(filled, fhir.patient("p2", family="Changed"))
        gone = "Condition/cp2"
        assert filled.delete(f"/fhir/{gone}").status_code == 204
        second = export(filled, f"/$export?_since={since}")
        found = {key for key in keys(lines_of(filled, second)) if "Provenance" not in key}
        assert found == {"Observation/new/1", "Patient/p2/2"}
        assert deleted(filled, second) == {gone}
        assert {entry["type"] for entry in second["deleted"]} == {"Bundle"}
        narrow = export(filled, f"/$export?_since={since}&_type=Patient")
        assert deleted(filled, narrow) == set()

    def test_many_deletions_are_several_bundles(
        self, filled: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk_export_files, "MOST_DELETIONS", 2)
        monkeypatch.setattr(bulk_export, "PAGE", 4)
        since = export(filled)["transactionTime"]
        gone = {key.rpartition("/")[0] for key in stored(["Observation"])}
        for name in gone:
            assert filled.delete(f"/fhir/{name}").status_code == 204
        manifest = export(filled, f"/$export?_since={since}")
        assert deleted(filled, manifest) == gone
        assert sum(entry["count"] for entry in manifest["deleted"]) >= len(gone) / 2 > 2

    def test_a_deleted_patient_is_told_of(self, filled: Client) -> None:
        since = export(filled)["transactionTime"]
        filled.delete("/fhir/Patient/p3")
        assert deleted(filled, export(filled, f"/Patient/$export?_since={since}")) == {"Patient/p3"}
        assert "Patient/p3" in deleted(filled, export(filled, f"/Group/g1/$export?_since={since}"))

    def test_all_of_those_who_came_into_the_group_since(self, filled: Client) -> None:
        since = export(filled, "/Group/g1/$export")["transactionTime"]
        put(filled, group("g1", "p1", "p2", "p3"))
        lines = lines_of(filled, export(filled, f"/Group/g1/$export?_since={since}"))
        assert patients_of(lines) == {"p2"}
        assert len(lines["Observation"]) > 2

    def test_all_of_those_who_were_restored_since(self, filled: Client) -> None:
        """The export before was without them, and told nobody of what they have."""
        assert filled.delete("/fhir/Patient/p3").status_code == 204
        since = export(filled, "/Patient/$export")["transactionTime"]
        quiet = lines_of(filled, export(filled, f"/Patient/$export?_since={since}"))
        assert patients_of(quiet) == set(), "still deleted"
        assert put(filled, fhir.patient("p3")).status_code == 201
        owned = Resource.objects.filter(patient__fhir_id="p3").exclude(type="Provenance")
        whole = {f"{r.type}/{r.fhir_id}/{r.version}" for r in owned}
        named = {"name": "patient", "valueReference": {"reference": "Patient/p3"}}
        asked = {"name": "_since", "valueInstant": since}
        address = address_of(kick_off_by_post(filled, "/Patient/$export", named, asked))
        work(address)
        by_name = manifest_of(filled, address)
        for manifest in (
            export(filled, f"/Patient/$export?_since={since}"),
            export(filled, f"/Group/g1/$export?_since={since}"),
            by_name,
        ):
            lines = lines_of(filled, manifest)
            assert patients_of(lines) == {"p3"} and whole <= set(keys(lines))
        later = export(filled, "/Patient/$export")["transactionTime"]
        assert keys(lines_of(filled, export(filled, f"/Patient/$export?_since={later}"))) == {}

    def test_all_of_those_who_were_merged_into_a_member_since(self, filled: Client) -> None:
        since = export(filled, "/Group/g1/$export")["transactionTime"]
        linked = fhir.patient("p2") | {"link": linked_to("p1")}
        assert put(filled, linked).status_code == 200
        manifest = export(filled, f"/Group/g1/$export?_since={since}")
        lines = lines_of(filled, manifest)
        assert patients_of(lines) == {"p2"} and len(lines["Observation"]) > 2
        again = export(filled, f"/Group/g1/$export?_since={manifest['transactionTime']}")
        assert keys(lines_of(filled, again)) == {}, "they are known by now"
        named = {"name": "patient", "valueReference": {"reference": "Patient/p1"}}
        asked = {"name": "_since", "valueInstant": since}
        address = address_of(kick_off_by_post(filled, "/Patient/$export", named, asked))
        work(address)
        assert "p2" in patients_of(lines_of(filled, manifest_of(filled, address)))

    def test_a_chain_of_merges_as_it_was(self, filled: Client) -> None:
        """p2 -> p3 -> p1: known then are those whose links led to a member then."""
        put(filled, group("g1", "p1"))

        def link(one: str, other: str) -> None:
            assert put(filled, fhir.patient(one) | {"link": linked_to(other)}).status_code == 200

        link("p2", "p3")
        since = export(filled, "/Group/g1/$export")["transactionTime"]
        link("p3", "p1")
        manifest = export(filled, f"/Group/g1/$export?_since={since}")
        assert patients_of(lines_of(filled, manifest)) == {"p2", "p3"}
        later = manifest["transactionTime"]
        put(filled, fhir.patient("p3", family="Changed") | {"link": linked_to("p1")})
        lines = lines_of(filled, export(filled, f"/Group/g1/$export?_since={later}"))
        assert patients_of(lines) == {"p3"} and "Observation" not in lines

    def test_time_zones(self, filled: Client) -> None:
        since = parse_datetime(export(filled)["transactionTime"])
        assert since is not None
        put(filled, fhir.blood_pressure("new", 150, 90, subject="p1"))
        local = (since + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+02:00"
        lines = lines_of(filled, export(filled, f"/$export?_type=Observation&_since={local}"))
        assert set(keys(lines)) == {"Observation/new/1"}


class TestTheMoment:
    def test_what_comes_later_is_not_in_it(self, filled: Client) -> None:
        before = stored()
        address = address_of(kick_off(filled))
        put(filled, fhir.patient("p1", family="Later"))
        put(filled, fhir.blood_pressure("later", 150, 90, subject="p1"))
        assert filled.delete("/fhir/Condition/cp2").status_code == 204
        work(address)
        assert keys(lines_of(filled, manifest_of(filled, address))) == before


def test_everything_is_in_the_audit_log(filled: Client) -> None:
    address = address_of(kick_off(filled, "/Patient/$export?_type=Patient"))
    job = work(address)
    client = str(job.application_id)
    asked, wrote = AuditEvent.objects.filter(action="export").order_by("pk")
    assert (asked.actor, asked.what, asked.detail) == (client, "Patient export", str(job.public_id))
    assert (wrote.actor_kind, wrote.actor, wrote.what) == ("client", client, "Patient")
    assert set(wrote.patient_ids) == set(Patient.objects.values_list("pk", flat=True))
    assert asked.request_id == wrote.request_id != ""
    file = BulkFile.objects.get(job=job)
    content_of(filled, f"{address}/{file.name}")
    read = AuditEvent.objects.latest("pk")
    assert (read.action, read.detail) == ("read", f"{job.public_id}/{file.name}")
    log = filled.get("/fhir/AuditEvent?_count=20").json()
    assert all(validate(entry["resource"]) == [] for entry in log["entry"])
