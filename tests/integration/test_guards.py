"""A diagnosis that arrives through FHIR stops the models that are not for such a person."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from models_engine.models import ModelRun, Prediction
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in, twin
from tests.factories.twin_pages import whole_twin
from twinportal import pipeline

pytestmark = pytest.mark.django_db

ICD10CM, ICD10 = "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10"
PREVENT, SCORE2_DIABETES = "prevent_base_10y", "score2_diabetes"
KIDNEY = ("ckd_epi_2021", "kfre_4v", PREVENT)


def diagnosis(code: str, system: str = ICD10CM, onset: str = "2026-11-10") -> dict[str, Any]:
    found = fhir.condition("d1", code, onset=onset)
    found["code"]["coding"][0]["system"] = system
    return found


def refresh(patient: Patient) -> None:
    pipeline.refresh_twin(patient.pk, now=NOW)


def stopped_by(patient: Patient, model_id: str) -> set[str]:
    """Concepts of the refusals of a model now; empty when it gives a number."""
    rows = Prediction.objects.filter(patient=patient, model_id=model_id, status="current")
    assert rows, model_id
    return {refusal["concept"] for row in rows for refusal in row.refusals}


def text_of(patient: Patient) -> str:
    page = whole_twin(signed_in(clinician()), patient)
    return " ".join(page.split())


@pytest.mark.parametrize(
    ("code", "system"),
    [("N17.9", ICD10CM), ("N17.0", ICD10), ("14669001", fhir.SNOMED), ("O90.49", ICD10CM)],
)
def test_acute_kidney_injury_stops_what_reads_egfr(
    ehr_client: Client, code: str, system: str
) -> None:
    patient = twin(ehr_client, "p1")
    assert stopped_by(patient, PREVENT) == set()
    push(ehr_client, diagnosis(code, system), fhir.quantity("acr", "9318-7", 300, "mg/g"))
    refresh(patient)

    for model_id in KIDNEY:
        assert "acute_kidney_injury" in stopped_by(patient, model_id)
    assert "Not applicable: acute kidney injury is recorded. The eGFR is not a steady" in text_of(
        patient
    )


def test_an_acute_kidney_injury_without_end_is_over_after_90_days(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1")
    push(ehr_client, diagnosis("N17.9", onset="2026-08-23"))
    refresh(patient)
    assert stopped_by(patient, PREVENT) == {"acute_kidney_injury"}
    push(ehr_client, diagnosis("N17.9", onset="2026-08-22"))
    pipeline.refresh_twin(patient.pk, now=NOW + timedelta(minutes=1))

    assert stopped_by(patient, PREVENT) == set()
    run = ModelRun.objects.filter(patient=patient, model_id=PREVENT).latest("pk")
    row = Prediction.objects.filter(run=run).first()
    assert row is not None
    assert any("acute kidney injury recorded on 2026-08-22" in note for note in row.notes)


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("Z3A.20", ICD10CM),
        ("O10.012", ICD10CM),
        ("O13", ICD10),
        ("O14.93", ICD10CM),
        ("O24.410", ICD10CM),
        ("O24.111", ICD10CM),
        ("O30.001", ICD10CM),
        ("O48.0", ICD10),
        ("O99.019", ICD10CM),
        ("O9A.111", ICD10CM),
        ("Z34.90", ICD10CM),
    ],
)
def test_what_says_pregnant_now_stops_prevent(ehr_client: Client, code: str, system: str) -> None:
    patient = twin(ehr_client, "p1")
    push(ehr_client, diagnosis(code, system))
    refresh(patient)

    assert stopped_by(patient, PREVENT) == {"pregnancy"}


@pytest.mark.parametrize("code", ["O03.9", "O80", "Z37.0", "O86.0", "O94", "Z39.2", "Z32.02"])
def test_a_pregnancy_that_is_over_does_not(ehr_client: Client, code: str) -> None:
    patient = twin(ehr_client, "p1")
    push(ehr_client, diagnosis(code))
    refresh(patient)

    assert stopped_by(patient, PREVENT) == set()


@pytest.mark.parametrize(
    ("extra", "concept"),
    [
        (diagnosis("Z99.2"), "dialysis"),
        (diagnosis("N18.6"), "end_stage_renal_disease"),
        (diagnosis("Z94.0"), "kidney_transplant"),
        (diagnosis("N17.9"), "acute_kidney_injury"),
        (fhir.quantity("scr", "2160-0", 7.0, "mg/dL", date="2026-11-10T09:00:00Z"), "egfr"),
    ],
)
def test_score2_diabetes_is_not_for_kidney_failure(
    ehr_client: Client, settings: Any, extra: dict[str, Any], concept: str
) -> None:
    settings.SCORE2_REGION = "moderate"
    patient = twin(ehr_client, "p1")
    push(
        ehr_client,
        fhir.condition("t2", "44054006", onset="2020-01-01"),
        fhir.quantity("hba1c", "4548-4", 7.2, "%"),
    )
    refresh(patient)
    assert stopped_by(patient, SCORE2_DIABETES) == set()
    push(ehr_client, extra)
    refresh(patient)

    assert concept in stopped_by(patient, SCORE2_DIABETES)


def test_the_pooled_cohort_equations_are_not_for_heart_failure(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1")
    assert stopped_by(patient, "pce") == set()
    push(ehr_client, diagnosis("I50.9"))
    refresh(patient)

    assert stopped_by(patient, "pce") == {"heart_failure"}


def test_two_creatinines_of_one_day_are_both_shown(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1")
    push(
        ehr_client,
        fhir.quantity("low", "2160-0", 0.9, "mg/dL", date="2026-11-10"),
        fhir.quantity("high", "2160-0", 2.4, "mg/dL", date="2026-11-10"),
    )
    refresh(patient)

    row = Prediction.objects.filter(patient=patient, model_id=PREVENT, status="current").first()
    assert row is not None and row.value is not None
    used = next(i for i in row.inputs if i["concept"] == "egfr")["derived_from"][0]
    # pushed together: the greatest id comes first
    assert (used["resource_id"], used["value"], used["status"]) == ("low", 0.9, "verify")
    said = "another value of the same day is recorded: 2.4 mg/dL"
    assert any(said in note for note in row.notes)
    text = text_of(patient)
    assert said in text
    # the page of the trend has both, each naming the other
    doctor = signed_in(clinician(username="second"))
    trend = doctor.get(f"/twins/{patient.public_id}/trends/creatinine/").content.decode()
    assert said in trend and "another value of the same day is recorded: 0.9 mg/dL" in trend


def test_two_creatinines_of_one_moment_are_one_that_is_marked(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1")
    at = "2026-11-10T09:00:00Z"
    push(ehr_client, fhir.quantity("first", "2160-0", 2.4, "mg/dL", date=at))
    refresh(patient)
    push(ehr_client, fhir.quantity("second", "2160-0", 0.9, "mg/dL", date=at))
    pipeline.refresh_twin(patient.pk, now=NOW + timedelta(minutes=1))

    assert "another value of the same moment is recorded: 2.4 mg/dL" in text_of(patient)


def test_creatinine_without_sex_or_birth_date_names_what_is_missing(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1", gender="unknown")
    text = text_of(patient)
    assert "Kidney function (eGFR): creatinine is recorded; the sex is not." in text
    assert "(eGFR): none recorded" not in text

    without = fhir.patient("p1", practitioner="dr1", gender="unknown")
    del without["birthDate"]
    push(ehr_client, without)
    refresh(patient)
    rows = Prediction.objects.filter(patient=patient, model_id=PREVENT, status="current")
    messages = [r["message"] for row in rows for r in row.refusals]
    assert (
        "Kidney function (eGFR): creatinine is recorded; the sex is not, and the birth date is not."
        in messages
    )


def test_a_value_dated_in_the_future_is_named(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1")
    push(
        ehr_client,
        fhir.quantity("t", "4548-4", 7.2, "%", date="2030-03-01T09:00:00Z"),
        fhir.quantity("ast", "1920-8", 30, "U/L", date="2030-03-01T09:00:00Z"),
    )
    refresh(patient)

    rows = Prediction.objects.filter(patient=patient, model_id="fib4", status="current")
    messages = " ".join(r["message"] for row in rows for r in row.refusals)
    assert "AST: none recorded. A value dated in the future (2030-03-01) is not used." in messages
    text = text_of(patient)
    assert "future" in text
    assert "Every measurement could be used" not in text


def test_what_was_sent_and_is_not_understood_is_listed(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1")
    doctor = signed_in(clinician())
    address = f"/twins/{patient.public_id}/record/"
    before = doctor.get(address).content.decode()
    assert "No condition and no medication is recorded." in before
    assert "Every measurement could be used." in before

    unknown = diagnosis("X99.99")
    unknown["code"]["text"] = "A disease of <no> table"
    named = fhir.condition("d2", "1")
    named["code"] = {"text": "Only in words"}
    refuted = {**diagnosis("Y88.8"), "id": "d3"}
    status = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    refuted["verificationStatus"] = {"coding": [{"system": status, "code": "refuted"}]}
    medicine = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": fhir.RXNORM, "code": "999999999"}]},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-10-01",
    }
    push(ehr_client, unknown, named, refuted, medicine)
    refresh(patient)

    text = " ".join(doctor.get(address).content.decode().split())
    listed = text[text.index("Sent, not read by any model:") :]
    assert "A disease of &lt;no&gt; table" in listed and "code X99.99" in listed
    assert "Only in words" in listed and "code 999999999" in listed
    assert "Y88.8" not in listed
    assert "No condition and no medication is recorded." not in text
    assert "Every measurement could be used." not in text
    assert "None recorded." not in text
    row = Prediction.objects.filter(patient=patient, model_id=PREVENT, status="current").first()
    assert row is not None
    assert "Diagnoses sent in codes that are not read: 2; not counted." in row.notes
