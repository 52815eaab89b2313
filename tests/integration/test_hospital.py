"""A stay in hospital from the EHR's push to the page: scores that hold for an hour, or a discharge."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from models_engine.models import ModelRun, Prediction
from patients.models import CareTeamMember, Fact, Patient, StaleTwin
from patients.services.rebuild import rebuild_facts
from tests.factories import fhir
from tests.factories.hospital import encounter, observations
from tests.factories.people import NOW, clinician, push, signed_in, twin
from twinportal import pipeline, staleness, tasks

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def patient(ehr_client: Client) -> Patient:
    return twin(ehr_client, "p1", doctor="dr1")


def refreshed(patient: Patient, now: Any = NOW) -> None:
    StaleTwin.objects.get_or_create(patient=patient, defaults={"marked_at": now})
    pipeline.refresh_twin(patient.pk, now=now)


def current(model_id: str, outcome: str = "") -> Prediction:
    return Prediction.objects.select_related("run").get(
        model_id=model_id, outcome=outcome or model_id, status="current"
    )


def test_a_set_of_observations_gives_a_score_for_an_hour(
    ehr_client: Client, patient: Patient
) -> None:
    push(ehr_client, encounter("stay", NOW - 2 * 24 * HOUR))
    push(ehr_client, *observations(NOW - 20 * MINUTE, rate=25.0))
    refreshed(patient)
    score, flag = current("news2"), current("news2", "news2_single_parameter")
    assert (score.value, flag.value, current("qsofa").value) == (3.0, 1.0, 1.0)
    assert score.run.expires_at == NOW + 40 * MINUTE
    assert not score.run.risk_assessment

    assert staleness.mark_expired_observations(now=NOW + 40 * MINUTE) == 0
    assert staleness.mark_expired_observations(now=NOW + 41 * MINUTE) == 1
    pipeline.refresh_twin(patient.pk, now=NOW + 41 * MINUTE)
    score.refresh_from_db()
    assert score.status == "past"
    assert current("news2").value is None
    assert "too_old.respiratory_rate" in {r["code"] for r in current("news2").refusals}
    assert staleness.mark_expired_observations(now=NOW + 42 * MINUTE) == 0


def test_a_lost_minute_is_found_by_the_day(ehr_client: Client, patient: Patient) -> None:
    push(ehr_client, encounter("stay", NOW - 24 * HOUR), *observations(NOW))
    refreshed(patient)
    run = current("news2").run
    assert run.valid_until == (NOW + 24 * HOUR).date()
    assert staleness.mark_expired_observations(now=NOW + 9 * 24 * HOUR) == 0
    assert staleness.mark_expired(now=NOW + 9 * 24 * HOUR) == 1


def test_a_set_from_a_clock_that_runs_fast_counts_when_its_moment_has_come(
    ehr_client: Client, patient: Patient
) -> None:
    push(ehr_client, encounter("stay", NOW - 24 * HOUR), *observations(NOW + MINUTE, rate=25.0))
    refreshed(patient)
    assert current("news2").value is None
    assert staleness.due(now=NOW + MINUTE / 2) == []
    # nor does the data steward read that a twin has waited since the push
    assert StaleTwin.objects.get(patient=patient).marked_at == NOW + MINUTE
    assert staleness.due(now=NOW + MINUTE) == [patient.pk]
    pipeline.refresh_twin(patient.pk, now=NOW + MINUTE)
    assert current("news2").value == 3.0
    assert not StaleTwin.objects.filter(patient=patient).exists()


def test_a_date_far_ahead_keeps_nobody_waiting(ehr_client: Client, patient: Patient) -> None:
    push(ehr_client, *observations(NOW + 11 * MINUTE))
    refreshed(patient)
    assert not StaleTwin.objects.filter(patient=patient).exists()


def test_the_minutely_task_marks(ehr_client: Client, patient: Patient) -> None:
    push(ehr_client, encounter("stay", NOW - 24 * HOUR), *observations(NOW))
    refreshed(patient)
    ModelRun.objects.filter(model_id="news2").update(expires_at=timezone.now() - MINUTE)
    tasks.mark_expired_observations()
    assert StaleTwin.objects.filter(patient=patient).exists()


def test_the_same_set_again_changes_nothing(ehr_client: Client, patient: Patient) -> None:
    push(ehr_client, encounter("stay", NOW - 24 * HOUR), *observations(NOW))
    refreshed(patient)
    before = current("news2").pk
    refreshed(patient, NOW + 5 * MINUTE)
    assert current("news2").pk == before


def test_an_encounter_entered_in_error_takes_the_score_away(
    ehr_client: Client, patient: Patient
) -> None:
    stay = encounter("stay", NOW - 24 * HOUR)
    push(ehr_client, stay, *observations(NOW))
    refreshed(patient)
    assert current("news2").value == 0.0
    push(ehr_client, stay | {"status": "entered-in-error"})
    refreshed(patient, NOW + MINUTE)
    numbers = Prediction.objects.filter(status="current", value__isnull=False)
    assert not numbers.filter(model_id__in=["news2", "qsofa"]).exists()


def test_outside_a_hospital_new_observations_make_no_new_run(
    ehr_client: Client, patient: Patient
) -> None:
    refreshed(patient)
    runs = ModelRun.objects.filter(model_id__in=["news2", "qsofa", "lace", "hospital_score"])
    assert not runs.exists(), "not even the reason is worth a row"
    push(ehr_client, *observations(NOW))
    refreshed(patient, NOW + MINUTE)
    assert not runs.exists()


def test_a_planned_discharge_is_looked_at_when_its_day_has_come(
    ehr_client: Client, patient: Patient
) -> None:
    leaves = NOW + 2 * 24 * HOUR
    stay = encounter("stay", NOW - 24 * HOUR, leaves, priority="EL")
    push(ehr_client, stay | {"status": "in-progress"})
    refreshed(patient)
    assert not ModelRun.objects.filter(model_id="lace").exists()
    assert staleness.mark_expired(now=leaves - 24 * HOUR) == 0
    assert staleness.mark_expired(now=leaves + MINUTE) == 1
    pipeline.refresh_twin(patient.pk, now=leaves + MINUTE)
    assert current("lace").value == 3.0


def test_scores_of_a_stay_are_for_clinicians_alone(
    ehr_client: Client, patient: Patient, settings: Any
) -> None:
    settings.RELEASE_POLICY = "auto"
    push(ehr_client, encounter("stay", NOW - 24 * HOUR), *observations(NOW, rate=25.0))
    refreshed(patient)
    rows = Prediction.objects.filter(model_id__in=["news2", "qsofa"], value__isnull=False)
    assert rows.count() == 3
    assert not rows.filter(released_at__isnull=False).exists()
    assert not rows.filter(run__risk_assessment__isnull=False).exists()


def test_comorbidities_of_a_discharge_come_from_icd_10(
    ehr_client: Client, patient: Patient
) -> None:
    demented, cancer = fhir.condition("dementia", "F00.1"), fhir.condition("cancer", "C78.7")
    for sent in (demented, cancer):
        sent["code"]["coding"][0]["system"] = "http://hl7.org/fhir/sid/icd-10"
    stay = encounter("stay", NOW - 4 * 24 * HOUR, NOW - 3 * 24 * HOUR, priority="EL")
    push(ehr_client, stay, demented)
    refreshed(patient)
    assert (current("lace").value, current("lace", "lace_comorbidity").value) == (1 + 3, 3)
    push(ehr_client, cancer)
    refreshed(patient, NOW + MINUTE)
    assert (current("lace").value, current("lace", "lace_comorbidity").value) == (1 + 5, 9)
    said = " ".join(current("lace").notes)
    assert "Diagnoses in codes that are not read" not in said


def test_a_discharge_gives_lace_and_a_correction_supersedes_it(
    ehr_client: Client, patient: Patient
) -> None:
    admitted, left = NOW - 8 * 24 * HOUR, NOW - 3 * 24 * HOUR
    push(
        ehr_client,
        encounter("stay", admitted, left, priority="EM"),
        encounter("ed", NOW - 60 * 24 * HOUR, NOW - 60 * 24 * HOUR + HOUR, kind="EMER"),
        fhir.condition("hf", "84114007"),
    )
    refreshed(patient)
    first = current("lace")
    assert first.value == 4 + 3 + 2 + 1
    push(ehr_client, encounter("stay", admitted, left + 24 * HOUR * 2, priority="EM"))
    refreshed(patient, NOW + MINUTE)
    first.refresh_from_db()
    assert first.status == "superseded"
    assert "Encounter/stay" in first.ended_reason
    assert current("lace").value == 5 + 3 + 2 + 1


def test_the_sender_learns_what_is_made_of_an_encounter(
    ehr_client: Client, patient: Patient
) -> None:
    odd = encounter("odd", NOW - 24 * HOUR, NOW) | {"status": "unknown"}
    answer = ehr_client.put(
        "/fhir/Encounter/odd",
        odd,
        content_type="application/fhir+json",
        headers={"Prefer": "return=OperationOutcome"},
    )
    assert answer.status_code == 201
    assert "inpatient stay: status unknown; kept, and used by no model" in answer.content.decode()
    assert Fact.objects.get(kind="encounter").quality == "unclassified"


def test_the_care_team_of_an_encounter_stays(ehr_client: Client, patient: Patient) -> None:
    person = [{"individual": {"reference": "Practitioner/dr2"}}]
    push(ehr_client, encounter("stay", NOW - 24 * HOUR, participant=person))
    assert CareTeamMember.objects.filter(patient=patient, practitioner_id="dr2").exists()
    assert Fact.objects.filter(patient=patient, kind="encounter").count() == 1


def test_a_rebuild_makes_the_same_facts(ehr_client: Client, patient: Patient) -> None:
    push(ehr_client, encounter("stay", NOW - 24 * HOUR, NOW))
    assert rebuild_facts(now=NOW) == set()
    Fact.objects.filter(kind="encounter").delete()
    assert rebuild_facts(now=NOW) == {patient.pk}
    assert Fact.objects.get(kind="encounter").concept == "inpatient_stay"


class TestPage:
    @pytest.fixture
    def doctor(self, patient: Patient) -> Client:
        return signed_in(clinician("dr1"))

    def page(self, doctor: Client, patient: Patient) -> str:
        answer = doctor.get(f"/twins/{patient.public_id}/predictions/")
        assert answer.status_code == 200
        return answer.content.decode()

    def test_nothing_is_said_of_a_hospital_to_who_is_at_home(
        self, patient: Patient, doctor: Client
    ) -> None:
        refreshed(patient)
        said = self.page(doctor, patient)
        assert "Stay in hospital" not in said
        assert "NEWS2" not in said

    def test_the_score_with_its_time_and_what_it_asks_for(
        self, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        now = timezone.now()
        push(ehr_client, encounter("stay", now - 24 * HOUR))
        push(ehr_client, *observations(now - 10 * MINUTE, rate=25.0))
        refreshed(patient, now)
        said = self.page(doctor, patient)
        assert "<strong>3 points</strong>" in said
        # once, in the section of the stay, and not among the other scores
        assert said.count("<h3>NEWS2</h3>") == 1
        assert "NEWS2: <strong>" not in said
        assert "1 to 4: observe at least every 4 to 6 hours" in said
        assert "A single parameter scores 3: urgent review" in said
        taken = now - 10 * MINUTE
        assert f"One set of observations, {taken:%H:%M} UTC on {taken:%-d %b %Y}" in said
        assert "Assumed absent, none recorded: Oxygen saturation scale 2" in said
        assert f"It holds until {taken + HOUR:%H:%M} UTC" in said
        assert 'data-model="lace"' not in said, "the stay is going on"
        # stays are on no timeline and among no conditions
        assert "Inpatient stay" not in said

    def test_a_score_whose_hour_has_passed_is_not_shown(
        self, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        then = timezone.now() - 2 * HOUR
        push(ehr_client, encounter("stay", then - 24 * HOUR))
        push(ehr_client, *observations(then, rate=25.0))
        refreshed(patient, then)
        score = current("news2")
        assert score.value == 3.0
        said = self.page(doctor, patient)
        assert "No longer current" in said
        assert "<strong>3 points</strong>" not in said
        detail = doctor.get(f"/twins/{patient.public_id}/predictions/{score.pk}/")
        assert "No longer current" in detail.content.decode()

    def test_what_a_discharge_assumes_and_could_not_read(
        self, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        now = timezone.now()
        stay = encounter("stay", now - 9 * 24 * HOUR, now - 2 * 24 * HOUR, priority="EM")
        push(ehr_client, stay, fhir.condition("odd", "123456789"))
        refreshed(patient, now)
        said = self.page(doctor, patient)
        assert "<strong>8 points</strong>" in said
        assert "interpolated between the published ends of the scale: " in said
        assert "Diagnoses in codes that are not read: 1; no comorbidity was counted" in said
        assert "Metastatic solid tumour" in said
        assert 'data-refusal="missing.procedure_in_stay"' in said

    def test_what_to_record_to_get_a_score(
        self, ehr_client: Client, patient: Patient, doctor: Client
    ) -> None:
        now = timezone.now()
        seen = observations(now - 10 * MINUTE)
        push(ehr_client, encounter("stay", now - 24 * HOUR))
        push(ehr_client, *(o for o in seen if "-flow-" not in o["id"]))
        refreshed(patient, now)
        said = self.page(doctor, patient)
        assert 'data-refusal="missing.supplemental_oxygen"' in said
        assert "air is never assumed" in said
