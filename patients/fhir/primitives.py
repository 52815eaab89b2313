"""FHIR's primitive types: patterns for the fast schema, and checks that say what is wrong.

A pattern may refuse what the check accepts (white space in base64), never the reverse. Both
engines, Rust's and Python's, read the patterns alike: no \\s, no lookaround.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Any

from patients.fhir import dates

_NO_SPACE = r"[^\x00-\x20\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_TEXT = r"[^\x00-\x08\x0b\x0c\x0e-\x1f]+"
_YEAR = r"(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_FOURTH = r"(?:0[48]|[2468][048]|[13579][26])"
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    rf"|(?:[0-9]{{2}}{_FOURTH}|{_FOURTH}00)-02-29)"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_OFFSET = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?|{_DAY}"
# one that begins with "oi" or "uu" may be a bare "oid:..." or "uuid:...", which the check refuses
_NOT = _NO_SPACE[:-1]
_URI = rf"(?:{_NOT}ou]|o{_NOT}i]|u{_NOT}u]){_NO_SPACE}*"
_WORD = "[A-Za-z0-9!#$&^_.+*-]+"
_SIX = "[A-Za-z0-9+/]"

PATTERNS = {
    "base64Binary": rf"(?:{_SIX}{{4}})*(?:{_SIX}{{4}}|{_SIX}{{2}}==|{_SIX}{{3}}=)",
    "canonical": _URI,
    "code": rf"{_NO_SPACE}+(?: {_NO_SPACE}+)*",
    "date": _DATE,
    "dateTime": rf"{_DATE}|{_DAY}T{_CLOCK}{_OFFSET}",
    "element id": rf"{_NO_SPACE}+",
    "id": r"[A-Za-z0-9.-]{1,64}",
    "instant": rf"{_DAY}T{_CLOCK}{_OFFSET}",
    "markdown": _TEXT,
    "media type": rf"{_WORD}/{_WORD}(?: ?;(?: ?{_NO_SPACE})*)?",
    "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+",
    "string": _TEXT,
    "time": _CLOCK,
    "uri": _URI,
    "url": _URI,
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}
INTEGERS = {
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
}
_BARE_URNS = ("oid:", "uuid:")
_COMPILED = {name: re.compile(pattern, re.DOTALL) for name, pattern in PATTERNS.items()}
_COMPILED |= dict.fromkeys(("canonical", "uri", "url"), re.compile(f"{_NO_SPACE}+"))
_EXPECTED = {
    "canonical": "a URL without white space",
    "code": "a code without white space around it",
    "element id": "an id without white space",
    "id": "up to 64 letters, digits, '-' and '.'",
    "media type": "a media type such as 'text/plain'",
    "oid": "urn:oid: and digits",
    "time": "hh:mm:ss",
    "uri": "a URI without white space",
    "url": "a URL without white space",
    "uuid": "urn:uuid: and a lower-case UUID",
}
_KINDS = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "a string",
    type(None): "null",
}


def kind_of(value: object) -> str:
    """A JSON value's kind in words."""
    return _KINDS.get(type(value), "an unknown value")


def quoted(value: object) -> str:
    """At most 40 characters of what was sent, on one line."""
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def primitive_fault(type_name: str, value: Any) -> str | None:
    """What is wrong with a value of a primitive type, in words; None when nothing is.

    xhtml is checked elsewhere; here it is a string.
    """
    if type_name == "boolean":
        return None if isinstance(value, bool) else _expected("true or false", value)
    if type_name == "decimal":
        return _decimal_fault(value)
    if type_name in INTEGERS:
        return _integer_fault(type_name, value)
    if not isinstance(value, str):
        return _expected("a string", value)
    if not value:
        return "an empty string is not allowed; leave the element out"
    return _TEXT_CHECKS.get(type_name, _pattern_fault)(type_name, value)


def _expected(what: str, value: object) -> str:
    shown = f" {quoted(value)}" if isinstance(value, (str, int, float)) else ""
    return f"{what} is expected, not {kind_of(value)}{shown}"


def _decimal_fault(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _expected("a number", value)
    return None if math.isfinite(value) else "a finite number is expected"


def _integer_fault(type_name: str, value: object) -> str | None:
    low, high = INTEGERS[type_name]
    if isinstance(value, bool) or not isinstance(value, int):
        return _expected("a whole number", value)
    return None if low <= value <= high else f"{value} is not between {low} and {high}"


def _pattern_fault(type_name: str, value: str) -> str | None:
    if type_name not in _COMPILED or _COMPILED[type_name].fullmatch(value):
        return None
    if type_name in ("string", "markdown"):
        return "control characters are not allowed"
    return f"{quoted(value)} is not {_EXPECTED[type_name]}"


def _date_fault(type_name: str, value: str) -> str | None:
    try:
        precision = dates.parse(value).precision
    except ValueError as fault:
        return str(fault)
    if type_name == "date" and precision in ("second", "fraction"):
        return f"{quoted(value)} has a time; a date is expected"
    if type_name == "instant" and precision not in ("second", "fraction"):
        return f"{quoted(value)} is not an instant: YYYY-MM-DDThh:mm:ss and an offset"
    return None


def _base64_fault(type_name: str, value: str) -> str | None:
    try:
        content = base64.b64decode(re.sub(r"[ \t\r\n]", "", value), validate=True)
    except (binascii.Error, ValueError):
        return "the text is not base64"
    return None if content else "the text is white space only; leave the element out"


def _uri_fault(type_name: str, value: str) -> str | None:
    if value.startswith(_BARE_URNS):
        return f"{quoted(value)} needs 'urn:' before it"
    return _pattern_fault(type_name, value)


_TEXT_CHECKS: dict[str, Callable[[str, str], str | None]] = {
    "base64Binary": _base64_fault,
    "date": _date_fault,
    "dateTime": _date_fault,
    "instant": _date_fault,
    "canonical": _uri_fault,
    "uri": _uri_fault,
    "url": _uri_fault,
}
