"""A trained model's number: on the clinician's page alone, never released, never written back."""

from typing import Any

import pytest
from django.test import Client

from models_engine.models import Prediction
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from tests.factories.twin_pages import whole_twin
from twinportal import pipeline

pytestmark = pytest.mark.django_db
OUTSIDE = "Outside the population this model was built for."


@pytest.fixture
def patient(ehr_client: Client, settings: Any) -> Patient:
    settings.RELEASE_POLICY = "auto"
    found = twin(ehr_client, "p1")
    push(ehr_client, fhir.quantity("albumin", "1751-7", 4.3, "g/dL"))
    pipeline.refresh_twin(found.pk, now=NOW)
    return found


def research(patient: Patient, model_id: str = "general_mortality") -> list[Prediction]:
    rows = Prediction.objects.filter(patient=patient, model_id=model_id, status="current")
    return list(rows.select_related("run").order_by("horizon_years"))


def twin_page(patient: Patient) -> str:
    doctor = signed_in(clinician())
    return whole_twin(doctor, patient)


def test_a_clinician_sees_it_with_its_interval_and_what_it_is_not_for(patient: Patient) -> None:
    (row,) = research(patient)
    assert row.value is not None and row.low is not None and row.high is not None
    assert row.low < row.value < row.high

    page = twin_page(patient)

    assert "Research models: for clinicians, not shown to the patient" in page
    assert "10 years: <strong>" in page and "90 % interval" in page
    assert "not externally validated" in page
    # nobody without an infarction reads about the model for it
    assert "after a myocardial infarction (research)" not in page


def test_the_prediction_page_explains_it(patient: Patient) -> None:
    (row,) = research(patient)
    doctor = signed_in(clinician())

    page = doctor.get(f"/twins/{patient.public_id}/predictions/{row.pk}/").content.decode()

    assert "Contributions against" in page
    assert "bootstrap of the fit, calibrated by conformal prediction" in page


def test_the_patient_never_sees_it_whatever_the_policy(patient: Patient) -> None:
    (row,) = research(patient)
    prevent = Prediction.objects.get(
        patient=patient, model_id="prevent_base_10y", outcome="cvd", status="current"
    )
    assert prevent.released_at is not None
    assert row.released_at is None
    doctor = signed_in(clinician())

    answer = doctor.post(
        f"/twins/{patient.public_id}/release/", {"prediction": row.pk, "action": "release"}
    )

    assert answer.status_code == 404
    assert research(patient)[0].released_at is None
    me = signed_in(patient_user(patient))
    assert "Death" not in me.get("/my/").content.decode()
    assert me.get(f"/my/results/{row.pk}/").status_code == 404


def test_it_is_not_written_back(patient: Patient, ehr_client: Client) -> None:
    (row,) = research(patient)
    assert row.run.risk_assessment is None

    bundle = ehr_client.get("/fhir/RiskAssessment?patient=Patient/p1&_count=100").json()

    written = [
        entry["resource"]["method"]["coding"][0]["code"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "RiskAssessment"
    ]
    assert "prevent_base_10y" in written
    assert "general_mortality" not in written


def test_who_is_unlike_the_training_data_is_told_so(patient: Patient, ehr_client: Client) -> None:
    push(ehr_client, fhir.quantity("albumin", "1751-7", 1.9, "g/dL"))
    pipeline.refresh_twin(patient.pk, now=NOW)

    (row,) = research(patient)
    page = twin_page(patient)

    assert row.value is None
    assert OUTSIDE in page
    assert "Albumin in the blood 1.9 g/dL is outside the range of this model" in page


def test_after_an_infarction_the_other_model_speaks_until_thirty_days(
    ehr_client: Client,
) -> None:
    patient = twin(ehr_client, "p1", birth_date="1952-03-01")
    push(ehr_client, fhir.condition("mi", "22298006", onset="2026-11-10"))
    pipeline.refresh_twin(patient.pk, now=NOW)

    one, three = research(patient, "post_infarction_mortality")

    assert one.value is not None and three.value is not None and one.value < three.value
    assert str(one.valid_until) == "2026-12-11"
    page = twin_page(patient)
    assert "1 year: <strong>" in page and "3 years: <strong>" in page
