"""A twin's predictions follow its record: new data, corrections, deletions, other patients."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from explain.models import Attribution
from models_engine.models import ModelRun, Prediction
from patients.models import Patient, ResourceVersion, StaleTwin
from tests.factories import fhir
from twinportal import pipeline

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Json = dict[str, Any]


@pytest.fixture
def ehr(ehr_client: Client) -> Client:
    return ehr_client


def push(ehr: Client, *resources: Json) -> None:
    answer = ehr.post(
        "/fhir", json.dumps(fhir.transaction(list(resources))), content_type="application/fhir+json"
    )
    assert answer.status_code == 200, answer.content


def refresh(fhir_id: str = "p1", now: datetime = NOW) -> pipeline.Refresh | None:
    return pipeline.refresh_twin(Patient.objects.get(fhir_id=fhir_id).pk, now=now)


def current(
    model_id: str = "prevent_base_10y", outcome: str = "cvd", who: str = "p1"
) -> Prediction:
    return Prediction.objects.select_related("run").get(
        patient__fhir_id=who, model_id=model_id, outcome=outcome, status="current"
    )


def risk_assessments(ehr: Client, who: str = "p1") -> list[Json]:
    bundle = ehr.get(f"/fhir/RiskAssessment?patient=Patient/{who}&_count=100").json()
    return [entry["resource"] for entry in bundle.get("entry", [])]


def assessment_of(run: ModelRun) -> Json:
    assert run.risk_assessment is not None
    version = ResourceVersion.objects.filter(resource=run.risk_assessment).latest("version")
    return json.loads(version.content)


def test_a_push_marks_the_twin_and_a_refresh_makes_explained_predictions(ehr: Client) -> None:
    push(ehr, *fhir.complete_record())
    assert StaleTwin.objects.filter(patient__fhir_id="p1").exists()
    refresh()
    assert not StaleTwin.objects.exists()
    prediction = current()
    assert prediction.value is not None and 0 < prediction.value < 1
    rows = Attribution.objects.filter(prediction=prediction)
    assert {row.baseline for row in rows} == {"optimal", "population"}
    for row in rows:
        total = row.baseline_value + sum(c["contribution"] for c in row.contributions)
        assert total == pytest.approx(prediction.value, abs=1e-6)


def explained(**of: Any) -> set[str]:
    rows = Attribution.objects.filter(**{f"prediction__{name}": v for name, v in of.items()})
    return set(rows.values_list("prediction__model_id", flat=True))


SHOWN_WITH_HBA1C = {"prevent_hba1c_10y", "prevent_hba1c_30y", "pce"}
SHOWN_WITHOUT = {"prevent_base_10y", "prevent_base_30y", "pce"}


def test_of_the_variants_the_one_that_is_shown_is_explained(ehr: Client) -> None:
    push(ehr, *fhir.complete_record(birth_date="1976-05-04"))
    push(ehr, fhir.quantity("p1-a1c", "4548-4", 6.4, "%", date="2026-10-01T09:00:00Z"))
    refresh()
    assert current("prevent_base_10y").value is not None
    assert explained(status="current") == SHOWN_WITH_HBA1C


def test_a_variant_is_explained_when_it_becomes_the_one_that_is_shown(ehr: Client) -> None:
    push(ehr, *fhir.complete_record(birth_date="1976-05-04"))
    push(ehr, fhir.quantity("p1-a1c", "4548-4", 6.4, "%", date="2026-10-01T09:00:00Z"))
    refresh()
    base = current("prevent_base_10y")
    assert ehr.delete("/fhir/Observation/p1-a1c").status_code in (200, 204)
    refresh(now=NOW + timedelta(hours=1))
    assert current("prevent_base_10y") == base, "the run stands as it was"
    assert explained(status="current") == SHOWN_WITHOUT
    rows = Attribution.objects.filter(prediction=base)
    assert {row.baseline for row in rows} == {"optimal", "population"}
    # and once only
    push(ehr, fhir.quantity("p1-k", "2823-3", 4.1, "mmol/L", date="2026-10-02T09:00:00Z"))
    refresh(now=NOW + timedelta(hours=2))
    assert Attribution.objects.filter(prediction=base).count() == 2


def test_the_replayed_past_is_explained_as_it_would_be_shown(ehr: Client) -> None:
    push(ehr, *fhir.complete_record(date="2025-03-01T09:00:00Z", birth_date="1976-05-04"))
    push(ehr, fhir.quantity("p1-a1c", "4548-4", 6.4, "%", date="2025-06-01T09:00:00Z"))
    refresh()
    assert explained(run__replayed=True) == SHOWN_WITH_HBA1C
    assert ehr.delete("/fhir/Observation/p1-a1c").status_code in (200, 204)
    refresh(now=NOW + timedelta(hours=1))
    assert explained(run__replayed=True, status="past") == SHOWN_WITHOUT


def test_score2_needs_a_region_and_goes_with_it(ehr: Client, settings: Any) -> None:
    push(ehr, *fhir.complete_record(birth_date="1966-05-04"))
    refresh()
    assert not Prediction.objects.filter(model_id="score2").exists()
    settings.SCORE2_REGION = "moderate"
    push(ehr, fhir.blood_pressure("p1-bp2", 150, 90, date="2026-11-01T09:00:00Z"))
    refresh(now=NOW + timedelta(hours=1))
    made = current("score2", "score2_cvd")
    assert made.value is not None and made.model_version == "2021-moderate.1"
    settings.SCORE2_REGION = "high"
    push(ehr, fhir.blood_pressure("p1-bp3", 150, 90, date="2026-11-02T09:00:00Z"))
    refresh(now=NOW + timedelta(hours=2))
    made.refresh_from_db()
    assert made.status == "superseded" and "withdrawn" in made.ended_reason
    assert current("score2", "score2_cvd").value > made.value


def test_every_contribution_names_the_resource_version_behind_it(ehr: Client) -> None:
    push(ehr, *fhir.complete_record())
    refresh()
    row = Attribution.objects.get(prediction=current(), baseline="optimal")
    named = {c["concept"]: c["references"] for c in row.contributions}
    assert named["systolic_bp"] == ["Observation/p1-bp/_history/1"]
    assert named["egfr"] == ["Observation/p1-creatinine/_history/1"]


def test_the_risk_assessment_speaks_in_percent(ehr: Client) -> None:
    push(ehr, *fhir.complete_record())
    refresh()
    prediction = current()
    content = assessment_of(prediction.run)
    assert content["status"] == "final"
    assert content["subject"] == {"reference": "Patient/p1"}
    by_code = {p["outcome"]["coding"][0]["code"]: p for p in content["prediction"]}
    assert by_code["cvd"]["probabilityDecimal"] == pytest.approx(prediction.value * 100, abs=0.05)
    assert by_code["cvd"]["whenPeriod"]["end"].startswith("2036-11-20")
    assert {"reference": "Observation/p1-bp/_history/1"} in content["basis"]
    assert content["id"] in {r["id"] for r in risk_assessments(ehr)}


def test_a_second_refresh_changes_nothing(ehr: Client) -> None:
    push(ehr, *fhir.complete_record())
    refresh()
    before = set(ModelRun.objects.values_list("pk", flat=True))
    assert refresh() is None
    patient = Patient.objects.get(fhir_id="p1")
    StaleTwin.objects.create(patient=patient, marked_at=NOW)
    again = pipeline.refresh_twin(patient.pk, now=NOW + timedelta(hours=1))
    assert again is not None and again.created == 0
    assert set(ModelRun.objects.values_list("pk", flat=True)) == before


def test_newer_data_make_the_old_prediction_past_and_keep_its_assessment(ehr: Client) -> None:
    push(ehr, *fhir.complete_record())
    refresh()
    old = current()
    push(ehr, fhir.blood_pressure("p1-bp2", 130, 80, date="2026-11-01T09:00:00Z"))
    refresh(now=NOW + timedelta(hours=1))
    old.refresh_from_db()
    assert old.status == "past"
    assert old.replaced_by == current()
    assert current().value < old.value
    assert assessment_of(old.run)["status"] == "final"


def test_a_corrected_input_supersedes_and_the_assessment_says_so(ehr: Client) -> None:
    push(ehr, *fhir.complete_record())
    refresh()
    old = current()
    push(ehr, fhir.blood_pressure("p1-bp", 125, 80, status="corrected"))
    refresh(now=NOW + timedelta(hours=1))
    old.refresh_from_db()
    assert old.status == "superseded"
    assert "Observation/p1-bp" in old.ended_reason
    content = assessment_of(old.run)
    assert content["status"] == "entered-in-error"
    assert "Observation/p1-bp" in content["note"][-1]["text"]
    assert current().value < old.value


@pytest.mark.parametrize("how", ["deleted", "entered-in-error"])
def test_a_lost_input_supersedes_and_leaves_a_refusal(ehr: Client, how: str) -> None:
    push(ehr, *fhir.complete_record())
    refresh()
    old = current()
    if how == "deleted":
        assert ehr.delete("/fhir/Observation/p1-bp").status_code in (200, 204)
    else:
        push(ehr, fhir.blood_pressure("p1-bp", 152, 88, status="entered-in-error"))
    refresh(now=NOW + timedelta(hours=1))
    old.refresh_from_db()
    assert old.status == "superseded"
    now = current()
    assert now.value is None
    assert [r["code"] for r in now.refusals] == ["missing.systolic_bp"]
    assert not Attribution.objects.filter(prediction=now).exists()


def test_an_observation_that_moves_to_another_patient_concerns_both(ehr: Client) -> None:
    push(ehr, *fhir.complete_record("p1"), *fhir.complete_record("p2"))
    refresh("p1")
    refresh("p2")
    old = current(who="p1")
    push(ehr, fhir.blood_pressure("p1-bp", 152, 88, subject="p2", date="2026-10-02T09:00:00Z"))
    assert set(StaleTwin.objects.values_list("patient__fhir_id", flat=True)) == {"p1", "p2"}
    refresh("p1", NOW + timedelta(hours=1))
    refresh("p2", NOW + timedelta(hours=1))
    old.refresh_from_db()
    assert old.status == "superseded"
    assert current(who="p1").value is None
    used = {i["concept"]: i["reference"] for i in current(who="p2").inputs}
    assert used["systolic_bp"] == "Observation/p1-bp/_history/2"


def test_a_corrected_birth_date_supersedes_everything(ehr: Client) -> None:
    push(ehr, *fhir.complete_record(birth_date="1966-05-04"))
    refresh()
    old = current()
    push(ehr, fhir.patient("p1", birth_date="1956-05-04"))
    refresh(now=NOW + timedelta(hours=1))
    old.refresh_from_db()
    assert old.status == "superseded"
    assert current().value > old.value


def test_a_deleted_patient_has_no_current_prediction(ehr: Client) -> None:
    push(ehr, fhir.patient("p9"))
    refresh("p9")
    assert Prediction.objects.filter(patient__fhir_id="p9", status="current").exists()
    assert ehr.delete("/fhir/Patient/p9").status_code in (200, 204)
    refresh("p9", NOW + timedelta(hours=1))
    assert not Prediction.objects.filter(patient__fhir_id="p9", status="current").exists()


def test_the_past_is_replayed_at_fixed_moments(ehr: Client) -> None:
    push(ehr, *fhir.complete_record(date="2025-03-01T09:00:00Z"))
    refresh()
    replayed = Prediction.objects.filter(model_id="prevent_base_10y", outcome="cvd", status="past")
    assert [p.as_of.date().isoformat() for p in replayed.order_by("as_of")] == [
        "2025-07-01",
        "2026-01-01",
    ], "by July 2026 the creatinine is older than a year: no number"
    assert ModelRun.objects.filter(replayed=True, risk_assessment__isnull=False).count() == 0


def test_older_data_that_arrive_late_change_the_replayed_past(ehr: Client) -> None:
    push(ehr, *fhir.complete_record(date="2025-03-01T09:00:00Z"))
    refresh()
    push(ehr, fhir.blood_pressure("p1-bp-late", 170, 95, date="2025-06-01T09:00:00Z"))
    refresh(now=NOW + timedelta(hours=1))
    first = Prediction.objects.filter(
        model_id="prevent_base_10y", outcome="cvd", as_of__date="2025-07-01"
    ).order_by("pk")
    assert [p.status for p in first] == ["superseded", "past"]


def test_a_correction_that_is_taken_back_is_replayed_again(ehr: Client) -> None:
    """The past then says again what it said first: the key of a replayed run comes twice."""
    record = fhir.complete_record(date="2025-03-01T09:00:00Z")
    push(ehr, *record)
    refresh()
    diabetes = fhir.condition("dm", "44054006")
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    wrong = {"coding": [{"system": system, "code": "entered-in-error"}]}
    in_error = {k: v for k, v in diabetes.items() if k != "clinicalStatus"}
    in_error["verificationStatus"] = wrong
    for hour, condition in enumerate((diabetes, in_error), start=1):
        push(ehr, condition)
        refresh(now=NOW + timedelta(hours=hour))
    found = Prediction.objects.filter(
        model_id="prevent_base_10y", outcome="cvd", as_of__date="2025-07-01"
    ).order_by("pk")
    assert [p.status for p in found] == ["superseded", "superseded", "past"]
    assert found[0].value == found[2].value != found[1].value
    # and once more changes nothing
    refresh(now=NOW + timedelta(hours=3))
    assert found.count() == 3


def test_a_failing_refresh_keeps_the_mark_and_says_what_kind(ehr: Client, settings: Any) -> None:
    push(ehr, *fhir.complete_record())
    settings.KFRE_REGION = "no such region"
    with pytest.raises(Exception):  # noqa: B017 whatever the registry raises
        refresh()
    mark = StaleTwin.objects.get()
    assert mark.attempts == 1 and mark.last_error and mark.retry_at is not None
    assert not Prediction.objects.exists()


def test_review_policy_holds_predictions_back(ehr: Client, settings: Any) -> None:
    settings.RELEASE_POLICY = "review"
    push(ehr, *fhir.complete_record())
    refresh()
    assert current().released_at is None
    settings.RELEASE_POLICY = "auto"
    push(ehr, fhir.blood_pressure("p1-bp2", 130, 80, date="2026-11-01T09:00:00Z"))
    refresh(now=NOW + timedelta(hours=1))
    assert current().released_at is not None
