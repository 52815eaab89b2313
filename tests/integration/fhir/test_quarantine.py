"""At the door: what a tolerant client sends and fails is kept apart, and nothing uses it."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.fhir.outcome import Issue
from patients.models import (
    AuditEvent,
    Fact,
    Patient,
    QuarantinedResource,
    Resource,
    StaleTwin,
)
from patients.services.interactions import Interaction, Sender
from patients.services.quarantine import LaneFull, keep
from tests.factories import fhir
from tests.integration.fhir.calls import expressions, faults, post, put, sent
from tests.integration.fhir.tolerant import (
    NOW,
    batch,
    make_tolerant,
    odd_patient,
    odd_value,
    push_patient,
    rule,
    scoped,
    the_item,
    transaction,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tolerant(ehr: Client) -> Client:
    push_patient(ehr)
    StaleTwin.objects.all().delete()
    make_tolerant()
    return ehr


class TestSingle:
    def test_a_faulty_update_is_kept_with_its_fault(self, tolerant: Client) -> None:
        body = json.dumps(odd_value()).replace("80", "80.50")
        answer = tolerant.put("/fhir/Observation/o1", body, content_type="application/fhir+json")
        assert answer.status_code == 202
        item = the_item()
        (fault, where) = faults(answer)
        assert (fault["severity"], fault["code"]) == ("warning", "code-invalid")
        assert expressions(answer) == ["Observation.status"]
        assert where["severity"] == "information"
        assert str(item.public_id) in where["diagnostics"]
        assert (item.method, item.type, item.fhir_id) == ("PUT", "Observation", "o1")
        assert item.content == body
        assert item.causes == ["code-invalid Observation.status"]
        assert item.about == ["p1"]
        assert item.patient == Patient.objects.get()
        assert item.retry_at is None

    def test_and_nothing_has_it(self, tolerant: Client) -> None:
        before = Resource.objects.count(), Fact.objects.count()
        put(tolerant, odd_value())
        assert (Resource.objects.count(), Fact.objects.count()) == before
        assert not StaleTwin.objects.exists()
        assert tolerant.get("/fhir/Observation/o1").status_code == 404
        assert tolerant.get("/fhir/Observation?patient=p1").json()["total"] == 0
        everything = tolerant.get("/fhir/Patient/p1/$everything").json()
        assert [e["resource"]["resourceType"] for e in everything["entry"]].count(
            "Observation"
        ) == 0

    def test_a_create_and_its_conditions(self, tolerant: Client) -> None:
        condition = "identifier=urn:x|1"
        answer = post(tolerant, "/Observation", odd_value(), **{"If-None-Exist": condition})
        assert answer.status_code == 202
        item = the_item()
        assert (item.method, item.fhir_id) == ("POST", "")
        assert json.loads(item.conditions) == {"if_none_exist": condition}

    def test_a_conditional_update(self, tolerant: Client) -> None:
        body = json.dumps(odd_patient())
        answer = tolerant.put(
            "/fhir/Patient?identifier=urn:example:mrn|MRN-p1", body, content_type="application/json"
        )
        assert answer.status_code == 202
        assert json.loads(the_item().conditions) == {
            "condition": "identifier=urn:example:mrn|MRN-p1"
        }
        assert the_item().fhir_id == ""
        assert the_item().about == ["p1"]

    def test_an_unknown_patient_may_yet_come(self, tolerant: Client) -> None:
        answer = put(tolerant, fhir.quantity("o1", "29463-7", 80, "kg", subject="p9"))
        assert answer.status_code == 202
        item = the_item()
        assert item.causes == ["not-found Observation.subject"]
        assert (item.about, item.patient) == (["p9"], None)
        assert item.retry_at is not None

    def test_two_patients_in_one_resource(self, tolerant: Client) -> None:
        push_patient(tolerant, "p2")
        wrong = fhir.quantity("o1", "29463-7", 80, "kg")
        wrong["subject"]["identifier"] = {"system": fhir.MRN, "value": "MRN-p2"}
        assert put(tolerant, wrong).status_code == 202
        assert the_item().causes == ["conflict Observation.subject"]
        assert (the_item().about, the_item().patient) == (["p1", "p2"], None)

    def test_the_same_again_is_counted(self, tolerant: Client) -> None:
        first = put(tolerant, odd_value())
        again = put(tolerant, odd_value())
        assert first.json()["issue"] == again.json()["issue"]
        assert the_item().times == 2
        assert the_item().last_received_at > the_item().received_at

    def test_what_is_said_anew_takes_its_place(self, tolerant: Client) -> None:
        put(tolerant, odd_value())
        put(tolerant, odd_value(date="2026-10-02"))
        old, new = QuarantinedResource.objects.order_by("pk")
        assert (old.state, new.state) == ("superseded", "waiting")
        put(tolerant, odd_value())
        assert list(QuarantinedResource.objects.order_by("pk").values_list("state", flat=True)) == [
            "superseded",
            "superseded",
            "waiting",
        ]

    def test_it_is_in_the_audit_log(self, tolerant: Client) -> None:
        put(tolerant, odd_value())
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.what) == ("quarantine", "Observation")
        assert event.patient_ids == [Patient.objects.get().pk]
        assert event.detail == f"quarantine {the_item().public_id}"

    def test_odd_texts_can_be_kept(self, tolerant: Client) -> None:
        odd = odd_value() | {
            "status": "a\0b\ud83d\ude00",
            "Jane Doe": {"x\0": 1},
            "valueQuantity": [],
        }
        odd["subject"] = [{"reference": 7}, {"reference": "Patient/p1", "identifier": [1]}]
        assert put(tolerant, odd).status_code == 202
        assert "Jane" not in " ".join(the_item().causes)
        assert "structure Observation.*" in the_item().causes
        assert the_item().about == ["p1"]


class TestWhatIsNeverKept:
    def test_of_a_strict_client(self, ehr: Client) -> None:
        push_patient(ehr)
        for answer in (
            put(ehr, odd_value()),
            post(ehr, "/Observation", odd_value()),
            post(ehr, "", transaction(odd_value())),
        ):
            assert answer.status_code == 422
            assert faults(answer)[0]["severity"] == "error"
        entry = post(ehr, "", batch(odd_value())).json()["entry"][0]
        assert entry["response"]["status"] == "422"
        assert not QuarantinedResource.objects.exists()

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("/Observation", b'{"resourceType": "Observation"', 400),
            ("/Observation", b"[]", 400),
            ("/Nothing", b'{"resourceType": "Nothing"}', 404),
            ("/Observation", b'{"resourceType": "Nothing"}', 422),
            ("/Observation", b'{"resourceType": "Patient", "gender": "M"}', 422),
            ("/Observation", b'{"gender": "M"}', 422),
            ("/AuditEvent", b'{"resourceType": "AuditEvent"}', 403),
            (
                "/Patient",
                b'{"resourceType":"Patient","identifier":[{"system":"urn:twinportal:prediction"}]}',
                403,
            ),
            ("", b'{"resourceType": "Bundle", "type": "transaction", "entry": [{}]}', 400),
        ],
    )
    def test_what_is_no_resource_or_nobodys_to_write(
        self, tolerant: Client, path: str, body: bytes, status: int
    ) -> None:
        assert post(tolerant, path, body).status_code == status
        assert not QuarantinedResource.objects.exists()

    def test_without_the_scope(self, tolerant: Client) -> None:
        reader = scoped("system/*.rs system/Patient.cud")
        assert put(reader, odd_value()).status_code == 403
        assert post(reader, "", transaction(odd_patient(), odd_value())).status_code == 403
        answers = post(reader, "", batch(odd_patient(), odd_value())).json()["entry"]
        assert [e["response"]["status"] for e in answers] == ["202 Accepted", "403"]
        assert the_item().type == "Patient"

    def test_a_transaction_with_something_of_ours_in_it(self, tolerant: Client) -> None:
        ours = odd_patient("p2")
        ours["meta"] = {"tag": [{"system": "urn:twinportal:prediction", "code": "x"}]}
        assert post(tolerant, "", transaction(ours, odd_value())).status_code == 422
        assert not QuarantinedResource.objects.exists()

    def test_preconditions_and_patches(self, tolerant: Client) -> None:
        late = put(tolerant, fhir.patient(family="New"), **{"If-Match": 'W/"7"'})
        assert late.status_code == 412
        patch = json.dumps([{"op": "replace", "path": "/gender", "value": "M"}])
        kind = "application/json-patch+json"
        assert tolerant.patch("/fhir/Patient/p1", patch, content_type=kind).status_code == 422
        assert not QuarantinedResource.objects.exists()

    def test_beyond_what_may_wait(self, tolerant: Client, settings: Any) -> None:
        settings.FHIR_MAX_QUARANTINED = 2
        for fhir_id in ("o1", "o2"):
            assert put(tolerant, odd_value(fhir_id)).status_code == 202
        full = put(tolerant, odd_value("o3"))
        assert full.status_code == 422
        assert "quarantine of this client is full" in faults(full)[-1]["diagnostics"]
        # what waits already may come again
        assert put(tolerant, odd_value("o1")).status_code == 202
        assert QuarantinedResource.objects.count() == 2

    def test_a_large_lane_is_not_counted_each_time(self, tolerant: Client, settings: Any) -> None:
        settings.FHIR_MAX_QUARANTINED = 1000
        put(tolerant, odd_value("o1"))
        with CaptureQueriesContext(connection) as captured:
            put(tolerant, odd_value("o2"))
        assert not [q for q in captured if "LIMIT 1000" in q["sql"]]
        # but in time: one of ten is left when nine have come
        settings.FHIR_MAX_QUARANTINED = 12
        statuses = [put(tolerant, odd_value(f"n{n}")).status_code for n in range(12)]
        assert statuses == [202] * 10 + [422] * 2


class TestBundles:
    def test_each_entry_of_a_batch(self, tolerant: Client) -> None:
        good = fhir.quantity("o1", "29463-7", 80, "kg")
        answer = post(tolerant, "", batch(odd_value("o0"), good, odd_value("o2", "p9")))
        assert answer.status_code == 200
        entries = [entry["response"] for entry in answer.json()["entry"]]
        assert [e["status"] for e in entries] == ["202 Accepted", "201 Created", "202 Accepted"]
        assert entries[0]["outcome"]["issue"][0]["expression"] == [
            "Bundle.entry[0].resource.status"
        ]
        items = QuarantinedResource.objects.order_by("pk")
        assert [item.causes for item in items] == [["code-invalid Observation.status"]] * 2
        assert items[0].faults[0]["expression"] == "Observation.status"
        assert json.loads(items[0].content) == odd_value("o0")

    def test_a_transaction_is_kept_whole(self, tolerant: Client) -> None:
        sent_before = sent().count()
        body = transaction(fhir.patient("p2"), odd_value("o1", "p2"), odd_patient("p3"))
        answer = post(tolerant, "", body)
        assert answer.status_code == 202
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert expressions(answer) == [
            "Bundle.entry[1].resource.status",
            "Bundle.entry[2].resource.gender",
        ]
        item = the_item()
        assert (item.method, item.type) == ("TRANSACTION", "Bundle")
        assert item.causes == ["code-invalid Observation.status", "code-invalid Patient.gender"]
        assert item.about == ["p2", "p3"]
        assert json.loads(item.content) == body
        assert sent().count() == sent_before

    def test_not_one_that_also_reads(self, tolerant: Client) -> None:
        body = transaction(odd_value())
        body["entry"].append({"request": {"method": "GET", "url": "Patient/p1"}})
        assert post(tolerant, "", body).status_code == 422
        assert not QuarantinedResource.objects.exists()


class TestCorrections:
    def test_a_known_fault_is_put_right_at_the_door(self, tolerant: Client) -> None:
        made = rule()
        body = json.dumps(odd_value()).replace("80", "80.50")
        answer = tolerant.put(
            "/fhir/Observation/o1",
            body,
            content_type="application/fhir+json",
            headers={"Prefer": "return=OperationOutcome"},
        )
        assert answer.status_code == 201
        assert f"Corrected by rule {made.pk}" in faults(answer)[-1]["diagnostics"]
        stored = tolerant.get("/fhir/Observation/o1")
        assert stored.json()["status"] == "final"
        assert "80.50" in stored.content.decode()
        item = the_item()
        assert (item.state, item.rules, item.content) == ("stored", [made.pk], body)
        assert (item.stored_type, item.stored_id, item.stored_version) == ("Observation", "o1", 1)
        assert Fact.objects.filter(resource_fhir_id="o1").exists()
        source = tolerant.get("/fhir/Provenance?target=Observation/o1").json()["entry"][0]
        (entity,) = source["resource"]["entity"]
        assert entity["role"] == "revision"
        assert entity["what"]["identifier"]["value"] == f"urn:uuid:{item.public_id}"

    def test_again_changes_nothing_and_is_counted(self, tolerant: Client) -> None:
        rule()
        put(tolerant, odd_value())
        again = put(tolerant, odd_value())
        assert (again.status_code, again.json()["meta"]["versionId"]) == (200, "1")
        assert the_item().times == 2

    def test_a_valid_resource_and_a_strict_client_are_left_alone(self, tolerant: Client) -> None:
        rule("Observation.status", "done", "final")
        assert put(tolerant, fhir.quantity("o1", "29463-7", 80, "kg")).status_code == 201
        assert not QuarantinedResource.objects.exists()
        profile = make_tolerant()
        profile.tolerant = False
        profile.save()
        assert put(tolerant, odd_value("o2")).status_code == 422

    def test_what_a_rule_cannot_put_right_waits_with_what_is_left(self, tolerant: Client) -> None:
        rule()
        assert put(tolerant, odd_value(subject="p9")).status_code == 202
        assert the_item().causes == ["not-found Observation.subject"]
        assert json.loads(the_item().content)["status"] == "done"
        assert put(tolerant, odd_value("o2") | {"issued": "soon"}).status_code == 202
        last = QuarantinedResource.objects.latest("pk")
        assert last.causes == ["value Observation.issued"]

    def test_in_bundles(self, tolerant: Client) -> None:
        rule()
        rule("Patient.gender", "M", "male")
        answers = post(tolerant, "", batch(odd_value("o1"), odd_value("o2"))).json()["entry"]
        assert [e["response"]["status"] for e in answers] == ["201 Created", "201 Created"]
        whole = post(tolerant, "", transaction(odd_patient("p2"), odd_value("o3", "p2")))
        assert whole.status_code == 200
        assert tolerant.get("/fhir/Patient/p2").json()["gender"] == "male"
        item = QuarantinedResource.objects.latest("pk")
        assert (item.method, item.state, len(item.rules)) == ("TRANSACTION", "stored", 2)

    def test_another_clients_rule(self, tolerant: Client) -> None:
        other = type(make_tolerant().application).objects.create(
            name="Other", client_type="confidential", authorization_grant_type="client-credentials"
        )
        rule(application_id=other.pk)
        assert put(tolerant, odd_value()).status_code == 202


def test_no_line_of_the_log_says_what_was_sent(
    tolerant: Client, caplog: pytest.LogCaptureFixture
) -> None:
    secret = odd_patient("p7", gender="Secretgender", family="Secretname")
    put(tolerant, secret)
    post(tolerant, "", batch(secret))
    post(tolerant, "", transaction(secret))
    assert "Secret" not in caplog.text
    events = " ".join(f"{e.what} {e.detail}" for e in AuditEvent.objects.all())
    assert "Secret" not in events
    assert "Secret" not in " ".join(c for i in QuarantinedResource.objects.all() for c in i.causes)


def test_an_import_may_keep_too(tolerant: Client) -> None:
    raw = json.dumps(odd_value()).encode()
    given = Interaction("POST", "Observation", resource=odd_value(), raw=raw)
    issue = Issue("error", "code-invalid", "x", "Observation.status")
    sender = Sender("import a.ndjson")
    item = keep(given, [issue], sender=sender, application_id=None, now=NOW)
    assert (item.source, item.application, item.state) == ("import a.ndjson", None, "waiting")


def test_a_full_lane_of_an_import(tolerant: Client, settings: Any) -> None:
    settings.FHIR_MAX_QUARANTINED = 0
    given = Interaction("POST", "Observation", resource=odd_value(), raw=b"{}")
    with pytest.raises(LaneFull):
        keep(given, [], sender=Sender("import"), application_id=None, now=NOW)
