"""The glucose minimal model (Bergman), and surrogates of insulin resistance from one blood sample.

    G' = -(SG + X) G + SG Gb + Ra / V            mg/dL a minute
    X' = -p2 X + p2 SI (I - Ib)                  a minute
    I' = -n (I - Ib) + gamma max(G - h, 0) t     mU/L a minute, after an injection of glucose

Ra is what appears of a meal (mg/kg/min), V the volume of glucose (dL/kg). For teaching and
research: it is no forecast of anybody's glucose. No interval is given; the typical values differ
widely between people.
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from models_engine.catalogue.contract import FloatArray, Input
from models_engine.catalogue.facts import EvidenceTag
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet
from models_engine.catalogue.mechanistic.refusing import require

BERGMAN = "typical values of Bergman's minimal model"
MG_DL_PER_MMOL_L = 18.016


def _typical(
    who: str, effectiveness: float, sensitivity: float, evidence: EvidenceTag = "M"
) -> ParameterSet:
    def p(name: str, value: float, unit: str, tag: EvidenceTag = "M") -> Parameter:
        return Parameter(name, value, unit, BERGMAN, tag)

    return ParameterSet(
        f"Glucose minimal model, {who}",
        (
            p("glucose_effectiveness", effectiveness, "/min", evidence),
            p("insulin_sensitivity", sensitivity, "L/mU/min"),
            p("insulin_action", 0.025, "/min"),
            p("glucose_volume", 1.7, "dL/kg"),
            p("insulin_decay", 0.2, "/min"),
        ),
    )


NORMAL = _typical("normal tolerance", 0.02, 6e-4)
# the effectiveness in impaired tolerance is not in our notes: between the other two [J]
IMPAIRED = _typical("impaired tolerance", 0.0175, 3e-4, "J")
DIABETES = _typical("type 2 diabetes", 0.015, 1e-4)

GLUCOSE = Input(
    concept="glucose",
    role="measurement",
    unit="mmol/L",
    low=1,
    high=40,
    label="Fasting glucose",
    order="Order fasting glucose.",
)
INSULIN = Input(
    concept="insulin",
    role="measurement",
    unit="mU/L",
    low=0.1,
    high=1000,
    label="Fasting insulin",
    order="Order fasting insulin.",
)
TRIGLYCERIDES = Input(
    concept="triglycerides",
    role="measurement",
    unit="mmol/L",
    low=0.1,
    high=50,
    label="Triglycerides",
    order="Order triglycerides.",
)
TRIGLYCERIDES_MG_DL_PER_MMOL_L = 1 / 0.01129
HOMA_DIVISOR = 22.5


@dataclass(frozen=True, eq=False)
class Sampled:
    """A course given at some minutes, straight between them, and constant outside."""

    minutes: FloatArray
    values: FloatArray

    def at(self, minute: float) -> float:
        return float(np.interp(minute, self.minutes, self.values))


@dataclass(frozen=True)
class Secretion:
    """The second phase after an injection: mU/L/min/min per mg/dL above `threshold` (mg/dL)."""

    slope: float
    threshold: float


@dataclass(frozen=True, eq=False)
class GlucoseCourse:
    """Arrays (m,): minutes, mg/dL, mU/L, and the action of insulin (a minute)."""

    minutes: FloatArray
    glucose: FloatArray
    insulin: FloatArray
    action: FloatArray


def glucose_course(
    parameters: ParameterSet,
    minutes: FloatArray,
    *,
    basal_glucose: float,
    basal_insulin: float,
    glucose: float,
    insulin: Sampled | Secretion | None = None,
    insulin_at_start: float | None = None,
    appearance: Sampled | None = None,
) -> GlucoseCourse:
    """From `glucose` mg/dL on, at `minutes` (rising, the first is the start).

    `insulin` is a measured course, the secretion after an injection, or nothing but its decay from
    `insulin_at_start`. `appearance` is glucose from a meal, mg/kg/min.
    """
    n = parameters

    def insulin_at(minute: float, state: FloatArray) -> float:
        return insulin.at(minute) if isinstance(insulin, Sampled) else float(state[2])

    def rates(minute: float, state: FloatArray) -> list[float]:
        level, action, _ = state
        now = insulin_at(minute, state)
        eaten = appearance.at(minute) / n["glucose_volume"] if appearance else 0.0
        effectiveness = n["glucose_effectiveness"]
        d_level = -(effectiveness + action) * level + effectiveness * basal_glucose + eaten
        above = n["insulin_sensitivity"] * (now - basal_insulin)
        d_insulin = 0.0
        if not isinstance(insulin, Sampled):
            d_insulin = -n["insulin_decay"] * (now - basal_insulin)
            if isinstance(insulin, Secretion):
                since = minute - float(minutes[0])
                d_insulin += insulin.slope * max(level - insulin.threshold, 0.0) * since
        return [d_level, -n["insulin_action"] * (action - above), d_insulin]

    begun = basal_insulin if insulin_at_start is None else insulin_at_start
    solved = solve_ivp(
        rates,
        (float(minutes[0]), float(minutes[-1])),
        [glucose, 0.0, begun],
        method="LSODA",
        t_eval=minutes,
        rtol=1e-9,
        atol=1e-9,
        # a sampled course has corners that a long step would miss
        max_step=1.0,
    )
    if not solved.success:
        raise ArithmeticError(solved.message)
    shown = solved.y[2]
    if isinstance(insulin, Sampled):
        shown = np.array([insulin.at(minute) for minute in minutes])
    return GlucoseCourse(np.asarray(minutes), solved.y[0], shown, solved.y[1])


def homa_ir(glucose: float, insulin: float) -> float:
    """Homeostasis model assessment, from fasting mmol/L and mU/L. Raises RefusedError."""
    require((GLUCOSE, INSULIN), {"glucose": glucose, "insulin": insulin})
    return glucose * insulin / HOMA_DIVISOR


def quicki(glucose: float, insulin: float) -> float:
    """Quantitative insulin sensitivity check index, from fasting mmol/L and mU/L."""
    require((GLUCOSE, INSULIN), {"glucose": glucose, "insulin": insulin})
    return float(1.0 / (np.log10(insulin) + np.log10(glucose * MG_DL_PER_MMOL_L)))


def tyg(triglycerides: float, glucose: float) -> float:
    """Triglyceride-glucose index, from fasting mmol/L of both."""
    require((GLUCOSE, TRIGLYCERIDES), {"glucose": glucose, "triglycerides": triglycerides})
    fat = triglycerides * TRIGLYCERIDES_MG_DL_PER_MMOL_L
    return float(np.log(fat * glucose * MG_DL_PER_MMOL_L / 2.0))
