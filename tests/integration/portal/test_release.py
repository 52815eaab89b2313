"""What a patient sees follows the clinic's policy and what a clinician decides, at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from explain.wording.phrases import OUTCOMES
from models_engine.catalogue.display import displayed
from models_engine.models import Prediction
from models_engine.selectors import current_predictions
from patients.access.policy import visible_patients
from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in, twin
from tests.integration.portal.conftest import Portal
from tests.integration.portal.crawl import ESTIMATE, read_all
from twinportal import pipeline
from twinportal.release.models import ReleaseDecision
from twinportal.release.selectors import waiting_for_review

pytestmark = pytest.mark.django_db
SENTENCE = "out of 100 people like you"
LOOKING = "Your care team is looking at a new result"


def prediction(patient: Patient, model_id: str = "prevent_base_10y", outcome: str = "cvd") -> Any:
    return Prediction.objects.get(
        patient=patient, model_id=model_id, outcome=outcome, status="current"
    )


def new_pressure(ehr: Client, patient: Patient, systolic: int = 158, minutes: int = 1) -> None:
    date = f"2026-11-19T09:{minutes:02}:00Z"
    push(ehr, fhir.blood_pressure(f"{patient.fhir_id}-new{minutes}", systolic, 90, date=date,
                                  subject=patient.fhir_id))  # fmt: skip
    pipeline.refresh_twin(patient.pk, now=NOW + timedelta(minutes=minutes))


class TestReviewPage:
    def test_shows_what_the_patient_would_read(self, unreviewed: Portal) -> None:
        page = unreviewed.doctor.get("/review/").content.decode()
        row = prediction(unreviewed.mine)
        assert f'data-prediction="{row.pk}"' in page
        assert SENTENCE in page and "points:" in page
        assert f"{100 * row.value:.1f} %" in page
        assert AuditEvent.objects.filter(what="review", patient_ids=[unreviewed.mine.pk]).exists()

    def test_what_is_ticked_is_released_at_once(self, unreviewed: Portal) -> None:
        # given a patient whose team is still looking (UX P21)
        me = unreviewed.me
        assert LOOKING in me.get("/my/").content.decode()
        # when a clinician releases it
        row = prediction(unreviewed.mine)
        data = {"action": "release", "prediction": [row.pk]}
        answer = unreviewed.doctor.post("/review/decide/", data, follow=True)
        # then the patient sees it, nothing waits any more, and it is on record
        assert "Released: 1 number" in answer.content.decode()
        assert "Nothing waits" in answer.content.decode()
        assert SENTENCE in me.get("/my/").content.decode()
        assert AuditEvent.objects.filter(action="release", detail=str(row.pk)).exists()
        # and what was taken back is gone at once
        path = f"/twins/{unreviewed.mine.public_id}/release/"
        unreviewed.doctor.post(path, {"prediction": row.pk, "action": "withhold"})
        assert SENTENCE not in me.get("/my/").content.decode()

    def test_withholding_needs_a_reason_and_promises_nothing(self, unreviewed: Portal) -> None:
        row, door = prediction(unreviewed.mine), unreviewed.doctor
        data = {"action": "withhold", "prediction": [row.pk]}
        for reason in ("", "not-stated", "whatever"):
            answer = door.post("/review/decide/", data | {"reason": reason}, follow=True)
            assert "choose a reason" in answer.content.decode()
        assert not ReleaseDecision.objects.exists()

        door.post("/review/decide/", data | {"reason": "talk-first"})
        decision = ReleaseDecision.objects.get()
        assert (decision.released, decision.reason, decision.by) == (
            False,
            "talk-first",
            unreviewed.doctor_user,
        )
        assert AuditEvent.objects.filter(action="withhold", detail=f"{row.pk} talk-first").exists()
        assert "Nothing waits" in door.get("/review/").content.decode()
        page = unreviewed.me.get("/my/").content.decode()
        assert SENTENCE not in page and LOOKING not in page

    def test_nobody_decides_about_the_patients_of_others(self, unreviewed: Portal) -> None:
        row = prediction(unreviewed.mine)
        other = signed_in(clinician("dr2", "other"))
        assert "Nothing waits" in other.get("/review/").content.decode()
        data = {"action": "release", "prediction": [row.pk]}
        page = other.post("/review/decide/", data, follow=True).content.decode()
        assert "1 left as they were" in page and "Released" not in page
        assert prediction(unreviewed.mine).released_at is None
        me = unreviewed.me
        assert me.get("/review/").status_code == 403
        assert me.post("/review/decide/", data).status_code == 403
        wrong = {"action": "release", "prediction": ["x"]}
        assert unreviewed.doctor.post("/review/decide/", wrong).status_code == 404

    def test_what_is_being_recalculated_cannot_be_released(self, unreviewed: Portal) -> None:
        row = prediction(unreviewed.mine)
        push(unreviewed.ehr, fhir.blood_pressure("p1-late", 170, 99, date="2026-11-19T09:00:00Z"))
        door = unreviewed.doctor
        assert "New data, being recalculated" in door.get("/review/").content.decode()
        data = {"action": "release", "prediction": [row.pk]}
        assert (
            "1 left as they were"
            in door.post("/review/decide/", data, follow=True).content.decode()
        )
        assert prediction(unreviewed.mine).released_at is None

    def test_the_list_is_what_the_page_would_show(self, unreviewed: Portal, settings: Any) -> None:
        """By SQL here, by Python on the patient's page: the same rows, variants and all."""
        two = twin(unreviewed.ehr, "p2")
        date = {"date": "2026-11-18T09:00:00Z", "subject": "p2"}
        push(
            unreviewed.ehr,
            fhir.quantity("p2-a1c", "4548-4", 8.1, "%", **date),
            fhir.quantity("p2-egfr", "33914-3", 40, "mL/min/{1.73_m2}", **date),
            fhir.quantity("p2-acr", "9318-7", 320, "mg/g", **date),
            fhir.condition("p2-ckd", "709044004", subject="p2"),
        )
        settings.RELEASE_POLICY = "review,prevent_base_10y=auto"
        pipeline.refresh_twin(two.pk, now=NOW + timedelta(minutes=1))

        expected = {
            block.main.pk
            for patient in (unreviewed.mine, two)
            for block in displayed(current_predictions(patient.pk))
            if block.main.value is not None
            and block.main.outcome in OUTCOMES
            and block.main.released_at is None
        }
        found = list(waiting_for_review(visible_patients(unreviewed.doctor_user)))
        assert {row.pk for row in found} == expected and len(found) == len(expected) >= 3
        assert [row.run.made_at for row in found] == sorted(
            (row.run.made_at for row in found), reverse=True
        )

    def test_queries_do_not_grow_with_patients(self, unreviewed: Portal) -> None:
        door = unreviewed.doctor

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                door.get("/review/")
            return len(captured)

        queries()
        before = queries()
        twin(unreviewed.ehr, "p2")
        assert queries() == before


def test_nothing_that_waits_is_on_any_page(unreviewed: Portal) -> None:
    """UX P21: by every address under /my/ and in every file; released, the same number is there."""
    said = read_all(unreviewed.me)
    assert [path for path, text in said.items() if ESTIMATE.search(text)] == []
    answer: Any = unreviewed.me.post("/my/record/download/data/")
    data = b"".join(answer.streaming_content)
    assert b'"RiskAssessment"' not in data and b'"Observation"' in data
    # and the search would find one
    rows = unreviewed.mine.predictions.filter(value__isnull=False)
    rows.update(released_at=timezone.now())
    assert ESTIMATE.search(read_all(unreviewed.me)["/my/"])
    answer = unreviewed.me.post("/my/record/download/data/")
    assert b'"RiskAssessment"' in b"".join(answer.streaming_content)
