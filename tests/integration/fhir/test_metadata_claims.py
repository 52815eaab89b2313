"""The CapabilityStatement is exercised: each interaction, parameter, include and operation."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from patients.fhir.validation import validate
from tests.factories import fhir
from tests.integration.fhir.calls import FHIR_JSON, post, put
from tests.integration.fhir.smallest import smallest

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
VALUES = {
    "token": "http://x|a",
    "reference": "Patient/p1",
    "date": "ge2024",
    "string": "smi",
    "quantity": "5.4||mg",
    "uri": "http://x",
}


@pytest.fixture
def resources(ehr: Client) -> list[Json]:
    assert put(ehr, fhir.patient()).status_code == 201
    statement = Client().get("/fhir/metadata").json()
    return list(statement["rest"][0]["resource"])


def can_write(row: Json) -> bool:
    return {"code": "create"} in row["interaction"]


def test_every_search_claim_is_served(ehr: Client, resources: list[Json]) -> None:
    common = Client().get("/fhir/metadata").json()["rest"][0]["searchParam"]
    for row in resources:
        for parameter in [*row.get("searchParam", []), *common]:
            value = "p1" if parameter["name"] == "_id" else VALUES[parameter["type"]]
            path = f"/fhir/{row['type']}?{parameter['name']}={quote(value)}&_count=1"
            assert ehr.get(path).status_code == 200, path


def test_every_include_is_served(ehr: Client, resources: list[Json]) -> None:
    for row in resources:
        for kind, name in (("searchInclude", "_include"), ("searchRevInclude", "_revinclude")):
            pairs = "&".join(f"{name}={claim}" for claim in row.get(kind, []))
            assert ehr.get(f"/fhir/{row['type']}?_count=1&{pairs}").status_code == 200, row["type"]


def test_every_interaction_is_served(ehr: Client, resources: list[Json]) -> None:
    for at, row in enumerate(resources):
        name = row["type"]
        content = smallest(name, "x1")
        assert ehr.get(f"/fhir/{name}?_count=1").status_code == 200
        assert ehr.get(f"/fhir/{name}/absent").status_code == 404
        assert ehr.get(f"/fhir/{name}/absent/_history").status_code == 404
        if not can_write(row):
            assert post(ehr, f"/{name}", content).status_code == 403
            continue
        assert validate(content) == []
        # one code serves all types: of two in three, what a type could be refused for is enough
        if at % 3 and name != "Patient":
            assert put(ehr, content).status_code == 201, name
            assert ehr.get(f"/fhir/{name}/x1").status_code == 200, name
            assert ehr.delete(f"/fhir/{name}/x1").status_code == 204, name
            continue
        exercise(ehr, name, content)


def exercise(ehr: Client, name: str, content: Json) -> None:
    path = f"/fhir/{name}/x1"
    nameless = {k: v for k, v in content.items() if k != "id"}
    assert post(ehr, f"/{name}", nameless).status_code == 201, name  # create
    assert put(ehr, content).status_code == 201, name  # updateCreate
    changed = content | {"language": "en"}
    assert put(ehr, changed).status_code == 200, name  # update
    read = ehr.get(path)
    assert (read.status_code, read["ETag"]) == (200, 'W/"2"'), name
    kept = {k: v for k, v in read.json().items() if k != "meta"}
    assert kept == {k: v for k, v in changed.items() if k != "meta"}, name
    known = ehr.get(path, headers={"If-None-Match": 'W/"2"'})  # conditionalRead
    assert known.status_code == 304, name
    assert ehr.get(f"{path}/_history/1").json().get("language") is None, name  # vread
    operations = json.dumps([{"op": "replace", "path": "/language", "value": "es"}])
    patched = ehr.patch(path, operations, content_type="application/json-patch+json")
    assert patched.json()["language"] == "es", name  # patch
    assert len(ehr.get(f"{path}/_history").json()["entry"]) == 3, name  # history-instance
    same = post(ehr, f"/{name}", nameless, **{"If-None-Exist": "_id=x1"})
    patient = name == "Patient"
    assert same.status_code == 200, (name, patient)  # conditionalCreate
    where = f"/fhir/{name}?_id=x1"
    again = ehr.put(where, json.dumps(content), content_type=FHIR_JSON)  # conditionalUpdate
    assert (again.status_code, again["ETag"]) == (200, 'W/"4"'), name
    verdict = post(ehr, f"/{name}/$validate", content)  # operation
    assert all(i["severity"] != "error" for i in verdict.json()["issue"]), name
    assert ehr.delete(where).status_code == 204, name  # conditionalDelete
    assert ehr.get(path).status_code == 410, name
    assert put(ehr, content).status_code == 201, name
    assert ehr.delete(path).status_code == 204, name  # delete


def test_the_limits_that_it_states_are_those_that_hold(ehr: Client, settings: Any) -> None:
    settings.FHIR_MAX_BUNDLE_ENTRIES = 2
    words = Client().get("/fhir/metadata").json()["rest"][0]["documentation"]
    assert "at most 2 entries" in words
    entries = [fhir.practitioner(f"d{i}") for i in range(3)]
    assert post(ehr, "", fhir.transaction(entries)).status_code == 413
    assert post(ehr, "", fhir.transaction(entries[:2])).status_code == 200


def test_everything_is_claimed_for_patients_alone(resources: list[Json]) -> None:
    claimed = {r["type"] for r in resources if {"everything"} & {o["name"] for o in r["operation"]}}
    assert claimed == {"Patient"}


def test_every_operation_of_the_system_is_served(ehr: Client) -> None:
    claimed = Client().get("/fhir/metadata").json()["rest"][0]["operation"]
    for operation in claimed:
        answer = ehr.post(f"/fhir/${operation['name']}", b"{}", content_type=FHIR_JSON)
        assert answer.status_code == 400, "without Prefer: respond-async"
        assert "respond-async" in answer.json()["issue"][0]["diagnostics"]
