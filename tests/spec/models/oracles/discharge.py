"""LACE and the HOSPITAL score once more, item by item, one person at a time."""

from collections.abc import Mapping
from math import exp

from tests.spec.models.oracles.second_opinions import Opinion

ONE_POINT = ("infarction", "cerebrovascular", "peripheral")
TWO_POINTS = ("heart_failure", "diabetes_complicated", "lung")
THREE_POINTS = ("dementia", "connective_tissue")
FOUR_POINTS = ("aids", "liver_renal_severe")
ALL = (
    *ONE_POINT,
    *TWO_POINTS,
    *THREE_POINTS,
    *FOUR_POINTS,
    "diabetes",
    "liver_renal_mild",
    "tumour",
    "metastatic",
)


def length_points(days: float) -> int:
    if days < 1:
        return 0
    if days < 4:
        return int(days)
    if days < 7:
        return 4
    return 5 if days < 14 else 7


def comorbidity_points(has: Mapping[str, bool]) -> int:
    total = sum(has[name] for name in ONE_POINT)
    total += 2 * sum(has[name] for name in TWO_POINTS)
    total += 3 * sum(has[name] for name in THREE_POINTS)
    total += 4 * sum(has[name] for name in FOUR_POINTS)
    if has["diabetes"] and not has["diabetes_complicated"]:
        total += 1
    if has["liver_renal_mild"] and not has["liver_renal_severe"]:
        total += 2
    if has["metastatic"]:
        total += 6
    elif has["tumour"]:
        total += 2
    return total


def lace(person: Mapping[str, float]) -> dict[str, float]:
    comorbidity = comorbidity_points({name: person[f"lace_{name}"] == 1 for name in ALL})
    index = (
        length_points(person["length_of_stay"])
        + (3 if person["emergency_admission"] == 1 else 0)
        + (comorbidity if comorbidity <= 3 else 5)
        + min(4, person["emergency_visits"])
    )
    risk = exp(-3.892 + 0.1915 * index) / (1 + exp(-3.892 + 0.1915 * index))
    return {"lace": index, "lace_comorbidity": comorbidity, "lace_risk": 100 * risk}


def hospital(person: Mapping[str, float]) -> dict[str, float]:
    points = 0
    points += 1 if person["haemoglobin_at_discharge"] < 12 else 0
    points += 2 if person["oncology_discharge"] == 1 else 0
    points += 1 if person["sodium_at_discharge"] < 135 else 0
    points += 1 if person["procedure_in_stay"] == 1 else 0
    points += 1 if person["emergency_admission"] == 1 else 0
    admissions = person["previous_admissions"]
    points += 5 if admissions > 5 else 2 if admissions > 1 else 0
    points += 2 if person["length_of_stay"] >= 5 else 0
    return {"hospital_score": points}


def after_a_stay() -> list[dict[str, float]]:
    nothing = {"length_of_stay": 0, "emergency_admission": 0, "emergency_visits": 0}
    plain = {"age": 70, **nothing, **{f"lace_{name}": 0 for name in ALL}}
    changed: list[dict[str, float]] = [{"length_of_stay": days} for days in range(20)]
    changed += [{"emergency_visits": visits} for visits in range(8)]
    changed += [{f"lace_{name}": 1} for name in ALL]
    changed += [{f"lace_{name}": 1, f"lace_{other}": 1} for name in ALL for other in ALL]
    changed += [
        {"emergency_admission": 1},
        {"emergency_admission": 1, "length_of_stay": 14, "emergency_visits": 9}
        | {f"lace_{name}": 1 for name in ALL},
    ]
    return [{**plain, **change} for change in changed]


def at_discharge() -> list[dict[str, float]]:
    plain: dict[str, float] = {
        "age": 70,
        "haemoglobin_at_discharge": 14,
        "sodium_at_discharge": 140,
        "oncology_discharge": 0,
        "procedure_in_stay": 0,
        "emergency_admission": 0,
        "previous_admissions": 0,
        "length_of_stay": 1,
    }
    changed: list[dict[str, float]] = [
        {"haemoglobin_at_discharge": value} for value in (11, 11.9, 12, 12.1)
    ]
    changed += [{"sodium_at_discharge": value} for value in (134, 134.9, 135, 136)]
    changed += [{"previous_admissions": number} for number in range(9)]
    changed += [{"length_of_stay": days} for days in range(9)]
    changed += [
        {name: 1} for name in ("oncology_discharge", "procedure_in_stay", "emergency_admission")
    ]
    return [{**plain, **change} for change in changed]


OPINIONS = {
    "lace": Opinion(lace, after_a_stay()),
    "hospital_score": Opinion(hospital, at_discharge()),
}
