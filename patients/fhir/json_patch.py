"""JSON Patch (RFC 6902) on a resource's text; numbers stay as they were written."""

import json
from decimal import Decimal
from typing import Any

import jsonpatch
import orjson

from patients.errors import FhirError
from patients.fhir import json_codec
from patients.fhir.outcome import error

MOST_OPERATIONS = 1000
LARGEST = 10_000_000
# what the library raises for an operation that does not fit, or that leads too deep
FAULTS = (
    jsonpatch.JsonPatchException,
    jsonpatch.JsonPointerException,
    *(TypeError, AttributeError, KeyError, RecursionError),
)
CONTENT_TYPE = "application/json-patch+json"


def read_patch(raw: bytes, where: str = "") -> list[dict[str, Any]]:
    """The operations. FhirError 400 for what is no JSON Patch."""
    try:
        json_codec.loads(raw)
        operations = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
        if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
            words = f"A JSON Patch is a list of at most {MOST_OPERATIONS} operations"
            raise FhirError(400, [error("structure", words, where)])
        jsonpatch.JsonPatch(operations)
    except (json_codec.FhirSyntaxError, jsonpatch.InvalidJsonPatch) as fault:
        words = f"not a JSON Patch: {str(fault)[:200]}"
        raise FhirError(400, [error("structure", words, where)]) from fault
    except (jsonpatch.JsonPointerException, AttributeError, TypeError) as fault:
        words = "an operation of the JSON Patch is not op, path and value"
        raise FhirError(400, [error("structure", words, where)]) from fault
    return operations


def apply(content: str, operations: list[dict[str, Any]], where: str = "") -> bytes:
    """The patched resource. FhirError 422 when an operation does not fit what is there."""
    # whole numbers too: they may be larger than the writer of JSON takes
    patched = json.loads(content, parse_float=Decimal, parse_int=Decimal)
    # one operation after the other: copies of copies would else grow without a bound
    for number, operation in enumerate(operations):
        patched = _applied(patched, operation, number, where)
    if not isinstance(patched, dict):
        raise FhirError(422, [error("structure", "the patch leaves no resource", where)])
    return _text(patched, where)


def _applied(resource: Any, operation: dict[str, Any], number: int, where: str) -> Any:
    # the library's own words may quote the resource, which the client perhaps may not read
    what = f"operation {number} of the patch, {operation['op']} at {operation['path']!r:.100}"
    try:
        resource = jsonpatch.JsonPatch([operation]).apply(resource, in_place=True)
    except jsonpatch.JsonPatchTestFailed as fault:
        raise FhirError(422, [error("processing", f"{what}: the test failed", where)]) from fault
    except FAULTS as fault:
        words = f"{what}, does not fit the resource"
        raise FhirError(422, [error("processing", words, where)]) from fault
    if operation["op"] == "copy" and len(_text(resource, where)) > LARGEST:
        raise FhirError(413, [error("too-costly", f"the patch makes more than {LARGEST} bytes")])
    return resource


def _text(resource: Any, where: str) -> bytes:
    try:
        return orjson.dumps(resource, default=_as_written)
    except orjson.JSONEncodeError as fault:
        words = "the patch nests the resource too deeply"
        raise FhirError(422, [error("too-costly", words, where)]) from fault


def _as_written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)
