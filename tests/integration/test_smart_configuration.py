"""What the server says of signing in is what it does; and what a scope opens and does not."""

from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken

from patients.access.scopes import allows, covers
from patients.fhir.definitions import resource_types
from patients.fhir.validation import validate
from tests.factories import fhir
from tests.factories.backend_client import BackendClient, ec_key, registered, rsa_key, with_token
from tests.integration.fhir.calls import post

pytestmark = pytest.mark.django_db
EC = ec_key()
Json = dict[str, Any]


def configuration() -> Json:
    answer = Client().get("/.well-known/smart-configuration")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    found: Json = answer.json()
    return found


class TestConfiguration:
    def test_it_is_public_and_the_same_at_both_places(self) -> None:
        assert Client().get("/fhir/.well-known/smart-configuration").json() == configuration()
        assert Client().post("/.well-known/smart-configuration").status_code == 405

    def test_what_it_names_works(self) -> None:
        found = configuration()
        ehr = registered(EC)
        base = "http://testserver"
        assert found["token_endpoint"] == f"{base}/oauth/token"
        token = ehr.token(client_assertion=ehr.assertion(aud=found["token_endpoint"]))
        path = found["introspection_endpoint"].removeprefix(base)
        assert ehr.ask(path, token=token).json()["active"]
        assert (
            ehr.ask(found["revocation_endpoint"].removeprefix(base), token=token).status_code == 200
        )
        assert with_token(token).get("/fhir/Patient").status_code == 401

    def test_what_it_claims_is_so(self) -> None:
        found = configuration()
        assert found["grant_types_supported"] == ["client_credentials"]
        assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
        algorithms = found["token_endpoint_auth_signing_alg_values_supported"]
        clients = [registered(EC, "A"), registered(rsa_key(), "B")]
        assert sorted(algorithms) == sorted(client.algorithm for client in clients)
        for scope in found["scopes_supported"]:
            assert clients[0].ask(scope=scope).json()["scope"] == scope
        assert set(found["capabilities"]) == {
            "client-confidential-asymmetric",
            "permission-v1",
            "permission-v2",
        }
        assert "authorization_endpoint" not in found

    def test_the_capability_statement_says_the_same(self) -> None:
        statement = Client().get("/fhir/metadata").json()
        assert validate(statement) == []
        security = statement["rest"][0]["security"]
        assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
        (uris,) = security["extension"]
        assert uris["url"].endswith("/oauth-uris")
        found = configuration()
        assert {e["url"]: e["valueUri"] for e in uris["extension"]} == {
            "token": found["token_endpoint"],
            "introspect": found["introspection_endpoint"],
            "revoke": found["revocation_endpoint"],
        }

    def test_the_address_may_be_told(self, settings: Any) -> None:
        settings.PUBLIC_URL = "https://twin.example.org"
        assert configuration()["token_endpoint"] == "https://twin.example.org/oauth/token"
        ehr = registered(EC)
        assert ehr.ask().status_code == 401
        aud = "https://twin.example.org/oauth/token"
        assert ehr.ask(client_assertion=ehr.assertion(aud=aud)).status_code == 200


class TestScopes:
    @pytest.fixture
    def ehr(self) -> BackendClient:
        return registered(EC, scopes="system/Observation.rs system/Patient.cruds system/Goal.write")

    @pytest.mark.parametrize(
        "scope",
        [
            "system/Observation.rs",
            "system/Observation.r",
            "system/Observation.read",
            "system/Patient.*",
            "system/Patient.cruds system/Observation.s",
            "system/Goal.cud",
        ],
    )
    def test_what_is_given(self, ehr: BackendClient, scope: str) -> None:
        answer = ehr.ask(scope=scope)
        assert answer.status_code == 200
        assert answer.json()["scope"] == scope

    @pytest.mark.parametrize(
        ("scope", "about"),
        [
            ("system/Observation.cruds", "may not have"),
            ("system/Observation.write", "may not have"),
            ("system/*.rs", "may not have"),
            ("system/*.read", "may not have"),
            ("system/Condition.r", "may not have"),
            ("system/Patient.rs system/Goal.r", "may not have system/Goal.r"),
            ("system/Observation.rs?category=laboratory", "search parameters"),
            ("system/Nothing.rs", "no resource type"),
            ("system/Observation.sr", "not a scope"),
            ("system/Observation.", "not a scope"),
            ("system/Observation", "not a scope"),
            ("patient/Observation.rs", "not a scope"),
            ("user/Observation.rs", "not a scope"),
            ("openid", "not a scope"),
            ("system/Observation.rs offline_access", "not a scope"),
            ('system/Obs"ervation.rs\u00e4', "not a scope"),
            ("", "Name the scope"),
            (None, "Name the scope"),
        ],
    )
    def test_what_is_refused(self, ehr: BackendClient, scope: str | None, about: str) -> None:
        answer = ehr.ask(scope=scope)
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_scope"
        assert about in answer.json()["error_description"]
        assert not AccessToken.objects.exists()

    @pytest.mark.parametrize("written", ["system/Observation.rs", "system/Observation.read"])
    def test_every_other_type_is_closed(self, ehr: BackendClient, written: str) -> None:
        door = with_token(ehr.token(scope=written))
        for name in resource_types() - {"Observation"}:
            assert door.get(f"/fhir/{name}").status_code == 403, name
            assert door.get(f"/fhir/{name}/x").status_code == 403, name
            assert post(door, f"/{name}", {"resourceType": name}).status_code == 403, name
        assert door.get("/fhir/Observation").status_code == 200
        assert post(door, "/Observation", fhir.blood_pressure("bp", 1, 1)).status_code == 403

    def test_old_names_mean_the_same(self) -> None:
        for old, new in (("read", "rs"), ("write", "cud"), ("*", "cruds")):
            for letter in "cruds":
                is_open = letter in new
                assert allows([f"system/Patient.{old}"], "Patient", letter) == is_open
                assert allows([f"system/*.{old}"], "Patient", letter) == is_open
            assert covers([f"system/*.{new}"], f"system/*.{old}")
            assert covers([f"system/*.{old}"], f"system/Patient.{new}")

    def test_several_may_cover_one(self) -> None:
        assert covers(["system/*.rs", "system/Patient.cud"], "system/Patient.cruds")
        assert not covers(["system/*.rs", "system/Patient.cud"], "system/*.cruds")
        assert not covers([], "system/*.rs")
