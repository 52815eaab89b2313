"""Small display strings that several pages share."""

from datetime import UTC, date, datetime

from models_engine.catalogue.horizon import horizon_text
from models_engine.models import Prediction
from models_engine.registry import model_as_run
from patients.models import Patient
from patients.record.age import completed_years


def age_text(patient: Patient, now: datetime) -> str:
    """ "58 years", or that the age cannot be told."""
    if patient.birth_date is None:
        return "age not recorded"
    years = completed_years(patient.birth_date, patient.birth_date_precision, now.date())
    return f"{years} years" if years is not None else "age not certain"


def birth_date_text(patient: Patient) -> str:
    """The birth date with the precision that was recorded."""
    if patient.birth_date is None:
        return "not recorded"
    formats = {"year": "%Y", "month": "%B %Y"}
    return _date(patient.birth_date, formats.get(patient.birth_date_precision, "%-d %b %Y"))


def _date(day: date, pattern: str) -> str:
    return day.strftime(pattern)


def data_age(moment: datetime | None, now: datetime) -> str:
    """ "today", "12 days ago", "3 years ago": how old the newest measurement is."""
    if moment is None:
        return "no measurement"
    days = (now.astimezone(UTC).date() - moment.astimezone(UTC).date()).days
    if days <= 0:
        return "today"
    if days < 60:
        return f"{days} day{'s' if days > 1 else ''} ago"
    if days < 730:
        return f"{round(days / 30.4)} months ago"
    return f"{days / 365.25:.1f} years ago"


def outcome_label(prediction: Prediction) -> str:
    """ "Total cardiovascular disease, 10 years"."""
    try:
        label = (
            model_as_run(prediction.model_id, prediction.model_version)
            .outcome(prediction.outcome)
            .label
        )
    except KeyError:
        label = prediction.outcome
    return titled(label, prediction.horizon_years)


def titled(label: str, horizon_years: float | None) -> str:
    """An outcome with its horizon: "Stroke, 1 year"."""
    if not horizon_years:
        return label
    return f"{label}, {horizon_text(horizon_years)}"
