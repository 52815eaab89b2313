"""qSOFA: three signs of a poor course in suspected infection, one point each.

Altered mentation is a Glasgow Coma Scale below 15 [S], or C, V, P or U of ACVPU [J]. Values are rounded
half up to whole numbers, as charted [J].

References
----------
Singer M et al. The Third International Consensus Definitions for Sepsis and Septic Shock
(Sepsis-3). JAMA 2016. Read as reprinted; what was opened: docs/evidence.md, E-QSOFA.
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.bedside.inputs import (
    NOT_ALERT,
    RESPIRATORY_RATE,
    SYSTOLIC_BP,
    bedside_applies,
)
from models_engine.catalogue.bedside.qsofa_facts import QSOFA_FACTS
from models_engine.catalogue.contract import (
    Arrays,
    Band,
    ClinicalModel,
    Equation,
    FloatArray,
    Outcome,
    Vector,
)
from models_engine.catalogue.points import charted
from models_engine.catalogue.risk import inputs

VERSION = "2016.1"

NUMBERS: Mapping[str, float] = {
    "respiratory_rate.from": 22,
    "respiratory_rate.points": 1,
    "systolic_bp.up_to": 100,
    "systolic_bp.points": 1,
    "not_alert.points": 1,
}
BANDS = (
    Band("negative", "0 or 1: fewer than two signs", 0.0, "S"),
    Band("positive", "2 or 3: positive", 2.0, "S"),
)


def formula(numbers: Mapping[str, float], arrays: Arrays) -> FloatArray:
    """Points of shape (n, 1)."""
    fast = charted(arrays["respiratory_rate"]) >= numbers["respiratory_rate.from"]
    low = charted(arrays["systolic_bp"]) <= numbers["systolic_bp.up_to"]
    points = (
        numbers["respiratory_rate.points"] * fast
        + numbers["systolic_bp.points"] * low
        + numbers["not_alert.points"] * arrays["not_alert"]
    )
    return np.asarray(points, dtype=np.float64)[:, np.newaxis]


# respiratory rate, systolic BP, not alert, points: by the definition
_COMPUTED = ((21, 101, 0, 0), (22, 101, 0, 1), (21, 100, 0, 1), (21, 101, 1, 1), (30, 80, 1, 3))


def qsofa() -> ClinicalModel:
    """qSOFA as a clinical model."""
    declared = (inputs.age(18, None), RESPIRATORY_RATE, SYSTOLIC_BP, NOT_ALERT)
    return ClinicalModel(
        id="qsofa",
        version=VERSION,
        title="Quick SOFA (qSOFA)",
        family="bedside",
        inputs=declared,
        outcomes=(
            Outcome(
                id="qsofa",
                label="qSOFA",
                horizon_years=None,
                is_probability=False,
                unit="{points}",
                definition=(
                    "In suspected infection: fast breathing, low blood pressure, altered "
                    "consciousness; 0 to 3 points. Not a screening test by itself."
                ),
                bands=BANDS,
            ),
        ),
        predict=Equation(NUMBERS, formula),
        applies=bedside_applies,
        facts=QSOFA_FACTS,
        vectors=tuple(
            Vector(
                name=f"rate {rate}, systolic {systolic}, {'not alert' if dull else 'alert'}",
                inputs={
                    "age": 60.0,
                    "respiratory_rate": float(rate),
                    "systolic_bp": float(systolic),
                    "not_alert": float(dull),
                },
                expected={"qsofa": float(points)},
                tolerance=1e-9,
                provenance="computed by hand from the definition as reprinted",
                evidence="S",
            )
            for rate, systolic, dull, points in _COMPUTED
        ),
        artefact_hash=artefact_hash(VERSION, repr(sorted(NUMBERS.items())).encode(), declared),
        quiet=True,
    )
