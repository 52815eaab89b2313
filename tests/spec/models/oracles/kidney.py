"""KFRE with 8 variables and the CKD-PC equation for a 40 % eGFR decline, one person at a time.

Transcribed from the publications as this project's fact sheet holds them.
"""

from collections.abc import Callable, Mapping
from itertools import product
from math import exp, log

from tests.spec.models.oracles.second_opinions import Opinion, Person


def kfre_8v(two_years: float, five_years: float) -> Callable[[Person], Mapping[str, float]]:
    def compute(person: Person) -> Mapping[str, float]:
        male = 1 if person["sex"] == 0 else 0
        lp = (
            -0.1992 * (person["age"] / 10 - 7.036)
            + 0.1602 * (male - 0.5642)
            - 0.4919 * (person["egfr"] / 5 - 7.222)
            + 0.3364 * (log(person["urine_acr"]) - 5.137)
            - 0.3441 * (person["albumin"] - 3.997)
            + 0.2604 * (person["phosphate"] - 3.916)
            - 0.07354 * (person["bicarbonate"] - 25.57)
            - 0.2228 * (person["calcium"] - 9.355)
        )
        return {
            "kidney_failure_2y": 1 - two_years ** exp(lp),
            "kidney_failure_5y": 1 - five_years ** exp(lp),
        }

    return compute


def ckdpc_40(person: Person) -> Mapping[str, float]:
    male = 1 if person["sex"] == 0 else 0
    rx = person["antihypertensive"]
    s = (person["systolic_bp"] - 130) / 20
    insulin = person["insulin"]
    oral = 1 if insulin == 1 else person["glucose_lowering"]
    current = 1 if person["smoking_history"] == 2 else 0
    former = 1 if person["smoking_history"] == 1 else 0
    lp = -4.2125
    lp += 0.1465 * (person["age"] - 60) / 10
    lp -= 0.2481 * (male - 0.5)
    lp -= 0.0562 * (person["egfr"] - 85) / 5
    lp += 0.4098 * log(person["urine_acr"] / 10)
    lp += 0.1518 * s + 0.2846 * rx - 0.0321 * rx * s
    lp += 0.9234 * (person["heart_failure"] - 0.05)
    lp += 0.2168 * (person["coronary_heart_disease"] - 0.15)
    lp += 0.3087 * person["atrial_fibrillation"]
    lp += 0.1186 * current + 0.0777 * former
    lp += 0.0308 * (person["bmi"] - 30) / 5
    lp += 0.0987 * (person["hba1c"] - 7)
    lp += -0.0638 * oral + 0.2359 * insulin
    return {"egfr_decline_40": 1 / (1 + exp(-lp))}


BLOOD = (
    {"albumin": 3.1, "phosphate": 4.9, "bicarbonate": 19.0, "calcium": 8.1},
    {"albumin": 4.6, "phosphate": 2.8, "bicarbonate": 29.0, "calcium": 10.2},
)
KFRE_PEOPLE = [
    {"age": age, "sex": sex, "egfr": egfr, "urine_acr": acr, **blood}
    for age, egfr, acr in ((48.0, 55.0, 12.0), (81.0, 14.0, 2100.0))
    for sex in (0.0, 1.0)
    for blood in BLOOD
]
YES_OR_NO = (
    "antihypertensive",
    "heart_failure",
    "coronary_heart_disease",
    "atrial_fibrillation",
    "glucose_lowering",
    "insulin",
)
DECLINE_PEOPLE = [
    {
        **measured,
        "sex": sex,
        "smoking_history": smoking,
        **dict(zip(YES_OR_NO, answers, strict=True)),
    }
    for measured in (
        {"age": 44.0, "egfr": 112.0, "urine_acr": 4.0, "systolic_bp": 112.0, "bmi": 23.5,
         "hba1c": 6.2},
        {"age": 77.0, "egfr": 61.0, "urine_acr": 640.0, "systolic_bp": 163.0, "bmi": 38.0,
         "hba1c": 10.1},
    )
    for sex in (0.0, 1.0)
    for smoking in (0.0, 1.0, 2.0)
    for answers in product((0.0, 1.0), repeat=len(YES_OR_NO))
]  # fmt: skip

OPINIONS = {
    "kfre_8v 2011-na.1": Opinion(kfre_8v(0.9780, 0.9301), KFRE_PEOPLE),
    "kfre_8v 2016-non-na.1": Opinion(kfre_8v(0.9827, 0.9245), KFRE_PEOPLE),
    "ckdpc_40_diabetes": Opinion(ckdpc_40, DECLINE_PEOPLE),
}
