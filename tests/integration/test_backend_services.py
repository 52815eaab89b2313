"""SMART Backend Services: a client that signs gets a token, and nobody else does."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from jwcrypto.jwk import JWK
from oauth2_provider.models import AccessToken

from patients.models import UsedAssertion
from patients.sign_on.assertions import SKEW_SECONDS
from patients.sign_on.housekeeping import clear_expired
from tests.factories import fhir
from tests.factories.backend_client import (
    BackendClient,
    ec_key,
    post_form,
    refused,
    registered,
    rsa_key,
    signed,
    unsigned,
    with_token,
)
from tests.integration.fhir.calls import post, put

pytestmark = pytest.mark.django_db
RSA, EC, OTHER_EC = rsa_key(), ec_key(), ec_key("other")


@pytest.fixture
def ehr() -> BackendClient:
    return registered(EC)


class TestToken:
    @pytest.mark.parametrize("key", [RSA, EC], ids=["RS384", "ES384"])
    def test_a_signed_assertion_gives_a_token_of_five_minutes(self, key: JWK) -> None:
        answer = registered(key).ask(scope="system/*.rs system/Patient.cud")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"
        content = answer.json()
        assert content.pop("access_token")
        assert content == {
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "system/*.rs system/Patient.cud",
        }
        life = AccessToken.objects.get().expires - timezone.now()
        assert timedelta(seconds=290) < life <= timedelta(seconds=300)

    def test_the_token_opens_the_door_and_ends(self, ehr: BackendClient) -> None:
        door = with_token(ehr.token())
        assert put(door, fhir.patient()).status_code == 201
        assert door.get("/fhir/Patient/p1").status_code == 200
        AccessToken.objects.update(expires=timezone.now() - timedelta(hours=1))
        assert door.get("/fhir/Patient/p1").status_code == 401

    def test_the_audience_may_be_a_list_of_one(self, ehr: BackendClient) -> None:
        assertion = ehr.assertion(aud=["http://testserver/oauth/token"])
        assert ehr.ask(client_assertion=assertion).status_code == 200

    def test_the_profile_of_the_client_counts(self, ehr: BackendClient) -> None:
        ehr.profile.match_directory = True
        ehr.profile.save()
        door = with_token(ehr.token())
        entry = {"resourceType": "Organization", "identifier": [{"system": "urn:x", "value": "1"}]}
        assert [post(door, "/Organization", entry).status_code for _ in range(2)] == [201, 200]

    def test_the_tokens_table_opens_nothing(self, ehr: BackendClient) -> None:
        token = ehr.token()
        assert token not in str(vars(AccessToken.objects.get()))

    def test_a_clock_that_is_a_little_ahead(self, ehr: BackendClient) -> None:
        ahead = int(time.time()) + SKEW_SECONDS - 3
        assertion = ehr.assertion(iat=ahead, nbf=ahead, exp=ahead + 300)
        assert ehr.ask(client_assertion=assertion).status_code == 200


class TestRequest:
    @pytest.mark.parametrize(
        ("grant", "error"),
        [
            ("authorization_code", "unsupported_grant_type"),
            ("password", "unsupported_grant_type"),
            ("refresh_token", "unsupported_grant_type"),
            ("urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"),
            ("not_a_grant_type", "unsupported_grant_type"),
            (None, "invalid_request"),
        ],
    )
    def test_a_wrong_grant_type(self, ehr: BackendClient, grant: str | None, error: str) -> None:
        refused(ehr.ask(grant_type=grant), error)

    @pytest.mark.parametrize("kind", ["not_an_assertion_type", "", None])
    def test_a_wrong_assertion_type(self, ehr: BackendClient, kind: str | None) -> None:
        refused(ehr.ask(client_assertion_type=kind), about="client_assertion_type must be")

    def test_no_assertion(self, ehr: BackendClient) -> None:
        refused(ehr.ask(client_assertion=None))
        refused(ehr.ask(client_assertion=None, client_assertion_type=None))

    def test_a_password_is_no_way_in(self, ehr: BackendClient) -> None:
        application = ehr.profile.application
        application.client_secret = "open sesame"
        application.save()
        form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
        secret = {"client_id": ehr.client_id, "client_secret": "open sesame"}
        refused(post_form(ehr.door, "/oauth/token", form | secret))

    def test_parameters_in_the_address(self, ehr: BackendClient) -> None:
        answer = post_form(ehr.door, "/oauth/token?scope=system/*.rs", ehr.form())
        refused(answer, "invalid_request", "not into the address")
        assert ehr.door.get("/oauth/token").status_code == 405

    def test_a_parameter_twice(self, ehr: BackendClient) -> None:
        pair = [ehr.assertion(), ehr.assertion()]
        body = list((ehr.form(client_assertion="x") | {"client_assertion": ""}).items())
        body += [("client_assertion", text) for text in pair]
        refused(post_form(ehr.door, "/oauth/token", body), "invalid_request", "twice")  # type: ignore[arg-type]

    def test_json_is_no_form(self, ehr: BackendClient) -> None:
        answer = ehr.door.post("/oauth/token", ehr.form(), content_type="application/json")
        refused(answer, "invalid_request", "x-www-form-urlencoded")
        refused(ehr.door.post("/oauth/token", ehr.form()), "invalid_request")

    def test_odd_bodies(self, ehr: BackendClient) -> None:
        refused(ehr.ask(scope="\0"), "invalid_request")
        refused(ehr.ask(scope="x" * 100_000), "invalid_request", "at most")
        refused(ehr.ask(**{f"p{n}": "x" for n in range(1100)}), "invalid_request")
        kind = "application/x-www-form-urlencoded; charset=latin-1"
        refused(ehr.door.post("/oauth/token", b"a=b", content_type=kind), "invalid_request")
        refused(ehr.ask(resource="https://example.org"), "invalid_request", "resource")


class TestAssertion:
    def test_a_bad_signature(self, ehr: BackendClient) -> None:
        first, second = ehr.assertion().rsplit(".", 1), ehr.assertion().rsplit(".", 1)
        for text in (f"{first[0]}.{second[1]}", f"{first[0]}.AAAA", f"{first[0]}."):
            refused(ehr.ask(client_assertion=text))

    def test_signed_by_somebody_else_in_the_name_of_the_key(self, ehr: BackendClient) -> None:
        forged = signed(OTHER_EC, ehr.header(), ehr.claims())
        refused(ehr.ask(client_assertion=forged), about="signature")

    @pytest.mark.parametrize(
        ("claims", "about"),
        [
            ({"aud": "http://testserver/fhir"}, "aud must be"),
            ({"aud": "https://elsewhere.example.org/oauth/token"}, "aud must be"),
            ({"aud": ["http://testserver/oauth/token", "https://elsewhere"]}, "aud must be"),
            ({"aud": None}, "aud must be"),
            ({"iss": "somebody"}, "iss and sub"),
            ({"sub": "somebody"}, "iss and sub"),
            ({"iss": None}, "iss and sub"),
            ({"sub": None}, "iss and sub"),
            ({"iss": ["x"], "sub": ["x"]}, "iss and sub"),
            ({"iss": "nobody", "sub": "nobody"}, "No active client"),
            ({"iss": "a\0b", "sub": "a\0b"}, "No active client"),
            ({"exp": int(time.time()) - 1}, "expired"),
            ({"exp": int(time.time()) + 3600}, "5 minutes ahead"),
            ({"exp": 1e300}, "5 minutes ahead"),
            ({"exp": None}, "exp must be"),
            ({"exp": "2099-01-01"}, "exp must be"),
            ({"exp": True}, "exp must be"),
            ({"nbf": int(time.time()) + 3600}, "nbf"),
            ({"iat": int(time.time()) + 3600}, "iat"),
            ({"jti": None}, "jti"),
            ({"jti": ""}, "jti"),
            ({"jti": 7}, "jti"),
            ({"jti": "x" * 2000}, "jti"),
        ],
    )
    def test_a_wrong_claim(self, ehr: BackendClient, claims: dict[str, Any], about: str) -> None:
        refused(ehr.ask(client_assertion=ehr.assertion(**claims)), about=about)
        assert not UsedAssertion.objects.exists()

    def test_five_minutes_ahead_counts_from_now(self, ehr: BackendClient) -> None:
        refused(ehr.ask(client_assertion=ehr.assertion(exp=time.time() + 300 + SKEW_SECONDS + 5)))
        assertion = ehr.assertion(exp=time.time() + 300)
        assert ehr.ask(client_assertion=assertion).status_code == 200

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "None"},
            {"alg": "NONE", "kid": "ec"},
        ],
    )
    def test_no_signature(self, ehr: BackendClient, header: dict[str, Any]) -> None:
        text = unsigned(ehr.header(**header), ehr.claims())
        refused(ehr.ask(client_assertion=text))
        refused(ehr.ask(client_assertion=f"{text}AAAA"), about="must be signed with")

    def test_the_public_key_is_no_secret(self) -> None:
        """HS256 with the public key as its secret: the oldest trick against such servers."""
        ehr = registered(RSA)
        pem = RSA.export_to_pem()
        for text in (pem, json.dumps(RSA.export_public(as_dict=True)).encode()):
            secret = JWK.from_password(text.decode())
            for algorithm in ("HS256", "HS384"):
                header = ehr.header(alg=algorithm)
                refused(ehr.ask(client_assertion=signed(secret, header, ehr.claims())))

    @pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS384"])
    def test_other_algorithms(self, algorithm: str) -> None:
        ehr = registered(RSA)
        text = signed(RSA, ehr.header(alg=algorithm), ehr.claims())
        refused(ehr.ask(client_assertion=text), about="must be signed with RS384 or ES384")

    def test_an_unknown_or_missing_kid(self, ehr: BackendClient) -> None:
        for kid in ("unknown", 7, "", None):
            text = signed(EC, {"alg": "ES384", "kid": kid}, ehr.claims()) if kid else None
            text = text or unsigned(ehr.header(kid=kid), ehr.claims()) + "AAAA"
            refused(ehr.ask(client_assertion=text))

    def test_the_key_of_another_client(self, ehr: BackendClient) -> None:
        other = registered(OTHER_EC, "Other EHR")
        refused(ehr.ask(client_assertion=signed(OTHER_EC, other.header(), ehr.claims())))
        refused(ehr.ask(client_assertion=other.assertion(), client_id=ehr.client_id))

    def test_a_key_in_the_header_is_not_looked_at(self, ehr: BackendClient) -> None:
        public = OTHER_EC.export_public(as_dict=True)
        header = ehr.header(jwk=public, jku="https://elsewhere.example.org/jwks.json")
        refused(ehr.ask(client_assertion=signed(OTHER_EC, header, ehr.claims())))

    @pytest.mark.parametrize(
        "text", ["", "a.b.c", "....", "x" * 20_000, '{"payload": ""}', "e30.e30.e30", "W10.W10.AA"]
    )
    def test_what_is_no_assertion(self, ehr: BackendClient, text: str) -> None:
        refused(ehr.ask(client_assertion=text))


class TestReplay:
    def test_an_assertion_works_once(self, ehr: BackendClient) -> None:
        form = ehr.form()
        assert post_form(ehr.door, "/oauth/token", form).status_code == 200
        AccessToken.objects.all().delete()
        refused(post_form(ehr.door, "/oauth/token", form), about="used before")
        again = ehr.assertion(jti="the same")
        assert ehr.ask(client_assertion=again).status_code == 200
        AccessToken.objects.all().delete()
        refused(ehr.ask(client_assertion=ehr.assertion(jti="the same")), about="used before")

    def test_another_client_may_count_as_this_one_does(self, ehr: BackendClient) -> None:
        other = registered(OTHER_EC, "Other EHR")
        for client in (ehr, other):
            assertion = client.assertion(jti="1")
            assert client.ask(client_assertion=assertion).status_code == 200

    def test_it_is_kept_as_long_as_it_could_be_used(self, ehr: BackendClient) -> None:
        expires = int(time.time()) + 200
        ehr.token(client_assertion=ehr.assertion(exp=expires))
        kept = UsedAssertion.objects.get().expires
        assert kept.timestamp() == expires + SKEW_SECONDS
        clear_expired(kept - timedelta(seconds=1))
        assert UsedAssertion.objects.exists() and AccessToken.objects.exists()
        clear_expired(kept + timedelta(seconds=200))
        assert not UsedAssertion.objects.exists() and not AccessToken.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_of_eight_at_once_one_gets_a_token(self) -> None:
        ehr = registered(EC)
        form = ehr.form()

        def ask(_: int) -> int:
            try:
                return int(post_form(Client(), "/oauth/token", form).status_code)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as threads:
            found = sorted(threads.map(ask, range(8)))
        assert found == [200] + [401] * 7
        assert AccessToken.objects.count() == 1
