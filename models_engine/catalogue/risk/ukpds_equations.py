"""The event and death equations of the UKPDS Outcomes Model 2, for one year ahead.

Weibull    1 - exp(e^lp (t^rho - (t+1)^rho)), t the years since the diagnosis (exponential: rho 1)
logistic   1 / (1 + e^-lp)
Gompertz   1 - exp(e^lp / phi (e^(phi age) - e^(phi (age+1))))

References
----------
Hayes AJ, Leal J, Gray AM, Holman RR, Clarke PM. UKPDS Outcomes Model 2. Diabetologia
2013;56:1925-1933 (UKPDS 82).
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from models_engine.catalogue.contract import FEMALE, Arrays, FloatArray

COEFFICIENTS = Path(__file__).parent / "coefficients" / "ukpds_om2.csv"
Numbers = Mapping[str, float]
NOT_TERMS = ("constant", "shape")

# the events of a year that the death equations name
NAMED_EVENTS = ("amputation", "ihd", "mi", "renal_failure", "stroke")
# concept of the history of each event
HISTORY = {
    "amputation": "lower_limb_amputation",
    "blindness": "blindness",
    "heart_failure": "heart_failure",
    "ihd": "ischaemic_heart_disease",
    "mi": "myocardial_infarction",
    "renal_failure": "renal_failure",
    "stroke": "stroke",
    "ulcer": "foot_ulcer",
}
EVENT_EQUATIONS = (
    "heart_failure",
    "ihd",
    "mi_men",
    "mi_women",
    "second_mi",
    "stroke",
    "second_stroke",
    "blindness",
    "ulcer",
    "amputation_without_ulcer",
    "amputation_with_ulcer",
    "second_amputation",
    "renal_failure",
)
DEATH_EQUATIONS = (
    "death_without_history_or_event",
    "death_with_first_event",
    "death_with_history",
    "death_with_history_and_event",
)
# units in the linear predictor: blood pressure, eGFR and heart rate by 10, cholesterol x 10
SCALES = {
    "systolic_bp": 0.1,
    "egfr": 0.1,
    "heart_rate": 0.1,
    "hdl_cholesterol": 10.0,
    "ldl_cholesterol": 10.0,
}
KNOTS = {"egfr": 60.0, "ldl_cholesterol": 3.5, "bmi_low": 18.5, "bmi_high": 25.0}


def _scaled(n: Numbers, x: Arrays, concept: str) -> FloatArray:
    return x[concept] * n[f"scale.{concept}"]


def _below_knot(n: Numbers, x: Arrays) -> FloatArray:
    return np.minimum(x["egfr"], n["knot.egfr"]) * n["scale.egfr"]


def _above_knot(n: Numbers, x: Arrays, concept: str) -> FloatArray:
    return np.maximum(x[concept] - n[f"knot.{concept}"], 0.0) * n[f"scale.{concept}"]


def _recorded(x: Arrays, concept: str) -> FloatArray:
    """Ethnicity: where it is not recorded, the reference group."""
    return np.nan_to_num(x[concept])


Term = Callable[[Numbers, Arrays], FloatArray]
TERMS: dict[str, Term] = {
    "age": lambda n, x: x["age"],
    "duration": lambda n, x: x["diabetes_duration"],
    "age_at_diagnosis": lambda n, x: x["age"] - x["diabetes_duration"],
    "female": lambda n, x: (x["sex"] == FEMALE).astype(np.float64),
    "afro_caribbean": lambda n, x: _recorded(x, "afro_caribbean"),
    "asian_indian": lambda n, x: _recorded(x, "asian_indian"),
    "bmi": lambda n, x: x["bmi"],
    "bmi_below_18_5": lambda n, x: (x["bmi"] < n["knot.bmi_low"]).astype(np.float64),
    "bmi_from_25": lambda n, x: (x["bmi"] >= n["knot.bmi_high"]).astype(np.float64),
    "egfr": lambda n, x: _scaled(n, x, "egfr"),
    "egfr_below_60": _below_knot,
    "egfr_above_60": lambda n, x: _above_knot(n, x, "egfr"),
    "hba1c": lambda n, x: x["hba1c"],
    "hdl": lambda n, x: _scaled(n, x, "hdl_cholesterol"),
    "ldl": lambda n, x: _scaled(n, x, "ldl_cholesterol"),
    "ldl_above_3_5": lambda n, x: _above_knot(n, x, "ldl_cholesterol"),
    "systolic_bp": lambda n, x: _scaled(n, x, "systolic_bp"),
    "heart_rate": lambda n, x: _scaled(n, x, "heart_rate"),
    "wbc": lambda n, x: x["wbc"],
    "haemoglobin": lambda n, x: x["haemoglobin"],
    "albuminuria": lambda n, x: x["albuminuria"],
    "smoker": lambda n, x: x["smoking_status"],
    "atrial_fibrillation": lambda n, x: x["atrial_fibrillation"],
    "pvd": lambda n, x: x["peripheral_artery_disease"],
    "heart_failure": lambda n, x: x["heart_failure"],
    "ihd": lambda n, x: x["ischaemic_heart_disease"],
    "mi": lambda n, x: x["myocardial_infarction"],
    "stroke": lambda n, x: x["stroke"],
    "blindness": lambda n, x: x["blindness"],
    "ulcer": lambda n, x: x["foot_ulcer"],
    "amputation": lambda n, x: x["lower_limb_amputation"],
    "renal_failure": lambda n, x: x["renal_failure"],
}
# what each term reads: the inputs, and the scales and knots among the numbers
READS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "age_at_diagnosis": (("age", "diabetes_duration"), ()),
    "duration": (("diabetes_duration",), ()),
    "female": (("sex",), ()),
    "bmi_below_18_5": (("bmi",), ("knot.bmi_low",)),
    "bmi_from_25": (("bmi",), ("knot.bmi_high",)),
    "egfr": (("egfr",), ("scale.egfr",)),
    "egfr_below_60": (("egfr",), ("scale.egfr", "knot.egfr")),
    "egfr_above_60": (("egfr",), ("scale.egfr", "knot.egfr")),
    "hdl": (("hdl_cholesterol",), ("scale.hdl_cholesterol",)),
    "ldl": (("ldl_cholesterol",), ("scale.ldl_cholesterol",)),
    "ldl_above_3_5": (("ldl_cholesterol",), ("scale.ldl_cholesterol", "knot.ldl_cholesterol")),
    "systolic_bp": (("systolic_bp",), ("scale.systolic_bp",)),
    "heart_rate": (("heart_rate",), ("scale.heart_rate",)),
    "smoker": (("smoking_status",), ()),
    "pvd": (("peripheral_artery_disease",), ()),
    "ihd": (("ischaemic_heart_disease",), ()),
    "mi": (("myocardial_infarction",), ()),
    "ulcer": (("foot_ulcer",), ()),
    "amputation": (("lower_limb_amputation",), ()),
}


def read_equations() -> dict[str, dict[str, float]]:
    """Every published number by equation and term. Raises ValueError on a term without formula."""
    found: dict[str, dict[str, float]] = {}
    with COEFFICIENTS.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            term = row["term"]
            if term not in TERMS and term not in NOT_TERMS and not term.endswith("_event"):
                raise ValueError(f"UKPDS {row['equation']}: no formula for {term}")
            found.setdefault(row["equation"], {})[term] = float(row["value"])
    return found


EQUATIONS = read_equations()


def terms_of(equation: str) -> tuple[str, ...]:
    """The terms of an equation that read a person; not its constants, not the year's events."""
    return tuple(term for term in EQUATIONS[equation] if term in TERMS)


def numbers_of(equations: Iterable[str]) -> dict[str, float]:
    """The numbers of several equations, "equation.term", with the scales and knots they use."""
    found: dict[str, float] = {}
    for equation in equations:
        found |= {f"{equation}.{term}": value for term, value in EQUATIONS[equation].items()}
        for term in terms_of(equation):
            for name in READS.get(term, ((), ()))[1]:
                kind, concept = name.split(".")
                found[name] = {"scale": SCALES, "knot": KNOTS}[kind][concept]
    return found


def concepts_of(equations: Iterable[str]) -> set[str]:
    """The inputs that several equations read."""
    found = set()
    for equation in equations:
        for term in terms_of(equation):
            found |= set(READS.get(term, ((term,), ()))[0])
        if "shape" in EQUATIONS[equation]:
            # Weibull runs over the duration, Gompertz over age
            found.add("age" if equation in DEATH_EQUATIONS else "diabetes_duration")
    return found


def linear(n: Numbers, x: Arrays, equation: str) -> FloatArray:
    """The linear predictor, shape (n,), without the events of the year."""
    total = np.full(len(x["age"]), n[f"{equation}.constant"])
    for term in terms_of(equation):
        total = total + n[f"{equation}.{term}"] * TERMS[term](n, x)
    return total


def weibull(n: Numbers, x: Arrays, equation: str) -> FloatArray:
    """Probability of the event within the year, shape (n,)."""
    years, shape = x["diabetes_duration"], n[f"{equation}.shape"]
    hazard = np.exp(linear(n, x, equation)) * ((years + 1.0) ** shape - years**shape)
    return np.asarray(-np.expm1(-hazard))


def logistic(n: Numbers, x: Arrays, equation: str, events: float | FloatArray = 0.0) -> FloatArray:
    """The same of a logistic equation; `events` are added to the linear predictor."""
    return np.asarray(1.0 / (1.0 + np.exp(-(linear(n, x, equation) + events))))


def gompertz(n: Numbers, x: Arrays, equation: str) -> FloatArray:
    """The same of a Gompertz equation, over age."""
    shape = n[f"{equation}.shape"]
    rise = np.exp(shape * (x["age"] + 1.0)) - np.exp(shape * x["age"])
    return np.asarray(-np.expm1(-np.exp(linear(n, x, equation)) / shape * rise))


def first_mi(n: Numbers, x: Arrays) -> FloatArray:
    """Men and women have equations of their own."""
    return np.where(x["sex"] == FEMALE, weibull(n, x, "mi_women"), weibull(n, x, "mi_men"))


def first_amputation(n: Numbers, x: Arrays) -> FloatArray:
    """So have people with and without an ulcer before."""
    return np.where(
        x["foot_ulcer"] > 0,
        weibull(n, x, "amputation_with_ulcer"),
        weibull(n, x, "amputation_without_ulcer"),
    )


def event_probabilities(n: Numbers, x: Arrays) -> dict[str, FloatArray]:
    """Of each event within the year: 0 where it can only happen once and has happened."""
    once = {
        "heart_failure": weibull(n, x, "heart_failure"),
        "ihd": weibull(n, x, "ihd"),
        "blindness": weibull(n, x, "blindness"),
        "renal_failure": weibull(n, x, "renal_failure"),
        "ulcer": logistic(n, x, "ulcer"),
    }
    found = {event: np.where(x[HISTORY[event]] > 0, 0.0, p) for event, p in once.items()}
    again = {
        "mi": (first_mi(n, x), weibull(n, x, "second_mi")),
        "stroke": (weibull(n, x, "stroke"), weibull(n, x, "second_stroke")),
        "amputation": (first_amputation(n, x), weibull(n, x, "second_amputation")),
    }
    for event, (first, second) in again.items():
        found[event] = np.where(x[HISTORY[event]] > 0, second, first)
    return found


def has_history(x: Arrays) -> FloatArray:
    """Any of the eight events before, as a truth value."""
    return np.asarray(np.any([x[concept] > 0 for concept in HISTORY.values()], axis=0))


def death_without_event(n: Numbers, x: Arrays) -> FloatArray:
    """Probability of death within a year in which nothing happens."""
    return np.where(
        has_history(x),
        gompertz(n, x, "death_with_history"),
        gompertz(n, x, "death_without_history_or_event"),
    )


def death_with_events(n: Numbers, x: Arrays, events: Iterable[str]) -> FloatArray:
    """Probability of death within a year in which `events` happen; those not named count as one.

    Heart failure, blindness and ulcers are events without a term of their own.
    """
    amputated = x[HISTORY["amputation"]] > 0
    first = np.zeros(len(x["age"]))
    later = np.zeros(len(x["age"]))
    for event in events:
        of_first = n.get(f"death_with_first_event.{event}_event", 0.0)
        of_later = n.get(f"death_with_history_and_event.{event}_event", 0.0)
        first = first + of_first
        if event == "amputation":
            second = n["death_with_history_and_event.second_amputation_event"]
            later = later + np.where(amputated, second, of_later)
        else:
            later = later + of_later
    return np.where(
        has_history(x),
        logistic(n, x, "death_with_history_and_event", later),
        logistic(n, x, "death_with_first_event", first),
    )


def death(n: Numbers, x: Arrays) -> FloatArray:
    """Probability of death within the year, over all that may happen in it.

    Given the state at the start of the year the events are independent; the death equations are
    averaged over every combination of them, weighted by its probability. That sum is ours [J];
    the simulation that the equations were made for draws the events instead.
    """
    p = event_probabilities(n, x)
    nothing_else = np.ones(len(x["age"]))
    for event in p:
        if event not in NAMED_EVENTS:
            nothing_else = nothing_else * (1.0 - p[event])
    total = np.zeros(len(x["age"]))
    for combination in range(1 << len(NAMED_EVENTS)):
        happened = [e for at, e in enumerate(NAMED_EVENTS) if combination >> at & 1]
        weight = np.ones(len(x["age"]))
        for event in NAMED_EVENTS:
            weight = weight * (p[event] if event in happened else 1.0 - p[event])
        if happened:
            total = total + weight * death_with_events(n, x, happened)
        else:
            without_event = nothing_else * death_without_event(n, x)
            other_event = (1.0 - nothing_else) * death_with_events(n, x, ())
            total = total + weight * (without_event + other_event)
    # the weights add up to 1 within rounding, and a probability may not be a hair above it
    return np.clip(total, 0.0, 1.0)
