"""SMART v2 system scopes, `system/Observation.cud`, and what they allow."""

import re
from collections.abc import Iterable, Iterator

SCOPE = re.compile(r"system/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<letters>c?r?u?d?s?|read|write|\*)")
V1_ALIASES = {"read": "rs", "write": "cud", "*": "cruds"}


def allows(scopes: Iterable[str], type_name: str, letter: str) -> bool:
    """Whether one of `scopes` permits `letter` (c r u d s) on `type_name`; "*" asks for all."""
    return any(t in ("*", type_name) and letter in letters for t, letters in _granted(scopes))


def readable_types(scopes: Iterable[str]) -> frozenset[str]:
    """Resource types that may be read or searched; "*" among them means all."""
    return frozenset(t for t, letters in _granted(scopes) if "r" in letters or "s" in letters)


def _granted(scopes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Type and letters of every scope that is well formed; others grant nothing."""
    for scope in scopes:
        match = SCOPE.fullmatch(scope)
        if match is not None:
            yield match["type"], V1_ALIASES.get(match["letters"], match["letters"])
