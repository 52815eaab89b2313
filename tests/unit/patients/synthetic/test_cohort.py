"""The cohort is reproducible, valid and hangs together."""

import hashlib
import importlib
import json
from collections import defaultdict
from datetime import UTC, date, datetime
from statistics import mean
from typing import Any

import pytest

from patients.synthetic.generate import generate, infrastructure_bundle, patient_bundle
from patients.synthetic.life import creatinine_for, egfr_from

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
Json = dict[str, Any]


def resources_of(bundle: Json) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"]]


def cohort(n: int, **options: Any) -> list[list[Json]]:
    return [resources_of(b) for b in generate(n, seed=7, as_of=AS_OF, **options)]


@pytest.fixture(scope="module")
def people() -> list[list[Json]]:
    return cohort(300)


def series(resources: list[Json], code: str) -> list[tuple[str, float]]:
    """(date, value) of a LOINC code, components included, oldest first."""
    found = []
    for r in resources:
        if r["resourceType"] != "Observation":
            continue
        for part in (r, *r.get("component", [])):
            codes = [c["code"] for c in part["code"]["coding"]]
            if code in codes and "valueQuantity" in part:
                found.append((r["effectiveDateTime"], part["valueQuantity"]["value"]))
    return sorted(found)


def of_type(resources: list[Json], kind: str) -> list[Json]:
    return [r for r in resources if r["resourceType"] == kind]


def named(resources: list[Json], suffix: str) -> Json | None:
    return next((r for r in resources if r["id"].endswith(f"-{suffix}")), None)


def test_a_patient_is_the_same_in_every_cohort() -> None:
    def digest(bundle: Json) -> str:
        return hashlib.sha256(json.dumps(bundle).encode()).hexdigest()

    small = [digest(b) for b in generate(3, seed=7, as_of=AS_OF)]
    large = [digest(b) for b in generate(6, seed=7, as_of=AS_OF)]
    assert large[:3] == small
    assert digest(patient_bundle(4, seed=7, as_of=AS_OF)) == large[4]
    assert len(set(large)) == 6
    assert digest(patient_bundle(4, seed=8, as_of=AS_OF)) != large[4]


@pytest.mark.parametrize("odd", [False, True])
def test_every_resource_is_valid_r4(odd: bool) -> None:
    everything = [r for person in cohort(8, odd_values=odd) for r in person]
    everything += resources_of(infrastructure_bundle(7))
    for resource in everything:
        kind = resource["resourceType"]
        module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
        getattr(module, kind).model_validate(resource)


def test_nothing_lies_in_the_future_or_before_birth(people: list[list[Json]]) -> None:
    for person in people:
        born = of_type(person, "Patient")[0]["birthDate"]
        for resource in person:
            for name in ("effectiveDateTime", "onsetDateTime", "authoredOn", "recordedDate"):
                if name in resource:
                    assert born < resource[name][:10] <= AS_OF.date().isoformat()


def test_bmi_fits_height_and_weight(people: list[list[Json]]) -> None:
    for person in people:
        height, weight = dict(series(person, "8302-2")), dict(series(person, "29463-7"))
        for day, bmi in series(person, "39156-5"):
            assert bmi == pytest.approx(weight[day] / (height[day] / 100) ** 2, abs=0.06)


def test_egfr_fits_creatinine(people: list[list[Json]]) -> None:
    for person in people[:60]:
        patient = of_type(person, "Patient")[0]
        born = date.fromisoformat(patient["birthDate"])
        reported = dict(series(person, "98979-8"))
        for day, creatinine in series(person, "2160-0"):
            age = (date.fromisoformat(day[:10]) - born).days / 365.25
            assert reported[day] == pytest.approx(
                egfr_from(creatinine, int(age), patient["gender"]), abs=1.2
            )


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("egfr", [12.0, 45.0, 90.0, 120.0])
def test_creatinine_inverts_ckd_epi(sex: str, egfr: float) -> None:
    assert egfr_from(creatinine_for(egfr, 60, sex), 60, sex) == pytest.approx(egfr, abs=1e-6)


def around(values: list[tuple[str, float]], day: str) -> tuple[float, float] | None:
    """Last value at or before `day`, and the first at least ten weeks after."""
    before = [v for d, v in values if d[:10] <= day]
    later = [
        v for d, v in values if (date.fromisoformat(d[:10]) - date.fromisoformat(day)).days > 70
    ]
    return (before[-1], later[0]) if before and later else None


def test_metformin_follows_the_diagnosis_and_works(people: list[list[Json]]) -> None:
    changes = []
    for person in people:
        drug, diabetes = named(person, "metformin"), named(person, "diabetes")
        if drug is None:
            continue
        assert diabetes is not None and diabetes["onsetDateTime"] <= drug["authoredOn"]
        pair = around(series(person, "4548-4"), drug["authoredOn"])
        if pair:
            changes.append(pair[1] - pair[0])
    assert len(changes) > 15
    assert mean(changes) < -0.5


def test_a_statin_lowers_ldl(people: list[list[Json]]) -> None:
    ratios = []
    for person in people:
        drug = named(person, "simvastatin") or named(person, "atorvastatin")
        pair = drug and around(series(person, "13457-7"), drug["authoredOn"])
        if pair:
            ratios.append(pair[1] / pair[0])
    assert len(ratios) > 30
    assert 0.5 < mean(ratios) < 0.8


def test_kidneys_with_albuminuria_fail_faster(people: list[list[Json]]) -> None:
    slopes = defaultdict(list)
    for person in people:
        egfr, acr = series(person, "98979-8"), series(person, "9318-7")
        years = (date.fromisoformat(egfr[-1][0][:10]) - date.fromisoformat(egfr[0][0][:10])).days
        if years < 1000:
            continue
        slope = (egfr[-1][1] - egfr[0][1]) / (years / 365.25)
        slopes[acr[-1][1] >= 100].append(slope)
    assert len(slopes[True]) > 5
    assert mean(slopes[True]) < mean(slopes[False]) - 0.8


def test_prevalences_are_those_of_a_clinic(people: list[list[Json]]) -> None:
    def share(suffix: str) -> float:
        return sum(named(p, suffix) is not None for p in people) / len(people)

    assert 0.10 < share("diabetes") < 0.35
    assert 0.10 < share("hypertension") < 0.45
    assert 0.02 < share("ckd-3a") < 0.20
    assert 0.02 < share("mi") + share("stroke") < 0.15


def test_showcases_are_what_they_promise() -> None:
    first = cohort(12)
    assert named(first[0], "metformin") is not None and series(first[0], "2093-3")
    assert series(first[1], "98979-8")[-1][1] < 45 and series(first[1], "9318-7")[-1][1] > 300
    assert named(first[4], "mi") is not None
    assert not series(first[5], "2093-3")
    assert named(first[6], "simvastatin") or named(first[6], "atorvastatin")
    assert series(first[8], "1742-6")[-1][1] > 1000
    assert series(first[9], "2093-3")[-1][0] < "2024-12-31"


def test_odd_values_are_on_request_only() -> None:
    assert not [r for p in cohort(20) for r in p if "-odd-" in r["id"]]
    kinds = {
        r["id"].split("-odd-")[1]
        for p in cohort(20, odd_values=True)
        for r in p
        if "-odd-" in r["id"]
    }
    assert len(kinds) == 14
