"""Which clients may be registered, by command or in the admin, and where their keys come from."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from jwcrypto.jwk import JWK
from oauth2_provider.models import Application

from patients.models import AuditEvent, ClientProfile
from patients.sign_on.clients import address_fault
from patients.sign_on.keys import key_set_faults
from tests.factories.backend_client import (
    BackendClient,
    ec_key,
    key_set,
    registered,
    rsa_key,
    with_token,
)
from tests.factories.key_server import KeyServer, key_server
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
RSA, EC, OTHER = rsa_key(), ec_key(), ec_key("other")
PRIVATE = EC.export(as_dict=True)
Json = dict[str, Any]


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    cache.clear()
    with key_server(key_set(RSA, EC)) as server:
        yield server
    cache.clear()


class TestKeySets:
    def test_what_may_be_registered(self) -> None:
        assert key_set_faults(key_set(RSA, EC)) == []
        described = key_set(EC)["keys"][0] | {"use": "sig", "alg": "ES384", "key_ops": ["verify"]}
        assert key_set_faults({"keys": [described]}) == []

    @pytest.mark.parametrize(
        ("content", "about"),
        [
            ({"keys": [PRIVATE]}, "private or secret key"),
            (PRIVATE, "private or secret key"),
            ({"keys": [RSA.export(as_dict=True)]}, "private or secret key"),
            ({"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]}, "private or secret key"),
            (key_set(rsa_key("weak", 1024)), "1024 bits"),
            (key_set(ec_key("weak", "P-256")), "P-384"),
            (key_set(ec_key("other", "P-521")), "P-384"),
            ({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AA"}]}, "RSA nor EC"),
            ({"keys": [{"kty": "RSA", "kid": "a", "n": "AQAB"}]}, "not a valid key"),
            ({"keys": [{"kty": "EC", "crv": "P-384", "kid": "a", "x": "AA", "y": "AA"}]}, "valid"),
            ({"keys": [{"kty": "RSA", "kid": "a", "n": 7, "e": []}]}, "not a valid key"),
            ({"keys": [key_set(EC)["keys"][0] | {"kid": ""}]}, "no kid"),
            ({"keys": [key_set(EC)["keys"][0] | {"use": "enc"}]}, "not for signing"),
            ({"keys": [key_set(EC)["keys"][0] | {"alg": "ES256"}]}, "not for signing"),
            ({"keys": [key_set(EC)["keys"][0] | {"key_ops": ["encrypt"]}]}, "key_ops"),
            (key_set(EC, ec_key("ec")), "same kid"),
            ({"keys": []}, "1 to 20"),
            ({"keys": ["a"]}, "not a JSON object"),
            ({"keys": {}}, "not a JSON Web Key Set"),
            ([], "not a JSON Web Key Set"),
            ("a", "not a JSON Web Key Set"),
        ],
    )
    def test_what_may_not(self, content: Any, about: str) -> None:
        (fault, *_) = key_set_faults(content)
        assert about in fault

    @pytest.mark.parametrize(
        ("uri", "is_allowed"),
        [
            ("https://ehr.example.org/jwks.json", True),
            ("https://ehr.internal:8443/jwks", True),
            ("http://127.0.0.1:9000/jwks.json", True),
            ("http://ehr.example.org/jwks.json", False),
            ("http://localhost.example.org/", False),
            ("ftp://ehr.example.org/jwks.json", False),
            ("file:///etc/passwd", False),
            ("https://user:secret@ehr.example.org/", False),
            ("https://ehr.example.org/#jwks", False),
            ("https://ehr.example.org:port/", False),
            ("https://[", False),
            ("ehr.example.org", False),
        ],
    )
    def test_where_keys_may_be(self, settings: Any, uri: str, is_allowed: bool) -> None:
        assert (address_fault(uri) == "") == is_allowed
        settings.IS_PRODUCTION = True
        assert (address_fault(uri) == "") == (is_allowed and uri.startswith("https:"))


class TestCommand:
    def register(self, *options: str) -> str:
        out = StringIO()
        call_command("register_client", *options, stdout=out)
        return out.getvalue()

    def write(self, folder: Path, content: Any) -> str:
        path = folder / "jwks.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def test_a_client_with_its_keys(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, key_set(EC))
        options = ["--jwks", path, "--scope", "system/*.cruds", "--match-directory", "--tolerant"]
        out = self.register("Clinic", *options, "--default-care-team", "dr1", "dr2")
        profile = ClientProfile.objects.get()
        assert profile.application.name == "Clinic"
        assert f"client_id: {profile.application.client_id}" in out
        assert "token URL: http://127.0.0.1:8000/oauth/token" in out
        assert (profile.match_directory, profile.default_care_team) == (True, ["dr1", "dr2"])
        assert profile.tolerant
        assert AuditEvent.objects.get().action == "register"
        door = with_token(BackendClient(profile, EC).token())
        assert door.get("/fhir/Patient").status_code == 200

    def test_the_address_that_it_prints(self, settings: Any) -> None:
        settings.PUBLIC_URL = "https://twin.example.org"
        where = ["--jwks-uri", "https://ehr.example.org/jwks.json", "--scope", "system/*.rs"]
        assert "token URL: https://twin.example.org/oauth/token" in self.register("A", *where)

    @pytest.mark.parametrize(
        ("content", "about"),
        [
            ({"keys": [PRIVATE]}, "public half"),
            ("-----BEGIN PRIVATE KEY-----\nMIG", "is a private key"),
            ("-----BEGIN PUBLIC KEY-----\nMIG", "is not JSON"),
        ],
    )
    def test_private_keys_are_refused(self, tmp_path: Path, content: Any, about: str) -> None:
        path = self.write(tmp_path, content)
        with pytest.raises(CommandError, match=about):
            self.register("Clinic", "--jwks", path, "--scope", "system/*.rs")
        assert not Application.objects.exists()

    @pytest.mark.parametrize(
        ("name", "uri", "scope", "about"),
        [
            ("Clinic", "http://ehr.example.org/jwks", "system/*.rs", "https only"),
            ("Clinic", "https://ehr.example.org/jwks", "patient/*.rs", "not a scope"),
            ("Clinic", "https://ehr.example.org/jwks", "system/Nothing.rs", "no resource type"),
            ("Clinic", "https://ehr.example.org/jwks", "system/Observation.rs?code=1", "search"),
            ("Clinic", "https://ehr.example.org/jwks", " ", "needs a scope"),
            (" ", "https://ehr.example.org/jwks", "system/*.rs", "No name"),
        ],
    )
    def test_what_is_refused(self, name: str, uri: str, scope: str, about: str) -> None:
        with pytest.raises(CommandError, match=about):
            self.register(name, "--jwks-uri", uri, "--scope", scope)
        assert not Application.objects.exists()

    def test_a_name_is_given_once(self) -> None:
        registered(EC, "Clinic")
        with pytest.raises(CommandError, match="already"):
            self.register("Clinic", "--jwks-uri", "https://a.example.org", "--scope", "system/*.rs")

    def test_a_file_that_is_not_there(self) -> None:
        with pytest.raises(CommandError, match="cannot be read"):
            self.register("Clinic", "--jwks", "/nowhere", "--scope", "system/*.rs")


class TestAdmin:
    @pytest.fixture
    def steward(self, django_user_model: Any) -> Client:
        return signed_in(django_user_model.objects.create_superuser("steward", password="x"))

    def save(self, steward: Client, client: BackendClient, **other: Any) -> Any:
        form = {
            "application": client.profile.application_id,
            "jwks": json.dumps(client.profile.jwks),
            "jwks_uri": "",
            "allowed_scopes": "system/*.rs",
            "token_seconds": 300,
            "is_active": "on",
        } | other
        where = reverse("admin:patients_clientprofile_change", args=[client.profile.pk])
        return steward.post(where, form)

    def test_keys_and_scopes_can_be_changed(self, steward: Client) -> None:
        client = registered(EC)
        assert self.save(steward, client, jwks=json.dumps(key_set(RSA))).status_code == 302
        profile = ClientProfile.objects.get()
        assert profile.jwks == key_set(RSA)
        assert BackendClient(profile, RSA).ask(scope="system/*.rs").status_code == 200
        assert self.save(steward, client, is_active="", token_seconds="").status_code == 302
        assert ClientProfile.objects.get().token_seconds == 300
        assert BackendClient(profile, RSA).ask(scope="system/*.rs").status_code == 401

    @pytest.mark.parametrize(
        ("field", "value", "about"),
        [
            ("jwks", json.dumps({"keys": [PRIVATE]}), "private or secret key"),
            ("jwks", "-----BEGIN PRIVATE KEY-----", "valid JSON"),
            ("jwks_uri", "https://ehr.example.org/jwks", "either the keys or their address"),
            ("allowed_scopes", "system/*.rs everything", "not a scope"),
            ("allowed_scopes", "", "needs a scope"),
            ("token_seconds", "3600", "300 seconds"),
        ],
    )
    def test_what_is_refused(self, steward: Client, field: str, value: str, about: str) -> None:
        client = registered(EC)
        answer = self.save(steward, client, **{field: value})
        assert answer.status_code == 200
        assert about in answer.content.decode()
        client.profile.refresh_from_db()
        assert client.profile.jwks == key_set(EC)


class TestKeysAtAnAddress:
    @pytest.mark.parametrize("key", [RSA, EC], ids=["RS384", "ES384"])
    def test_they_are_fetched_and_kept_a_while(self, keys: KeyServer, key: JWK) -> None:
        client = registered(key, jwks_uri=keys.uri)
        for _ in range(3):
            assert client.ask().status_code == 200
        assert keys.requests == 1

    def test_a_new_key_is_found_at_once(self, keys: KeyServer) -> None:
        client = registered(EC, jwks_uri=keys.uri)
        assert client.ask().status_code == 200
        keys.serve(key_set(OTHER))
        assert BackendClient(client.profile, OTHER).ask().status_code == 200
        assert client.ask().status_code == 401, "the old one is no longer there"
        assert keys.requests == 2

    def test_unknown_names_do_not_make_us_ask_without_end(self, keys: KeyServer) -> None:
        client = registered(OTHER, jwks_uri=keys.uri)
        for _ in range(5):
            assert client.ask().json()["error"] == "invalid_client"
        assert keys.requests == 2

    def test_what_else_is_there_is_passed_over(self, keys: KeyServer) -> None:
        weak = ec_key("weak", "P-256").export_public(as_dict=True)
        keys.serve(
            {"keys": [None, weak, {"kty": "oct", "k": "AA", "kid": "ec"}, *key_set(EC)["keys"]]}
        )
        assert registered(EC, jwks_uri=keys.uri).ask().status_code == 200

    def test_a_private_key_that_is_published_is_of_no_use(self, keys: KeyServer) -> None:
        keys.serve({"keys": [PRIVATE]})
        assert registered(EC, jwks_uri=keys.uri).ask().status_code == 401

    @pytest.mark.parametrize(
        ("status", "headers", "body"),
        [
            (500, {}, b"{}"),
            (404, {}, b"{}"),
            (302, {"Location": "/jwks.json"}, b""),
            (200, {}, b"<html>"),
            (200, {}, b'{"keys": []' + b" " * 100_000 + b"}"),
        ],
    )
    def test_what_is_no_key_set(
        self, keys: KeyServer, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        keys.status, keys.headers = status, headers
        keys.serve(body)
        client = registered(EC, jwks_uri=keys.uri)
        for _ in range(3):
            answer = client.ask()
            assert answer.status_code == 401
            assert "could not be fetched" in answer.json()["error_description"]
        assert keys.requests == 1, "it is left in peace for a while"

    def test_nobody_there(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        cache.clear()
        client = registered(EC, jwks_uri=f"http://127.0.0.1:{port}/jwks.json")
        assert client.ask().status_code == 401
        cache.clear()

    def test_a_server_that_never_ends(self) -> None:
        """It sends a byte now and then; nobody waits for the last."""
        cache.clear()
        with socket.socket() as slow:
            slow.bind(("127.0.0.1", 0))
            slow.listen()
            threading.Thread(target=drip, args=[slow], daemon=True).start()
            port = slow.getsockname()[1]
            client = registered(EC, jwks_uri=f"http://127.0.0.1:{port}/jwks.json")
            start = time.monotonic()
            assert client.ask().status_code == 401
            assert time.monotonic() - start < 8
        cache.clear()


def drip(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                connection.sendall(b" ")
                time.sleep(0.2)
        except OSError:
            return
