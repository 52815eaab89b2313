"""Which codes of a record can feed an input, for a reader who wants to check them."""

from collections.abc import Iterator
from dataclasses import dataclass

from models_engine.catalogue.contract import Input
from patients.terminology.answers import answers_of
from patients.terminology.codings import Code
from patients.terminology.comorbidities import COMORBIDITIES
from patients.terminology.conditions import CONDITIONS, condition_codes_of
from patients.terminology.measurements import OBSERVATIONS, codes_of
from patients.terminology.medications import CLASSES, medication_codes_of

# inputs that are computed, or reported under a name of their own: what is reported comes first
MADE_FROM = {
    "egfr": ("egfr_reported", "creatinine"),
    "bmi": ("bmi", "weight", "height"),
}
# inputs that the portal's own readers find, for which no code stands in the tables
OWN_READERS = {
    "age": "Patient.birthDate",
    "sex": "Patient.gender",
    "ischaemic_heart_disease": "Coronary heart disease in the record without an infarction.",
    "systolic_bp_sd": "Systolic blood pressures of two days or more in the record.",
    "sdi_decile": "Nothing in a record is read as this input yet.",
    "spo2_scale_2": "Set by a clinician; no code is read for it yet, so scale 1 is used.",
}
# roles that are looked up in the tables alone: a name that is not there is never found, and a
# condition or medicine that is never found would count as absent in silence
LOOKED_UP = ("measurement", "condition", "medication")


@dataclass(frozen=True)
class AcceptedCode:
    """A code that is read as an input, or as an answer to it (`meaning` "current").

    `and_below`: all codes that begin with it count too (ICD-10 and ATC groups).
    """

    concept: str
    system: str
    code: str
    display: str
    meaning: str = ""
    and_below: bool = False


def concepts_of(declared: Input) -> tuple[str, ...]:
    """The recorded concepts that feed an input."""
    return MADE_FROM.get(declared.concept, declared.recorded_concepts)


def is_known(declared: Input) -> bool:
    """True when a record can hold this input: all its concepts are in the tables.

    What is not looked up there is found by a reader of its own, or is missing by name.
    """
    known = {*OBSERVATIONS, *CONDITIONS, *CLASSES, *COMORBIDITIES, *OWN_READERS}
    return declared.role not in LOOKED_UP or set(concepts_of(declared)) <= known


def source_text(declared: Input) -> str:
    """Where an input comes from, in words."""
    if declared.concept in OWN_READERS:
        return OWN_READERS[declared.concept]
    if declared.concept in MADE_FROM:
        return f"Computed from, or reported as: {', '.join(MADE_FROM[declared.concept])}."
    if not accepted_codes(declared):
        return "Derived from the record; no single code stands for it."
    return "The codes listed with this input."


def accepted_codes(declared: Input) -> tuple[AcceptedCode, ...]:
    """Every code that is read as the input, in the order of the tables."""
    return tuple(code for concept in concepts_of(declared) for code in _codes(concept))


def _codes(concept: str) -> Iterator[AcceptedCode]:
    for entry in codes_of(concept):
        yield _accepted(concept, entry.code, entry.display)
    for code, answer in answers_of(concept):
        yield _accepted(concept, code, answer.display, meaning=answer.value_code)
    for code, condition, and_below in condition_codes_of(concept):
        yield _accepted(concept, code, condition.display, and_below=and_below)
    for code, medication in medication_codes_of(concept):
        name = medication.display or medication.name
        yield _accepted(concept, code, name, and_below=code.name == "atc")


def _accepted(
    concept: str, code: Code, display: str, *, meaning: str = "", and_below: bool = False
) -> AcceptedCode:
    return AcceptedCode(concept, code.name, code.value, display, meaning, and_below)
