"""Forecasts follow the record: made once, scored by what comes after, ended by corrections."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from models_engine.catalogue.trajectory import surprise
from models_engine.catalogue.trajectory.forecast import predictive
from models_engine.catalogue.trajectory.treatments import changes, periods
from models_engine.models import Forecast, ForecastCheck
from models_engine.services import forecasts
from patients.models import Patient
from tests.factories import fhir
from twinportal import pipeline, twins

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)
HBA1C = (("2022-11-02", 7.1), ("2023-05-06", 7.3), ("2024-03-03", 7.2), ("2025-09-01", 7.6))
Json = dict[str, Any]


def push(ehr: Client, *resources: Json) -> None:
    body = json.dumps(fhir.transaction(list(resources)))
    answer = ehr.post("/fhir", body, content_type="application/fhir+json")
    assert answer.status_code == 200, answer.content


def hba1c(fhir_id: str, day: str, value: float, **other: Any) -> Json:
    return fhir.quantity(fhir_id, "4548-4", value, "%", date=f"{day}T09:00:00Z", **other)


def metformin(fhir_id: str = "m1", day: str = "2025-10-15") -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": fhir_id,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": fhir.RXNORM, "code": "6809"}]},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": day,
    }


def record(ehr: Client, **person: Any) -> None:
    values = [hba1c(f"a{i}", day, value) for i, (day, value) in enumerate(HBA1C)]
    push(ehr, fhir.patient(**person), *values)


def refresh(now: datetime = NOW) -> None:
    pipeline.refresh_twin(Patient.objects.get(fhir_id="p1").pk, now=now)


def again(now: datetime = NOW) -> forecasts.Refreshed:
    patient = Patient.objects.get(fhir_id="p1")
    return forecasts.refresh(twins.read([patient.pk], []), now)


def live() -> Any:
    return Forecast.objects.filter(replayed=False)


def live_checks() -> Any:
    return ForecastCheck.objects.filter(forecast__replayed=False)


def current(concept: str = "hba1c") -> Forecast:
    return Forecast.objects.get(concept=concept, status="current")


def test_a_refresh_makes_a_forecast_and_unchanged_facts_write_nothing(
    ehr_client: Client,
) -> None:
    record(ehr_client)
    refresh()
    made = current()
    assert made.unit == "%" and not made.validated and "Not validated" in made.statement
    assert [row["years"] for row in made.bands] == list(forecasts.HORIZONS)
    assert all(r["low90"] < r["low50"] < r["median"] < r["high90"] for r in made.bands)
    assert len(made.evidence) == 5
    assert predictive(made.state, 1.0).median == pytest.approx(made.bands[4]["median"])
    later = again(NOW + timedelta(days=30))
    assert (later.created, later.kept, later.superseded) == (0, 1, 0)
    assert live().count() == 1


def test_a_new_value_is_scored_by_the_forecast_before_it(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    before = current()
    push(ehr_client, hba1c("new", "2026-02-20", 9.9))
    after = datetime(2026, 2, 20, 15, tzinfo=UTC)
    refresh(after)
    check = live_checks().get()
    assert check.forecast == before and check.observed == 9.9
    at = datetime(2026, 2, 20, 9, tzinfo=UTC)
    ahead = (at - NOW) / timedelta(days=365.25)
    assert check.years == pytest.approx(ahead)
    expected = predictive(before.state, ahead)
    assert (check.low90, check.median) == pytest.approx((expected.low90, expected.median))
    assert not check.inside90 and check.z > 1.645 and not check.treatment_changed
    assert check.resource_id == "new"
    before.refresh_from_db()
    assert (before.status, before.ended_reason) == ("past", "newer data")
    assert current().bands[0]["median"] > before.bands[0]["median"]
    # the same value told again teaches nothing twice
    push(ehr_client, hba1c("new", "2026-02-20", 9.9, status="amended"))
    refresh(after + timedelta(hours=1))
    assert live_checks().count() == 1


def test_a_value_dated_before_the_forecast_is_no_test_of_it(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    push(ehr_client, hba1c("late", "2025-10-01", 7.4))
    refresh(NOW + timedelta(days=1))
    assert not live_checks().exists()
    assert live().count() == 2


def test_what_came_before_the_first_forecast_is_replayed_once(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    # of four days the fourth alone has three before it
    replay = Forecast.objects.get(replayed=True)
    assert (replay.status, replay.ended_reason, replay.released_at) == ("past", "replayed", None)
    assert f"{replay.as_of:%Y-%m-%d}" == HBA1C[2][0] and replay.made_at == NOW
    assert len(replay.evidence) == 4, "it knows nothing of the value that it is scored by"
    check = ForecastCheck.objects.get()
    assert check.forecast == replay and check.observed == HBA1C[3][1]
    expected = predictive(replay.state, check.years)
    assert check.median == pytest.approx(expected.median)
    push(ehr_client, hba1c("new", "2026-02-20", 7.7))
    refresh(datetime(2026, 2, 20, 15, tzinfo=UTC))
    assert Forecast.objects.filter(replayed=True).count() == 1
    # a correction of what it knew ends it too
    push(ehr_client, hba1c("a0", HBA1C[0][0], 9.1))
    refresh(datetime(2026, 2, 21, 15, tzinfo=UTC))
    replay.refresh_from_db()
    assert replay.status == "superseded"


def test_many_twins_take_no_more_queries_than_one(
    ehr_client: Client, django_assert_max_num_queries: Any
) -> None:
    record(ehr_client)
    for who in ("p2", "p3"):
        rows = [
            hba1c(f"{who}-{i}", day, value, subject=who) for i, (day, value) in enumerate(HBA1C)
        ]
        push(ehr_client, fhir.patient(who), *rows)
    keys = list(Patient.objects.values_list("pk", flat=True))
    records = twins.read(keys, [])
    with django_assert_max_num_queries(8):
        made = forecasts.refresh(records, NOW)
    assert (made.created, made.replayed) == (3, 3)
    per_patient = live().values_list("patient_id", flat=True)
    assert sorted(per_patient) == sorted(keys), "one each, and nobody's values in another's"
    mine = Patient.objects.get(fhir_id="p2")
    assert all(
        mark.startswith(("Observation/p2-", "Patient "))
        for mark in live().get(patient=mine).evidence
    )
    with django_assert_max_num_queries(4):
        assert forecasts.refresh(records, NOW).kept == 3


def test_a_correction_supersedes_what_rested_on_the_value_and_withdraws_its_check(
    ehr_client: Client,
) -> None:
    record(ehr_client)
    refresh()
    push(ehr_client, hba1c("new", "2026-02-20", 9.9))
    refresh(datetime(2026, 2, 20, 15, tzinfo=UTC))
    push(ehr_client, hba1c("new", "2026-02-20", 7.9))
    refresh(datetime(2026, 2, 21, 15, tzinfo=UTC))
    assert live_checks().get().withdrawn_at is not None
    wrong = live().get(status="superseded")
    assert wrong.ended_reason.startswith("Observation/new: corrected")
    # the forecast from before the value was never wrong
    assert live().filter(status="past").count() == 1
    # and one that is entered in error takes all with it that knew it
    push(ehr_client, hba1c("a0", *HBA1C[0], status="entered-in-error"))
    refresh(datetime(2026, 2, 22, 15, tzinfo=UTC))
    assert live().filter(status="superseded").count() == 3


def test_a_deleted_patient_has_no_forecast(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    push(ehr_client, hba1c("new", "2026-02-20", 7.9))
    refresh(datetime(2026, 2, 20, 15, tzinfo=UTC))
    Patient.objects.update(active=False)
    assert again().superseded == 3
    assert not Forecast.objects.exclude(status="superseded").exists()
    assert live_checks().get().withdrawn_at is not None


def test_a_started_drug_widens_and_is_told(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    quiet = current()
    push(ehr_client, metformin())
    refresh(NOW + timedelta(minutes=1))
    told = current()
    assert told.status == "current" and "1 change of treatment since" in told.notes[0]
    wide, narrow = told.bands[4], quiet.bands[4]
    assert wide["high90"] - wide["low90"] > narrow["high90"] - narrow["low90"]
    assert any(mark.startswith("MedicationRequest/m1 ") for mark in told.evidence)


def test_a_drug_started_after_the_forecast_is_told_with_the_check(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    push(ehr_client, metformin(day="2025-12-01"), hba1c("new", "2026-02-20", 6.4))
    refresh(datetime(2026, 2, 20, 15, tzinfo=UTC))
    assert live_checks().get().treatment_changed


@pytest.mark.parametrize(
    ("person", "more", "said"),
    [
        ({"birth_date": "2015-01-01"}, [], "made for adults"),
        ({}, [fhir.condition("c1", "77386006")], "during a pregnancy"),
    ],
)
def test_no_forecast_for_whom_it_is_not_made(
    ehr_client: Client, person: Json, more: list[Json], said: str
) -> None:
    record(ehr_client, **person)
    push(ehr_client, *more) if more else None
    refresh()
    made = current()
    assert made.refusal is not None and said in made.refusal["message"]
    assert made.bands == [] and made.state == {} and made.released_at is None


def test_too_little_history_is_refused_in_words_and_a_refusal_is_never_scored(
    ehr_client: Client,
) -> None:
    push(ehr_client, fhir.patient(), hba1c("a1", "2025-09-01", 7.0))
    refresh()
    refusal = current().refusal
    assert refusal is not None and "measured on 1 day" in refusal["message"]
    push(ehr_client, hba1c("a2", "2025-12-01", 9.0))
    refresh(NOW + timedelta(days=30))
    assert not live_checks().exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Forecast.objects.update(released_at=NOW)


def test_time_alone_ends_a_forecast_whose_values_are_too_old(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    until = current().valid_until
    assert until is not None and until.isoformat() in ("2026-09-02", "2026-09-03")
    assert again(datetime(2026, 9, 3, tzinfo=UTC)).created == 1
    refusal = current().refusal
    assert refusal is not None and refusal["kind"] == "too_old"
    # and a refusal for age is not made anew every day
    assert again(datetime(2026, 9, 4, tzinfo=UTC)).created == 0


def test_withdrawn_parameters_supersede(ehr_client: Client) -> None:
    record(ehr_client)
    refresh()
    live().update(version="0-old")
    assert again().superseded == 1
    assert "version 0-old were withdrawn" in live().get(version="0-old").ended_reason


def test_egfr_is_computed_from_creatinine(ehr_client: Client) -> None:
    days = ("2023-01-10", "2023-12-10", "2025-09-10")
    rows = [
        fhir.quantity(f"k{i}", "2160-0", 0.9 + i / 10, "mg/dL", date=f"{day}T09:00:00Z")
        for i, day in enumerate(days)
    ]
    push(ehr_client, fhir.patient(), *rows)
    refresh()
    made = current("egfr")
    # 1.1 mg/dL, woman of 60: CKD-EPI 2021 gives about 57
    assert 45 < made.bands[0]["median"] < 70
    assert {mark.split(" ")[0] for mark in made.evidence if mark.startswith("Obs")} == {
        "Observation/k0",
        "Observation/k1",
        "Observation/k2",
    }


def test_reported_egfr_is_used_and_told_where_there_is_no_creatinine(ehr_client: Client) -> None:
    days = ("2023-01-10", "2023-12-10", "2025-09-10")
    rows = [
        fhir.quantity(f"k{i}", "33914-3", 60 - i, "mL/min/{1.73_m2}", date=f"{day}T09:00:00Z")
        for i, day in enumerate(days)
    ]
    push(ehr_client, fhir.patient(gender="unknown"), *rows)
    refresh()
    assert "As reported by the laboratory" in current("egfr").notes[0]


def test_released_at_once_only_where_the_clinic_says_so_and_it_is_validated(
    ehr_client: Client, settings: Any
) -> None:
    settings.RELEASE_POLICY = "auto"
    record(ehr_client)
    pressures = [
        fhir.blood_pressure(f"b{i}", 130 + i, 80, date=f"{day}T09:00:00Z")
        for i, (day, _) in enumerate(HBA1C)
    ]
    push(ehr_client, *pressures)
    refresh()
    assert current("systolic_bp").validated
    assert current("systolic_bp").released_at == NOW
    assert current("hba1c").released_at is None
    settings.RELEASE_POLICY = "review"
    push(ehr_client, fhir.blood_pressure("new", 135, 80, date="2025-11-20T09:00:00Z"))
    refresh(NOW + timedelta(days=1))
    assert current("systolic_bp").released_at is None


def test_the_false_alarm_rate_of_the_flag_is_the_one_that_is_stated() -> None:
    """Every course of seven independent checks of a right forecast, by its probability."""
    chance = {-2.0: 0.05, -1.0: 0.45, 1.0: 0.45, 2.0: 0.05}
    rate = sum(
        float(np.prod([chance[z] for z in course]))
        for course in product(chance, repeat=surprise.RUN)
        if surprise.flag(course)
    )
    assert rate == pytest.approx(surprise.FALSE_ALARM, abs=5e-6)


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ([], ""),
        ([2.0, -2.0, 0.1, 0.2], ""),
        ([2.0, -2.0, 0.1, 1.7], "outside"),
        ([3.0, 3.0, 3.0, 0.1, 0.1, -0.1, 0.1, -0.1], ""),
        ([0.1] * 6, ""),
        ([0.1] * 7, "above"),
        ([-0.1] * 7, "below"),
        ([-0.1, *[0.1] * 6], ""),
    ],
)
def test_the_flag(errors: list[float], raised: str) -> None:
    assert surprise.flag(errors) == raised


def day(number: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number)


def test_refills_join_and_a_switch_is_one_change() -> None:
    refilled = [(day(0), day(30)), (day(50), day(80)), (day(80), day(80))]
    assert periods(refilled) == [(day(0), day(80))]
    assert periods([(day(0), None), (day(10), day(20))]) == [(day(0), None)]
    assert periods([(day(0), day(30)), (day(120), None)]) == [
        (day(0), day(30)),
        (day(120), None),
    ]
    switched = {"enalapril": [(day(0), day(100))], "losartan": [(day(100), None)]}
    assert changes(switched, day(300)) == [day(0), day(100)]
    assert changes(switched, day(50)) == [day(0)]
