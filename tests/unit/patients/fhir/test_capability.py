from datetime import UTC, datetime

import pytest

from patients.fhir.build import checked
from patients.fhir.capability import capability_statement
from patients.fhir.definitions import resource_types
from patients.fhir.search import SEARCH_PARAMETERS, parse_query
from patients.fhir.search_parameters import COMMON

VALUES = {
    "token": "a|b",
    "reference": "Patient/1",
    "date": "ge2024",
    "string": "smi",
    "quantity": "5.4||mg",
    "uri": "http://x",
}


@pytest.fixture(scope="module")
def statement():
    return capability_statement(
        base_url="http://localhost/fhir",
        software_version="1.2",
        date=datetime(2026, 1, 1, tzinfo=UTC),
        read_only=["RiskAssessment"],
        oauth={"token": "http://localhost/oauth/token"},
    )


def test_it_is_valid(statement):
    assert checked(statement)["fhirVersion"] == "4.0.1"


def test_every_type_is_listed_once(statement):
    (rest,) = statement["rest"]
    assert [r["type"] for r in rest["resource"]] == sorted(resource_types())
    assert rest["interaction"] == [{"code": "transaction"}, {"code": "batch"}]


def test_what_we_write_ourselves_cannot_be_written(statement):
    (row,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "RiskAssessment"]
    codes = {i["code"] for i in row["interaction"]}
    assert codes == {"read", "vread", "history-instance", "search-type"}
    assert not row["updateCreate"]
    assert not row["conditionalCreate"]


def test_every_search_parameter_that_is_claimed_is_understood(statement):
    for row in statement["rest"][0]["resource"]:
        claimed = {p["name"]: p["type"] for p in row.get("searchParam", [])}
        assert {*claimed, *COMMON} == set(SEARCH_PARAMETERS[row["type"]])
        for name, kind in claimed.items():
            parse_query(row["type"], [(name, "1" if name == "_id" else VALUES[kind])])
