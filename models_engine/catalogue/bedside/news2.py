"""NEWS2, the National Early Warning Score 2: 0 to 20 points from one set of observations.

Values between two bands of the chart are rounded half up to what is charted: whole numbers, and
one decimal for the temperature [J].

References
----------
Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017.
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.bedside.inputs import (
    NOT_ALERT,
    OXYGEN_SATURATION,
    PULSE,
    RESPIRATORY_RATE,
    SPO2_SCALE_2,
    SUPPLEMENTAL_OXYGEN,
    SYSTOLIC_BP,
    TEMPERATURE,
    bedside_applies,
)
from models_engine.catalogue.bedside.news2_facts import NEWS2_FACTS
from models_engine.catalogue.contract import (
    Arrays,
    Band,
    ClinicalModel,
    Equation,
    FloatArray,
    Outcome,
    Vector,
)
from models_engine.catalogue.points import banded, charted, steps
from models_engine.catalogue.risk import inputs

VERSION = "2017.1"
LOWEST_AGE = 16

NUMBERS: Mapping[str, float] = {
    **steps("respiratory_rate", 3, (9, 1), (12, 0), (21, 2), (25, 3)),
    **steps("scale_1", 3, (92, 2), (94, 1), (96, 0)),
    **steps("scale_2", 3, (84, 2), (86, 1), (88, 0)),
    # added on oxygen only: there, too high a saturation harms
    **steps("scale_2_on_oxygen", 0, (93, 1), (95, 2), (97, 3)),
    "oxygen.points": 2,
    **steps("systolic_bp", 3, (91, 2), (101, 1), (111, 0), (220, 3)),
    **steps("pulse", 3, (41, 1), (51, 0), (91, 1), (111, 2), (131, 3)),
    "not_alert.points": 3,
    **steps("temperature", 3, (35.1, 1), (36.1, 0), (38.1, 1), (39.1, 2)),
    "single_parameter.from": 3,
}

BANDS = (
    Band("none", "0: observe at least every 12 hours", 0.0, "S"),
    Band("low", "1 to 4: observe at least every 4 to 6 hours", 1.0, "S"),
    Band("medium", "5 or 6: urgent review", 5.0, "S"),
    Band("high", "7 or more: emergency review, observe continuously", 7.0, "S"),
)
SINGLE_BANDS = (
    Band("no", "No single parameter scores 3", 0.0, "S"),
    Band("yes", "A single parameter scores 3: urgent review, observe at least hourly", 1.0, "S"),
)


def formula(numbers: Mapping[str, float], arrays: Arrays) -> FloatArray:
    """The total, and 1.0 where a single parameter scores 3: shape (n, 2)."""
    whole = {name: charted(arrays[name]) for name in _WHOLE}
    saturation, on_oxygen = whole["oxygen_saturation"], arrays["supplemental_oxygen"]
    scale_2 = banded(numbers, "scale_2", saturation) + on_oxygen * banded(
        numbers, "scale_2_on_oxygen", saturation
    )
    points = np.array(
        [
            banded(numbers, "respiratory_rate", whole["respiratory_rate"]),
            np.where(arrays["spo2_scale_2"] > 0, scale_2, banded(numbers, "scale_1", saturation)),
            numbers["oxygen.points"] * on_oxygen,
            banded(numbers, "systolic_bp", whole["systolic_bp"]),
            banded(numbers, "pulse", whole["heart_rate"]),
            numbers["not_alert.points"] * arrays["not_alert"],
            banded(numbers, "temperature", charted(arrays["body_temperature"], 1)),
        ]
    )
    single = (points.max(axis=0) >= numbers["single_parameter.from"]).astype(float)
    return np.column_stack([points.sum(axis=0), single])


_WHOLE = ("respiratory_rate", "oxygen_saturation", "systolic_bp", "heart_rate")

# name; rate, saturation, on oxygen, SBP, pulse, not alert, temperature, scale 2; total, single 3
_PUBLISHED: tuple[tuple[str, tuple[float, ...], float, float], ...] = (
    ("all normal", (18, 97, 0, 120, 80, 0, 37.0, 0), 0, 0),
    ("many deviations on oxygen", (22, 93, 1, 105, 112, 0, 38.5, 0), 10, 0),
    ("scale 2 on oxygen", (20, 95, 1, 130, 88, 0, 37.0, 1), 4, 0),
    ("scale 2 on air", (20, 95, 0, 130, 88, 0, 37.0, 1), 0, 0),
    ("respiratory rate 25 alone", (25, 97, 0, 120, 80, 0, 37.0, 0), 3, 1),
    ("systolic 219", (18, 97, 0, 219, 80, 0, 37.0, 0), 0, 0),
    ("systolic 220", (18, 97, 0, 220, 80, 0, 37.0, 0), 3, 1),
    ("temperature 36.0", (18, 97, 0, 120, 80, 0, 36.0, 0), 1, 0),
    ("temperature 36.1", (18, 97, 0, 120, 80, 0, 36.1, 0), 0, 0),
    ("pulse 40", (18, 97, 0, 120, 40, 0, 37.0, 0), 3, 1),
    ("pulse 41", (18, 97, 0, 120, 41, 0, 37.0, 0), 1, 0),
)
_ORDER = (
    "respiratory_rate",
    "oxygen_saturation",
    "supplemental_oxygen",
    "systolic_bp",
    "heart_rate",
    "not_alert",
    "body_temperature",
    "spo2_scale_2",
)


def news2() -> ClinicalModel:
    """NEWS2 as a clinical model: the total, and the single-parameter flag."""
    declared = (
        inputs.age(LOWEST_AGE, None),
        RESPIRATORY_RATE,
        OXYGEN_SATURATION,
        SUPPLEMENTAL_OXYGEN,
        SYSTOLIC_BP,
        PULSE,
        NOT_ALERT,
        TEMPERATURE,
        SPO2_SCALE_2,
    )
    return ClinicalModel(
        id="news2",
        version=VERSION,
        title="National Early Warning Score 2 (NEWS2)",
        family="bedside",
        inputs=declared,
        outcomes=(
            Outcome(
                id="news2",
                label="NEWS2",
                horizon_years=None,
                is_probability=False,
                unit="{points}",
                definition="How far one set of observations departs from normal, 0 to 20 points.",
                bands=BANDS,
            ),
            Outcome(
                id="news2_single_parameter",
                label="NEWS2: a single parameter scores 3",
                horizon_years=None,
                is_probability=False,
                unit="",
                definition="1 when at least one parameter scores 3 points by itself, else 0.",
                bands=SINGLE_BANDS,
            ),
        ),
        predict=Equation(NUMBERS, formula),
        applies=bedside_applies,
        facts=NEWS2_FACTS,
        vectors=tuple(
            Vector(
                name=name,
                inputs={"age": 60.0, **dict(zip(_ORDER, map(float, values), strict=True))},
                expected={"news2": total, "news2_single_parameter": single},
                tolerance=1e-9,
                provenance="by the published chart",
                evidence="S",
            )
            for name, values, total, single in _PUBLISHED
        ),
        artefact_hash=artefact_hash(VERSION, repr(sorted(NUMBERS.items())).encode(), declared),
        quiet=True,
    )
