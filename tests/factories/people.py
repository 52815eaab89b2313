"""Twins and the people who sign in, made through the product's own doors."""

import json
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from patients.models import Patient
from tests.factories import fhir
from twinportal import pipeline
from twinportal.accounts.models import User

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"


def push(ehr: Client, *resources: dict[str, Any]) -> None:
    """One transaction at the FHIR door."""
    body = json.dumps(fhir.transaction(list(resources)))
    answer = ehr.post("/fhir", body, content_type="application/fhir+json")
    assert answer.status_code == 200, answer.content


def twin(ehr: Client, fhir_id: str, *, doctor: str = "dr1", **person: Any) -> Patient:
    """A complete record, pushed and refreshed, with older values to compare with."""
    if not Patient.objects.exists():
        push(ehr, fhir.practitioner("dr1"), fhir.practitioner("dr2"))
    earlier = fhir.complete_record(f"{fhir_id}", date="2026-01-15T09:00:00Z", **person)[1:]
    for resource in earlier:
        resource["id"] += "-old"
    push(ehr, *fhir.complete_record(fhir_id, practitioner=doctor, **person), *earlier)
    patient = Patient.objects.get(fhir_id=fhir_id)
    pipeline.refresh_twin(patient.pk, now=NOW)
    return patient


def clinician(practitioner_id: str = "dr1", username: str = "doctor") -> User:
    return User.objects.create_user(
        username, password=PASSWORD, role="clinician", practitioner_id=practitioner_id
    )


def patient_user(patient: Patient, username: str = "patient") -> User:
    return User.objects.create_user(username, password=PASSWORD, role="patient", patient=patient)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
