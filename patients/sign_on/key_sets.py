"""A client's keys: those in its profile, or those at its own address, fetched with care.

What is fetched is kept for some minutes in each process. A name that is not among the keys makes
us look again, once in a while: a client may change its keys at any time, and nobody may make us
call a client's server without end.
"""

import logging
import time
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import orjson
from django.core.cache import cache
from jwcrypto.jwk import JWK

from patients.models import ClientProfile
from patients.sign_on.clients import LOCAL, address_fault
from patients.sign_on.keys import find_key

log = logging.getLogger(__name__)
KEPT_SECONDS = 300
PAUSE_SECONDS = 10
PATIENCE_SECONDS = 3
LARGEST = 64 * 1024
PIECE = 8 * 1024


class KeySetUnavailable(Exception):
    """The address of a client's keys gives none."""


class _NoRedirects(HTTPRedirectHandler):
    """Keys come from the address that was registered, and from no other."""

    def redirect_request(self, *args: Any) -> None:
        return None


def key_of(profile: ClientProfile, kid: str, algorithm: str) -> JWK | None:
    """The client's key of that name, or None. Raises KeySetUnavailable."""
    if not profile.jwks_uri:
        return find_key(profile.jwks, kid, algorithm)
    key = find_key(_kept(profile.jwks_uri), kid, algorithm)
    if key is None and cache.add(_place("pause", profile.jwks_uri), True, PAUSE_SECONDS):
        key = find_key(_fetched(profile.jwks_uri), kid, algorithm)
    return key


def _place(kind: str, uri: str) -> str:
    return f"jwks:{kind}:{uri}"


def _kept(uri: str) -> Any:
    """What was fetched lately; fetched now if nothing was."""
    found = cache.get(_place("keys", uri))
    if found is not None:
        return found
    if cache.get(_place("failed", uri)):
        raise KeySetUnavailable
    return _fetched(uri)


def _fetched(uri: str) -> Any:
    try:
        content = orjson.loads(_download(uri))
    except (OSError, HTTPException, ValueError) as error:
        log.warning("the keys of a client could not be fetched: %s", type(error).__name__)
        cache.set(_place("failed", uri), True, PAUSE_SECONDS)
        raise KeySetUnavailable from error
    cache.set(_place("keys", uri), content, KEPT_SECONDS)
    return content


def _download(uri: str) -> bytes:
    """The document, if it comes whole, soon, and is not too large. Raises OSError or ValueError."""
    if fault := address_fault(uri):
        raise ValueError(fault)
    request = Request(uri, headers={"Accept": "application/json"})  # noqa: S310 checked above
    deadline = time.monotonic() + PATIENCE_SECONDS
    with _opener(uri).open(request, timeout=PATIENCE_SECONDS) as answer:
        return _read(answer, deadline)


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    """The body. A sender of drops must not hold a thread of ours."""
    found = b""
    while piece := answer.read1(PIECE):
        found += piece
        if len(found) > LARGEST or time.monotonic() > deadline:
            raise ValueError("too large or too slow")
    return found


def _opener(uri: str) -> OpenerDirector:
    """The environment's proxies, except for this machine."""
    is_local = urlsplit(uri).hostname in LOCAL
    return build_opener(_NoRedirects, *([ProxyHandler({})] if is_local else []))
