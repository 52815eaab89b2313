"""SMART v2 system scopes, `system/Observation.cud`, and what they allow."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from patients.fhir.definitions import resource_types

SCOPE = re.compile(r"system/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<letters>c?r?u?d?s?|read|write|\*)")
V1_ALIASES = {"read": "rs", "write": "cud", "*": "cruds"}


def scopes_of(token: Any) -> list[str]:
    """The scopes of an access token, however well formed; none without a token."""
    return str(getattr(token, "scope", "")).split()


def allows(scopes: Iterable[str], type_name: str, letter: str) -> bool:
    """Whether one of `scopes` permits `letter` (c r u d s) on `type_name`; "*" asks for all."""
    return any(t in ("*", type_name) and letter in letters for t, letters in _granted(scopes))


def readable_types(scopes: Iterable[str]) -> frozenset[str]:
    """Resource types that may be read or searched; "*" among them means all."""
    return frozenset(t for t, letters in _granted(scopes) if "r" in letters or "s" in letters)


def may_feed(scopes: Iterable[str], type_name: str) -> bool:
    """Whether `scopes` permit to create and to update the type: what an import does."""
    listed = [*scopes]
    return allows(listed, type_name, "c") and allows(listed, type_name, "u")


def types_with(scopes: Iterable[str], letters: str) -> frozenset[str]:
    """The types that one of `scopes` permits all of `letters` on; "*" among them means all."""
    return frozenset(t for t, granted in _granted(scopes) if set(letters) <= set(granted))


def covers(allowed: Iterable[str], asked: str) -> bool:
    """Whether `allowed` together permit each letter of the scope `asked`.

    A scope for all types is covered by scopes for all types only: a new type must not slip in.
    """
    granted = [*_granted(allowed)]
    return all(
        any(t in ("*", type_name) and letter in letters for t, letters in granted)
        for type_name, wanted in _granted([asked])
        for letter in wanted
    )


def scope_fault(scope: str) -> str:
    """Why no client may have this scope, in words for its maker; "" if one may."""
    if "?" in scope:
        return f"{scope}: scopes with search parameters (?) are not supported"
    match = SCOPE.fullmatch(scope)
    if match is None or not match["letters"]:
        return f"{scope}: not a scope such as system/Observation.rs or system/*.read"
    if match["type"] != "*" and match["type"] not in resource_types():
        return f"{scope}: {match['type']} is no resource type of FHIR R4"
    return ""


def _granted(scopes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Type and letters of every scope that is well formed; others grant nothing."""
    for scope in scopes:
        match = SCOPE.fullmatch(scope)
        if match is not None:
            yield match["type"], V1_ALIASES.get(match["letters"], match["letters"])
