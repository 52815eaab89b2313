"""The end of tokens and of clients, what a client may ask of tokens, and what the log keeps."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from patients.models import AuditEvent
from tests.factories.backend_client import (
    BackendClient,
    ec_key,
    key_set,
    post_form,
    refused,
    registered,
    with_token,
)

pytestmark = pytest.mark.django_db
EC, OTHER_EC = ec_key(), ec_key("other")


@pytest.fixture
def ehr() -> BackendClient:
    return registered(EC)


class TestRevocationOfClients:
    def test_a_revoked_client_is_out_at_once(self, ehr: BackendClient) -> None:
        token = ehr.token()
        ehr.profile.is_active = False
        ehr.profile.save()
        assert with_token(token).get("/fhir/Patient").status_code == 401
        AccessToken.objects.all().delete()
        refused(ehr.ask(), about="No active client")

    def test_a_client_that_is_gone(self, ehr: BackendClient) -> None:
        token, form = ehr.token(), ehr.form()
        ehr.profile.application.delete()
        assert with_token(token).get("/fhir/Patient").status_code == 401
        refused(post_form(ehr.door, "/oauth/token", form))

    def test_a_key_that_was_taken_away(self, ehr: BackendClient) -> None:
        ehr.profile.jwks = key_set(OTHER_EC)
        ehr.profile.save()
        refused(ehr.ask(), about="No active client has registered this key")

    def test_a_client_without_keys(self, ehr: BackendClient) -> None:
        ehr.profile.jwks = None
        ehr.profile.save()
        refused(ehr.ask(), about="No active client has registered this key")


class TestOwnTokens:
    def test_introspection(self, ehr: BackendClient) -> None:
        token = ehr.token(scope="system/*.rs")
        content = ehr.ask("/oauth/introspect", token=token).json()
        assert content.pop("exp") > time.time()
        assert content == {"active": True, "scope": "system/*.rs", "client_id": ehr.client_id}
        assert ehr.ask("/oauth/introspect", token="unknown").json() == {"active": False}
        AccessToken.objects.update(expires=timezone.now() - timedelta(hours=1))
        assert ehr.ask("/oauth/introspect", token=token).json() == {"active": False}

    def test_revocation_is_at_once(self, ehr: BackendClient) -> None:
        token = ehr.token()
        door = with_token(token)
        assert door.get("/fhir/Patient").status_code == 200
        assert ehr.ask("/oauth/revoke", token=token).status_code == 200
        assert door.get("/fhir/Patient").status_code == 401
        assert ehr.ask("/oauth/introspect", token=token).json() == {"active": False}
        assert ehr.ask("/oauth/revoke", token=token).status_code == 200, "it is gone as asked"

    def test_other_clients_tokens_are_nobodys_business(self, ehr: BackendClient) -> None:
        token = ehr.token()
        other = registered(OTHER_EC, "Other EHR")
        assert other.ask("/oauth/introspect", token=token).json() == {"active": False}
        assert other.ask("/oauth/revoke", token=token).status_code == 200
        assert with_token(token).get("/fhir/Patient").status_code == 200

    @pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
    def test_they_ask_who_is_there(self, ehr: BackendClient, path: str) -> None:
        token = ehr.token()
        strangers = [
            ehr.ask(path, token=token, client_assertion=None),
            ehr.ask(path, token=token, client_assertion_type="x"),
            ehr.ask(path, token=token, client_assertion=ehr.assertion(aud="x")),
            post_form(ehr.door, path, {"token": token}),
            post_form(ehr.door, path, {"token": token, "client_id": ehr.client_id}),
            post_form(ehr.door, path, {"token": token}, Authorization=f"Bearer {token}"),
        ]
        for answer in strangers:
            assert answer.status_code == 401
            assert answer.json()["error"] == "invalid_client"
        used = ehr.assertion()
        ehr.token(client_assertion=used)
        assert ehr.ask(path, token=token, client_assertion=used).status_code == 401
        assert ehr.ask(path).json()["error"] == "invalid_request"
        assert ehr.door.get(f"{path}?token={token}").status_code == 405
        assert post_form(ehr.door, f"{path}?token={token}", ehr.form()).status_code == 400
        assert with_token(token).get("/fhir/Patient").status_code == 200


def test_a_token_in_an_address_or_a_form_is_no_token(ehr: BackendClient) -> None:
    token = ehr.token()
    stranger = Client()
    assert stranger.get(f"/fhir/Patient?access_token={token}").status_code == 401
    assert post_form(stranger, "/fhir/Patient/_search", {"access_token": token}).status_code == 401


class TestAudit:
    def test_what_was_given_and_ended(self, ehr: BackendClient) -> None:
        token = ehr.token()
        ehr.ask("/oauth/introspect", token=token)
        ehr.ask("/oauth/revoke", token=token)
        events = list(AuditEvent.objects.order_by("pk"))
        assert [e.action for e in events] == ["issue", "introspect", "revoke"]
        assert {(e.actor_kind, e.what, e.outcome) for e in events} == {
            ("client", "OAuth", "success")
        }
        assert {e.actor for e in events} == {str(ehr.profile.application_id)}
        assert token not in str([vars(e) for e in events])
        found = with_token(ehr.token()).get("/fhir/AuditEvent?type=110114").json()
        assert found["total"] == 4
        assert {e["resource"]["type"]["code"] for e in found["entry"]} == {"110114"}

    def test_what_was_refused(self, ehr: BackendClient) -> None:
        assertion = ehr.assertion(aud="Secretname")
        for _ in range(3):
            post_form(ehr.door, "/oauth/token", ehr.form(client_assertion=assertion))
        ehr.ask(scope="system/Secretname.rs")
        address, client = AuditEvent.objects.order_by("pk")
        assert (address.actor_kind, address.actor) == ("address", "127.0.0.1")
        assert (address.action, address.outcome) == ("refuse", "refused")
        assert address.detail.startswith("401: invalid_client: aud must be")
        assert (client.actor_kind, client.actor) == ("client", str(ehr.profile.application_id))
        assert client.detail == "400: invalid_scope"
        assert "Secretname" not in str([vars(address), vars(client)])
        assert assertion not in str([vars(address), vars(client)])
