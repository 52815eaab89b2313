"""Who may come in, and what is written about it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from oauth2_provider.models import AccessToken

from patients.models import AuditEvent, Patient, Resource
from tests.factories import fhir
from tests.factories.people import clinician, patient_user
from tests.integration.fhir.calls import faults, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


class TestAuthentication:
    @pytest.mark.parametrize(
        "path", ["/Patient", "/Patient/1", "/Patient/1/_history", "/Patient/1/_history/1", ""]
    )
    def test_without_a_token_there_is_401_and_nothing_else(self, client: Client, path: str) -> None:
        for answer in (client.get(f"/fhir{path}"), post(client, path, fhir.patient())):
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert [i["code"] for i in faults(answer)] == ["login"]

    def test_a_page_session_opens_no_door(self, client: Client, django_user_model: Any) -> None:
        client.force_login(django_user_model.objects.create_superuser("root", password="x"))
        assert client.get("/fhir/Patient").status_code == 401

    def test_an_expired_token_is_refused(self, ehr: Client) -> None:
        AccessToken.objects.update(expires="2020-01-01T00:00:00Z")
        assert ehr.get("/fhir/Patient").status_code == 401

    def test_a_reading_token_may_not_write(self, ehr: Client) -> None:
        AccessToken.objects.update(scope="system/*.rs")
        assert ehr.get("/fhir/Patient").status_code == 200
        assert post(ehr, "/Patient", fhir.patient()).status_code == 403
        assert post(ehr, "", fhir.transaction([fhir.patient()])).status_code == 403
        assert not Resource.objects.exists()

    def test_a_writing_token_is_not_shown_what_it_did_not_send(self, ehr: Client) -> None:
        put(ehr, fhir.patient(family="Secretname"))
        AccessToken.objects.update(scope="system/*.cu")
        identifier = fhir.patient()["identifier"][0]
        exists = {"If-None-Exist": f"identifier={identifier['system']}|{identifier['value']}"}
        found = post(ehr, "/Patient", {"resourceType": "Patient"}, **exists)
        kind = "application/json-patch+json"
        patch = ehr.patch("/fhir/Patient/p1", "[]", content_type=kind)
        bundle = fhir.transaction([{"resourceType": "Patient"}], method="POST")
        bundle["entry"][0]["request"]["ifNoneExist"] = exists["If-None-Exist"]
        entries = post(ehr, "", bundle, Prefer="return=representation")
        for answer in (found, patch, entries):
            assert answer.status_code == 200
            assert b"Secretname" not in answer.content
        assert b"Mine" in put(ehr, fhir.patient(family="Mine")).content

    def test_metadata_needs_no_token(self, client: Client) -> None:
        answer = client.get("/fhir/metadata")
        assert answer.status_code == 200
        assert answer.json()["resourceType"] == "CapabilityStatement"

    def test_the_token_is_looked_at_before_anything_else(self, client: Client) -> None:
        for headers in ({}, {"Accept": "application/fhir+xml"}, {"Authorization": "Bearer wrong"}):
            for path in ("/fhir/Patient", "/fhir/Nonsense", "/fhir/a/b/c/d", "/fhir/Patient?x=y"):
                answer = client.get(path, headers=headers)
                assert answer.status_code == 401
                assert not faults(answer)[0].get("expression")
        assert client.patch("/fhir/Patient/1").status_code == 401
        assert not AuditEvent.objects.exclude(action="refuse").exists()


class TestScopes:
    @pytest.fixture
    def filled(self, ehr: Client) -> Client:
        assert post(ehr, "", fhir.transaction(fhir.complete_record())).status_code == 200
        return ehr

    @pytest.mark.parametrize(
        ("scope", "read", "search", "write"),
        [
            ("system/Observation.rs", 200, 200, 403),
            ("system/Observation.r", 200, 403, 403),
            ("system/Observation.read", 200, 200, 403),
            ("system/Observation.cud", 403, 403, 200),
            ("system/*.cruds", 200, 200, 200),
            ("system/Patient.cruds", 403, 403, 403),
            ("patient/*.rs", 403, 403, 403),
            ("system/Observation.sr", 403, 403, 403),
            ("openid", 403, 403, 403),
            ("", 403, 403, 403),
        ],
    )
    def test_what_a_scope_opens(
        self, filled: Client, scope: str, read: int, search: int, write: int
    ) -> None:
        AccessToken.objects.update(scope=scope)
        assert filled.get("/fhir/Observation/p1-bp").status_code == read
        assert filled.get("/fhir/Observation/p1-bp/_history").status_code == read
        assert filled.get("/fhir/Observation?patient=p1").status_code == search
        assert put(filled, fhir.blood_pressure("p1-bp", 152, 88)).status_code == write

    def test_a_persons_token_sees_no_more_than_the_person(self, filled: Client) -> None:
        push_other = fhir.transaction(fhir.complete_record("p2", practitioner="dr1"))
        assert post(filled, "", push_other).status_code == 200
        mine = Patient.objects.get(fhir_id="p1")
        for user, visible in ((patient_user(mine), "p1"), (clinician("dr1"), "p2")):
            AccessToken.objects.update(user=user)
            hidden = {"p1": "p2", "p2": "p1"}[visible]
            assert filled.get(f"/fhir/Patient/{visible}").status_code == 200
            for path in (
                f"Patient/{hidden}",
                f"Patient/{hidden}/_history",
                f"Patient/{hidden}/_history/1",
                f"Observation/{hidden}-bp",
            ):
                assert filled.get(f"/fhir/{path}").status_code == 404
            for query in (f"Patient?_id={hidden}", f"Observation?patient={hidden}"):
                found = filled.get(f"/fhir/{query}").json()
                assert found["total"] == 0 and "entry" not in found
            every = filled.get("/fhir/Observation?_count=100").json()["entry"]
            owners = {e["resource"]["subject"]["reference"] for e in every}
            assert owners == {f"Patient/{visible}"}

    def test_a_persons_token_never_writes(self, filled: Client) -> None:
        AccessToken.objects.update(user=patient_user(Patient.objects.get()))
        assert put(filled, fhir.patient(family="Forged")).status_code == 403
        assert filled.delete("/fhir/Patient/p1").status_code == 403
        assert post(filled, "", fhir.transaction([fhir.patient()])).status_code == 403


class TestAudit:
    def test_every_access_leaves_a_trace_without_names(self, ehr: Client) -> None:
        put(ehr, fhir.patient(family="Secretname"))
        ehr.get("/fhir/Patient/p1")
        ehr.get("/fhir/Patient?_id=p1")
        ehr.get("/fhir/Patient/p1/_history")
        events = list(AuditEvent.objects.order_by("pk"))
        assert [e.action for e in events] == ["update", "read", "search", "history"]
        pk = Patient.objects.get().pk
        assert all(e.patient_ids == [pk] for e in events)
        assert all(e.request_id and e.actor for e in events)
        assert "Secretname" not in str([vars(e) for e in events])

    def test_bundles_name_every_twin_they_touch(self, ehr: Client) -> None:
        post(ehr, "", fhir.transaction([fhir.patient("p1"), fhir.patient("p2")]))
        event = AuditEvent.objects.get()
        assert event.action == "transaction"
        assert event.patient_ids == sorted(Patient.objects.values_list("pk", flat=True))

    def test_a_deletion_names_the_twin_it_took_from(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, fhir.blood_pressure("bp", 140, 80))
        ehr.delete("/fhir/Observation/bp")
        ehr.get("/fhir/Observation/bp/_history/1")
        for action in ("delete", "read"):
            event = AuditEvent.objects.get(action=action)
            assert event.patient_ids == [Patient.objects.get().pk]


class TestAuditOfRefusals:
    def test_without_a_token(self, client: Client) -> None:
        for _ in range(5):
            assert client.get("/fhir/Patient?name=Secretname", REMOTE_ADDR="192.0.2.1").status_code
        event = AuditEvent.objects.get()
        assert (event.actor_kind, event.actor) == ("address", "192.0.2.1")
        assert (event.action, event.outcome, event.what) == ("refuse", "refused", "Patient")
        assert event.detail.startswith("401: There is no token")
        assert event.request_id and "Secretname" not in str(vars(event))

    def test_with_a_wrong_token_at_a_made_up_address(self, client: Client) -> None:
        headers = {"Authorization": "Bearer made-up"}
        for path in ("/fhir/Secretname", "/fhir/a/b/Secretname"):
            client.get(path, headers=headers, REMOTE_ADDR="192.0.2.2")
        event = AuditEvent.objects.get()
        assert event.detail.startswith("401: The token is unknown or has expired")
        assert "made-up" not in event.detail and "Secretname" not in str(vars(event))

    def test_beyond_the_scopes(self, ehr: Client) -> None:
        AccessToken.objects.update(scope="system/Observation.rs")
        for _ in range(3):
            assert ehr.get("/fhir/Patient/p1").status_code == 403
        assert post(ehr, "", fhir.transaction([fhir.patient()])).status_code == 403
        batch = fhir.transaction([fhir.practitioner()]) | {"type": "batch"}
        assert post(ehr, "", batch).status_code == 200
        events = AuditEvent.objects.order_by("pk")
        application = str(AccessToken.objects.get().application_id)
        assert {(e.actor_kind, e.actor) for e in events} == {("client", application)}
        assert [(e.what, e.detail) for e in events] == [
            ("Patient", "403: The token's scopes do not allow 'r' on Patient"),
            ("FHIR", "403: The token's scopes do not allow 'u' on Patient"),
            ("FHIR", "403: The token's scopes do not allow 'u' on Practitioner"),
        ]

    def test_what_only_we_write(self, ehr: Client) -> None:
        assert post(ehr, "/AuditEvent", {"resourceType": "AuditEvent"}).status_code == 403
        assert AuditEvent.objects.get().detail == "403: AuditEvent is written by this server only"

    def test_other_refusals_are_no_attempts(self, ehr: Client) -> None:
        assert ehr.get("/fhir/Patient/p1").status_code == 404
        assert post(ehr, "/Patient", b"{").status_code == 400
        assert not AuditEvent.objects.exists()


def test_an_unexpected_error_says_nothing_but_the_request_id(ehr: Client) -> None:
    put(ehr, fhir.patient(family="Secretname"))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE patients_resource RENAME COLUMN tokens TO was_tokens")
    answer = ehr.get("/fhir/Patient/p1", headers={"X-Request-ID": "find-me"})
    assert answer.status_code == 500
    assert [i["code"] for i in faults(answer)] == ["exception"]
    assert "find-me" in answer.content.decode()
    for piece in ("Secretname", "tokens", "Traceback", "SELECT"):
        assert piece not in answer.content.decode()


@pytest.mark.django_db
def test_a_token_in_an_address_or_a_form_opens_nothing(ehr_client: Client) -> None:
    """Addresses end up in logs and histories."""
    token = ehr_client.defaults["HTTP_AUTHORIZATION"].split()[1]
    stranger = Client()
    assert stranger.get(f"/fhir/Patient?access_token={token}").status_code == 401
    assert stranger.post("/fhir/Patient", {"access_token": token}).status_code == 401


@pytest.mark.django_db
def test_a_count_of_nought_gives_the_total_only(ehr_client: Client) -> None:
    answer = ehr_client.get("/fhir/Patient?_count=0")
    assert answer.status_code == 200
    assert answer.json()["total"] == 0
    assert "entry" not in answer.json()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_form_is_no_fhir(ehr_client: Client, kind: str) -> None:
    answer = ehr_client.post("/fhir/Patient", b"a=b", content_type=kind)
    assert answer.status_code == 415
    assert faults(answer)
