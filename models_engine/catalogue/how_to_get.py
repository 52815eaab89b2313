"""How to get an input that a model lacks: one thing to do often settles several inputs.

Which inputs go together and what the thing to do is called is our judgement [J]: a lipid panel is
one order, a set of observations one round at the bedside. What a model lacks is said by the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Way = Literal["laboratory", "measure", "ask", "record", "none"]
WAYS: Mapping[Way, str] = {
    "laboratory": "Laboratory",
    "measure": "Measure",
    "ask": "Ask the patient",
    "record": "Record it",
    "none": "Not possible here",
}


@dataclass(frozen=True)
class HowToGet:
    """One thing to do, and the inputs that it gives."""

    id: str
    way: Way
    what: str
    concepts: tuple[str, ...]


ALL = (
    HowToGet(
        "lipid_panel",
        "laboratory",
        "Order a lipid panel",
        ("total_cholesterol", "hdl_cholesterol", "ldl_cholesterol"),
    ),
    HowToGet(
        "creatinine",
        "laboratory",
        "Order serum creatinine; the eGFR is computed from it",
        ("creatinine", "egfr"),
    ),
    HowToGet(
        "urine_acr",
        "laboratory",
        "Order a urine albumin-to-creatinine ratio",
        ("urine_acr", "albuminuria"),
    ),
    HowToGet("hba1c", "laboratory", "Order HbA1c", ("hba1c",)),
    HowToGet(
        "blood_count", "laboratory", "Order a blood count", ("haemoglobin", "platelets", "wbc")
    ),
    HowToGet(
        "liver_tests",
        "laboratory",
        "Order liver tests (ALT, AST, bilirubin, albumin)",
        ("alt", "ast", "bilirubin_total", "albumin"),
    ),
    HowToGet(
        "chemistry",
        "laboratory",
        "Order sodium, bicarbonate, calcium and phosphate",
        ("sodium", "bicarbonate", "calcium", "phosphate"),
    ),
    HowToGet("inr", "laboratory", "Order INR", ("inr",)),
    HowToGet(
        "before_discharge",
        "laboratory",
        "Measure haemoglobin and sodium before discharge",
        ("haemoglobin_at_discharge", "sodium_at_discharge"),
    ),
    HowToGet("blood_pressure", "measure", "Measure the blood pressure", ("systolic_bp",)),
    HowToGet("weight_height", "measure", "Measure weight and height", ("bmi",)),
    HowToGet("waist", "measure", "Measure the waist", ("waist",)),
    HowToGet("pulse", "measure", "Count the pulse", ("heart_rate",)),
    HowToGet(
        "observations",
        "measure",
        "Take a full set of observations and record it with the time",
        (
            "respiratory_rate",
            "oxygen_saturation",
            "body_temperature",
            "supplemental_oxygen",
            "not_alert",
        ),
    ),
    HowToGet(
        "smoking",
        "ask",
        "Ask about smoking and record the answer",
        ("smoking_status", "smoking_history"),
    ),
    HowToGet(
        "alcohol", "ask", "Ask about alcohol and record the drinks per day", ("alcohol_drinks",)
    ),
    HowToGet(
        "habits",
        "ask",
        "Ask about daily exercise and daily vegetables or fruit",
        ("daily_exercise", "daily_vegetables"),
    ),
    HowToGet("family_diabetes", "ask", "Ask about diabetes in the family", ("family_diabetes",)),
    HowToGet(
        "origin",
        "ask",
        "Ask for the ethnic group that the equations name",
        ("afro_caribbean", "asian_indian", "race_black"),
    ),
    HowToGet("birth_date", "record", "Record the birth date", ("age",)),
    HowToGet("sex", "record", "Record the sex", ("sex",)),
    HowToGet(
        "diabetes_onset",
        "record",
        "Record when the diabetes was diagnosed (Condition.onset)",
        ("diabetes_duration", "age_at_diabetes"),
    ),
    HowToGet(
        "icd_10",
        "record",
        "Send the diagnoses with ICD-10 codes",
        ("uncounted_diagnoses",),
    ),
    HowToGet(
        "stays",
        "record",
        "Record hospital stays and emergency visits as Encounters: class, start, end, priority, "
        "service and where the person went",
        (
            "emergency_visits",
            "emergency_visits_12_months",
            "length_of_stay",
            "previous_admissions",
            "emergency_admission",
            "oncology_discharge",
            "to_care_facility",
        ),
    ),
    HowToGet(
        "procedures",
        "record",
        "Record procedures of the stay with date and ICD-10-PCS code",
        ("procedure_in_stay",),
    ),
    HowToGet("inr_range", "record", "Work out the time in therapeutic range", ("labile_inr",)),
    HowToGet(
        "deprivation",
        "none",
        "The twin does not hold the social deprivation index",
        ("sdi_decile",),
    ),
)
BY_CONCEPT: Mapping[str, HowToGet] = {c: one for one in ALL for c in one.concepts}


def how_to_get(concept: str, label: str, order: str) -> HowToGet:
    """From the table, else what the model itself says of the input (a plug-in's own)."""
    known = BY_CONCEPT.get(concept)
    return known or HowToGet(concept, "record", order or f"Record: {label}", (concept,))
