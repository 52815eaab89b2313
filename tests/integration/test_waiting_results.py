""" "Your care team is looking at a new result": said only of what the patient would then see."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from models_engine.models import Prediction
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from tests.factories.plugin import forget_models, forget_modules, install, package
from twinportal import pipeline

pytestmark = pytest.mark.django_db
WAITS = "Your care team is looking at a new result"
PLUG_IN = """
    from dataclasses import replace
    from models_engine.catalogue.risk.pce import pce
    def models():
        return replace(pce(), id="acme_heart")
"""


@pytest.fixture
def hospital(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, ehr_client: Client
) -> Iterator[Client]:
    """Clinicians release; SCORE2 has its region, and there is a plug-in."""
    install(package(tmp_path / "source", PLUG_IN), tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    settings.MODEL_PLUGINS = ("acme-odd",)
    settings.SCORE2_REGION = "moderate"
    settings.RELEASE_POLICY = "review"
    forget_models()
    yield ehr_client
    forget_models()
    forget_modules("acme_odd")


def numbers(patient: Patient) -> set[str]:
    rows = Prediction.objects.filter(patient=patient, status="current", value__isnull=False)
    return set(rows.filter(is_probability=True).values_list("model_id", flat=True))


def home(patient: Patient) -> str:
    return signed_in(patient_user(patient)).get("/my/").content.decode()


def test_a_result_for_patients_waits_until_it_is_released(hospital: Client) -> None:
    patient = twin(hospital, "p1")
    assert "prevent_base_10y" in numbers(patient)
    me = signed_in(patient_user(patient))
    assert WAITS in me.get("/my/").content.decode()

    row = Prediction.objects.get(
        patient=patient, model_id="prevent_base_10y", outcome="cvd", status="current"
    )
    doctor = signed_in(clinician())
    doctor.post(f"/twins/{patient.public_id}/release/", {"prediction": row.pk, "action": "release"})

    page = me.get("/my/").content.decode()
    assert WAITS not in page and f"/my/results/{row.pk}/" in page


def test_numbers_for_clinicians_alone_do_not_wait(hospital: Client) -> None:
    """Without a creatinine PREVENT has no number; PCE, SCORE2, a plug-in and research do."""
    push(hospital, fhir.practitioner("dr1"))
    record = [r for r in fhir.complete_record("p1") if r["id"] != "p1-creatinine"]
    push(hospital, *record, fhir.quantity("albumin", "1751-7", 4.3, "g/dL"))
    patient = Patient.objects.get(fhir_id="p1")
    pipeline.refresh_twin(patient.pk, now=NOW)
    assert numbers(patient) == {"pce", "score2", "acme_heart", "general_mortality"}

    assert WAITS not in home(patient)


def test_a_number_on_data_that_were_corrected_since_does_not_wait(hospital: Client) -> None:
    patient = twin(hospital, "p1")
    pressure = fhir.blood_pressure("p1-bp", 152, 88) | {"status": "entered-in-error"}
    push(hospital, pressure)

    assert WAITS not in home(patient)
