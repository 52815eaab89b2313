"""Kidney failure risk equation, 4 variables: 2- and 5-year probability of treated kidney failure.

p = 1 - S0 ^ exp(-0.2201 (age/10 - 7.036) + 0.2467 (male - 0.5642)
                 - 0.5567 (eGFR/5 - 7.222) + 0.4510 (ln ACR - 5.137))

References
----------
Tangri N et al. JAMA 2011;305:1553-1559 (equation). Tangri N et al. JAMA 2016;315:164
(recalibrated outside North America).
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.contract import (
    FEMALE,
    MALE,
    Arrays,
    Circumstances,
    ClinicalModel,
    FloatArray,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.outcome_event import KIDNEY_REPLACEMENT
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.catalogue.risk.kfre_facts import kfre_facts

HORIZONS = (2, 5)
NORTH_AMERICA = "north_america"
ELSEWHERE = "elsewhere"
# baseline survival at 2 and 5 years
BASELINE_SURVIVAL = {NORTH_AMERICA: (0.9750, 0.9240), ELSEWHERE: (0.9832, 0.9365)}
VERSIONS = {NORTH_AMERICA: "2011-na.1", ELSEWHERE: "2016-non-na.1"}

AGE, MALE_SEX, EGFR, LOG_ACR = -0.2201, 0.2467, -0.5567, 0.4510
MEAN_AGE, MEAN_MALE, MEAN_EGFR, MEAN_LOG_ACR = 7.036, 0.5642, 7.222, 5.137

# the mildest kidney disease that the equation is for: [J]
OPTIMAL = {"egfr": 59.0, "urine_acr": 10.0}
OPTIMAL_SOURCE = (
    "Reference values chosen by this project: eGFR 59, the mildest the equation is for, and "
    "urine ACR 10 mg/g."
)


def predict(baseline_survival: tuple[float, float], arrays: Arrays) -> FloatArray:
    """Probabilities of shape (n, 2): 2 and 5 years.

    Parameters
    ----------
    baseline_survival : S0 at 2 and 5 years of the region.
    arrays : age (years), sex, egfr (mL/min/1.73 m2, below 60), urine_acr (mg/g, above 0).
    """
    linear = (
        AGE * (arrays["age"] / 10.0 - MEAN_AGE)
        + MALE_SEX * ((1.0 - arrays["sex"]) - MEAN_MALE)
        + EGFR * (arrays["egfr"] / 5.0 - MEAN_EGFR)
        + LOG_ACR * (np.log(arrays["urine_acr"]) - MEAN_LOG_ACR)
    )
    hazard = np.exp(linear)[:, np.newaxis]
    # -expm1 keeps the small probabilities exact
    return np.asarray(-np.expm1(np.log(np.array(baseline_survival)) * hazard))


def kfre_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For chronic kidney disease G3a to G5 that is not yet treated by dialysis or transplant."""
    return (
        *not_after_death(circumstances),
        *not_with(
            ("dialysis",), circumstances.active, "The equation predicts the start of treatment."
        ),
        *not_with(
            ("kidney_transplant",),
            circumstances.ever,
            "The equation was not made for people with a transplant.",
        ),
        *not_with(
            ("acute_kidney_injury",),
            circumstances.active,
            "The equation is for chronic, stable kidney disease.",
        ),
        *not_with(("pregnancy",), circumstances.active, "eGFR is not valid in pregnancy."),
    )


# age, sex, eGFR, ACR mg/g, then % at 2 and 5 years in North America, 2 and 5 elsewhere
_COMPUTED: tuple[tuple[float, ...], ...] = (
    (65, MALE, 30, 300, 7.769, 22.314, 5.268, 18.907),
    (72, FEMALE, 22, 850, 19.034, 48.274, 13.177, 42.140),
    (50, MALE, 45, 30, 0.747, 2.313, 0.500, 1.924),
    (80, MALE, 18, 1500, 36.682, 75.992, 26.349, 69.402),
)
KFRE_PACKAGE = "computed, equal to PyPI kfre 0.1.18"
# outside North America only: age, sex, eGFR, ACR, p at 2 and 5 years; tolerance; source
_PUBLISHED_ELSEWHERE: tuple[tuple[tuple[float, ...], float, str], ...] = (
    ((57.28, FEMALE, 15, 1762.00184, 0.4466, 0.8989), 0.00005001, "README of PyPI kfre 0.1.18"),
    ((65, MALE, 19, 30, 0.063123, 0.223128), 6e-7, KFRE_PACKAGE),
    ((75, MALE, 22, 40, 0.041757, 0.152247), 6e-7, KFRE_PACKAGE),
)


def _rows(region: str) -> Iterator[tuple[tuple[float, ...], float, str]]:
    at = 4 if region == NORTH_AMERICA else 6
    for row in _COMPUTED:
        yield (*row[:4], row[at] / 100, row[at + 1] / 100), 6e-6, KFRE_PACKAGE
    if region == ELSEWHERE:
        yield from _PUBLISHED_ELSEWHERE


def _vectors(region: str) -> tuple[Vector, ...]:
    return tuple(
        Vector(
            name=f"age {age}, {'female' if sex == FEMALE else 'male'}, eGFR {egfr}, ACR {acr}",
            inputs={"age": age, "sex": sex, "egfr": egfr, "urine_acr": acr},
            expected={"kidney_failure_2y": two, "kidney_failure_5y": five},
            tolerance=tolerance,
            provenance=provenance,
            evidence="V",
        )
        for (age, sex, egfr, acr, two, five), tolerance, provenance in _rows(region)
    )


def check_region(region: str) -> None:
    """Raise ValueError on an unknown region."""
    if region not in BASELINE_SURVIVAL:
        raise ValueError(f"KFRE: region must be one of {sorted(BASELINE_SURVIVAL)}, not {region!r}")


def kfre_outcomes() -> tuple[Outcome, ...]:
    """Treated kidney failure within 2 and 5 years."""
    return tuple(
        Outcome(
            id=f"kidney_failure_{years}y",
            label="Kidney failure needing treatment",
            horizon_years=float(years),
            is_probability=True,
            definition=f"Kidney failure treated by dialysis or transplant within {years} years.",
            event=KIDNEY_REPLACEMENT,
        )
        for years in HORIZONS
    )


def kfre_4v(region: str = NORTH_AMERICA) -> ClinicalModel:
    """The 4-variable equation calibrated for a region. Raises ValueError on an unknown one."""
    check_region(region)
    declared = (
        inputs.age(18, None),
        inputs.SEX,
        inputs.egfr(0, 60, low_open=True, high_open=True),
        inputs.urine_acr(required=True),
    )
    centred_on = (MEAN_AGE, MEAN_MALE, MEAN_EGFR, MEAN_LOG_ACR)
    coefficients = (AGE, MALE_SEX, EGFR, LOG_ACR, centred_on, BASELINE_SURVIVAL[region])
    return ClinicalModel(
        id="kfre_4v",
        version=VERSIONS[region],
        title="Kidney failure risk equation, 4 variables",
        family="kfre",
        inputs=declared,
        outcomes=kfre_outcomes(),
        predict=partial(predict, BASELINE_SURVIVAL[region]),
        applies=kfre_applies,
        facts=kfre_facts(region),
        vectors=_vectors(region),
        artefact_hash=artefact_hash(VERSIONS[region], repr(coefficients).encode(), declared),
        optimal=OPTIMAL,
        optimal_source=OPTIMAL_SOURCE,
        background=read_background("kfre", tuple(i.concept for i in declared)),
        monotone={"egfr": "down", "urine_acr": "up"},
    )
