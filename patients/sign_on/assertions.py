"""Who signed this? The signed statement (RFC 7523) by which a client proves who it is."""

import hashlib
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from jwcrypto.common import JWException, base64url_decode
from jwcrypto.jws import JWS
from oauth2_provider.models import Application

from patients.models import ClientProfile, UsedAssertion
from patients.sign_on.key_sets import KeySetUnavailable, key_of
from patients.sign_on.keys import ALGORITHMS

Json = dict[str, Any]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SIGNING_ALGORITHMS = tuple(sorted(ALGORITHMS.values(), reverse=True))
# three parts of base64url: the JSON form of a signature is none of these
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
LONGEST = 16 * 1024
LONGEST_JTI = 1000
LIFE_SECONDS = 300
# clocks differ; an assertion that has expired by ours is refused nevertheless
SKEW_SECONDS = 15
UNKNOWN = "No active client has registered this key"


class Refused(Exception):
    """The assertion does not prove who the client is. The words may be shown to anybody."""


@dataclass(frozen=True)
class Assertion:
    """What an assertion says, before anybody knows whether it is true."""

    text: str
    header: Json
    claims: Json


def authenticate(text: str, *, token_url: str) -> Application:
    """The client that signed the assertion, which is used up by this. Raises Refused."""
    assertion = parse(text)
    check_header(assertion.header)
    profile = _profile(assertion.claims)
    _check_signature(assertion, profile)
    check_claims(assertion.claims, token_url=token_url, now=time.time())
    _use_up(profile, assertion.claims)
    return profile.application


def parse(text: str) -> Assertion:
    """Header and claims, as yet unproven. Raises Refused."""
    if len(text) > LONGEST or not COMPACT.fullmatch(text):
        raise Refused("The client_assertion is not a signed JWT")
    header, claims, _ = (_json(part) for part in [*text.split(".")[:2], "e30"])
    return Assertion(text, header, claims)


def _json(part: str) -> Json:
    try:
        found = orjson.loads(base64url_decode(part))
    except (ValueError, TypeError) as error:
        raise Refused("The client_assertion is not a signed JWT") from error
    if not isinstance(found, dict):
        raise Refused("The client_assertion is not a signed JWT")
    return found


def check_header(header: Json) -> None:
    """Raises Refused unless the header names one of our algorithms and a key."""
    if header.get("alg") not in SIGNING_ALGORITHMS:
        raise Refused(f"The assertion must be signed with {' or '.join(SIGNING_ALGORITHMS)}")
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        raise Refused("The assertion's header has no kid")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise Refused("The assertion's typ is not JWT")
    if "crit" in header:
        raise Refused("The assertion's crit names what is not supported")


def _profile(claims: Json) -> ClientProfile:
    """The client that the assertion speaks of. Raises Refused."""
    client_id = claims.get("iss")
    if not isinstance(client_id, str) or not client_id or claims.get("sub") != client_id:
        raise Refused("iss and sub must both be the client_id")
    found = (
        None
        if "\0" in client_id
        else ClientProfile.objects.select_related("application")
        .filter(application__client_id=client_id, is_active=True)
        .first()
    )
    if found is None:
        raise Refused(UNKNOWN)
    return found


def _check_signature(assertion: Assertion, profile: ClientProfile) -> None:
    """Raises Refused."""
    header = assertion.header
    if "jku" in header and header["jku"] != profile.jwks_uri:
        raise Refused("The assertion's jku is not the registered address")
    try:
        key = key_of(profile, header["kid"], header["alg"])
    except KeySetUnavailable as error:
        raise Refused("The client's keys could not be fetched from its address") from error
    if key is None:
        raise Refused(UNKNOWN)
    signature = JWS()
    # the key decides about the algorithm, and never the sender
    signature.allowed_algs = [header["alg"]]
    try:
        signature.deserialize(assertion.text, key)
    except (JWException, ValueError, TypeError) as error:
        raise Refused("The assertion's signature does not fit the key") from error


def check_claims(claims: Json, *, token_url: str, now: float) -> None:
    """Raises Refused unless it is meant for us, now, and can be told from any other."""
    if claims.get("aud") not in (token_url, [token_url]):
        raise Refused(f"aud must be {token_url}")
    expires = _seconds(claims, "exp")
    if expires <= now:
        raise Refused("The assertion has expired")
    if expires > now + LIFE_SECONDS + SKEW_SECONDS:
        raise Refused("exp must be at most 5 minutes ahead")
    for name in {"nbf", "iat"} & claims.keys():
        if _seconds(claims, name) > now + SKEW_SECONDS:
            raise Refused(f"{name} is in the future")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise Refused("The assertion has no jti")


def _seconds(claims: Json, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"{name} must be a number of seconds since 1970")
    return value


def _use_up(profile: ClientProfile, claims: Json) -> None:
    """Take the jti. Of several who try at once the database lets one; raises Refused for others."""
    _, is_first = UsedAssertion.objects.get_or_create(
        application_id=profile.application_id,
        checksum=hashlib.sha256(claims["jti"].encode()).hexdigest(),
        defaults={"expires": datetime.fromtimestamp(claims["exp"] + SKEW_SECONDS, UTC)},
    )
    if not is_first:
        raise Refused("An assertion with this jti was used before")
