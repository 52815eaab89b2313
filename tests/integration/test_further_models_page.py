"""What the clinician's page says of the models beside PREVENT and the kidney failure equation."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from models_engine.models import Prediction
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from twinportal import pipeline

pytestmark = pytest.mark.django_db
WITHOUT_REGION = "TWINPORTAL_SCORE2_REGION"


def page_of(patient: Patient, doctor: Client) -> str:
    answer = doctor.get(f"/twins/{patient.public_id}/predictions/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def article(page: str, model_id: str) -> str:
    """The block of one model."""
    start = page.index(f'data-model="{model_id}"')
    return page[start : page.index("</article>", start)]


@pytest.fixture
def doctor(ehr_client: Client, settings: Any) -> Client:
    settings.RELEASE_POLICY = "auto"
    return signed_in(clinician("dr1"))


def test_a_further_model_is_for_clinicians_only(ehr_client: Client, doctor: Client) -> None:
    patient = twin(ehr_client, "p1")

    block = article(page_of(patient, doctor), "pce")

    assert "For clinicians only" in block
    assert "<form" not in block
    assert "does not hold race" not in block and "Black (US race category)" in block
    made = Prediction.objects.get(patient=patient, model_id="pce", status="current")
    assert "does not hold race" in (
        doctor.get(f"/twins/{patient.public_id}/predictions/{made.pk}/").content.decode()
    )
    portal = signed_in(patient_user(patient)).get("/my/").content.decode()
    assert "coronary death" not in portal


def test_what_has_no_number_is_told_quietly_with_the_reason(
    ehr_client: Client, doctor: Client
) -> None:
    patient = twin(ehr_client, "p1")

    page = page_of(patient, doctor)

    quiet = page[page.index("Further models, without a number here") :]
    quiet = quiet[: quiet.index("</details>")]
    assert "Not applicable: diabetes is not recorded." in quiet
    assert WITHOUT_REGION in quiet
    # and nobody is told to order something for the sake of a further model
    assert "Order HbA1c" not in page.replace(quiet, "")


def test_score2_stands_on_the_page_when_its_region_is_set(
    ehr_client: Client, doctor: Client, settings: Any
) -> None:
    settings.SCORE2_REGION = "moderate"
    patient = twin(ehr_client, "p1")

    page = page_of(patient, doctor)

    assert "2021-moderate.1" in article(page, "score2")
    assert WITHOUT_REGION not in page


def test_a_prediction_stays_readable_when_its_region_is_no_longer_set(
    ehr_client: Client, doctor: Client, settings: Any
) -> None:
    settings.SCORE2_REGION = "very_high"
    patient = twin(ehr_client, "p1")
    made = Prediction.objects.get(patient=patient, model_id="score2", status="current")
    settings.SCORE2_REGION = ""
    push(ehr_client, fhir.blood_pressure("p1-bp9", 140, 80, date="2026-11-10T09:00:00Z"))
    pipeline.refresh_twin(patient.pk, now=NOW + timedelta(hours=1))

    made.refresh_from_db()
    page = doctor.get(f"/twins/{patient.public_id}/predictions/{made.pk}/").content.decode()

    assert made.status == "superseded"
    assert "The hospital has set the risk region: very high" in page
    assert 'data-model="score2"' not in page_of(patient, doctor)


def test_the_first_lines_of_the_page_speak_of_the_leading_models(
    ehr_client: Client, doctor: Client
) -> None:
    patient = twin(ehr_client, "p1")

    page = doctor.get(f"/twins/{patient.public_id}/").content.decode()

    matters = page[page.index('id="matters"') : page.index('id="do"')]
    assert "Total cardiovascular disease, 10 years" in matters
    assert "coronary death" not in matters
