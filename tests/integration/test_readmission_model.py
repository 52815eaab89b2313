"""Readmission of people with diabetes, from the EHR's push to the clinician's page."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from models_engine.models import Prediction
from patients.models import Patient, StaleTwin
from tests.factories import fhir
from tests.factories.hospital import encounter
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from tests.factories.twin_pages import whole_twin
from twinportal import pipeline

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
TYPE_2 = "44054006"
INSULIN = "5856"
OUTSIDE = "Outside the population this model was built for"


def discharged(code: str) -> dict[str, Any]:
    coding = {"system": DISPOSITION, "code": code}
    return {"hospitalization": {"dischargeDisposition": {"coding": [coding]}}}


def index_stay(code: str = "home") -> dict[str, Any]:
    return encounter("index", NOW - 9 * DAY, NOW - 3 * DAY, **discharged(code))


def insulin_in_hospital() -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "insulin",
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": fhir.RXNORM, "code": INSULIN}]},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": (NOW - 8 * DAY).isoformat(),
        "dispenseRequest": {
            "expectedSupplyDuration": {"value": 4, "unit": "d", "code": "d", "system": fhir.UCUM}
        },
    }


@pytest.fixture
def patient(ehr_client: Client, settings: Any) -> Patient:
    settings.RELEASE_POLICY = "auto"
    found = twin(ehr_client, "p1", birth_date="1955-03-01")
    push(ehr_client, fhir.condition("dm", TYPE_2))
    return found


def refreshed(patient: Patient, now: Any = NOW) -> Prediction:
    StaleTwin.objects.get_or_create(patient=patient, defaults={"marked_at": now})
    pipeline.refresh_twin(patient.pk, now=now)
    return Prediction.objects.select_related("run").get(
        patient=patient, model_id="readmission_30d", status="current"
    )


def used(row: Prediction) -> dict[str, float]:
    return {one["concept"]: one["value"] for one in row.inputs}


def twin_page(patient: Patient) -> str:
    doctor = signed_in(clinician())
    return whole_twin(doctor, patient)


def test_a_discharge_gives_a_number_from_what_was_sent(
    patient: Patient, ehr_client: Client
) -> None:
    push(
        ehr_client,
        index_stay("snf"),
        encounter("led", NOW - 9 * DAY - timedelta(hours=6), NOW - 9 * DAY, kind="EMER"),
        encounter("before", NOW - 100 * DAY, NOW - 97 * DAY),
        encounter("long-ago", NOW - 500 * DAY, NOW - 490 * DAY),
        encounter("visit", NOW - 200 * DAY, NOW - 200 * DAY + timedelta(hours=3), kind="EMER"),
        insulin_in_hospital(),
    )

    row = refreshed(patient)

    assert used(row) == {
        "age": 71.0,
        "sex": 1.0,
        "previous_admissions": 1.0,
        "emergency_visits_12_months": 1.0,
        "length_of_stay": 6.0,
        "to_care_facility": 1.0,
        "insulin_in_stay": 1.0,
        "glucose_lowering_in_stay": 1.0,
    }
    assert row.value is not None and row.low is not None and row.high is not None
    assert 0.1 < row.low < row.value < row.high < 0.4
    assert str(row.run.valid_until) == "2026-12-18"
    page = twin_page(patient)
    assert "Readmission within 30 days, people with diabetes (research)" in page
    assert "30 days: <strong>" in page
    doctor = Client()
    doctor.force_login(
        clinician(username="second"), backend="django.contrib.auth.backends.ModelBackend"
    )
    more = doctor.get(f"/twins/{patient.public_id}/predictions/{row.pk}/").content.decode()
    assert "Readmission to hospital, 30 days" in more
    assert "Contributions against" in more
    for source in ("index", "before", "visit", "insulin"):
        assert f"/{source}/" in more, source


def test_the_patient_does_not_see_it_and_it_is_not_written_back(
    patient: Patient, ehr_client: Client
) -> None:
    push(ehr_client, index_stay())

    row = refreshed(patient)

    assert row.value is not None
    assert row.released_at is None and row.run.risk_assessment is None
    me = signed_in(patient_user(patient))
    assert "eadmission" not in me.get("/my/").content.decode()


def test_without_diabetes_or_after_a_transfer_it_is_outside(
    patient: Patient, ehr_client: Client
) -> None:
    push(ehr_client, index_stay("rehab"))
    moved = refreshed(patient)
    assert moved.value is None
    (reason,) = moved.refusals
    assert reason["message"].startswith(f"{OUTSIDE}: the person was moved to rehabilitation.")
    wrong = fhir.condition("dm", TYPE_2) | {"verificationStatus": status("entered-in-error")}
    del wrong["clinicalStatus"]
    push(ehr_client, index_stay(), wrong)
    row = refreshed(patient, NOW + DAY)
    assert row.value is None
    assert [r["message"] for r in row.refusals] == [
        f"{OUTSIDE}: it is for people with diabetes, and none is recorded."
    ]
    assert "Readmission within 30 days" not in twin_page(patient)


def status(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    return {"coding": [{"system": system, "code": code}]}


def test_back_in_hospital_it_ends(patient: Patient, ehr_client: Client) -> None:
    push(ehr_client, index_stay())
    assert refreshed(patient).value is not None

    push(ehr_client, encounter("again", NOW + DAY))
    row = refreshed(patient, NOW + 2 * DAY)

    assert row.value is None
    assert [r["code"] for r in row.refusals] == ["not_applicable.index_stay"]
