"""Snapshots of how the models fare: counts, reasons, drift that was injected, events that came."""

import math
import random
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_engine.models import ModelRun, MonitoringReference, MonitoringSnapshot, Prediction
from models_engine.monitoring.snapshots import KEPT_DAYS, set_references, take_snapshots
from patients.models import AuditEvent, Fact, Patient
from patients.services.cohort import load_synthetic_cohort
from tests.factories import fhir, hospital
from tests.factories.monitoring import copies, facts
from tests.factories.people import NOW, push, twin
from twinportal import monitoring, pipeline, tasks

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365.25)
STROKE_CODE = "230690007"


def snapshot(model_id: str = "prevent_base_10y", now: Any = NOW) -> MonitoringSnapshot:
    take_snapshots(monitoring.monitored([model_id]), now=now)
    return MonitoringSnapshot.objects.get(model_id=model_id, taken_on=now.date())


def judged(
    outcome: str, model_id: str = "prevent_base_10y", now: Any = NOW, kind: str = "judged"
) -> dict[str, Any]:
    rows = snapshot(model_id, now).content[kind]
    return next(row for row in rows if row["outcome"] == outcome)["all"]


def run_of(model_id: str = "prevent_base_10y") -> ModelRun:
    return ModelRun.objects.filter(
        model_id=model_id, predictions__status="current", refusals=[]
    ).first()  # type: ignore[return-value]


class TestCounts:
    def test_they_are_those_of_the_runs_of_a_synthetic_cohort(self) -> None:
        load_synthetic_cohort(3, seed=5, now=NOW, progress=lambda: None)
        for patient in Patient.objects.all():
            pipeline.refresh_twin(patient.pk, now=NOW)
        take_snapshots(monitoring.monitored(), now=NOW)
        assert MonitoringSnapshot.objects.count() == len(monitoring.monitored())
        for row in MonitoringSnapshot.objects.all():
            runs = [
                run
                for run in ModelRun.objects.filter(
                    model_id=row.model_id, predictions__status="current"
                ).distinct()
            ]
            without = [
                run for run in runs if any(r["kind"] == "not_applicable" for r in run.refusals)
            ]
            assert row.twins == 3
            assert (row.asked, row.applicable) == (len(runs), len(runs) - len(without))
            assert row.numbers == sum(not run.refusals for run in runs)
            told = {(kind, concept): n for kind, concept, n in row.content["reasons"]}
            for (kind, concept), number in told.items():
                among = (
                    without if kind == "not_applicable" else [r for r in runs if r not in without]
                )
                assert number == sum(
                    any((r["kind"], r["concept"]) == (kind, concept) for r in run.refusals)
                    for run in among
                )
        kidney = MonitoringSnapshot.objects.get(model_id="kfre_4v")
        assert kidney.content["reasons"], "somebody has no albumin in urine, or kidneys that work"

    def test_missing_inputs_are_named_and_merged_twins_left_out(self, ehr_client: Client) -> None:
        mine, other = twin(ehr_client, "p1"), twin(ehr_client, "p2")
        row = snapshot("kfre_4v")
        assert ["missing", "urine_acr", 2] in row.content["reasons"]
        other.merged_into = mine
        other.save()
        row = snapshot("kfre_4v")
        assert (row.twins, row.asked) == (1, 1)

    def test_one_a_day_and_the_first_of_a_month_for_good(self) -> None:
        for days in (0, 0, KEPT_DAYS + 40):
            take_snapshots(monitoring.monitored()[:1], now=NOW + timedelta(days=days))
        assert MonitoringSnapshot.objects.count() == 1
        first = NOW.replace(day=1)
        take_snapshots(monitoring.monitored()[:1], now=first)
        take_snapshots(monitoring.monitored()[:1], now=first + timedelta(days=KEPT_DAYS + 9))
        assert MonitoringSnapshot.objects.filter(taken_on=first.date()).exists()


class TestDrift:
    @pytest.fixture
    def run(self, ehr_client: Client) -> ModelRun:
        twin(ehr_client, "p1")
        return run_of()

    def people(self, run: ModelRun, *, shift: float = 0.0, missing: float = 0.0) -> None:
        chance = random.Random(1)

        def change(at: int, inputs: dict[str, dict[str, Any]]) -> float | None:
            inputs["systolic_bp"]["value"] = 110 + 60 * chance.random() + shift
            inputs["smoking_status"]["value"] = float(chance.random() < 0.2)
            if chance.random() < missing:
                del inputs["systolic_bp"]
                return None
            return 0.05 + 0.1 * chance.random()

        copies(run, 200, as_of=NOW, change=change)

    def drift(self) -> dict[str, dict[str, Any]]:
        rows = snapshot().content["drift"]
        return {row["name"]: row for row in rows}

    def replace(self, run: ModelRun, **how: float) -> None:
        Patient.objects.filter(fhir_id__startswith="copy").update(active=False)
        self.people(run, **how)

    def test_nothing_without_a_reference(self, run: ModelRun) -> None:
        assert snapshot().content["drift"] is None

    def test_what_has_not_moved_has_not_drifted(self, run: ModelRun) -> None:
        self.people(run)
        set_references(monitoring.monitored([run.model_id]), by="test", now=NOW)
        rows = self.drift()
        assert rows["input:systolic_bp"]["index"] == 0.0
        assert sum(rows["input:systolic_bp"]["before"]) == 201
        assert len(rows["input:systolic_bp"]["before"]) == 10
        assert rows["output:cvd"]["level"] == "none"
        assert {row["level"] for row in rows.values()} == {"none"}

    def test_what_was_shifted_is_found_and_nothing_else(self, run: ModelRun) -> None:
        self.people(run)
        set_references(monitoring.monitored([run.model_id]), by="test", now=NOW)
        self.replace(run, shift=25.0)
        rows = self.drift()
        assert rows["input:systolic_bp"]["level"] == "large"
        assert rows["input:systolic_bp"]["index"] > 0.25
        rest = {name: row["level"] for name, row in rows.items() if "systolic" not in name}
        assert set(rest.values()) == {"none"}, rest
        # by hand, from the values themselves
        assert sum(rows["input:systolic_bp"]["now"]) == 201

    def test_what_goes_missing_is_found_as_that(self, run: ModelRun) -> None:
        self.people(run)
        set_references(monitoring.monitored([run.model_id]), by="test", now=NOW)
        self.replace(run, missing=0.4)
        rows, row = self.drift(), snapshot()
        assert rows["ways:systolic_bp"]["level"] == "large"
        assert rows["ways:smoking_status"]["level"] == "none"
        assert row.content["jump"]["jumped"] is True
        assert row.numbers < row.applicable

    def test_too_few_are_not_judged(self, run: ModelRun) -> None:
        set_references(monitoring.monitored(), by="test", now=NOW)
        assert {row["level"] for row in self.drift().values()} == {"too_few"}

    def test_no_bin_of_a_reference_is_about_few_people(self, run: ModelRun) -> None:
        def few(at: int, inputs: dict[str, dict[str, Any]]) -> float | None:
            inputs["systolic_bp"]["value"] = 130.0 if at < 20 else 131.37 + at
            return 0.1

        copies(run, 24, as_of=NOW, change=few)
        set_references(monitoring.monitored([run.model_id]), by="test", now=NOW)
        (reference,) = MonitoringReference.objects.filter(retired_at=None)
        values = reference.content["values"]
        pressure = values["input:systolic_bp"]
        assert not pressure["by_value"] and min(pressure["counts"]) >= 5
        assert sum(pressure["counts"]) == 25
        assert all("151.37" not in str(cut) for cut in pressure["cuts"])
        yes_no = [row for name, row in values.items() if name == "input:smoking"]
        assert all(row["by_value"] for row in yes_no)

    def test_a_new_reference_retires_the_old(self, run: ModelRun) -> None:
        first = set_references(monitoring.monitored(), by="test", now=NOW)
        again = set_references(monitoring.monitored(["prevent_base_10y"]), by="test", now=NOW)
        assert first > 10 and again == 1
        kept = MonitoringReference.objects.filter(model_id="prevent_base_10y")
        assert [row.retired_at is None for row in kept.order_by("pk")] == [False, True]


class TestEvents:
    """Outcomes that arrive as FHIR after the prediction."""

    def later(self, ehr: Client, *resources: dict[str, Any], days: int = 200) -> Any:
        push(ehr, *resources)
        return NOW + timedelta(days=days)

    def seen(self, ehr: Client, days: int) -> None:
        date = (NOW + timedelta(days=days)).isoformat()
        push(ehr, fhir.blood_pressure(f"seen-{days}", 130, 80, date=date))

    def test_no_outcomes_yet(self, ehr_client: Client) -> None:
        twin(ehr_client, "p1")
        found = judged("cvd")
        assert (found["people"], found["events"], found["status"]) == (1, 0, "not_followed")

    def test_a_stroke_after_the_prediction_counts_for_what_it_is(self, ehr_client: Client) -> None:
        twin(ehr_client, "p1")
        onset = (NOW + timedelta(days=100)).isoformat()
        now = self.later(ehr_client, fhir.condition("c1", STROKE_CODE, onset=onset))
        # the model is not for this person any more; what it said before the stroke is judged
        pipeline.refresh_twin(Patient.objects.get().pk, now=now)
        current = Prediction.objects.get(
            model_id="prevent_base_10y", outcome="stroke", status="current"
        )
        assert current.value is None
        for outcome, events in (("stroke", 1), ("ascvd", 1), ("cvd", 1), ("hf", 0)):
            found = judged(outcome, now=now)
            assert (found["people"], found["events"]) == (1, events), outcome
        found = judged("stroke", now=now)
        value = Prediction.objects.get(
            model_id="prevent_base_10y", outcome="stroke", run__replayed=False, as_of=NOW
        ).value
        expected = -math.log(1 - value) * 100 / (10 * 365.25)
        assert found["ratio"]["expected"] == pytest.approx(expected)
        # early: 10 years are not over
        assert judged("hf", now=now)["status"] == "early"

    def test_one_that_was_there_does_not_count_though_it_became_known_later(
        self, ehr_client: Client
    ) -> None:
        twin(ehr_client, "p1")
        now = self.later(ehr_client, fhir.condition("c1", STROKE_CODE, onset="2026-11-01"))
        found = judged("stroke", now=now)
        assert (found["people"], found["events"], found["before"]) == (0, 0, 1)

    def test_death_from_the_patient_or_from_a_discharge(
        self, ehr_client: Client, settings: Any
    ) -> None:
        model_id = "general_mortality"
        for name in ("p1", "p2", "p3"):
            twin(ehr_client, name)
            albumin = fhir.quantity(f"{name}-alb", "1751-7", 4.2, "g/dL", subject=name)
            push(ehr_client, albumin)
            pipeline.refresh_twin(Patient.objects.get(fhir_id=name).pk, now=NOW)
        dead = fhir.patient("p1") | {"deceasedDateTime": "2027-01-10T08:00:00Z"}
        left = {
            "coding": [{"system": f"{hospital.HL7}discharge-disposition", "code": "exp"}],
        }
        day = NOW + timedelta(days=30)
        stay = hospital.encounter(
            "e1",
            day,
            day + timedelta(days=3),
            subject="p2",
            hospitalization={"dischargeDisposition": left},
        )
        now = self.later(ehr_client, dead, stay)
        for name in ("p1", "p2"):
            pipeline.refresh_twin(Patient.objects.get(fhir_id=name).pk, now=now)
        found = judged("general_mortality_10y", model_id, now=now)
        assert (found["people"], found["events"], found["complete"]) == (3, 2, 2)
        # and nobody knows when this one died
        push(ehr_client, fhir.patient("p3") | {"deceasedBoolean": True})
        found = judged("general_mortality_10y", model_id, now=now)
        assert (found["people"], found["undated"]) == (2, 1)
        # a heart that fails no more: death ends follow-up for every other outcome
        assert judged("stroke", now=now)["events"] == 0

    def test_a_corrected_prediction_is_not_judged(self, ehr_client: Client) -> None:
        twin(ehr_client, "p1")
        Prediction.objects.filter(model_id="prevent_base_10y").update(status="superseded")
        assert judged("cvd")["status"] == "nobody"

    def test_each_person_counts_once_by_the_first_and_once_a_year(self, ehr_client: Client) -> None:
        mine = twin(ehr_client, "p1")
        for days in (30, 200, 230):
            date = (NOW + timedelta(days=days)).isoformat()
            push(ehr_client, fhir.blood_pressure(f"b{days}", 120 + days / 10, 80, date=date))
            pipeline.refresh_twin(mine.pk, now=NOW + timedelta(days=days, hours=1))
        now = NOW + timedelta(days=400)
        rows = snapshot(now=now).content["judged"]
        cvd = next(row for row in rows if row["outcome"] == "cvd")
        assert cvd["all"]["people"] == 1
        assert {year: row["people"] for year, row in cvd["years"].items()} == {"2026": 1, "2027": 1}
        first = Prediction.objects.filter(model_id="prevent_base_10y", outcome="cvd")
        live = first.filter(run__replayed=False).order_by("as_of").first()
        assert live is not None and cvd["all"]["predicted"] == pytest.approx(live.value)
        to_now = cvd["all"]["ratio_to_now"]["expected"]
        assert to_now > cvd["all"]["ratio"]["expected"] > 0

    def test_the_replayed_past_stays_apart(self, ehr_client: Client) -> None:
        push(ehr_client, *fhir.complete_record(date="2025-03-01T09:00:00Z"))
        mine = Patient.objects.get()
        pipeline.refresh_twin(mine.pk, now=NOW)
        assert ModelRun.objects.filter(replayed=True, model_id="prevent_base_10y").exists()
        now_judged, past = judged("cvd"), judged("cvd", kind="retrospective")
        assert past["people"] == 1 and past["predicted"] != now_judged["predicted"]
        ModelRun.objects.filter(replayed=False, predictions__isnull=False).delete()
        assert judged("cvd")["people"] == 0
        assert judged("cvd", kind="retrospective")["people"] == 1

    def test_a_model_that_is_twice_too_low_is_found(self, ehr_client: Client) -> None:
        twin(ehr_client, "p1")
        run = run_of()
        made = copies(run, 200, as_of=NOW, change=lambda at, inputs: 0.1)
        end = NOW + 10 * YEAR
        facts(made, "weight", end + timedelta(days=5))
        facts(made[:45], "stroke", NOW + 4 * YEAR, kind="condition")
        row = judged("stroke", now=end + timedelta(days=20))
        assert row["events"] == 45 and row["status"] == "too_low"
        assert row["ratio"]["low"] > 1.25
        # the same events in twice as many people are what was foretold
        more = copies(run, 250, as_of=NOW, change=lambda at, inputs: 0.1)
        facts(more, "weight", end + timedelta(days=5))
        row = judged("stroke", now=end + timedelta(days=20))
        assert row["status"] == "fine" and len(row["groups"]) == 4


class TestRunning:
    def test_the_command_the_task_and_the_audit(self, ehr_client: Client) -> None:
        twin(ehr_client, "p1")
        out = StringIO()
        call_command("monitor_models", stdout=out)
        assert f"{len(monitoring.monitored())} models" in out.getvalue()
        call_command("monitor_models", "kfre_4v", "--set-reference", stdout=out)
        assert MonitoringSnapshot.objects.count() == len(monitoring.monitored())
        assert "1 references set" in out.getvalue()
        event = AuditEvent.objects.get(action="set-reference")
        assert (event.actor, event.detail) == (
            "command",
            "kfre_4v; large drift before: none seen",
        )
        with pytest.raises(CommandError, match="crystal_ball"):
            call_command("monitor_models", "crystal_ball", "--set-reference")
        with pytest.raises(CommandError, match="all models"):
            call_command("monitor_models", "kfre_4v")
        MonitoringSnapshot.objects.all().delete()
        tasks.monitor_models()
        row = MonitoringSnapshot.objects.get(model_id="kfre_4v")
        assert row.reference is not None and row.content["drift"]

    def test_the_number_of_statements_does_not_grow_with_twins(self, ehr_client: Client) -> None:
        twin(ehr_client, "p1")
        run = run_of()
        set_references(monitoring.monitored(), by="test", now=NOW)

        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                take_snapshots(monitoring.monitored(), now=NOW)
            return len(captured)

        few = statements()
        made = copies(run, 200, as_of=NOW, change=lambda at, inputs: 0.1)
        facts(made, "stroke", NOW + timedelta(days=1), kind="condition")
        assert Fact.objects.filter(concept="stroke").count() == 200
        assert statements() == few
