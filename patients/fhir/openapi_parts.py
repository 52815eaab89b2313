"""What the operations of the OpenAPI document share: schemas, parameters, headers, answers."""

from collections.abc import Iterable
from typing import Any

from patients.fhir.capability import FHIR_JSON, JSON_PATCH
from patients.fhir.definitions import Element, elements, resource_types

Json = dict[str, Any]
ID = "^[A-Za-z0-9.-]{1,64}$"
UUID: Json = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
INCLUDE = "^[A-Z][A-Za-z]+:[a-z-]+(:[A-Z][A-Za-z]+)?$"
PREFIX = "(eq|ge|gt|le|lt)?"
DATE = PREFIX + r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+(Z|[+ -][0-9]{2}:[0-9]{2})?)?)?)?"
QUANTITY = PREFIX + r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?(\|[^|]*\|[^|]*)?"
NUMBERS = ("decimal", "integer", "positiveInt", "unsignedInt")
REFUSALS = {
    "202": "Of a tolerant client: faulty, kept in quarantine, used by nothing until corrected",
    "400": "Something of the request is not understood; never taken for a wider question",
    "401": "No valid bearer token",
    "403": "The token's scopes do not allow it, or only this server writes this",
    "404": "Not known here",
    "406": "Only JSON is spoken here",
    "409": "Others write the same thing at this moment; try again",
    "410": "Deleted",
    "412": "A precondition does not hold, or a condition matches several",
    "413": "Too large, or too much work",
    "415": "The body has another media type, or is compressed",
    "422": "The resource is not valid; each fault names its element",
    "429": "More requests than the client's rate allows; wait as long as Retry-After says",
    "507": "The disk of this server is full",
}
HEADERS = {
    "Content-Location": "Where to ask how the job goes",
    "ETag": 'The version, as `W/"3"`',
    "Last-Modified": "When this version was stored",
    "Location": "Address of the version that was made, or of what is kept in quarantine",
    "Retry-After": "Seconds",
    "WWW-Authenticate": "Bearer",
    "X-Request-ID": "What to name when asking about this request; the client's own if it was plain",
}


def ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def schemas() -> Json:
    """Every resource type as an object with what R4 demands of it, and the forms of parameters."""
    return {
        **{name: _resource(name) for name in sorted(resource_types())},
        **_search_values(),
        "AnyResource": _object({"resourceType": {"enum": sorted(resource_types())}}),
        "Stored": _object(
            {
                "id": {"type": "string", "pattern": ID},
                "meta": _object(
                    {
                        "versionId": {"type": "string", "pattern": "^[0-9]+$"},
                        "lastUpdated": {"type": "string", "format": "date-time"},
                    }
                ),
            }
        ),
        **{kind: _bundle(kind) for kind in ("searchset", "history")},
        "answers": {
            "properties": {"entry": {"minItems": 1, "items": _object({"response": {}})}},
            "allOf": [ref("schemas", "Bundle")],
        },
        "JsonPatch": {
            "type": "array",
            "maxItems": 1000,
            "items": _object(
                {
                    "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
                    "path": {"type": "string", "pattern": "^(/.*)?$"},
                }
            ),
        },
    }


def _object(required: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": required}


def _resource(name: str) -> Json:
    """Whatever lacks these, or has them in another form, is refused; more rules are R4's own."""
    groups: dict[str, list[Json]] = {}
    properties: Json = {"resourceType": {"const": name}, "id": {"type": "string", "pattern": ID}}
    for element in elements(name).values():
        if element.required:
            groups.setdefault(element.choice or element.name, []).extend(_ways(element))
            properties[element.name] = _form(element)
    certain = [ways[0]["required"][0] for ways in groups.values() if len(ways) == 1]
    others = [{"anyOf": ways} for ways in groups.values() if len(ways) > 1]
    return {
        "type": "object",
        "required": ["resourceType", *certain],
        "properties": properties,
        **({"allOf": others} if others else {}),
    }


def _ways(element: Element) -> list[Json]:
    """How a required element can be there: a primitive may be just an extension that says why."""
    names = [element.name, *([f"_{element.name}"] if element.is_extensible else [])]
    return [{"required": [name]} for name in names]


def _form(element: Element) -> Json:
    if element.is_list:
        return {"type": "array", "minItems": 1}
    if element.type == "boolean":
        return {"type": "boolean"}
    if element.type in NUMBERS:
        return {"type": "number"}
    return {"type": "string"} if element.is_primitive else {"type": "object"}


def _bundle(kind: str) -> Json:
    link = _object({"relation": {"type": "string"}, "url": {"type": "string"}})
    entries = {"type": "array", "minItems": 1}
    return {
        **_object({"type": {"const": kind}, "link": {"type": "array", "items": link}}),
        "allOf": [
            ref("schemas", "Bundle"),
            {"properties": {"total": {"type": "integer", "minimum": 0}, "entry": entries}},
        ],
    }


def _search_values() -> Json:
    """One form for each kind of search parameter: given again is "and", a comma is "or"."""
    texts: dict[str, Json] = {
        "token": {"minLength": 1},
        "reference": {"minLength": 1},
        "string": {"minLength": 1},
        "uri": {"minLength": 1},
        "date": {"pattern": f"^{DATE}(,{DATE})*$"},
        "quantity": {"pattern": f"^{QUANTITY}(,{QUANTITY})*$"},
        "include": {"pattern": INCLUDE},
    }
    return {
        kind: {"type": "array", "items": {"type": "string", **form}} for kind, form in texts.items()
    }


def parameters() -> Json:
    number = {"type": "integer", "minimum": 0}
    text = {"type": "string", "minLength": 1}
    date = {"type": "string", "pattern": f"^{DATE.removeprefix(PREFIX)}$"}
    return {
        "id": _path("id", {"type": "string", "pattern": ID}),
        "type": _path("type", {"enum": sorted(resource_types())}),
        "version": _path("version", {"type": "string", "pattern": "^[1-9][0-9]*$"}),
        "condition": {
            **_query("condition", {"type": "object", "additionalProperties": {"type": "string"}}),
            "description": "Search parameters of the type, which at most one resource may match",
            "required": True,
        },
        "format": _query("_format", {"enum": ["json", FHIR_JSON, "application/json", ""]}),
        "count": _query("_count", number),
        "cursor": _query("_cursor", text, "From a next link alone"),
        "since": _query("_since", date),
        "before": _query("_before", number, "From a next link alone"),
        "types": _query("_type", {"type": "string", "pattern": "^[A-Z][A-Za-z]+(,[A-Z][A-Za-z]+)*$"}),
        "mode": _query("mode", {"enum": ["create", "update", "delete", "profile"]}),
        "profile": _query("profile", {"type": "string"}),
        "ifMatch": _header("If-Match", 'Only if this is the version: `W/"3"`'),
        "ifNoneMatch": _header("If-None-Match", "Versions that the client has: 304 for those"),
        "ifNoneMatchAny": _header("If-None-Match", "`*`: only if there is none yet", {"const": "*"}),
        "ifNoneExist": _header("If-None-Exist", "A search; what it finds is not made again"),
        "prefer": _header(
            "Prefer",
            "What to answer; a minimal answer has no body",
            {"type": "string", "examples": [f"return={kind}" for kind in PREFERENCES]},
        ),
        "preferAsync": {
            **_header("Prefer", "It runs in the background", {"const": "respond-async"}),
            "required": True,
        },
    }  # fmt: skip


PREFERENCES = ("representation", "minimal", "OperationOutcome")


def result_parameters() -> dict[str, Json]:
    """The forms of those search parameters that are about the answer."""
    text = {"type": "string", "minLength": 1}
    return {
        "_count": {"type": "integer", "minimum": 0},
        "_sort": text,
        "_total": {"enum": ["accurate", "estimate", "none"]},
        "_summary": {"enum": ["count", "false"]},
        "_elements": text,
        "_include": ref("schemas", "include"),
        "_revinclude": ref("schemas", "include"),
        "_cursor": text,
    }


def _path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str, schema: Json, words: str = "") -> Json:
    return {
        "name": name,
        "in": "query",
        "schema": schema,
        **({"description": words} if words else {}),
    }


def _header(name: str, words: str, schema: Json | None = None) -> Json:
    return {
        "name": name,
        "in": "header",
        "description": words,
        "schema": schema or {"type": "string"},
    }


def headers() -> Json:
    return {
        name: {"description": words, "required": True, "schema": {"type": "string"}}
        for name, words in HEADERS.items()
    }


def headers_named(*names: str) -> Json:
    return {name: ref("headers", name) for name in names}


def json_content(schema: Json, media_type: str = FHIR_JSON) -> Json:
    return {media_type: {"schema": schema}}


def responses(written: Iterable[str]) -> Json:
    """Refusals by status, what each type's reads answer, and writes of the types `written`."""
    found: Json = {status: _refusal(status) for status in REFUSALS}
    found["204"] = {"description": "Deleted, or there was nothing to delete"}
    found["accepted"] = {
        "description": "A worker does it; Content-Location says how it goes",
        "headers": headers_named("Content-Location"),
        "content": json_content(ref("schemas", "OperationOutcome")),
    }
    found["304"] = {
        "description": "The client has this version",
        "headers": headers_named("ETag"),
    }
    for kind, words in (
        ("searchset", "One page, with a next link while there is more"),
        ("history", "Versions, the newest first"),
        ("OperationOutcome", "The verdict, whatever it is"),
        ("answers", "One answer for each entry, in their order"),
    ):
        found[kind] = {"description": words, "content": json_content(ref("schemas", kind))}
    found["AnyResource"] = _stored("AnyResource")
    for name in sorted(resource_types()):
        found[f"{name}.stored"] = _stored(name)
    for name in written:
        found[f"{name}.written"] = _written(name)
        found[f"{name}.created"] = _created(name)
    return found


def _refusal(status: str) -> Json:
    more = {"202": "Location", "401": "WWW-Authenticate", "429": "Retry-After"}
    names = [name for kind, name in more.items() if kind == status]
    return {
        "description": REFUSALS[status],
        "headers": headers_named("X-Request-ID", *names),
        "content": json_content(ref("schemas", "OperationOutcome")),
    }


def _stored(name: str) -> Json:
    return {
        "description": f"{name} as stored",
        "headers": headers_named("ETag", "Last-Modified"),
        "content": json_content({"allOf": [ref("schemas", name), ref("schemas", "Stored")]}),
    }


def _written(name: str) -> Json:
    stored = {"allOf": [ref("schemas", name), ref("schemas", "Stored")]}
    return {
        "description": f"{name} as stored before or now, or what Prefer asks for",
        "headers": headers_named("ETag", "Last-Modified"),
        "content": json_content({"anyOf": [stored, ref("schemas", "OperationOutcome")]}),
    }


def _created(name: str) -> Json:
    """With links, so that a client's generator knows what can be done next with what was made."""
    found = {"id": "$response.body#/id"}
    return {
        **_written(name),
        "description": f"{name} is new",
        "headers": headers_named("ETag", "Last-Modified", "Location"),
        "links": {
            action: {"operationId": f"{action}{name}", "parameters": found}
            for action in ("read", "delete")
        },
    }


def request_bodies() -> Json:
    found = {
        name: {"required": True, "content": json_content(ref("schemas", name))}
        for name in sorted(resource_types())
    }
    found["JsonPatch"] = {
        "required": True,
        "content": json_content(ref("schemas", "JsonPatch"), JSON_PATCH),
    }
    found["AnyResource"] = {
        "required": True,
        "content": json_content(ref("schemas", "AnyResource")),
    }
    return found


def import_bodies() -> Json:
    """What is to be imported: named, as files, or as the lines of one."""
    one = _object({"url": {"type": "string", "minLength": 1}})
    inputs = {"type": "array", "minItems": 1, "items": one}
    file = {"type": "string", "format": "binary"}
    files = {"type": "object", "properties": {"file": {"type": "array", "items": file}}}
    return {
        FHIR_JSON: {"schema": ref("schemas", "Parameters")},
        "application/json": {"schema": _object({"input": inputs})},
        "multipart/form-data": {"schema": files},
        "application/fhir+ndjson": {"schema": {"type": "string"}},
    }
