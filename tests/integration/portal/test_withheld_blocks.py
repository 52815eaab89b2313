"""What is withheld is withheld whichever variant of the model makes the number, in every file too."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from explain.wording.phrases import OUTCOMES
from models_engine.catalogue.display import displayed
from models_engine.models import Forecast, Prediction
from models_engine.selectors import current_predictions
from patients.access.policy import visible_patients
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, push
from tests.integration.portal.conftest import Portal
from tests.integration.portal.crawl import ESTIMATE, read_all
from twinportal import pipeline
from twinportal.release.decisions import newest_decisions, release_state
from twinportal.release.models import ReleaseDecision
from twinportal.release.selectors import waiting_for_review
from twinportal.release.services import set_release

pytestmark = pytest.mark.django_db
AT = {"date": "2026-11-18T09:00:00Z", "subject": "p1"}
A1C = fhir.quantity("p1-a1c", "4548-4", 6.1, "%", **AT)
ACR = fhir.quantity("p1-acr", "9318-7", 40, "mg/g", **AT)
LOOKING = "Your care team is looking at a new result"
ANOTHER = "Another number of this kind was withheld"


def main_of(patient: Patient, outcome: str = "cvd") -> Prediction:
    """The number that the block of this outcome shows."""
    blocks = displayed(current_predictions(patient.pk))
    found: Prediction = next(b.main for b in blocks if b.main.outcome == outcome)
    return found


def send(portal: Portal, *resources: dict[str, Any], minutes: int) -> None:
    push(portal.ehr, *resources)
    pipeline.refresh_twin(portal.mine.pk, now=NOW + timedelta(minutes=minutes))


def decide(portal: Portal, row: Prediction, action: str) -> None:
    path = f"/twins/{portal.mine.public_id}/release/"
    answer = portal.doctor.post(path, {"prediction": row.pk, "action": action})
    assert answer.status_code == 302


def waiting(portal: Portal) -> list[Prediction]:
    """By SQL over all patients; and the same as what is said of each number alone."""
    found = list(waiting_for_review(visible_patients(portal.doctor_user)))
    decisions = newest_decisions([portal.mine.pk])
    alone = {
        block.main.pk
        for block in displayed(current_predictions(portal.mine.pk))
        if block.main.value is not None
        and block.main.outcome in OUTCOMES
        and release_state(block.main, decisions).waits
    }
    assert {row.pk for row in found} == alone
    return found


def data(client: Client) -> dict[str, Any]:
    answer: Any = client.post("/my/record/download/data/")
    found: dict[str, Any] = json.loads(b"".join(answer.streaming_content))
    return found


def risks(bundle: dict[str, Any]) -> set[str]:
    """The ids of the RiskAssessments in it."""
    resources = [one["resource"] for one in bundle["entry"]]
    return {one["id"] for one in resources if one["resourceType"] == "RiskAssessment"}


def written(row: Prediction) -> str:
    assert row.run.risk_assessment is not None
    return row.run.risk_assessment.fhir_id


def only_hearts(portal: Portal) -> None:
    """Other numbers of this patient are withheld: what is then found is the heart's."""
    for block in displayed(current_predictions(portal.mine.pk)):
        if block.main.value is not None and block.main.outcome != "cvd":
            decide(portal, block.main, "withhold")


@pytest.fixture
def switched(portal: Portal) -> Portal:
    """HbA1c and albuminuria; the heart's number is withheld; HbA1c was entered in error.

    The number that then takes the place was released by the policy at the first run.
    """
    send(portal, A1C, ACR, minutes=1)
    only_hearts(portal)
    row = main_of(portal.mine)
    assert row.model_id == "prevent_full_10y" and row.released_at is not None
    decide(portal, row, "withhold")
    send(portal, {**A1C, "status": "entered-in-error"}, minutes=2)
    assert main_of(portal.mine).model_id == "prevent_uacr_10y"
    return portal


@pytest.fixture
def unreviewed(portal: Portal, settings: Any) -> Portal:
    """The same patient where every number waits."""
    settings.RELEASE_POLICY = "review"
    portal.mine.predictions.update(released_at=None)
    return portal


class TestAnotherVariant:
    def test_is_on_no_page_and_in_no_file(self, switched: Portal) -> None:
        """UX P21."""
        said = read_all(switched.me)
        assert [path for path, text in said.items() if ESTIMATE.search(text)] == []
        assert LOOKING in said["/my/"]
        row = main_of(switched.mine)
        assert switched.me.get(f"/my/results/{row.pk}/").status_code == 404
        assert risks(data(switched.me)) == set()

    def test_also_where_its_row_still_says_released(self, switched: Portal) -> None:
        """As rows did before, and as a run does that was under way when it was withheld."""
        row = main_of(switched.mine)
        Prediction.objects.filter(pk=row.pk).update(released_at=NOW, released_by=None)
        said = read_all(switched.me)
        assert [path for path, text in said.items() if ESTIMATE.search(text)] == []
        assert risks(data(switched.me)) == set()
        assert [one.pk for one in waiting(switched)] == [row.pk]
        shown = switched.doctor.get(f"/twins/{switched.mine.public_id}/predictions/")
        assert "Not shown to the patient" in shown.content.decode()

    def test_waits_on_the_review_page_as_another_number(self, switched: Portal) -> None:
        row = main_of(switched.mine)
        assert [one.pk for one in waiting(switched)] == [row.pk]
        page = switched.doctor.get("/review/").content.decode()
        assert f'data-prediction="{row.pk}"' in page and ANOTHER in page
        path = f"/twins/{switched.mine.public_id}/predictions/"
        card = switched.doctor.get(path).content.decode().split(f'id="p-{row.pk}"')[1]
        card = card.split("</article>")[0]
        assert ANOTHER in card and "Release to the patient" in card
        # and what has been judged itself waits no more
        decide(switched, row, "withhold")
        assert waiting(switched) == []
        page = switched.doctor.get(path).content.decode()
        assert "Withheld on" in page and ANOTHER not in page

    def test_is_seen_once_a_clinician_releases_it(self, switched: Portal) -> None:
        row = main_of(switched.mine)
        decide(switched, row, "release")
        assert f'data-prediction="{row.pk}"' not in switched.doctor.get("/review/").content.decode()
        assert ESTIMATE.search(switched.page("/my/"))
        assert risks(data(switched.me)) == {written(row)}
        # and so is what comes after it
        send(switched, A1C, minutes=3)
        assert main_of(switched.mine).model_id == "prevent_full_10y"
        assert ESTIMATE.search(switched.page("/my/"))

    def test_of_a_later_run_waits_too(self, switched: Portal) -> None:
        pressure = fhir.blood_pressure("p1-new", 158, 90, date="2026-11-19T09:00:00Z")
        before = main_of(switched.mine)
        send(switched, pressure, minutes=3)
        row = main_of(switched.mine)
        assert row.pk != before.pk and row.released_at is None
        assert not ESTIMATE.search(switched.page("/my/"))
        assert [one.pk for one in waiting(switched)] == [row.pk]

    def test_what_was_withheld_before_a_merge_stays_so(self, switched: Portal) -> None:
        row = main_of(switched.mine)
        push(switched.ehr, fhir.patient("p9"))
        other = Patient.objects.get(fhir_id="p9")
        Patient.objects.filter(pk=other.pk).update(merged_into=switched.mine)
        ReleaseDecision.objects.update(patient=other)
        decisions = newest_decisions([switched.mine.pk])
        assert not release_state(row, decisions).may_be_seen
        assert [one.pk for one in waiting(switched)] == [row.pk]


def test_what_was_released_by_hand_is_withheld_with_its_block(unreviewed: Portal) -> None:
    """Under a policy of review: two variants, each released once, and then one is withheld."""
    base = main_of(unreviewed.mine)
    decide(unreviewed, base, "release")
    send(unreviewed, ACR, minutes=1)
    richer = main_of(unreviewed.mine)
    assert richer.model_id == "prevent_uacr_10y" and not ESTIMATE.search(unreviewed.page("/my/"))
    decide(unreviewed, richer, "release")
    assert ESTIMATE.search(unreviewed.page("/my/"))
    decide(unreviewed, richer, "withhold")
    send(unreviewed, {**ACR, "status": "entered-in-error"}, minutes=2)
    assert main_of(unreviewed.mine).model_id == "prevent_base_10y"
    said = read_all(unreviewed.me)
    assert [path for path, text in said.items() if ESTIMATE.search(text)] == []
    assert main_of(unreviewed.mine).pk in {one.pk for one in waiting(unreviewed)}


def test_of_the_same_outcome_the_file_has_the_model_that_the_page_shows(portal: Portal) -> None:
    """The richer equation is withheld: the poorer one's number is in no file either."""
    send(
        portal,
        fhir.quantity("p1-egfr", "33914-3", 40, "mL/min/{1.73_m2}", **AT),
        fhir.quantity("p1-acr", "9318-7", 320, "mg/g", **AT),
        fhir.condition("p1-ckd", "709044004", subject="p1"),
        fhir.quantity("p1-ca", "17861-6", 9.2, "mg/dL", **AT),
        fhir.quantity("p1-phos", "2777-1", 3.9, "mg/dL", **AT),
        fhir.quantity("p1-alb", "1751-7", 4.0, "g/dL", **AT),
        fhir.quantity("p1-bicarb", "1963-8", 25, "mmol/L", **AT),
        minutes=1,
    )
    four, eight = (
        Prediction.objects.get(
            patient=portal.mine, model_id=model_id, outcome="kidney_failure_5y", status="current"
        )
        for model_id in ("kfre_4v", "kfre_8v")
    )
    assert main_of(portal.mine, "kidney_failure_5y").pk == eight.pk
    found = risks(data(portal.me))
    assert written(eight) in found and written(four) not in found
    decide(portal, eight, "withhold")
    found = risks(data(portal.me))
    assert found and not found & {written(four), written(eight)}
    # who is connected for the clinic has all of them
    everything = portal.ehr.get("/fhir/Patient/p1/$everything?_count=200").json()
    assert {written(four), written(eight)} <= risks(everything)


def test_a_forecast_that_was_hidden_stays_hidden_with_newer_data(portal: Portal) -> None:
    readings = [
        fhir.blood_pressure(f"p1-{month}", 130 + month, 80, date=f"2026-0{month}-10T09:00:00Z")
        for month in range(1, 6)
    ]
    send(portal, *readings, minutes=1)

    def forecast() -> Forecast:
        return Forecast.objects.get(patient=portal.mine, concept="systolic_bp", status="current")

    path = f"/twins/{portal.mine.public_id}/trajectories/systolic_bp/release/"
    assert forecast().released_at is not None
    assert portal.doctor.post(path, {"action": "withhold"}).status_code == 302
    for minutes, day in ((2, 18), (3, 19)):
        at = f"2026-11-{day}T09:00:00Z"
        send(portal, fhir.blood_pressure(f"p1-n{day}", 137, 80, date=at), minutes=minutes)
        assert forecast().released_at is None
    portal.doctor.post(path, {"action": "release"})
    send(portal, fhir.blood_pressure("p1-n20", 138, 80, date="2026-11-20T09:00:00Z"), minutes=181)
    assert forecast().released_at is not None


class TestWhoChoseNotToSee:
    CHOSE = "This patient chose not to see estimates"

    def test_is_said_wherever_something_is_released(self, unreviewed: Portal) -> None:
        twin = f"/twins/{unreviewed.mine.public_id}"
        paths = (f"{twin}/", f"{twin}/predictions/", f"{twin}/record/", "/review/")
        door, row = unreviewed.doctor, main_of(unreviewed.mine)
        for path in paths:
            assert self.CHOSE not in door.get(path).content.decode(), path
        choice = {"purpose": "see-predictions", "granted": "no"}
        unreviewed.me.post("/my/record/consents/choose/", choice)
        for path in paths:
            assert self.CHOSE in door.get(path).content.decode(), path
        card = door.get(f"{twin}/predictions/").content.decode().split(f'id="p-{row.pk}"')[1]
        assert self.CHOSE in card.split("</article>")[0]
        # and whoever releases it all the same is not told that it can be seen
        said = door.post(
            f"{twin}/release/", {"prediction": row.pk, "action": "release"}, follow=True
        ).content.decode()
        assert "The patient can see it now" not in said and "Not shown to the patient" in said
        assert "not shown to them until they choose otherwise" in said
        unreviewed.me.post("/my/record/consents/choose/", choice | {"granted": "yes"})
        assert self.CHOSE not in door.get(f"{twin}/").content.decode()

    def test_is_said_after_a_review_too(self, unreviewed: Portal) -> None:
        choice = {"purpose": "see-predictions", "granted": "no"}
        unreviewed.me.post("/my/record/consents/choose/", choice)
        ticked = {"action": "release", "prediction": [main_of(unreviewed.mine).pk]}
        answer = unreviewed.doctor.post("/review/decide/", ticked, follow=True)
        assert "Not shown until they choose otherwise: 1" in answer.content.decode()


def test_a_withhold_takes_no_other_outcome_along(portal: Portal) -> None:
    """Of a score of the heart by another family the clinician decides apart."""
    row = main_of(portal.mine)
    others = Prediction.objects.filter(patient=portal.mine, status="current", value__isnull=False)
    before = set(others.exclude(outcome="cvd").filter(released_at__isnull=False).values_list("pk"))
    assert set_release(portal.mine, row.pk, visible=False, by=portal.doctor_user, now=NOW)
    after = set(others.exclude(outcome="cvd").filter(released_at__isnull=False).values_list("pk"))
    assert before == after != set()
