"""What a patient sees at once follows the clinic's policy, and what a clinician took back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from models_engine.models import Forecast, Prediction
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in, twin
from twinportal import pipeline
from twinportal.accounts.models import User
from twinportal.release.models import ReleaseDecision

pytestmark = pytest.mark.django_db
SENTENCE = "out of 100 people like you"
LOOKING = "Your care team is looking at a new result"


@pytest.fixture
def doctor(db: None) -> User:
    return clinician()


def prediction(patient: Patient, model_id: str = "prevent_base_10y", outcome: str = "cvd") -> Any:
    return Prediction.objects.get(
        patient=patient, model_id=model_id, outcome=outcome, status="current"
    )


def new_pressure(ehr: Client, patient: Patient, systolic: int = 158, minutes: int = 1) -> None:
    date = f"2026-11-19T09:{minutes:02}:00Z"
    push(ehr, fhir.blood_pressure(f"{patient.fhir_id}-new{minutes}", systolic, 90, date=date,
                                  subject=patient.fhir_id))  # fmt: skip
    pipeline.refresh_twin(patient.pk, now=NOW + timedelta(minutes=minutes))


class TestPolicy:
    def test_by_model(self, ehr_client: Client, settings: Any) -> None:
        settings.RELEASE_POLICY = "review,prevent=auto"
        patient = twin(ehr_client, "p1")
        assert prediction(patient).released_at is not None
        assert prediction(patient, "pce", "hard_ascvd").released_at is None
        assert not Forecast.objects.filter(released_at__isnull=False).exists()

    def test_forecasts_by_their_own_name(self, ehr_client: Client, settings: Any) -> None:
        settings.RELEASE_POLICY = "review,forecasts=auto"
        patient = twin(ehr_client, "p1")
        for day in range(1, 6):
            at = f"2026-0{day}-10T09:00:00Z"
            push(ehr_client, fhir.blood_pressure(f"p1-{day}", 130 + day, 80, date=at))
        pipeline.refresh_twin(patient.pk, now=NOW + timedelta(minutes=1))
        assert prediction(patient).released_at is None
        assert Forecast.objects.filter(released_at__isnull=False, status="current").exists()

    def test_what_was_withheld_stays_withheld_with_newer_data(
        self, ehr_client: Client, settings: Any, doctor: User
    ) -> None:
        # given a number that the policy let out, and a clinician took back
        settings.RELEASE_POLICY = "auto"
        patient = twin(ehr_client, "p1")
        path = f"/twins/{patient.public_id}/release/"
        row = prediction(patient)
        signed_in(doctor).post(path, {"prediction": row.pk, "action": "withhold"})
        assert ReleaseDecision.objects.get().reason == "not-stated"
        # when newer data make a new number, twice
        for minutes in (1, 2):
            new_pressure(ehr_client, patient, 150 + minutes, minutes)
        # then that one waits, and others do not
        assert prediction(patient).pk != row.pk
        assert prediction(patient).released_at is None
        assert prediction(patient, outcome="hf").released_at is not None
        # and once it is released, the next comes by itself again
        data = {"prediction": prediction(patient).pk, "action": "release"}
        signed_in(doctor).post(path, data)
        new_pressure(ehr_client, patient, 160, 3)
        assert prediction(patient).released_at is not None

    def test_settings_refuse_what_cannot_be_read(self, monkeypatch: Any) -> None:
        import importlib

        from twinportal import settings as product  # noqa: TID251

        monkeypatch.setenv("TWINPORTAL_RELEASE_POLICY", "prevent=auto")
        with pytest.raises(ImproperlyConfigured, match="TWINPORTAL_RELEASE_POLICY begins with"):
            importlib.reload(product)
