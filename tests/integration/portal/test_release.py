"""What a patient sees follows the clinic's policy and what a clinician decides, at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from explain.wording.phrases import OUTCOMES
from models_engine.catalogue.display import displayed
from models_engine.models import Forecast, Prediction
from models_engine.selectors import current_predictions
from patients.access.policy import visible_patients
from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from twinportal import pipeline
from twinportal.accounts.models import User
from twinportal.release.models import ReleaseDecision
from twinportal.release.selectors import waiting_for_review

pytestmark = pytest.mark.django_db
SENTENCE = "out of 100 people like you"
LOOKING = "Your care team is looking at a new result"


@pytest.fixture
def doctor(db: None) -> User:
    return clinician()


@pytest.fixture
def one(ehr_client: Client, settings: Any) -> Patient:
    settings.RELEASE_POLICY = "review"
    return twin(ehr_client, "p1")


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


class TestReviewPage:
    def test_shows_what_the_patient_would_read(self, one: Patient, doctor: User) -> None:
        page = signed_in(doctor).get("/review/").content.decode()
        row = prediction(one)
        assert f'data-prediction="{row.pk}"' in page
        assert SENTENCE in page and "points:" in page
        assert f"{100 * row.value:.1f} %" in page
        assert AuditEvent.objects.filter(what="review", patient_ids=[one.pk]).exists()

    def test_what_is_ticked_is_released_at_once(self, one: Patient, doctor: User) -> None:
        # given a patient whose team is still looking (UX P21)
        me = signed_in(patient_user(one))
        assert LOOKING in me.get("/my/").content.decode()
        # when a clinician releases it
        row = prediction(one)
        data = {"action": "release", "prediction": [row.pk]}
        answer = signed_in(doctor).post("/review/decide/", data, follow=True)
        # then the patient sees it, nothing waits any more, and it is on record
        assert "Released: 1 number" in answer.content.decode()
        assert "Nothing waits" in answer.content.decode()
        assert SENTENCE in me.get("/my/").content.decode()
        assert AuditEvent.objects.filter(action="release", detail=str(row.pk)).exists()
        # and what was taken back is gone at once
        path = f"/twins/{one.public_id}/release/"
        signed_in(doctor).post(path, {"prediction": row.pk, "action": "withhold"})
        assert SENTENCE not in me.get("/my/").content.decode()

    def test_withholding_needs_a_reason_and_promises_nothing(
        self, one: Patient, doctor: User
    ) -> None:
        row, door = prediction(one), signed_in(doctor)
        data = {"action": "withhold", "prediction": [row.pk]}
        for reason in ("", "not-stated", "whatever"):
            answer = door.post("/review/decide/", data | {"reason": reason}, follow=True)
            assert "choose a reason" in answer.content.decode()
        assert not ReleaseDecision.objects.exists()

        door.post("/review/decide/", data | {"reason": "talk-first"})
        decision = ReleaseDecision.objects.get()
        assert (decision.released, decision.reason, decision.by) == (False, "talk-first", doctor)
        assert AuditEvent.objects.filter(action="withhold", detail=f"{row.pk} talk-first").exists()
        assert "Nothing waits" in door.get("/review/").content.decode()
        page = signed_in(patient_user(one)).get("/my/").content.decode()
        assert SENTENCE not in page and LOOKING not in page

    def test_nobody_decides_about_the_patients_of_others(self, one: Patient, doctor: User) -> None:
        row = prediction(one)
        other = signed_in(clinician("dr2", "other"))
        assert "Nothing waits" in other.get("/review/").content.decode()
        data = {"action": "release", "prediction": [row.pk]}
        page = other.post("/review/decide/", data, follow=True).content.decode()
        assert "1 left as they were" in page and "Released" not in page
        assert prediction(one).released_at is None
        me = signed_in(patient_user(one))
        assert me.get("/review/").status_code == 403
        assert me.post("/review/decide/", data).status_code == 403
        wrong = {"action": "release", "prediction": ["x"]}
        assert signed_in(doctor).post("/review/decide/", wrong).status_code == 404

    def test_what_is_being_recalculated_cannot_be_released(
        self, one: Patient, doctor: User, ehr_client: Client
    ) -> None:
        row = prediction(one)
        push(ehr_client, fhir.blood_pressure("p1-late", 170, 99, date="2026-11-19T09:00:00Z"))
        door = signed_in(doctor)
        assert "New data, being recalculated" in door.get("/review/").content.decode()
        data = {"action": "release", "prediction": [row.pk]}
        assert "1 left as they were" in door.post("/review/decide/", data, follow=True).content.decode()
        assert prediction(one).released_at is None

    def test_the_list_is_what_the_page_would_show(
        self, one: Patient, doctor: User, ehr_client: Client, settings: Any
    ) -> None:
        """By SQL here, by Python on the patient's page: the same rows, variants and all."""
        two = twin(ehr_client, "p2")
        date = {"date": "2026-11-18T09:00:00Z", "subject": "p2"}
        push(
            ehr_client,
            fhir.quantity("p2-a1c", "4548-4", 8.1, "%", **date),
            fhir.quantity("p2-egfr", "33914-3", 40, "mL/min/{1.73_m2}", **date),
            fhir.quantity("p2-acr", "9318-7", 320, "mg/g", **date),
            fhir.condition("p2-ckd", "709044004", subject="p2"),
        )
        settings.RELEASE_POLICY = "review,prevent_base_10y=auto"
        pipeline.refresh_twin(two.pk, now=NOW + timedelta(minutes=1))

        expected = {
            block.main.pk
            for patient in (one, two)
            for block in displayed(current_predictions(patient.pk))
            if block.main.value is not None
            and block.main.outcome in OUTCOMES
            and block.main.released_at is None
        }
        found = list(waiting_for_review(visible_patients(doctor)))
        assert {row.pk for row in found} == expected and len(found) == len(expected) >= 3
        assert [row.run.made_at for row in found] == sorted(
            (row.run.made_at for row in found), reverse=True
        )

    def test_queries_do_not_grow_with_patients(
        self, one: Patient, doctor: User, ehr_client: Client
    ) -> None:
        door = signed_in(doctor)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                door.get("/review/")
            return len(captured)

        queries()
        before = queries()
        twin(ehr_client, "p2")
        assert queries() == before
