import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.fhir.json_codec import (
    MAX_DEPTH,
    FhirSyntaxError,
    content_hash,
    entry_slices,
    instant,
    loads,
    rewrite_references,
    stamp,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], include_characters='":{}[]\\,#'), max_size=12
)
NAMES = TEXT | st.sampled_from(["reference", "id", "meta", "resourceType", "resource"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(["urn:uuid:1", "reference", ":"])
)
VALUES = st.recursive(
    SCALARS,
    lambda v: st.lists(v, max_size=4) | st.dictionaries(NAMES, v, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)
STYLES = st.sampled_from([{"separators": (",", ":")}, {"indent": 2}, {"ensure_ascii": False}])


@given(OBJECTS, STYLES)
def test_what_json_writes_is_read(value, style):
    assert loads(json.dumps(value, **style).encode()) == value


@given(OBJECTS, NAMES, VALUES, STYLES)
def test_a_name_that_appears_twice_is_refused(value, name, other, style):
    value[name] = other
    text = json.dumps(value, **style)
    pair = f"{json.dumps(name)}: {json.dumps(other)}"
    with pytest.raises(FhirSyntaxError, match="appears twice") as caught:
        loads(f"{text.rstrip()[:-1]}, {pair}}}".encode())
    assert caught.value.line > 0


@pytest.mark.parametrize(
    ("raw", "says", "line", "column"),
    [
        (b"", "the body is empty", 0, 0),
        (b" \n", "the body is empty", 0, 0),
        (b'{"a":\n nul}', "not JSON", 2, 2),
        (b'{"a": NaN}', "not JSON", 1, 7),
        (b'{"a": -Infinity}', "not JSON", 1, 8),
        (b'{"a": 1e999}', "infinity", 1, 7),
        (b'{"a": "\xff"}', "not UTF-8", 1, 8),
        (b'{"a": "\\ud800"}', "not JSON", 1, 8),
        (b"\xef\xbb\xbf{}", "BOM", 1, 1),
        (b'{"a": 1,\n "b": {"c": 1, "c": 2}}', "'c' appears twice", 2, 16),
        (b'{"a": 1, "\\u0061": 2}', "'a' appears twice", 1, 10),
        (b'{"\\u003a": 1, ":": 2}', "':' appears twice", 1, 15),
        (b"[" * 101 + b"]" * 101, "deeper than 100", 1, 101),
        (b"[" * 100_000, "not JSON", 1, 1026),
        ('{"é": 1, "é": 2}'.encode(), "appears twice", 1, 10),
    ],
)
def test_what_is_refused_says_where(raw, says, line, column):
    with pytest.raises(FhirSyntaxError, match=says) as caught:
        loads(raw)
    assert caught.value.line == line
    assert caught.value.column == column or line == 0
    assert caught.value.status == 400
    assert caught.value.issues[0].diagnostics == str(caught.value)


def test_brackets_inside_strings_are_no_depth():
    assert loads(b'["' + b"[{" * 500 + b'"]') == ["[{" * 500]
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    mixed = b'["}", {"a": "[", "b": ["x", {"c": ":"}]}]'
    assert loads(mixed) == json.loads(mixed)


def test_slices_are_the_senders_bytes():
    raw = b'{"entry": [ {"resource": {"v": 405.70}}, {"request": {}}, {"resource":[ 1 ]} ]}'
    assert entry_slices(raw) == [b'{"v": 405.70}', b"", b"[ 1 ]"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"{}", []),
        (b'{"entry": null}', []),
        (b'{"entry": {}}', []),
        (b'{"entry": [null, {"resource": {"a": 1.0}}, 5]}', [b"", b'{"a": 1.0}', b""]),
    ],
)
def test_slices_of_malformed_bundles_keep_their_count(raw, expected):
    assert entry_slices(raw) == expected


@given(OBJECTS, STYLES)
def test_a_stamp_changes_nothing_else(value, style):
    value.pop("meta", None)
    raw = json.dumps(value, **style).encode()
    stamped = json.loads(stamp(raw, fhir_id="x1", version_id=3, last_updated=NOW))
    meta = {"versionId": "3", "lastUpdated": "2026-01-02T03:04:05.678Z"}
    assert stamped == {**value, "id": "x1", "meta": meta}


def test_a_stamp_keeps_every_other_byte():
    raw = (
        b'{\n  "resourceType" : "Patient" ,\n  "v": 405.70,\n  "id": "old",\n'
        b'  "meta": { "tag": [ ], "versionId" : "9" }\n}\n'
    )
    assert stamp(raw, fhir_id="new", version_id="10", last_updated="2026-01-01T00:00:00Z") == (
        b'{\n  "resourceType" : "Patient" ,\n  "v": 405.70,\n  "id": "new",\n'
        b'  "meta": {"lastUpdated":"2026-01-01T00:00:00Z", "tag": [ ], "versionId" : "10" }\n}\n'
    )


def test_a_stamp_goes_behind_the_type():
    stamped = stamp(b'{"resourceType":"Basic","x":1}', fhir_id="a", version_id=1, last_updated=NOW)
    assert stamped.startswith(b'{"resourceType":"Basic","id":"a","meta":{"versionId":"1",')


def test_an_instant_needs_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001


def replaced(value: object, mapping: dict[str, str]) -> object:
    """The obvious way: over the parsed value."""
    if isinstance(value, list):
        return [replaced(item, mapping) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: mapping.get(item, item)
        if name == "reference" and isinstance(item, str)
        else replaced(item, mapping)
        for name, item in value.items()
    }


@given(OBJECTS, STYLES)
@settings(max_examples=200)
def test_references_are_rewritten_as_the_obvious_way_does(value, style):
    mapping = {"urn:uuid:1": "Patient/1", ":": "x", "reference": "y"}
    raw = json.dumps(value, **style).encode()
    assert json.loads(rewrite_references(raw, mapping)) == replaced(value, mapping)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"reference" : "urn:uuid:1"}', b'{"reference" : "Patient/1"}'),
        (b'{"display":"urn:uuid:1"}', b'{"display":"urn:uuid:1"}'),
        (b'{"reference":"urn:uuid:12"}', b'{"reference":"urn:uuid:12"}'),
        (b'{"a":"\\"reference\\":\\"urn:uuid:1\\""}', b'{"a":"\\"reference\\":\\"urn:uuid:1\\""}'),
        (b'{"x\\"reference":"urn:uuid:1"}', b'{"x\\"reference":"urn:uuid:1"}'),
        (b'{"\\u0072eference":"urn:uuid:1"}', b'{"\\u0072eference":"Patient/1"}'),
        (
            b'{"a":[":"],"reference":"urn:uuid:1","b":"\\u0061"}',
            b'{"a":[":"],"reference":"Patient/1","b":"\\u0061"}',
        ),
        (b'{"reference":"urn:uuid\\u003a1"}', b'{"reference":"Patient/1"}'),
    ],
)
def test_only_references_are_rewritten(raw, expected):
    assert rewrite_references(raw, {"urn:uuid:1": "Patient/1"}) == expected


def test_the_hash_is_of_what_the_resource_says():
    resource = {"resourceType": "Basic", "a": [1, 2], "b": 405.70}
    same = {"b": 405.7, "a": [1, 2], "id": "x", "resourceType": "Basic"}
    meta = {"versionId": "2", "lastUpdated": "x", "source": "y"}
    assert content_hash(resource) == content_hash(same) == content_hash({**same, "meta": meta})
    assert len(content_hash(resource)) == 64
    tagged = {**resource, "meta": {**meta, "tag": [{"code": "x"}]}}
    for other in ({**resource, "a": [2, 1]}, {**resource, "b": 1}, tagged, {**resource, "b": 406}):
        assert content_hash(other) != content_hash(resource)


@given(OBJECTS)
def test_the_hash_does_not_depend_on_order(value):
    reordered = dict(reversed(value.items()))
    assert content_hash(value) == content_hash(reordered)


@given(st.binary(max_size=40) | st.text(alphabet='{}[]":,\\\\u0a1 \n', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(raw):
    try:
        value = loads(raw)
    except FhirSyntaxError:
        return
    assert json.loads(raw) == value
