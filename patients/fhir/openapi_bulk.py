"""Bulk exports in the OpenAPI document: how one is asked for, followed, fetched and cancelled."""

from typing import Any

from patients.fhir import openapi_parts as parts
from patients.fhir.definitions import resource_types
from patients.fhir.openapi_parts import ref

Json = dict[str, Any]
ASK = ("400", "401", "403", "406", "429")
BODY = ("413", "415")
NDJSON = "application/fhir+ndjson"
ELEMENT = "([A-Z][A-Za-z]+\\.)?[a-z][A-Za-z]*"


def export_paths() -> Json:
    """Exports of the system, of all patients and of a Group; and what becomes of each."""
    return {
        "/$export": _export("System", "system"),
        "/Patient/$export": _export("Patient", "Patient"),
        "/Group/{id}/$export": _export("Group", "Group", "id"),
        "/bulk/{job}": {
            "parameters": [
                _path("job", parts.UUID),
                ref("parameters", "format"),
            ],
            "get": _operation(
                "bulkStatus",
                {"200": _manifest(), "202": _running(), "404": _ref("404"), "500": _failed()},
            ),
            "delete": _operation("bulkCancel", {"202": _outcome("Cancelled"), "404": _ref("404")}),
        },
        "/bulk/{job}/{file}": {
            "parameters": [
                _path("job", parts.UUID),
                _path("file", {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,200}$"}),
            ],
            "get": _operation("bulkFile", {"200": _file(), "404": _ref("404")}, takes_format=False),
        },
    }


def _export(name: str, tag: str, *path: str) -> Json:
    refusals = (*ASK, *(("404", "410") if path else ()))
    answers: Json = {"202": _accepted()} | {status: _ref(status) for status in refusals}
    with_body = answers | {status: _ref(status) for status in BODY}
    body = parts.json_content(ref("schemas", "Parameters"))
    return {
        "parameters": [
            *(ref("parameters", p) for p in path),
            ref("parameters", "format"),
            _prefer(),
        ],
        "get": {
            "operationId": f"export{name}",
            "tags": [tag],
            "parameters": _asked(),
            "responses": dict(sorted(answers.items())),
        },
        "post": {
            "operationId": f"export{name}ByParameters",
            "tags": [tag],
            "requestBody": {"content": body},
            "responses": dict(sorted(with_body.items())),
        },
    }


def _asked() -> list[Json]:
    types = "|".join(sorted(resource_types()))
    listed = {
        "_outputFormat": {"enum": [NDJSON, "application/ndjson", "ndjson"]},
        "_type": {"type": "string", "pattern": f"^({types})(,({types}))*$"},
        "_elements": {"type": "string", "pattern": f"^{ELEMENT}(,{ELEMENT})*$"},
    }
    found = [{"name": name, "in": "query", "schema": schema} for name, schema in listed.items()]
    return [*found, ref("parameters", "since")]


def _prefer() -> Json:
    words = "`respond-async`: an export runs in the background; with `handling=lenient` what is not known here is left out"
    return {
        "name": "Prefer",
        "in": "header",
        "required": True,
        "description": words,
        "schema": {"type": "string", "pattern": "^respond-async(, *handling=(lenient|strict))?$"},
    }


def _operation(operation_id: str, answers: Json, *, takes_format: bool = True) -> Json:
    always = ("401", "403", "406", "429") if takes_format else ("401", "403", "429")
    responses = answers | {status: _ref(status) for status in always}
    return {
        "operationId": operation_id,
        "tags": ["system"],
        "responses": dict(sorted(responses.items())),
    }


def _ref(status: str) -> Json:
    return ref("responses", status)


def _path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _header(words: str) -> Json:
    return {"description": words, "required": True, "schema": {"type": "string"}}


def _outcome(words: str) -> Json:
    return {"description": words, "content": parts.json_content(ref("schemas", "OperationOutcome"))}


def _accepted() -> Json:
    headers = {"Content-Location": _header("Where to ask how it goes")}
    return _outcome("It runs in the background") | {"headers": headers}


def _failed() -> Json:
    return _outcome("It failed, and nothing can be fetched")


def _running() -> Json:
    headers = {
        "X-Progress": _header("How far it has come, in words"),
        **parts.headers_named("Retry-After"),
    }
    return {
        "description": "It runs; or, without these headers, nothing is left of it",
        "headers": headers,
    }


def _manifest() -> Json:
    """Of the Bulk Data guide; this is no resource."""
    entry = {
        "type": "object",
        "required": ["type", "count"],
        "properties": {"type": {"type": "string"}, "count": {"type": "integer", "minimum": 0}},
    }
    files = {"type": "array", "items": entry}
    schema = {
        "type": "object",
        "required": ["transactionTime", "request", "requiresAccessToken", "output", "error"],
        "properties": {
            "transactionTime": {"type": "string", "format": "date-time"},
            "request": {"type": "string"},
            "requiresAccessToken": {"type": "boolean"},
            "output": files,
            "deleted": files,
            "error": files,
        },
    }
    return {
        "description": "It is complete: its files, and until when they are there",
        "headers": {"Expires": _header("When the files go")},
        "content": parts.json_content(schema, "application/json"),
    }


def _file() -> Json:
    return {
        "description": "A resource a line",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    }
