"""The OpenAPI document: valid, as complete as the CapabilityStatement, and nothing but the truth."""

import json
from typing import Any

import pytest
import schemathesis
from django.test import Client

from tests.factories import fhir
from tests.integration.fhir.bulk import export
from tests.integration.fhir.calls import faults, post, put
from tests.integration.fhir.smallest import smallest
from tests.integration.fhir.tolerant import make_tolerant, odd_value

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
# the interactions of a CapabilityStatement as methods and paths
ROUTES = {
    "read": [("get", "/{name}/{{id}}")],
    "vread": [("get", "/{{type}}/{{id}}/_history/{{version}}")],
    "history-instance": [("get", "/{{type}}/{{id}}/_history")],
    "create": [("post", "/{name}")],
    "update": [("put", "/{name}/{{id}}"), ("put", "/{name}")],
    "patch": [("patch", "/{name}/{{id}}"), ("patch", "/{name}")],
    "delete": [("delete", "/{name}/{{id}}"), ("delete", "/{name}")],
    "search-type": [("get", "/{name}"), ("post", "/{name}/_search")],
    "validate": [("post", "/{name}/$validate"), ("post", "/{{type}}/{{id}}/$validate")],
    "import": [("post", "/$import")],
    "everything": [("get", "/{name}/{{id}}/$everything")],
}

EXPORTS = {
    "Patient": [("get", "/Patient/$export"), ("post", "/Patient/$export")],
    "Group": [("get", "/Group/{{id}}/$export"), ("post", "/Group/{{id}}/$export")],
}
# the system's own operation, and what becomes of each export
BULK = [
    *(("get", "/$export"), ("post", "/$export")),
    *(("get", "/bulk/{job}"), ("delete", "/bulk/{job}"), ("get", "/bulk/{job}/{file}")),
]


@pytest.fixture
def document(db: None) -> Json:
    answer = Client().get("/fhir/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    found: Json = answer.json()
    return found


@pytest.fixture
def statement(db: None) -> Json:
    found: Json = Client().get("/fhir/metadata").json()["rest"][0]
    return found


def operations(document: Json) -> list[tuple[str, str]]:
    return [(m, path) for path, item in document["paths"].items() for m in METHODS if m in item]


def resolved(document: Json, found: Json) -> Json:
    """What a reference leads to."""
    if "$ref" in found:
        for step in found["$ref"].removeprefix("#/").split("/"):
            document = document[step]
        return document
    return found


def references(found: Any) -> set[str]:
    if isinstance(found, list):
        return {name for each in found for name in references(each)}
    if not isinstance(found, dict):
        return set()
    own = {found["$ref"]} if isinstance(found.get("$ref"), str) else set()
    return own | {name for each in found.values() for name in references(each)}


def test_it_is_valid_openapi_without_loose_ends(document: Json) -> None:
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()
    used = references(document)
    for name in used:
        assert resolved(document, {"$ref": name}), name
    made = {
        f"#/components/{kind}/{name}"
        for kind, parts in document["components"].items()
        for name in parts
        if kind != "securitySchemes"
    }
    assert made - used == set()
    ids = [document["paths"][path][method]["operationId"] for method, path in operations(document)]
    assert len(ids) == len(set(ids))


def test_it_has_every_route_of_the_capability_statement_and_no_other(
    document: Json, statement: Json
) -> None:
    claimed = {("post", "/"), ("get", "/metadata"), ("get", "/openapi.json"), *BULK}
    claimed |= {*ROUTES["import"], ("get", "/quarantine/{item}")}
    assert {operation["name"] for operation in statement["operation"]} == {"export", "import"}
    for row in statement["resource"]:
        name = row["type"]
        codes = [i["code"] for i in row["interaction"]] + [o["name"] for o in row["operation"]]
        routes = ROUTES | {"export": EXPORTS.get(name, [])}
        for method, path in (route for code in codes for route in routes[code]):
            claimed.add((method, path.format(name=name)))
    assert set(operations(document)) == claimed
    types = document["components"]["parameters"]["type"]["schema"]["enum"]
    assert types == [row["type"] for row in statement["resource"]]


def test_it_has_every_search_parameter_of_the_capability_statement(
    document: Json, statement: Json
) -> None:
    common = {p["name"] for p in statement["searchParam"]}
    for row in statement["resource"]:
        claimed = common | {p["name"] for p in row.get("searchParam", [])}
        search = document["paths"][f"/{row['type']}"]["get"]["parameters"]
        by_form = document["paths"][f"/{row['type']}/_search"]["post"]["requestBody"]
        (form,) = by_form["content"].values()
        about_the_answer = {p["name"] for p in search} - claimed
        assert claimed <= {p["name"] for p in search} == set(form["schema"]["properties"])
        assert all(name.startswith("_") for name in about_the_answer)


def complete_export(ehr: Client) -> tuple[str, str]:
    """Its job and one of its files."""
    url = export(ehr, "/$export?_type=Patient")["output"][0]["url"]
    job, file = url.rsplit("/", 2)[1:]
    return job, file


def test_every_operation_answers(ehr: Client, document: Json) -> None:
    """With neither "no such address", "no such method" nor an error of ours."""
    assert put(ehr, fhir.patient()).status_code == 201
    names = document["components"]["parameters"]["type"]["schema"]["enum"]
    for name in names:
        if f"create{name}" in json.dumps(document["paths"][f"/{name}"]):
            assert put(ehr, smallest(name, "x1")).status_code == 201, name
    job, file = complete_export(ehr)
    make_tolerant()
    item = put(ehr, odd_value())["Location"].rpartition("/")[2]
    # what is cancelled answers nothing more
    for method, path in sorted(operations(document), key=lambda o: o == ("delete", "/bulk/{job}")):
        if "AuditEvent/{id}" in path:  # there is none yet
            continue
        filled = path.format(type="Patient", id="x1", version="1", job=job, file=file, item=item)
        if method == "delete" and "{id}" in path:
            filled = path.format(id="absent")
        body = {} if method in ("get", "delete") else {"data": b"", "content_type": "text/plain"}
        answer = getattr(ehr, method)(f"/fhir{filled}", **body)
        assert answer.status_code not in (404, 405, 500), (method, filled)
        assert str(answer.status_code) in document["paths"][path][method]["responses"]
        if answer.streaming:
            assert b"".join(answer.streaming_content)


def test_anybody_may_read_it_and_keep_it(ehr: Client) -> None:
    first = Client().get("/fhir/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert first["Content-Encoding"] == "gzip"
    assert len(first.content) < 100_000
    assert first["Cache-Control"] == "public, max-age=3600"
    known = {"If-None-Match": first["ETag"]}
    assert Client().get("/fhir/openapi.json", headers=known).status_code == 304
    assert Client().get("/fhir/openapi.json?_format=xml").status_code == 406
    assert faults(ehr.post("/fhir/openapi.json"))


def test_what_lacks_what_the_schema_demands_is_refused(ehr: Client, document: Json) -> None:
    """The schemas are looser than R4, and never stricter than this server."""
    for name, schema in document["components"]["schemas"].items():
        if name not in document["components"]["parameters"]["type"]["schema"]["enum"]:
            continue
        content = smallest(name, "x1")
        for member in {*schema["required"], *schema["properties"]} & set(content) - {"id"}:
            less = {k: v for k, v in content.items() if k != member}
            verdict = post(ehr, f"/{name}/$validate", less).json()
            assert any(i["severity"] == "error" for i in verdict["issue"]), (name, member)


def test_the_capability_statement_says_where_it_is(statement: Json) -> None:
    assert "/fhir/openapi.json" in statement["documentation"]
