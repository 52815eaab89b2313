"""Assumed movement of measurements of which no real series was available. Shown as "not validated".

Sources: [M] general knowledge, not yet verified here; [J] our judgement. Spreads are on the working
scale: 0.08 on the logarithm is a coefficient of variation of 8 %.
"""

from dataclasses import replace

import numpy as np

from models_engine.catalogue.trajectory.dynamics import Dynamics
from models_engine.catalogue.trajectory.measurement import Scale
from patients.terminology.measurements import MeasurementConcept

# whose own values decide how steady a person is: [J], wide on purpose
STEADINESS = ((0.4, 1.0), (0.7, 2.0), (1.0, 3.0), (1.5, 2.0), (2.5, 1.0))
OUTLIER = 3.0
# a usual range that spans more than this factor is taken as a logarithm: [J]
LOG_FACTOR = 4.0

_COMMON = Dynamics(level_mean=0, level_sd=1, outlier=OUTLIER, steadiness=STEADINESS)

ASSUMED: dict[str, tuple[Scale, Dynamics]] = {
    # within-person SD 0.3-0.4 % [M]; the slope of +0.1 to +0.2 %/y is of type 2 diabetes alone [M]
    # and the filter does not know who has it: none for the population, room for the person's [J]
    "hba1c": (
        "log",
        replace(
            _COMMON,
            level_mean=float(np.log(6.3)),
            level_sd=0.22,
            slope_sd=0.03,
            slope_years=4.0,
            wander_sd=0.05,
            wander_years=1.5,
            noise_sd=0.045,
            change_sd=0.12,
        ),
    ),
    # -0.7 to -1.0 mL/min/y with ageing, -2 to -4 with albuminuria, within-person CV 5-8 % [M]
    "egfr": (
        "identity",
        replace(
            _COMMON,
            level_mean=80.0,
            level_sd=25.0,
            drift=-1.0,
            slope_sd=2.5,
            wander_sd=4.0,
            wander_years=1.0,
            noise_sd=5.0,
            change_sd=4.0,
        ),
    ),
    # within-person CV 8 % [M]; a statin takes a third to a half [M]
    "ldl_cholesterol": (
        "log",
        replace(
            _COMMON,
            level_mean=float(np.log(3.0)),
            level_sd=0.32,
            slope_sd=0.03,
            slope_years=3.0,
            wander_sd=0.12,
            wander_years=2.0,
            noise_sd=0.09,
            change_sd=0.4,
        ),
    ),
    # within-person SD about 1 kg [M]
    "weight": (
        "log",
        replace(
            _COMMON,
            level_mean=float(np.log(80.0)),
            level_sd=0.25,
            slope_sd=0.015,
            slope_years=3.0,
            level_walk=0.0008,
            wander_sd=0.02,
            wander_years=1.0,
            noise_sd=0.012,
            change_sd=0.04,
        ),
    ),
}


def assumed(name: str, concept: MeasurementConcept) -> tuple[Scale, Dynamics]:
    """The table's entry, or a rule for any other laboratory value: [J].

    The usual range (cleaning limits, wider than a reference interval) stands for six standard
    deviations between people; noise and wander are shares of that.
    """
    if name in ASSUMED:
        return ASSUMED[name]
    low, high = concept.usual_low, concept.usual_high
    scale: Scale = "identity"
    if low > 0 and high / low >= LOG_FACTOR:
        scale, low, high = "log", float(np.log(low)), float(np.log(high))
    between = (high - low) / 6
    return scale, replace(
        _COMMON,
        level_mean=(low + high) / 2,
        level_sd=between,
        slope_sd=between / 10,
        slope_years=3.0,
        wander_sd=between / 2,
        wander_years=1.5,
        noise_sd=between / 2,
        change_sd=between / 2,
    )
