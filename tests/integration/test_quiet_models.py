"""Scores and natural history: on the clinician's page, and nowhere else."""

import re
from typing import Any

import pytest
from django.test import Client

from explain.models import Attribution
from models_engine.models import ModelRun, Prediction
from models_engine.registry import quiet_ids
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from twinportal import pipeline

pytestmark = pytest.mark.django_db

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ATRIAL_FIBRILLATION, HYPERTENSION, TYPE_2 = "49436004", "38341003", "44054006"


def icd10(fhir_id: str, code: str) -> dict[str, Any]:
    found = fhir.condition(fhir_id, code)
    found["code"]["coding"][0]["system"] = ICD10CM
    return found


def refresh(patient: Patient) -> None:
    pipeline.refresh_twin(patient.pk, now=NOW)


def values(patient: Patient) -> dict[str, float | None]:
    rows = Prediction.objects.filter(patient=patient, status="current", model_id__in=quiet_ids())
    return dict(rows.values_list("outcome", "value"))


@pytest.fixture
def ill(ehr_client: Client, settings: Any) -> Patient:
    """Atrial fibrillation, hypertension (both SNOMED CT), type 2 diabetes and an old infarction."""
    settings.RELEASE_POLICY = "auto"
    patient = twin(ehr_client, "p1")
    push(
        ehr_client,
        fhir.condition("af", ATRIAL_FIBRILLATION),
        fhir.condition("ht", HYPERTENSION),
        icd10("t2", "E11.9"),
        icd10("mi", "I25.2"),
        fhir.quantity("ldl", "13457-7", 110, "mg/dL"),
        fhir.quantity("acr", "9318-7", 12, "mg/g"),
    )
    refresh(patient)
    return patient


def section(client: Client, patient: Patient) -> str:
    page = client.get(f"/twins/{patient.public_id}/predictions/").content.decode()
    found = re.search(r"<h3>Scores and natural history</h3>(.*?)</main>", page, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+([;.,])", r"\1", " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()))


def test_the_numbers(ill: Patient) -> None:
    found = values(ill)

    male = ill.sex == "male"
    assert found["cha2ds2_vasc"] == (3 if male else 4)
    assert found["has_bled"] == 0
    assert (found["charlson_original"], found["charlson_quan_2011"]) == (2, 0)
    assert found["ukpds_second_mi"] is not None and 0 < found["ukpds_second_mi"] < 0.1


def test_the_clinician_reads_at_least_and_why(ill: Patient) -> None:
    text = section(signed_in(clinician()), ill)

    assert "HAS-BLED: at least 0 points; 1.13 major bleeds in 100 person-years" in text
    assert "Charlson index: at least 2 points" in text
    assert "2 of 4 diagnoses are not coded in ICD-10" in text
    assert "CHA2DS2-VASc: " in text and "CHA2DS2-VASc: at least" not in text
    assert "Further myocardial infarction (natural history, uncalibrated), 1 year:" in text
    assert "FIB-4 index AST: none recorded. Order AST." in text
    assert "the source was read, the figure was not recomputed here" in text


def test_every_detail_page_opens(ill: Patient) -> None:
    doctor = signed_in(clinician())
    rows = Prediction.objects.filter(patient=ill, status="current", model_id__in=quiet_ids())
    for row in rows:
        page = doctor.get(f"/twins/{ill.public_id}/predictions/{row.pk}/")
        assert page.status_code == 200, row
    has_bled = rows.get(outcome="has_bled")
    text = doctor.get(f"/twins/{ill.public_id}/predictions/{has_bled.pk}/").content.decode()
    assert "at least 0" in text and "not assessable" in text


def test_the_patient_sees_none_of_it(ill: Patient) -> None:
    page = signed_in(patient_user(ill)).get("/my/").content.decode()
    for word in ("CHA2DS2", "HAS-BLED", "Charlson", "UKPDS", "natural history"):
        assert word not in page
    rows = Prediction.objects.filter(patient=ill, model_id__in=quiet_ids())
    assert not rows.filter(released_at__isnull=False).exists()
    # nor are they told that something waits for review
    assert "wait" not in page.lower()


def test_it_is_neither_explained_nor_written_back(ill: Patient) -> None:
    runs = ModelRun.objects.filter(patient=ill, model_id__in=quiet_ids())
    assert runs.exists() and not runs.filter(risk_assessment__isnull=False).exists()
    assert not Attribution.objects.filter(prediction__model_id__in=quiet_ids()).exists()


def test_what_is_not_for_this_person_leaves_no_row(ehr_client: Client) -> None:
    patient = twin(ehr_client, "p1")
    runs = ModelRun.objects.filter(patient=patient, replayed=False)
    quiet = set(runs.filter(model_id__in=quiet_ids()).values_list("model_id", flat=True))
    assert quiet == {"charlson", "fib4", "findrisc"}


def test_a_diagnosis_entered_in_error_takes_its_score_away(
    ill: Patient, ehr_client: Client
) -> None:
    wrong = fhir.condition("af", ATRIAL_FIBRILLATION)
    wrong["verificationStatus"] = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                "code": "entered-in-error",
            }
        ]
    }
    del wrong["clinicalStatus"]
    push(ehr_client, wrong)
    refresh(ill)

    assert not {"cha2ds2_vasc", "has_bled"} & set(values(ill))
    ended = Prediction.objects.filter(patient=ill, model_id="has_bled", run__replayed=False)
    assert set(ended.values_list("status", flat=True)) == {"superseded"}


def test_a_score_that_no_longer_applies_becomes_past(ill: Patient, ehr_client: Client) -> None:
    """Heart failure arrives: its first one is no longer ahead."""
    assert "ukpds_heart_failure" in values(ill)
    push(ehr_client, fhir.condition("hf", "84114007"))
    refresh(ill)

    assert "ukpds_heart_failure" not in values(ill)
    before = Prediction.objects.filter(
        patient=ill, model_id="ukpds_om2_heart_failure", run__replayed=False
    )
    assert set(before.values_list("status", flat=True)) == {"past"}
