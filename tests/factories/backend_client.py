"""An EHR that signs: its key pair, its assertions, and what it asks of the OAuth endpoints."""

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from jwcrypto.common import base64url_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from oauth2_provider.models import AccessToken

from patients.models import ClientProfile
from patients.sign_on.assertions import ASSERTION_TYPE
from patients.sign_on.clients import register

Json = dict[str, Any]
TOKEN_URL = "http://testserver/oauth/token"
EVERYTHING = "system/*.cruds"


def rsa_key(kid: str = "rsa", size: int = 2048) -> JWK:
    return JWK.generate(kty="RSA", size=size, kid=kid)


def ec_key(kid: str = "ec", curve: str = "P-384") -> JWK:
    return JWK.generate(kty="EC", crv=curve, kid=kid)


def key_set(*keys: JWK) -> Json:
    """Their public halves, as an EHR publishes them."""
    return {"keys": [key.export_public(as_dict=True) for key in keys]}


def signed(key: JWK, header: Json, claims: Json, algorithm: str | None = None) -> str:
    token = JWS(json.dumps(claims).encode())
    token.allowed_algs = [header["alg"]]
    token.add_signature(key, algorithm, json.dumps(header), None)
    return str(token.serialize(compact=True))


def unsigned(header: Json, claims: Json) -> str:
    parts = [base64url_encode(json.dumps(part)) for part in (header, claims)]
    return ".".join([*parts, ""])


@dataclass
class BackendClient:
    """A registered client and its key; what it sends is right unless told otherwise."""

    profile: ClientProfile
    key: JWK
    door: Client = field(default_factory=Client)

    @property
    def client_id(self) -> str:
        return str(self.profile.application.client_id)

    @property
    def algorithm(self) -> str:
        return {"RSA": "RS384", "EC": "ES384"}[self.key["kty"]]

    def header(self, **other: Any) -> Json:
        return {"alg": self.algorithm, "typ": "JWT", "kid": self.key["kid"]} | other

    def claims(self, **other: Any) -> Json:
        """None takes a claim away."""
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": TOKEN_URL,
            "exp": int(time.time()) + 240,
            "jti": str(uuid.uuid4()),
        } | other
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(self, **claims: Any) -> str:
        return signed(self.key, self.header(), self.claims(**claims))

    def form(self, **other: Any) -> Json:
        """What goes to the token endpoint; None takes a parameter away."""
        form = {
            "grant_type": "client_credentials",
            "scope": EVERYTHING,
            "client_assertion_type": ASSERTION_TYPE,
        } | other
        form.setdefault("client_assertion", self.assertion())
        return {name: value for name, value in form.items() if value is not None}

    def ask(self, path: str = "/oauth/token", **form: Any) -> Any:
        body = self.form(**form)
        if path != "/oauth/token":
            body = {k: v for k, v in body.items() if k not in ("grant_type", "scope")}
        return post_form(self.door, path, body)

    def token(self, **form: Any) -> str:
        answer = self.ask(**form)
        assert answer.status_code == 200, answer.content
        return str(answer.json()["access_token"])


def post_form(door: Client, path: str, form: Json, **headers: str) -> Any:
    kind = "application/x-www-form-urlencoded"
    return door.post(path, urlencode(form), content_type=kind, headers=headers)


def registered(
    key: JWK, name: str = "EHR", scopes: str = EVERYTHING, jwks_uri: str = ""
) -> BackendClient:
    """A client with this key, in its profile or at `jwks_uri`."""
    jwks = None if jwks_uri else key_set(key)
    profile = register(name, jwks=jwks, jwks_uri=jwks_uri, allowed_scopes=scopes)
    return BackendClient(profile, key)


def with_token(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def refused(answer: Any, error: str = "invalid_client", about: str = "") -> None:
    """An OAuth error as RFC 6749 has it, and no token."""
    assert answer.status_code == (401 if error == "invalid_client" else 400), answer.content
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    content = answer.json()
    assert content["error"] == error
    assert about in content.get("error_description", "")
    assert "access_token" not in content
    assert not AccessToken.objects.exists()
