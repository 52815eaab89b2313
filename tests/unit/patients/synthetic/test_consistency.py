"""What hangs together in a body and in a chart."""

from collections import defaultdict
from datetime import timedelta
from statistics import mean

import pytest

from patients.synthetic.kidney import egfr_of_creatinine
from tests.unit.patients.synthetic.reading import AS_OF, Json, Record, day_of

HEIGHT, WEIGHT, BMI = "8302-2", "29463-7", "39156-5"
CREATININE, EGFR, ACR, HBA1C = "2160-0", "98979-8", "9318-7", "4548-4"
SBP, DBP = "8480-6", "8462-4"
TOTAL, HDL, LDL, TRIGLYCERIDES = "2093-3", "2085-9", "13457-7", "2571-8"
METFORMIN, GLIPIZIDE, INSULIN = "860975", "4821", "106892"
STATINS = ("312961", "83367", "301542", "259255")
ANTIHYPERTENSIVES = ("314076", "308136", "197361", "310798")
DIABETES, HYPERTENSION = "44054006", "59621000"
CKD = ("431855005", "431856006", "700378005", "700379002", "431857002", "433146000")
DATES = (
    "effectiveDateTime",
    "issued",
    "onsetDateTime",
    "abatementDateTime",
    "recordedDate",
    "authoredOn",
    "occurrenceDateTime",
    "deceasedDateTime",
)


def dates_in(resource: Json) -> list[str]:
    found = [resource[name] for name in DATES if name in resource]
    periods = [resource.get("period", {})]
    for dosage in resource.get("dosageInstruction", []):
        periods.append(dosage["timing"]["repeat"]["boundsPeriod"])
    for participant in resource.get("participant", []):
        periods.append(participant.get("period", {}))
    return found + [text for period in periods for text in period.values()]


def test_nothing_is_dated_before_birth_or_after_as_of(cohort: list[Record]) -> None:
    for record in cohort:
        for resource in record.resources:
            for text in dates_in(resource):
                assert record.born < day_of(text) < AS_OF


def test_nothing_happens_after_death(cohort: list[Record]) -> None:
    dead = [r for r in cohort if "deceasedDateTime" in r.patient]
    assert 2 <= len(dead) <= 25
    for record in dead:
        died = day_of(record.patient["deceasedDateTime"])
        assert max(day_of(t) for r in record.resources[1:] for t in dates_in(r)) < died


def test_everybody_seen_is_an_adult(cohort: list[Record]) -> None:
    for record in cohort:
        assert (
            min(record.age_on(day_of(e["period"]["start"])) for e in record.of("Encounter")) >= 18
        )


def test_starts_come_before_ends(cohort: list[Record]) -> None:
    for record in cohort:
        for condition in record.of("Condition"):
            assert condition["onsetDateTime"] <= condition["recordedDate"]
            assert condition["onsetDateTime"] <= condition.get("abatementDateTime", "9999")
            resolved = condition["clinicalStatus"]["coding"][0]["code"] == "resolved"
            assert resolved == ("abatementDateTime" in condition)
        for order in record.of("MedicationRequest"):
            bounds = order["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]
            assert order["authoredOn"] == bounds["start"] <= bounds.get("end", "9999")
            assert (order["status"] == "stopped") == ("end" in bounds) == ("statusReason" in order)


def test_bmi_is_weight_over_height_squared(cohort: list[Record]) -> None:
    for record in cohort:
        heights, weights = record.series(HEIGHT), dict(record.series(WEIGHT))
        for day, bmi in record.series(BMI):
            height = [value for measured, value in heights if measured <= day][-1]
            assert bmi == pytest.approx(weights[day] / (height / 100) ** 2, abs=0.051)


def test_reported_egfr_is_that_of_its_creatinine(cohort: list[Record]) -> None:
    for record in cohort:
        reported, sex = dict(record.series(EGFR)), record.patient["gender"]
        for day, creatinine in record.series(CREATININE):
            egfr = egfr_of_creatinine(creatinine, age=record.age_on(day), sex=sex)
            assert reported[day] == pytest.approx(egfr, abs=0.501)


def test_ldl_is_what_the_laboratory_calculates(cohort: list[Record]) -> None:
    for record in cohort:
        total, hdl = dict(record.series(TOTAL)), dict(record.series(HDL))
        triglycerides = dict(record.series(TRIGLYCERIDES))
        for day, ldl in record.series(LDL):
            assert triglycerides[day] < 400
            assert ldl == pytest.approx(total[day] - hdl[day] - triglycerides[day] / 5, abs=0.51)


def test_diastolic_stays_below_systolic(cohort: list[Record]) -> None:
    for record in cohort:
        diastolic = record.series(DBP)
        for (_, above), (_, below) in zip(record.series(SBP), diastolic, strict=True):
            assert above - below >= 15


def test_nobody_takes_up_smoking_again(cohort: list[Record]) -> None:
    current, former, never = "449868002", "8517006", "266919005"
    for record in cohort:
        answers = record.smoking()
        assert set(answers) in ({current}, {former}, {never}, {current, former})
        assert former not in answers or current not in answers[answers.index(former) :]


def first_after(record: Record, loinc: str, start: str, days: int) -> tuple[float, float] | None:
    """The last value up to a day, and the first one at least so many days after it."""
    begun = day_of(start)
    before = [value for day, value in record.series(loinc) if day <= begun]
    after = [v for day, v in record.series(loinc) if day >= begun + timedelta(days=days)]
    return (before[-1], after[0]) if before and after else None


def changes(cohort: list[Record], loinc: str, *rxnorm: str) -> list[tuple[float, float]]:
    """Before and after for everybody's first order of one of the drugs."""
    found = []
    for record in cohort:
        orders = sorted(order["authoredOn"] for order in record.orders(*rxnorm))
        pair = first_after(record, loinc, orders[0], 70) if orders else None
        if pair:
            found.append(pair)
    return found


def test_glucose_drugs_follow_the_diagnosis(cohort: list[Record]) -> None:
    taken = 0
    for record in cohort:
        for order in record.orders(METFORMIN, GLIPIZIDE, INSULIN):
            found = record.conditions(DIABETES)
            assert found and found[0]["onsetDateTime"] <= order["authoredOn"]
            taken += 1
    assert taken > 80


def test_diabetes_is_diagnosed_on_two_readings(cohort: list[Record]) -> None:
    found_here = 0
    for record in cohort:
        for condition in record.conditions(DIABETES):
            if condition["onsetDateTime"] == condition["recordedDate"]:
                diagnosed = day_of(condition["onsetDateTime"])
                values = [v for day, v in record.series(HBA1C) if day <= diagnosed]
                assert min(values[-2:]) >= 6.5
                found_here += 1
    assert found_here >= 8


def test_hypertension_is_diagnosed_on_two_readings(cohort: list[Record]) -> None:
    found_here = 0
    for record in cohort:
        for condition in record.conditions(HYPERTENSION):
            if condition["onsetDateTime"] == condition["recordedDate"]:
                diagnosed = day_of(condition["onsetDateTime"])
                systolic = [v for day, v in record.series(SBP) if day <= diagnosed][-2:]
                diastolic = [v for day, v in record.series(DBP) if day <= diagnosed][-2:]
                assert all(s >= 140 or d >= 90 for s, d in zip(systolic, diastolic, strict=True))
                found_here += 1
    assert found_here > 30


def test_hba1c_falls_on_metformin(cohort: list[Record]) -> None:
    pairs = changes(cohort, HBA1C, METFORMIN)
    assert len(pairs) > 8
    assert -1.3 < mean(after - before for before, after in pairs) < -0.3


def test_insulin_lowers_what_two_drugs_left(cohort: list[Record]) -> None:
    pairs = changes(cohort, HBA1C, INSULIN)
    assert len(pairs) >= 5
    assert mean(after - before for before, after in pairs) < -0.3


def test_a_statin_lowers_ldl_by_a_third(cohort: list[Record]) -> None:
    pairs = changes(cohort, LDL, *STATINS)
    assert len(pairs) > 30
    assert 0.5 < mean(after / before for before, after in pairs) < 0.75


def test_a_first_drug_lowers_blood_pressure(cohort: list[Record]) -> None:
    pairs = changes(cohort, SBP, *ANTIHYPERTENSIVES)
    assert len(pairs) > 40
    assert -22 < mean(after - before for before, after in pairs) < -6


def test_albuminuria_steepens_the_loss_of_kidney_function(cohort: list[Record]) -> None:
    slopes = defaultdict(list)
    for record in cohort:
        egfr, acr = record.series(EGFR), record.series(ACR)
        if len(egfr) < 4 or not acr or (egfr[-1][0] - egfr[0][0]).days < 1200:
            continue
        years = (egfr[-1][0] - egfr[0][0]).days / 365.25
        stage = sum(mean(v for _, v in acr) >= limit for limit in (30, 300))
        slopes[stage].append((egfr[-1][1] - egfr[0][1]) / years)
    assert all(len(slopes[stage]) >= 5 for stage in (0, 1, 2))
    assert -1.6 < mean(slopes[0]) < -0.4
    assert mean(slopes[1]) < mean(slopes[0]) - 0.2
    assert -6 < mean(slopes[2]) < mean(slopes[1]) - 0.5


def test_kidney_disease_is_staged_and_only_gets_worse(cohort: list[Record]) -> None:
    staged = 0
    for record in cohort:
        found = sorted(record.conditions(*CKD), key=lambda c: c["onsetDateTime"])
        stages = [CKD.index(c["code"]["coding"][0]["code"]) for c in found]
        assert stages == sorted(set(stages))
        assert sum("abatementDateTime" not in c for c in found) == bool(found)
        staged += bool(found)
    assert staged > 20


def test_blood_pressure_rises_with_age_and_weight(cohort: list[Record]) -> None:
    first = [
        (
            record.age_on(record.series(SBP)[0][0]),
            record.series(BMI)[0][1],
            record.series(SBP)[0][1],
        )
        for record in cohort
        if not record.orders(*ANTIHYPERTENSIVES)
    ]
    assert mean(s for a, _, s in first if a >= 60) > mean(s for a, _, s in first if a < 40) + 4
    assert mean(s for _, b, s in first if b >= 30) > mean(s for _, b, s in first if b < 25) + 2
