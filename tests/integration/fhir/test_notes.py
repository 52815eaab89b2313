"""What the twin made of what was accepted, told to senders who ask for an OperationOutcome."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import Patient
from patients.record.loading import state_of
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


def test_dates_and_modifiers(ehr: Client) -> None:
    put(ehr, fhir.patient())
    early = fhir.quantity("early", "2093-3", 200, "mg/dL", date="1900-01-01")
    changed = fhir.quantity("changed", "2093-3", 200, "mg/dL")
    changed["modifierExtension"] = [{"url": "urn:not", "valueBoolean": True}]
    waiting = fhir.quantity("waiting", "2093-3", 200, "mg/dL", status="registered")
    unborn = fhir.patient("p2") | {"birthDate": "2999-01-01"}
    expected = [
        (early, "warning", "before the patient's birth"),
        (changed, "warning", "an extension that is not known here: urn:not"),
        (waiting, "information", "no result yet"),
        (unborn, "warning", "in the future"),
    ]
    for resource, severity, words in expected:
        _, note = put(ehr, resource, **ASK).json()["issue"]
        assert note["severity"] == severity
        assert words in note["diagnostics"]
    twin = Patient.objects.get(fhir_id="p1")
    assert not state_of(twin.pk, timezone.now()).series("total_cholesterol")


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
