"""Clients that sign in with a key of their own (SMART Backend Services): what may be registered."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from oauth2_provider.models import Application

from patients.access.scopes import scope_fault
from patients.models import ClientProfile
from patients.sign_on.keys import key_set_faults

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
Faults = dict[str, list[str]]


class ClientFaults(ValueError):
    """What is wrong with a registration, by the field that it is about."""

    def __init__(self, faults: Faults) -> None:
        super().__init__("; ".join(f"{name}: {w}" for name, words in faults.items() for w in words))
        self.faults = faults


def registration_faults(
    *, jwks: Any, jwks_uri: str, allowed_scopes: str, token_seconds: int = 300
) -> Faults:
    """What is wrong, by field. A client without keys has no scopes either: it cannot sign in."""
    faults: Faults = {
        "jwks": key_set_faults(jwks) if jwks is not None else [],
        "jwks_uri": [fault] if jwks_uri and (fault := address_fault(jwks_uri)) else [],
        "allowed_scopes": [f for scope in allowed_scopes.split() if (f := scope_fault(scope))],
        "token_seconds": [],
    }
    if jwks is not None and jwks_uri:
        faults["jwks_uri"].append("Give either the keys or their address")
    if (jwks is not None or jwks_uri) and not allowed_scopes.split():
        faults["allowed_scopes"].append("A client that signs in needs a scope")
    if not 0 < token_seconds <= settings.MOST_TOKEN_SECONDS:
        faults["token_seconds"].append(f"1 to {settings.MOST_TOKEN_SECONDS} seconds")
    return {name: words for name, words in faults.items() if words}


def address_fault(uri: str) -> str:
    """Why keys may not be fetched from there; "" if they may."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "Not an address"
    if not host or parts.username is not None or parts.fragment or not uri.isascii():
        return "Not an address such as https://ehr.example.org/jwks.json"
    if parts.scheme == "https" or (parts.scheme == "http" and may_be_plain(host)):
        return ""
    return "Keys are fetched by https only"


def may_be_plain(host: str) -> bool:
    """http is for this machine, and for the demo and the tests."""
    return host in LOCAL and not settings.IS_PRODUCTION


@transaction.atomic
def register(
    name: str, *, jwks: Any = None, jwks_uri: str = "", allowed_scopes: str, **profile: Any
) -> ClientProfile:
    """A client with its profile. Raises ClientFaults."""
    faults = registration_faults(
        jwks=jwks,
        jwks_uri=jwks_uri,
        allowed_scopes=allowed_scopes,
        token_seconds=profile.get("token_seconds", 300),
    )
    if jwks is None and not jwks_uri:
        faults["jwks"] = ["Give the client's public keys or their address"]
    if not name.strip() or Application.objects.filter(name=name).exists():
        faults["name"] = ["There is a client of this name already" if name.strip() else "No name"]
    if faults:
        raise ClientFaults(faults)
    application = Application.objects.create(
        name=name,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    return ClientProfile.objects.create(
        application=application,
        jwks=jwks,
        jwks_uri=jwks_uri,
        allowed_scopes=" ".join(allowed_scopes.split()),
        **profile,
    )
