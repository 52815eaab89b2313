"""A model's facts as one document of plain values: the page shows it, `facts.json` is it.

The keys are stable; docs/model-facts.md explains each. FORMAT is raised when one changes its
meaning or goes away; new keys may be added without.
"""

from dataclasses import asdict, fields
from typing import Any

from models_engine.catalogue.accepted_codes import accepted_codes, concepts_of, source_text
from models_engine.catalogue.contract import ClinicalModel, Input, Outcome, Vector
from models_engine.catalogue.explanation_quality import explanation_quality
from models_engine.catalogue.facts import EVIDENCE_TEXT, ModelFacts

FORMAT = "twinportal-model-facts/1"


def facts_document(model: ClinicalModel) -> dict[str, Any]:
    """Everything that is known of one version of a model, as JSON values.

    The vectors are computed with the model as it is now, not copied from its declaration.
    """
    return {
        "format": FORMAT,
        "id": model.id,
        "version": model.version,
        "title": model.title,
        "family": model.family,
        "artefact_hash": model.artefact_hash,
        "evidence": _evidence(model.facts.evidence),
        "facts": _texts(model.facts),
        "is_probability": model.is_probability,
        "inputs": [_input(declared, model) for declared in model.inputs],
        "outcomes": [_outcome(outcome) for outcome in model.outcomes],
        "interval": model.interval_text,
        "vectors": [_vector(model, vector) for vector in model.vectors],
        "explained_against": _baselines(model),
        "explanation_quality": explanation_quality(model),
        "performance": [_tagged(row) for row in model.facts.performance],
        "calibration_points": [asdict(row) for row in model.facts.calibration_points],
        "subgroup_rows": [asdict(row) for row in model.facts.subgroup_rows],
        "net_benefit_rows": [asdict(row) for row in model.facts.net_benefit_rows],
        "references": [_tagged(row) for row in model.facts.references],
        "change_log": [
            {"version": c.version, "on": c.on.isoformat(), "what": c.what}
            for c in model.facts.change_log
        ],
    }


def _evidence(tag: str) -> dict[str, str]:
    return {"tag": tag, "text": EVIDENCE_TEXT[tag]}


def _tagged(row: Any) -> dict[str, Any]:
    return {**asdict(row), "evidence": _evidence(row.evidence)}


def _texts(facts: ModelFacts) -> dict[str, str]:
    texts = {f.name: getattr(facts, f.name) for f in fields(facts) if f.type is str}
    return {**texts, "updated": facts.updated.isoformat()}


def _input(declared: Input, model: ClinicalModel) -> dict[str, Any]:
    return {
        "concept": declared.concept,
        "label": declared.label,
        "role": declared.role,
        "required": declared.required,
        "unit": declared.unit,
        "published_unit": declared.published_unit or declared.unit,
        "published_per_unit": declared.published_per_unit,
        "low": declared.low,
        "high": declared.high,
        "low_open": declared.low_open,
        "high_open": declared.high_open,
        "range": range_text(declared),
        "max_age_days": declared.max_age_days,
        "time_window": time_window(declared),
        "when_missing": when_missing(declared),
        "moves_every_outcome": model.monotone.get(declared.concept, ""),
        "recorded_concepts": list(concepts_of(declared)),
        "source": source_text(declared),
        "codes": [asdict(code) for code in accepted_codes(declared)],
    }


def range_text(declared: Input) -> str:
    """The allowed range in words, e.g. "from 90 to 180 mmHg"."""
    if declared.concept == "sex":
        return "female or male"
    if declared.role in ("condition", "medication", "coded") and declared.high is None:
        return "yes or no"
    return declared.describe_range()


def time_window(declared: Input) -> str:
    """How old a value may be, or for how long a record counts, in words."""
    if declared.window:
        return declared.window
    if declared.max_age_hours is not None:
        hours = "hour" if declared.max_age_hours == 1 else "hours"
        return f"at most {declared.max_age_hours} {hours} old"
    if declared.max_age_days is not None:
        return f"at most {declared.max_age_days} days old"
    if declared.ever:
        return "ever recorded"
    if declared.role == "condition":
        return "present, or in the history where the condition persists"
    if declared.role == "medication":
        return "taken at the moment of the prediction"
    return "at the moment of the prediction"


def when_missing(declared: Input) -> str:
    """What the model does without this input, in words."""
    if declared.role in ("condition", "medication"):
        return "Counts as absent, and is listed as assumed absent: none recorded."
    if declared.if_missing:
        return f"{declared.if_missing} {declared.order}".strip()
    if declared.required:
        return f"No number. {declared.order}".strip()
    used = "The model's published term for a missing value is used, and the page says so."
    return f"{used} {declared.order}".strip()


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "label": outcome.label,
        "definition": outcome.definition,
        "horizon_years": outcome.horizon_years,
        "is_probability": outcome.is_probability,
        "unit": outcome.unit,
        "recognised_by": _recognised_by(outcome),
        "bands": [
            {"code": b.code, "label": b.label, "from": b.low, "evidence": _evidence(b.evidence)}
            for b in outcome.bands
        ],
    }


def _recognised_by(outcome: Outcome) -> dict[str, Any] | None:
    """Null where the record does not tell whether the event happened."""
    event = outcome.event
    if event is None:
        return None
    return {
        "concepts": list(event.concepts),
        "death": event.death,
        "first": event.first,
        "text": event.in_words(),
        "departs": event.departs,
    }


def _vector(model: ClinicalModel, vector: Vector) -> dict[str, Any]:
    computed = model.predict_one(vector.inputs)
    return {
        "name": vector.name,
        "provenance": vector.provenance,
        "evidence": _evidence(vector.evidence),
        "tolerance": vector.tolerance,
        "inputs": dict(vector.inputs),
        "results": [
            {
                "outcome": outcome,
                "published": published,
                "computed": computed[outcome],
                "agrees": abs(computed[outcome] - published) <= vector.tolerance,
            }
            for outcome, published in vector.expected.items()
        ],
    }


def _baselines(model: ClinicalModel) -> dict[str, Any] | None:
    if model.background is None:
        return None
    return {
        "optimal": dict(model.optimal),
        "optimal_source": model.optimal_source,
        "background_people": model.background.size,
        "background_source": model.background.source,
        "background_evidence": _evidence(model.background.evidence),
    }
