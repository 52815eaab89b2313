"""What the twin made of what was accepted, told to senders who ask for an OperationOutcome."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import fhir
from tests.integration.fhir.calls import post, put

pytestmark = pytest.mark.django_db
ASK = {"Prefer": "return=OperationOutcome"}


def told(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    first, *notes = outcome["issue"]
    assert first["severity"] == "information"
    return [(n["severity"], n["expression"][0]) for n in notes]


@pytest.mark.parametrize(
    ("code", "value", "unit", "notes"),
    [
        ("2093-3", 200, "mg/dL", []),
        ("2093-3", 200, "furlong", [("warning", "Observation")]),
        ("2093-3", 90000, "mg/dL", [("warning", "Observation")]),
        ("99999-9", 1, "mg/dL", [("information", "Observation")]),
    ],
)
def test_units_values_and_codes(
    ehr: Client, code: str, value: float, unit: str, notes: list[tuple[str, str]]
) -> None:
    put(ehr, fhir.patient())
    answer = put(ehr, fhir.quantity("a", code, value, unit), **ASK)
    assert answer.status_code == 201
    assert told(answer.json()) == notes


def test_every_entry_has_its_own(ehr: Client) -> None:
    odd = fhir.quantity("odd", "2093-3", 200, "furlong")
    good = fhir.quantity("good", "2093-3", 200, "mg/dL")
    answer = post(ehr, "", fhir.transaction([fhir.patient(), odd, good]), **ASK)
    outcomes = [entry["response"]["outcome"] for entry in answer.json()["entry"]]
    assert [told(outcome) for outcome in outcomes] == [
        [],
        [("warning", "Bundle.entry[1].resource")],
        [],
    ]
    assert "used by no model" in outcomes[1]["issue"][1]["diagnostics"]


def test_a_patch_is_told_too(ehr: Client) -> None:
    put(ehr, fhir.patient())
    put(ehr, fhir.quantity("a", "2093-3", 200, "mg/dL"))
    patch = '[{"op": "replace", "path": "/valueQuantity/value", "value": 90000}]'
    answer = ehr.patch(
        "/fhir/Observation/a", patch, content_type="application/json-patch+json", headers=ASK
    )
    assert told(answer.json()) == [("warning", "Observation")]
