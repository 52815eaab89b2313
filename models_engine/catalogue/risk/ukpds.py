"""UKPDS Outcomes Model 2 as clinical models: one event each, one year ahead.

Natural history, uncalibrated: for clinicians, in their quiet section, and never for patients.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    MALE,
    Arrays,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.facts import EvidenceTag
from models_engine.catalogue.outcome_event import (
    DEATH,
    HEART_FAILURE,
    INFARCTION,
    KIDNEY_FAILURE,
    STROKE,
    OutcomeEvent,
    a_further,
    first_recorded,
)
from models_engine.catalogue.risk import ukpds_equations as equations
from models_engine.catalogue.risk.applicability import (
    not_after_death,
    not_with,
    steady_kidney_function,
)
from models_engine.catalogue.risk.ukpds_facts import LABEL, ukpds_facts
from models_engine.catalogue.risk.ukpds_inputs import ALL
from models_engine.catalogue.scores import parts

VERSION = "2013.1"
FAMILY = "ukpds"
OneYear = Callable[[Mapping[str, float], Arrays], FloatArray]


def _weibull(equation: str) -> OneYear:
    return partial(_called, equations.weibull, equation)


def _logistic(equation: str) -> OneYear:
    return partial(_called, equations.logistic, equation)


def _called(
    kind: Callable[[Mapping[str, float], Arrays, str], FloatArray],
    equation: str,
    n: Mapping[str, float],
    x: Arrays,
) -> FloatArray:
    return kind(n, x, equation)


@dataclass(frozen=True)
class _Event:
    """One model: its equations, and whether the event must not, or must, have happened before."""

    id: str
    label: str
    what: str
    used: tuple[str, ...]
    formula: OneYear
    first: str = ""
    after: str = ""
    further: str = ""
    # V: reference values reproduced; S: coefficients read twice; J: put together by us
    evidence: EvidenceTag = "V"


AMPUTATION_NOTE = (
    "The constant of an amputation after an ulcer is -0.881 in the table we used and -0.811 in "
    "another public one; the paper itself was not at hand."
)
EVENTS = (
    _Event(
        "heart_failure",
        "Heart failure",
        "a first heart failure",
        ("heart_failure",),
        _weibull("heart_failure"),
        first="heart_failure",
    ),
    _Event(
        "ihd",
        "Ischaemic heart disease",
        "a first ischaemic heart disease other than infarction",
        ("ihd",),
        _weibull("ihd"),
        first="ihd",
    ),
    _Event(
        "mi",
        "Myocardial infarction",
        "a first myocardial infarction",
        ("mi_men", "mi_women"),
        equations.first_mi,
        first="mi",
    ),
    _Event(
        "second_mi",
        "Further myocardial infarction",
        "a further myocardial infarction",
        ("second_mi",),
        _weibull("second_mi"),
        after="mi",
        evidence="S",
    ),
    _Event(
        "stroke",
        "Stroke",
        "a first stroke",
        ("stroke",),
        _weibull("stroke"),
        first="stroke",
    ),
    _Event(
        "second_stroke",
        "Further stroke",
        "a further stroke",
        ("second_stroke",),
        _weibull("second_stroke"),
        after="stroke",
        evidence="S",
    ),
    _Event(
        "blindness",
        "Blindness in one eye",
        "a first blindness in one eye",
        ("blindness",),
        _weibull("blindness"),
        first="blindness",
    ),
    _Event(
        "ulcer",
        "Foot ulcer",
        "a first foot ulcer",
        ("ulcer",),
        _logistic("ulcer"),
        first="ulcer",
    ),
    _Event(
        "amputation",
        "Amputation",
        "a first amputation",
        ("amputation_without_ulcer", "amputation_with_ulcer"),
        equations.first_amputation,
        first="amputation",
        further=AMPUTATION_NOTE,
        evidence="S",
    ),
    _Event(
        "second_amputation",
        "Further amputation",
        "a further amputation",
        ("second_amputation",),
        _weibull("second_amputation"),
        after="amputation",
        evidence="S",
    ),
    _Event(
        "renal_failure",
        "Kidney failure",
        "a first kidney failure",
        ("renal_failure",),
        _weibull("renal_failure"),
        first="renal_failure",
    ),
    _Event(
        "death",
        "Death",
        "death",
        (*equations.EVENT_EQUATIONS, *equations.DEATH_EQUATIONS),
        equations.death,
        further=(
            "The probability of death is the average of the death equations over all that may "
            f"happen in the year, which is our own sum. {AMPUTATION_NOTE}"
        ),
        evidence="J",
    ),
)


# other ischaemic heart disease has no concept without infarction: it cannot be recognised
RECORDED: dict[str, OutcomeEvent] = {
    "heart_failure": HEART_FAILURE,
    "mi": INFARCTION,
    "second_mi": a_further("myocardial_infarction"),
    "stroke": STROKE,
    "second_stroke": a_further("stroke"),
    "blindness": first_recorded("blindness"),
    "ulcer": first_recorded("foot_ulcer"),
    "amputation": first_recorded("lower_limb_amputation"),
    "second_amputation": a_further("lower_limb_amputation"),
    "renal_failure": KIDNEY_FAILURE,
    "death": DEATH,
}


def applies(event: _Event, circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For living people with type 2 diabetes, before a first event or after it."""
    found = (
        *not_after_death(circumstances),
        *parts.only_if_found(
            circumstances,
            "diabetes_type_2",
            "the equations are for type 2 diabetes, and none is recorded.",
        ),
        *not_with(
            ("pregnancy",), circumstances.active, "The equations were not made for pregnancy."
        ),
    )
    if "egfr" in equations.concepts_of(event.used):
        found += steady_kidney_function(circumstances)
    if event.first:
        concept = equations.HISTORY[event.first]
        because = f"{ALL[concept].label} is recorded already; this is about a first one."
        found += parts.not_yet(circumstances, concept, because)
    if event.after:
        concept = equations.HISTORY[event.after]
        because = f"{ALL[concept].label} is not recorded; this is about a further one."
        found += parts.only_if_found(circumstances, concept, because)
    return found


def _column(formula: OneYear, n: Mapping[str, float], x: Arrays) -> FloatArray:
    return formula(n, x)[:, np.newaxis]


def _model(event: _Event) -> ClinicalModel:
    read = equations.concepts_of(event.used) | {"age", "diabetes_type_2"}
    read |= {equations.HISTORY[name] for name in (event.first, event.after) if name}
    if event.id in ("mi", "death"):
        read.add("sex")
    if event.id in ("amputation", "death"):
        read.add("foot_ulcer")
    if event.id == "death":
        read |= set(equations.HISTORY.values())
    declared = tuple(ALL[concept] for concept in ALL if concept in read)
    numbers = equations.numbers_of(event.used)
    return ClinicalModel(
        id=f"ukpds_om2_{event.id}",
        version=VERSION,
        title=f"UKPDS OM2, {event.label.lower()} ({LABEL})",
        family=FAMILY,
        inputs=declared,
        outcomes=(
            Outcome(
                id=f"ukpds_{event.id}",
                label=f"{event.label} ({LABEL})",
                horizon_years=1.0,
                is_probability=True,
                definition=f"{event.what[:1].upper()}{event.what[1:]} within one year.",
                event=RECORDED.get(event.id),
            ),
        ),
        predict=Equation(numbers, partial(_column, event.formula)),
        applies=partial(applies, event),
        facts=ukpds_facts(VERSION, event.what, event.evidence, further=event.further),
        vectors=_vectors(event, tuple(i.concept for i in declared)),
        artefact_hash=artefact_hash(VERSION, parts.in_text(numbers), declared),
        quiet=True,
    )


# the person of the regression vectors: diagnosed at 55, eight years ago, nothing else
PERSON = {
    **dict.fromkeys(ALL, 0.0),
    "age": 63.0,
    "sex": MALE,
    "diabetes_type_2": 1.0,
    "diabetes_duration": 8.0,
    "bmi": 31.0,
    "egfr": 75.0,
    "hba1c": 8.0,
    "hdl_cholesterol": 1.1,
    "ldl_cholesterol": 3.0,
    "systolic_bp": 142.0,
    "smoking_status": 1.0,
    "wbc": 7.5,
    "heart_rate": 76.0,
    "haemoglobin": 14.2,
}
COMPUTED = "computed from the published equations by a second implementation"
OWN = "computed by the second implementation in this project's tests"
# the event, what differs from that person, the probability, its tolerance, where from, how sure
_VECTORS: tuple[tuple[str, dict[str, float], float, float, str, EvidenceTag], ...] = (
    ("heart_failure", {}, 0.003007, 6e-7, COMPUTED, "V"),
    ("ihd", {}, 0.010065, 6e-7, COMPUTED, "V"),
    ("mi", {}, 0.015245, 6e-7, COMPUTED, "V"),
    ("stroke", {}, 0.007256, 6e-7, COMPUTED, "V"),
    ("blindness", {}, 0.003373, 6e-7, COMPUTED, "V"),
    ("renal_failure", {}, 0.000273, 6e-7, COMPUTED, "V"),
    ("ulcer", {}, 0.002455, 6e-7, COMPUTED, "V"),
    (
        "heart_failure",
        {
            "age": 70.0,
            "bmi": 32.0,
            "egfr": 50.0,
            "albuminuria": 1.0,
            "lower_limb_amputation": 1.0,
        },
        0.0267,
        6e-5,
        "worked example of the paper's supplement, as tested in a public implementation",
        "V",
    ),
    ("second_mi", {"myocardial_infarction": 1.0}, 0.028344, 6e-7, OWN, "J"),
    ("second_stroke", {"stroke": 1.0}, 0.028930, 6e-7, OWN, "J"),
    ("amputation", {}, 0.000941, 6e-7, OWN, "J"),
    ("second_amputation", {"lower_limb_amputation": 1.0}, 0.083550, 6e-7, OWN, "J"),
    ("death", {}, 0.025643, 6e-7, OWN, "J"),
)


def _vectors(event: _Event, concepts: tuple[str, ...]) -> tuple[Vector, ...]:
    return tuple(
        Vector(
            f"{event.id} {number}",
            {c: {**PERSON, **changed}[c] for c in concepts},
            {f"ukpds_{event.id}": probability},
            tolerance,
            provenance,
            evidence,
        )
        for number, (name, changed, probability, tolerance, provenance, evidence) in enumerate(
            _VECTORS, 1
        )
        if name == event.id
    )


def ukpds_models() -> tuple[ClinicalModel, ...]:
    """The twelve registered equations."""
    return tuple(_model(event) for event in EVENTS)
