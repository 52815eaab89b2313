"""The same claims as the CapabilityStatement in OpenAPI 3.1, for tools that do not know FHIR.

Made from the tables that the server runs on. Resources are objects with what R4 demands of them at
the top level; everything below is R4's own, and `$validate` tells. Modifiers, chains, `_has` and
the targets of includes cannot be listed in OpenAPI: the CapabilityStatement has them.
"""

from collections.abc import Collection, Iterable
from typing import Any

from patients.fhir import openapi_parts as parts
from patients.fhir.definitions import resource_types
from patients.fhir.openapi_bulk import export_paths
from patients.fhir.openapi_parts import ref
from patients.fhir.search_parameters import RESULT_PARAMETERS, SearchParameter, search_parameters

Json = dict[str, Any]
FORM = "application/x-www-form-urlencoded"
DESCRIPTION = (
    "FHIR R4 (4.0.1), JSON alone. Every refusal is an OperationOutcome whose issues name the "
    "element, and its meta.source the X-Request-ID of the answer. A search parameter that is given "
    "again is 'and', a comma is 'or'; an unknown one is refused. More requests than the client's "
    "rate allows are answered 429, with Retry-After. /metadata has the CapabilityStatement."
)
# refusals that any request with a token may meet, and those of bodies and of writes
ALWAYS = ("401", "403", "406", "429")
BODY = ("400", "413", "415")
WRITE = (*BODY, "404", "409", "412", "422")
# what has a resource may also be kept in quarantine
SENT = (*WRITE, "202")


def openapi_document(*, software_version: str, read_only: Collection[str] = ()) -> Json:
    """What this server does. `read_only`: types only we write.

    The server's address is relative, so that the document is the same wherever it is read.
    """
    paths: Json = _system() | export_paths()
    for name in sorted(resource_types()):
        paths |= _of_type(name, name in read_only)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Twinportal FHIR R4",
            "version": software_version,
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/fhir"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name} for name in ("system", *sorted(resource_types()))],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": parts.schemas(),
            "parameters": parts.parameters(),
            "headers": parts.headers(),
            "responses": parts.responses(sorted(resource_types() - set(read_only))),
            "requestBodies": parts.request_bodies(),
        },
    }


def _system() -> Json:
    """What is not of one type, and what is the same for every type."""
    shared = [ref("parameters", name) for name in ("type", "id", "format")]
    return {
        "/": _item(
            post=_operation(
                "transaction",
                "system",
                {"200": "answers"},
                (*SENT, "410"),
                parameters=["prefer"],
                body="Bundle",
            )
        ),
        "/$import": _item(post=_import()),
        "/quarantine/{item}": _item(get=_kept()),
        "/metadata": _item(get=_metadata()),
        "/openapi.json": _item(get=_document()),
        "/{type}/{id}/_history": {
            "parameters": shared,
            "get": _operation(
                "history",
                "system",
                {"200": "history"},
                ("400", "404"),
                parameters=["count", "since", "before"],
            ),
        },
        "/{type}/{id}/_history/{version}": {
            "parameters": [*shared, ref("parameters", "version")],
            "get": _operation(
                "vread", "system", {"200": "AnyResource", "304": "304"}, ("400", "404", "410")
            ),
        },
        "/{type}/{id}/$validate": {
            "parameters": shared,
            "post": _validate("validateInstance", "system", "AnyResource"),
        },
    }


def _of_type(name: str, is_read_only: bool) -> Json:
    writes_of_type: Json = {}
    writes_of_instance: Json = {}
    if not is_read_only:
        writes_of_type = {"post": _create(name), **_writes(name, "condition")}
        writes_of_instance = _writes(name)
    paths = {
        f"/{name}": _item(get=_search(name), **writes_of_type),
        f"/{name}/_search": _item(post=_search_by_form(name)),
        f"/{name}/$validate": _item(post=_validate(f"validate{name}", name, name)),
        f"/{name}/{{id}}": _item("id", get=_read(name), **writes_of_instance),
    }
    if name == "Patient":
        paths["/Patient/{id}/$everything"] = _item("id", get=_everything())
    return paths


def _item(*parameters: str, **operations: Json) -> Json:
    return {
        "parameters": [ref("parameters", name) for name in (*parameters, "format")],
        **operations,
    }


def _operation(
    operation_id: str,
    tag: str,
    answers: dict[str, str],
    refusals: Iterable[str],
    *,
    parameters: Iterable[str | Json] = (),
    body: str = "",
) -> Json:
    """`answers`: status to the name of the shared response; parameters and body by name too."""
    named = [ref("parameters", p) if isinstance(p, str) else p for p in parameters]
    answers = answers | {status: status for status in (*ALWAYS, *refusals)}
    return {
        "operationId": operation_id,
        "tags": [tag],
        **({"parameters": named} if named else {}),
        **({"requestBody": ref("requestBodies", body)} if body else {}),
        "responses": {status: ref("responses", answers[status]) for status in sorted(answers)},
    }


def _metadata() -> Json:
    content = parts.json_content(ref("schemas", "CapabilityStatement"))
    return _public("metadata", {"200": {"description": "What runs here", "content": content}})


def _document() -> Json:
    content = parts.json_content({"type": "object"}, "application/json")
    answers = {"200": {"description": "This document", "content": content}}
    return {
        **_public("openapi", answers | {"304": ref("responses", "304")}),
        "parameters": [ref("parameters", "ifNoneMatch")],
    }


def _public(operation_id: str, answers: Json) -> Json:
    return {
        "operationId": operation_id,
        "tags": ["system"],
        "security": [],
        "responses": {**answers, "406": ref("responses", "406")},
    }


def _read(name: str) -> Json:
    return _operation(
        f"read{name}",
        name,
        {"200": f"{name}.stored", "304": "304"},
        ("400", "404", "410"),
        parameters=["ifNoneMatch"],
    )


def _create(name: str) -> Json:
    return _operation(
        f"create{name}",
        name,
        {"200": f"{name}.written", "201": f"{name}.created"},
        SENT,
        parameters=["ifNoneExist", "prefer"],
        body=name,
    )


def _writes(name: str, *condition: str) -> Json:
    """Update, patch and delete, by id or by condition."""
    how = f"{name}By{condition[0].title()}" if condition else name
    written = {"200": f"{name}.written"}
    return {
        "put": _operation(
            f"update{how}",
            name,
            written | {"201": f"{name}.created"},
            SENT,
            parameters=[*condition, "ifMatch", "ifNoneMatchAny", "prefer"],
            body=name,
        ),
        "patch": _operation(
            f"patch{how}",
            name,
            written,
            (*WRITE, "410"),
            parameters=[*condition, "ifMatch", "prefer"],
            body="JsonPatch",
        ),
        "delete": _operation(
            f"delete{how}",
            name,
            {"204": "204"},
            ("400", "404", "409", "412"),
            parameters=[*condition, "ifMatch"],
        ),
    }


def _search(name: str) -> Json:
    listed = [
        {"name": parameter, "in": "query", "schema": schema}
        for parameter, schema in _searchable(name).items()
    ]
    return _operation(f"search{name}", name, {"200": "searchset"}, ("400",), parameters=listed)


def _search_by_form(name: str) -> Json:
    form = {"type": "object", "properties": _searchable(name)}
    found = _operation(f"search{name}ByForm", name, {"200": "searchset"}, BODY)
    return found | {"requestBody": {"required": True, "content": {FORM: {"schema": form}}}}


def _searchable(name: str) -> Json:
    """The form of every parameter of a search, by the parameter's name."""
    own = {p.name: _form(p) for p in search_parameters(name).values()}
    forms = parts.result_parameters()
    return own | {parameter: forms[parameter] for parameter in RESULT_PARAMETERS}


def _form(parameter: SearchParameter) -> Json:
    return ref("schemas", parameter.type)


def _validate(operation_id: str, tag: str, body: str) -> Json:
    return _operation(
        operation_id,
        tag,
        {"200": "OperationOutcome"},
        (*BODY, "404"),
        parameters=["mode", "profile"],
        body=body,
    )


def _everything() -> Json:
    return _operation(
        "everythingPatient",
        "Patient",
        {"200": "searchset"},
        ("400", "404", "410"),
        parameters=["since", "types", "count", "cursor"],
    )


def _kept() -> Json:
    """What has become of what was answered 202."""
    item = {"name": "item", "in": "path", "required": True, "schema": parts.UUID}
    found = _operation("quarantineStatus", "system", {"200": "OperationOutcome"}, ("400", "404"))
    return found | {"parameters": [item]}


def _import() -> Json:
    found = _operation(
        "import",
        "system",
        {"202": "accepted"},
        (*BODY, "507"),
        parameters=["preferAsync"],
    )
    return found | {"requestBody": {"required": True, "content": parts.import_bodies()}}
