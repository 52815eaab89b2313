"""Who may come in, and what is written about it."""

from typing import Any

import pytest
from django.test import Client

from patients.models import AuditEvent, Patient, Resource
from tests.factories import fhir
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
        from oauth2_provider.models import AccessToken

        AccessToken.objects.update(expires="2020-01-01T00:00:00Z")
        assert ehr.get("/fhir/Patient").status_code == 401

    def test_a_reading_token_may_not_write(self, ehr: Client) -> None:
        from oauth2_provider.models import AccessToken

        AccessToken.objects.update(scope="system/*.rs")
        assert ehr.get("/fhir/Patient").status_code == 200
        assert post(ehr, "/Patient", fhir.patient()).status_code == 403
        assert post(ehr, "", fhir.transaction([fhir.patient()])).status_code == 403
        assert not Resource.objects.exists()

    def test_metadata_needs_no_token(self, client: Client) -> None:
        answer = client.get("/fhir/metadata")
        assert answer.status_code == 200
        assert answer.json()["resourceType"] == "CapabilityStatement"


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
