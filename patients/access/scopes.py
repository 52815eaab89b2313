"""SMART v2 system scopes, `system/Observation.cud`, and what they allow."""

import re
from collections.abc import Iterable

SCOPE = re.compile(r"system/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<letters>c?r?u?d?s?|read|write|\*)")
V1_ALIASES = {"read": "rs", "write": "cud", "*": "cruds"}


def allows(scopes: Iterable[str], type_name: str, letter: str) -> bool:
    """Whether one of `scopes` permits `letter` (c r u d s) on `type_name`; "*" asks for all."""
    for scope in scopes:
        match = SCOPE.fullmatch(scope)
        if match is None or match["type"] not in ("*", type_name):
            continue
        letters = V1_ALIASES.get(match["letters"], match["letters"])
        # rights are written in the order c r u d s; ".rs" and ".cud" are subsets of it
        if letter in letters:
            return True
    return False
