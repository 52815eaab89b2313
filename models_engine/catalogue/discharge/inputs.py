"""Inputs about the index stay: the one that ended today or at most 30 days ago."""

from models_engine.catalogue.contract import Circumstances, Input, Refusal
from models_engine.catalogue.risk.applicability import not_after_death

THIRTY_DAYS = 30
AT_DISCHARGE = "at the end of the stay in hospital, which was at most 30 days ago"
IN_STAY = "at any time of the stay in hospital that ended at most 30 days ago"

LENGTH_OF_STAY = Input(
    concept="length_of_stay",
    role="derived",
    unit="d",
    low=0,
    max_age_days=THIRTY_DAYS,
    label="Length of stay",
    group="stay",
    published_unit="days",
    order="Record the start and the end of the Encounter (Encounter.period).",
)
EMERGENCY_ADMISSION = Input(
    concept="emergency_admission",
    role="coded",
    max_age_days=THIRTY_DAYS,
    label="Emergency admission",
    group="stay",
    order=(
        "Record how planned the admission was (Encounter.priority, or "
        "Encounter.hospitalization.admitSource)."
    ),
)
EMERGENCY_VISITS = Input(
    concept="emergency_visits",
    role="derived",
    unit="{visits}",
    low=0,
    max_age_days=THIRTY_DAYS,
    label="Emergency visits in the 6 months before the admission",
    group="before",
    published_unit="visits",
    order="Record emergency visits as Encounters of class EMER.",
)
PREVIOUS_ADMISSIONS = Input(
    concept="previous_admissions",
    role="derived",
    unit="{admissions}",
    low=0,
    max_age_days=THIRTY_DAYS,
    label="Hospital admissions in the 12 months before",
    group="before",
    published_unit="admissions",
    order="Record stays in hospital as Encounters of class IMP.",
)
EMERGENCY_VISITS_YEAR = Input(
    concept="emergency_visits_12_months",
    role="derived",
    unit="{visits}",
    low=0,
    max_age_days=THIRTY_DAYS,
    label="Emergency visits in the 12 months before the admission",
    group="before",
    published_unit="visits",
    order="Record emergency visits as Encounters of class EMER.",
)
TO_CARE_FACILITY = Input(
    concept="to_care_facility",
    role="coded",
    max_age_days=THIRTY_DAYS,
    label="Discharged to a care facility",
    group="stay",
    order="Record where the person went (Encounter.hospitalization.dischargeDisposition).",
    window=AT_DISCHARGE,
)
INSULIN_IN_STAY = Input(
    concept="insulin_in_stay",
    role="medication",
    label="Insulin during the stay",
    group="diabetes",
    any_of=("insulin",),
    window=IN_STAY,
)
GLUCOSE_LOWERING_IN_STAY = Input(
    concept="glucose_lowering_in_stay",
    role="medication",
    label="Any glucose-lowering medicine during the stay",
    group="diabetes",
    any_of=("glucose_lowering",),
    window=IN_STAY,
)
HAEMOGLOBIN = Input(
    concept="haemoglobin_at_discharge",
    role="measurement",
    unit="g/dL",
    max_age_days=THIRTY_DAYS,
    label="Haemoglobin at discharge",
    group="blood",
    any_of=("haemoglobin",),
    order="Measure haemoglobin before discharge.",
)
SODIUM = Input(
    concept="sodium_at_discharge",
    role="measurement",
    unit="mmol/L",
    max_age_days=THIRTY_DAYS,
    label="Sodium at discharge",
    group="blood",
    any_of=("sodium",),
    order="Measure sodium before discharge.",
)
ONCOLOGY = Input(
    concept="oncology_discharge",
    role="coded",
    max_age_days=THIRTY_DAYS,
    label="Discharge from an oncology service",
    group="stay",
    order="Record the service with its SNOMED CT code (Encounter.serviceType).",
)
PROCEDURE = Input(
    concept="procedure_in_stay",
    role="coded",
    max_age_days=THIRTY_DAYS,
    label="Procedure during the stay",
    group="stay",
    order=(
        "Record it as a Procedure with its date and ICD-10-PCS code; FHIR has no way to say that "
        "none was done."
    ),
)


def discharge_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For a person who left the hospital alive, and not for another hospital."""
    reasons = {
        "died": "the person died in hospital",
        "transferred": "the person was moved to another hospital",
    }
    reason = reasons.get(circumstances.discharged_to)
    if reason is None:
        return not_after_death(circumstances)
    text = f"Not applicable: {reason}. The score is for discharges alive from acute care."
    return (
        *not_after_death(circumstances),
        Refusal("not_applicable", "discharge_disposition", text),
    )
