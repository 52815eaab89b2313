"""JSON in and out without loss: strict reading, verbatim slices, stamping, a content hash.

Numbers are read as floats for our own use; the text that is stored and returned is always the
sender's own bytes (405.70 stays 405.70).
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from patients.fhir.json_scan import FhirSyntaxError, refuse, scan

__all__ = [
    "MAX_DEPTH",
    "FhirSyntaxError",
    "content_hash",
    "entry_slices",
    "loads",
    "rewrite_references",
    "stamp",
]

MAX_DEPTH = 100
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")
_ESCAPED_LETTER = re.compile(rb"\\u00[67]")
_ONLY_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_MEMBER = re.compile(rb'[\s{,]*("(?:[^"\\]|\\.)*")\s*:\s*')
_REFERENCE = re.compile(rb'("reference"\s*:\s*)("(?:[^"\\]|\\.)*")')
_STRING = re.compile(rb'("(?:[^"\\]|\\.)*")(\s*:\s*)?')
_NO_NUMBER = re.compile(r"NaN|Infinity")
_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


class _LooseBundle(msgspec.Struct):
    entry: msgspec.Raw = msgspec.Raw(b"[]")


_RAW_BUNDLE = msgspec.json.Decoder(_Bundle)
_LOOSE_BUNDLE = msgspec.json.Decoder(_LooseBundle)
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ENTRY = msgspec.json.Decoder(_Entry)


def loads(raw: bytes) -> object:
    """Parse JSON text.

    Raises FhirSyntaxError with line and column for: what is not UTF-8 or not JSON, NaN and
    Infinity, numbers beyond a double, lone surrogates, a name twice in one object, and nesting
    deeper than MAX_DEPTH.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _syntax_error(raw, error) from None
    if not _is_shallow(raw):
        scan(raw, max_depth=MAX_DEPTH)
    # Every pair has one colon outside strings and our own rendering keeps the colons inside them:
    # fewer colons there than here means that a pair was lost, which only a duplicate name does.
    if _ESCAPED_COLON.search(raw) or raw.count(b":") != orjson.dumps(value).count(b":"):
        scan(raw, max_depth=MAX_DEPTH)
    return value


def _syntax_error(raw: bytes, error: orjson.JSONDecodeError) -> FhirSyntaxError:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        try:
            refuse("the text is not UTF-8", raw, fault.start)
        except FhirSyntaxError as refusal:
            return refusal
    if not raw.strip():
        return FhirSyntaxError("the body is empty; a FHIR resource in JSON is expected")
    words = (
        "NaN and Infinity are no numbers" if _NO_NUMBER.match(error.doc, error.pos) else error.msg
    )
    return FhirSyntaxError(f"not JSON: {words}", line=error.lineno, column=error.colno)


def _is_shallow(raw: bytes) -> bool:
    """Whether nesting is certainly within MAX_DEPTH: each pass removes the innermost level.

    Brackets inside strings may leave a rest; then the exact scan decides.
    """
    brackets = raw.translate(None, _ONLY_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(fewer) == len(brackets):
            return False
        brackets = fewer
    return not brackets


def entry_slices(raw: bytes) -> list[bytes]:
    """The exact bytes of every Bundle.entry[i].resource; b"" where an entry has none.

    `raw` has passed loads(). One slice for each member of a list `entry`, however malformed.
    """
    try:
        return [bytes(entry.resource) for entry in _RAW_BUNDLE.decode(raw).entry]
    except msgspec.ValidationError:
        return [_slice(bytes(entry)) for entry in _loose_entries(raw)]


def _loose_entries(raw: bytes) -> list[msgspec.Raw]:
    try:
        return _RAW_LIST.decode(_LOOSE_BUNDLE.decode(raw).entry)
    except msgspec.ValidationError:
        return []


def _slice(raw: bytes) -> bytes:
    try:
        return bytes(_ENTRY.decode(raw).resource)
    except msgspec.ValidationError:
        return b""


def stamp(
    raw: bytes, *, fhir_id: str, version_id: str | int, last_updated: datetime | str
) -> bytes:
    """The resource's text with `id`, `meta.versionId` and `meta.lastUpdated` set.

    Every other byte, white space and the writing of numbers included, is left as it was.
    """
    updated = last_updated if isinstance(last_updated, str) else instant(last_updated)
    server = {b"versionId": orjson.dumps(str(version_id)), b"lastUpdated": orjson.dumps(updated)}
    members = _members(raw, {"resourceType", "id", "meta"})
    start, end = members.get(b"meta", (0, 0))
    meta = raw[start:end] if end else b"{}"
    inner = _members(meta, {"versionId", "lastUpdated"}) if end else {}
    own = {b"id": orjson.dumps(fhir_id), b"meta": _with_members(meta, inner, server)}
    return _with_members(raw, members, own, after=b"resourceType")


def with_member(raw: bytes, element: str, name: str, value: str) -> bytes:
    """The resource's text with `name` added first to the object `element`, all else as it was."""
    start, end = _members(raw, {element})[element.encode()]
    inner = raw[start:end]
    added = {name.encode(): orjson.dumps(value)}
    return raw[:start] + _with_members(inner, _members(inner, {name}), added) + raw[end:]


def _members(raw: bytes, wanted: set[str]) -> dict[bytes, tuple[int, int]]:
    """Name and value's byte range of the members of a well-formed object up to the last wanted.

    Not empty when the object is not.
    """
    position, found = 0, {}
    values = _RAW_OBJECT.decode(raw)
    missing = len(wanted & values.keys())
    for name, value in values.items():
        match = _MEMBER.match(raw, position)
        if match is None:  # pragma: no cover - msgspec has read the same text
            raise FhirSyntaxError("not a JSON object")
        position = match.end() + len(memoryview(value))
        found[name.encode()] = (match.end(), position)
        missing -= name in wanted
        if missing <= 0:
            break
    return found


def _with_members(
    raw: bytes,
    members: Mapping[bytes, tuple[int, int]],
    wanted: Mapping[bytes, bytes],
    *,
    after: bytes = b"",
) -> bytes:
    """Replace members of an object; those it lacks come behind the member `after`, or first."""
    edits = [(*members[name], text) for name, text in wanted.items() if name in members]
    added = b",".join(b'"%s":%s' % item for item in wanted.items() if item[0] not in members)
    if added and after in members:
        end = members[after][1]
        edits.append((end, end, b"," + added))
    elif added:
        start = raw.index(b"{") + 1
        edits.append((start, start, added + (b"," if members else b"")))
    pieces, position = [], 0
    for start, end, text in sorted(edits):
        pieces += [raw[position:start], text]
        position = end
    return b"".join([*pieces, raw[position:]])


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC with milliseconds. Raises ValueError for a naive datetime.

    >>> instant(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05.000Z'
    """
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def rewrite_references(raw: bytes, mapping: Mapping[str, str]) -> bytes:
    """Replace the values of "reference" members that are keys of `mapping`; nothing else."""

    def replaced(match: re.Match[bytes]) -> bytes:
        name, value = match.groups()
        if match.start() > 0 and raw[match.start() - 1] == 0x5C:  # a quote inside a longer name
            return match.group()
        text = orjson.loads(value) if b"\\" in value else value[1:-1].decode()
        new = mapping.get(text)
        return match.group() if new is None else name + orjson.dumps(new)

    if _ESCAPED_LETTER.search(raw):
        return _rewrite_escaped(raw, mapping)
    return _REFERENCE.sub(replaced, raw)


def _rewrite_escaped(raw: bytes, mapping: Mapping[str, str]) -> bytes:
    """The same where a name may hide behind escapes: string by string, and slower."""
    value_at = -1

    def replaced(match: re.Match[bytes]) -> bytes:
        nonlocal value_at
        text = orjson.loads(match[1])
        if match[2] is not None:
            value_at = match.end() if text == "reference" else -1
        elif match.start() == value_at and text in mapping:
            return orjson.dumps(mapping[text])
        return match.group()

    return _STRING.sub(replaced, raw)


def content_hash(resource: Mapping[str, Any]) -> str:
    """SHA-256 of what the resource says: 64 hexadecimal digits.

    Left out: id, meta.versionId, meta.lastUpdated, meta.source. The order of members does not
    count, the order of lists does. Numbers count by value as a double: 405.70 and 405.7 hash
    alike, 405 and 405.0 do not.
    """
    said = {name: value for name, value in resource.items() if name != "id"}
    meta = said.pop("meta", None)
    if isinstance(meta, dict):
        kept = {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated", "source")}
        if kept:
            said["meta"] = kept
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
