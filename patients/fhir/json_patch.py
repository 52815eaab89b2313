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
CONTENT_TYPE = "application/json-patch+json"


def read_patch(raw: bytes, where: str = "") -> list[dict[str, Any]]:
    """The operations. FhirError 400 for what is no JSON Patch."""
    try:
        json_codec.loads(raw)
        operations = json.loads(raw, parse_float=Decimal)
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
    resource = json.loads(content, parse_float=Decimal)
    try:
        patched = _applied(resource, operations)
    except jsonpatch.JsonPatchTestFailed as fault:
        raise FhirError(422, [error("processing", "a test of the patch failed", where)]) from fault
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as fault:
        # the library's words name the path, not the value
        words = f"the patch does not fit the resource: {str(fault)[:200]}"
        raise FhirError(422, [error("processing", words, where)]) from fault
    except (TypeError, AttributeError, KeyError) as fault:
        words = "the patch does not fit the resource"
        raise FhirError(422, [error("processing", words, where)]) from fault
    if not isinstance(patched, dict):
        raise FhirError(422, [error("structure", "the patch leaves no resource", where)])
    return orjson.dumps(patched, default=_as_written)


def _applied(resource: Any, operations: list[dict[str, Any]]) -> Any:
    """One operation after the other: copies of copies would else grow without a bound."""
    for operation in operations:
        resource = jsonpatch.JsonPatch([operation]).apply(resource, in_place=True)
        if operation["op"] == "copy" and len(orjson.dumps(resource, default=str)) > LARGEST:
            raise FhirError(
                413, [error("too-costly", f"the patch makes more than {LARGEST} bytes")]
            )
    return resource


def _as_written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)
