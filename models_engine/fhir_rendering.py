"""Predictions as FHIR R4 RiskAssessment. `probabilityDecimal` is a percentage there: 14.7 is 14.7 %.

Built with `fhir.resources.R4B`, imported on first use (it is slow to load). RiskAssessment has
the same elements in R4 and R4B.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, get_args

from models_engine.catalogue.contract import Band, ClinicalModel, Outcome
from models_engine.catalogue.facts import EVIDENCE_TEXT

Status = Literal["final", "corrected", "cancelled", "entered-in-error"]
Json = dict[str, Any]

MODEL_SYSTEM = "urn:twinportal:model"
OUTCOME_SYSTEM = "urn:twinportal:outcome"
BAND_SYSTEM = "urn:twinportal:risk-band"
PREDICTION_SYSTEM = "urn:twinportal:prediction"
_TENTH, _HUNDREDTH = Decimal("0.1"), Decimal("0.01")


def risk_assessment(
    *,
    model: ClinicalModel,
    probabilities: Mapping[str, float],
    patient_id: str,
    as_of: datetime,
    state_hash: str,
    basis: Sequence[str] = (),
    notes: Sequence[str] = (),
    status: Status = "final",
    resource_id: str = "",
) -> Json:
    """One RiskAssessment of one model's outcomes for one person, as JSON-ready dict.

    Parameters
    ----------
    model : the model that ran. probabilities : outcome id to probability, 0 to 1.
    patient_id : logical id of the Patient. as_of : aware; the moment of the state used.
    state_hash : of the inputs, so that the same prediction has the same identifier.
    basis : references of the resource versions used, "Observation/7/_history/2".
    notes : what was assumed, missing or marked. status : R4 status. resource_id : id, if known.

    Raises
    ------
    ValueError on no or a derived outcome, a probability outside 0 to 1, or a naive `as_of`.
    """
    from fhir.resources.R4B.riskassessment import RiskAssessment

    _check(model, probabilities, as_of, status)
    content: Json = {
        "resourceType": "RiskAssessment",
        "identifier": [
            {
                "system": PREDICTION_SYSTEM,
                "value": prediction_identifier(
                    model, tuple(probabilities), patient_id, as_of, state_hash
                ),
            }
        ],
        "status": status,
        "method": {
            "coding": [{"system": MODEL_SYSTEM, "version": model.version, "code": model.id}],
            "text": f"{model.title}, version {model.version}",
        },
        "code": {"text": model.title},
        "subject": {"reference": f"Patient/{patient_id}"},
        "occurrenceDateTime": as_of.isoformat(),
        "basis": [{"reference": reference} for reference in basis],
        "prediction": [
            _prediction(model.outcome(outcome), p, as_of) for outcome, p in probabilities.items()
        ],
        "note": [{"text": text} for text in (*notes, *_model_notes(model))],
    }
    if resource_id:
        content["id"] = resource_id
    RiskAssessment.model_validate(_without_empty(content))
    return _without_empty(content)


def with_status(resource: Mapping[str, Any], status: Status, reason: str, at: datetime) -> Json:
    """A new version of a RiskAssessment that says why it no longer stands.

    The prediction itself is kept as it was, never silently rewritten.
    """
    from fhir.resources.R4B.riskassessment import RiskAssessment

    if status not in get_args(Status):
        raise ValueError(f"status must be one of {get_args(Status)}, not {status!r}")
    note = {"time": at.isoformat(), "text": f"{status}: {reason}"}
    changed = {**resource, "status": status, "note": [*resource.get("note", ()), note]}
    RiskAssessment.model_validate({k: v for k, v in changed.items() if k != "meta"})
    return changed


def prediction_identifier(
    model: ClinicalModel,
    outcomes: Sequence[str],
    patient_id: str,
    as_of: datetime,
    state_hash: str,
) -> str:
    """Deterministic identifier of what one model said of one person as of one moment."""
    what = (model.id, model.version, *sorted(outcomes))
    parts = (patient_id, *what, as_of.isoformat(), state_hash)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def percentage(probability: float) -> Decimal:
    """A probability as a percentage with the digits we stand by, rounded half up.

    One decimal from 1 % on, two below; a probability that is not 0 or 1 is never shown as
    0 % or 100 %.
    """
    percent = Decimal(repr(probability)) * 100
    shown = percent.quantize(_TENTH if percent >= 1 else _HUNDREDTH, rounding=ROUND_HALF_UP)
    if shown == 0 and percent > 0:
        return _HUNDREDTH
    if shown == 100 and percent < 100:
        return 100 - _TENTH
    return shown


def band_text(band: Band) -> str:
    """A band's label with how sure we are of its limits, e.g. "High (... not yet verified ...)"."""
    if band.evidence == "V":
        return band.label
    return f"{band.label} (limits: {EVIDENCE_TEXT[band.evidence].rstrip('.').lower()})"


def _prediction(outcome: Outcome, probability: float, as_of: datetime) -> Json:
    rendered: Json = {
        "outcome": {
            "coding": [{"system": OUTCOME_SYSTEM, "code": outcome.id, "display": outcome.label}],
            "text": outcome.definition,
        },
        "probabilityDecimal": float(percentage(probability)),
        "whenPeriod": {
            "start": as_of.isoformat(),
            "end": _years_later(as_of, int(outcome.horizon_years or 0)).isoformat(),
        },
    }
    band = outcome.band_of(probability)
    if band is not None:
        rendered["qualitativeRisk"] = {
            "coding": [{"system": BAND_SYSTEM, "code": band.code, "display": band.label}],
            "text": band_text(band),
        }
    return rendered


def _years_later(moment: datetime, years: int) -> datetime:
    """The same day some years on; 29 February becomes 1 March in a common year."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)


def _model_notes(model: ClinicalModel) -> tuple[str, ...]:
    evidence = f"Model evidence: {model.facts.evidence_text}"
    return (evidence,) if model.interval else (evidence, model.interval_text)


def _check(
    model: ClinicalModel, probabilities: Mapping[str, float], as_of: datetime, status: str
) -> None:
    if status not in get_args(Status):
        raise ValueError(f"status must be one of {get_args(Status)}, not {status!r}")
    if as_of.tzinfo is None:
        raise ValueError("as_of must be aware")
    if not probabilities:
        raise ValueError("at least one probability is needed")
    for outcome, probability in probabilities.items():
        if not model.outcome(outcome).is_probability:
            raise ValueError(f"{model.id}: {outcome} is a derived value, not a probability")
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"{model.id}: {outcome} {probability} is not between 0 and 1")


def _without_empty(content: Json) -> Json:
    return {name: value for name, value in content.items() if value not in ([], "", None)}
