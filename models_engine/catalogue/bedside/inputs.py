"""Inputs that are observed at the bedside: each at most an hour old, with its time of day."""

from models_engine.catalogue.contract import Circumstances, Input, Refusal
from models_engine.catalogue.risk.applicability import not_after_death, not_with

ONE_HOUR = 1.0

RESPIRATORY_RATE = Input(
    concept="respiratory_rate",
    role="measurement",
    unit="/min",
    max_age_hours=ONE_HOUR,
    label="Respiratory rate",
    group="breathing",
    published_unit="breaths/min",
    order="Count the breaths and record them with the time.",
)
OXYGEN_SATURATION = Input(
    concept="oxygen_saturation",
    role="measurement",
    unit="%",
    low=0,
    high=100,
    max_age_hours=ONE_HOUR,
    label="Oxygen saturation",
    group="breathing",
    order="Measure the oxygen saturation and record it with the time.",
)
SUPPLEMENTAL_OXYGEN = Input(
    concept="supplemental_oxygen",
    role="coded",
    max_age_hours=ONE_HOUR,
    label="Air or oxygen",
    group="breathing",
    order=(
        "Record the oxygen flow (0 L/min on air), the inhaled oxygen (21 % on air), or "
        '"Breathing room air" with the time: air is never assumed.'
    ),
)
SYSTOLIC_BP = Input(
    concept="systolic_bp",
    role="measurement",
    unit="mm[Hg]",
    max_age_hours=ONE_HOUR,
    label="Systolic blood pressure",
    group="circulation",
    published_unit="mmHg",
    order="Measure the blood pressure and record it with the time.",
)
PULSE = Input(
    concept="heart_rate",
    role="measurement",
    unit="/min",
    max_age_hours=ONE_HOUR,
    label="Pulse",
    group="circulation",
    published_unit="beats/min",
    order="Count the pulse and record it with the time.",
)
NOT_ALERT = Input(
    concept="not_alert",
    role="coded",
    max_age_hours=ONE_HOUR,
    label="Consciousness",
    group="consciousness",
    order="Record ACVPU or the Glasgow Coma Scale with the time.",
)
TEMPERATURE = Input(
    concept="body_temperature",
    role="measurement",
    unit="Cel",
    max_age_hours=ONE_HOUR,
    label="Temperature",
    group="temperature",
    published_unit="°C",
    order="Measure the temperature and record it with the time.",
)
# set by a clinician, never inferred from a diagnosis; no code is read for it yet
SPO2_SCALE_2 = Input(
    concept="spo2_scale_2",
    role="condition",
    label="Oxygen saturation scale 2 (target 88 to 92 %), set by a clinician",
    group="breathing",
)


NOT_IN_HOSPITAL = Refusal(
    "not_applicable",
    "in_hospital",
    "Not applicable: the person is not in hospital (no inpatient or emergency Encounter is going "
    "on).",
)


def bedside_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For a person in hospital who is alive and not pregnant."""
    return (
        *not_after_death(circumstances),
        *in_hospital_only(circumstances),
        *not_with(
            ("pregnancy",), circumstances.active, "The normal values are others in pregnancy."
        ),
    )


def in_hospital_only(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """A refusal when no encounter in a hospital is going on."""
    return (NOT_IN_HOSPITAL,) if circumstances.outside_hospital else ()
