"""Writes runs and their predictions, and ends those that they replace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models_engine.models import ModelRun, Prediction
from models_engine.services.run import ModelResult

REASON_LENGTH = Prediction._meta.get_field("ended_reason").max_length


@dataclass(frozen=True)
class Draft:
    """A result to be stored: `status` is current for a live run, past for a replayed one."""

    result: ModelResult
    evidence: list[str]
    as_of: datetime
    status: str
    replayed: bool


def create_runs(
    drafts: Sequence[Draft], *, patient_id: int, made_at: datetime, release: bool
) -> list[tuple[ModelRun, list[Prediction]]]:
    """Insert runs and predictions with two statements; returns them in the order of `drafts`."""
    runs = ModelRun.objects.bulk_create([_run(draft, patient_id, made_at) for draft in drafts])
    pairs = [
        (run, _predictions(draft, run, made_at if release else None))
        for draft, run in zip(drafts, runs, strict=True)
    ]
    Prediction.objects.bulk_create([row for _, rows in pairs for row in rows])
    return pairs


def end_predictions(
    runs: Iterable[ModelRun], *, status: str, reason: str, at: datetime
) -> list[ModelRun]:
    """Give every prediction of `runs` its end; the runs themselves never change."""
    ended = list(runs)
    if ended:
        Prediction.objects.filter(run__in=ended).update(
            status=status, ended_at=at, ended_reason=reason[:REASON_LENGTH]
        )
    return ended


def link_successors(patient_id: int, created: Sequence[Prediction]) -> None:
    """Point the ended predictions of the patient at the new one of the same model and outcome."""
    successor = {(row.model_id, row.outcome): row for row in created}
    ended = Prediction.objects.filter(
        patient_id=patient_id, replaced_by=None, run__replayed=False, ended_at__isnull=False
    )
    rows = [row for row in ended if (row.model_id, row.outcome) in successor]
    for row in rows:
        row.replaced_by = successor[row.model_id, row.outcome]
    Prediction.objects.bulk_update(rows, ["replaced_by"])


def extend_validity(
    run: ModelRun, valid_until: date | None, expires_at: datetime | None = None
) -> None:
    """A run whose inputs have not changed answers for longer."""
    if (run.valid_until, run.expires_at) != (valid_until, expires_at):
        run.valid_until, run.expires_at = valid_until, expires_at
        run.save(update_fields=["valid_until", "expires_at"])


def _run(draft: Draft, patient_id: int, made_at: datetime) -> ModelRun:
    model, features = draft.result.model, draft.result.features
    return ModelRun(
        patient_id=patient_id,
        model_id=model.id,
        model_version=model.version,
        artefact_hash=model.artefact_hash,
        as_of=draft.as_of,
        made_at=made_at,
        valid_until=features.valid_until,
        expires_at=features.expires_at,
        state_hash=draft.result.state_hash,
        inputs=[source.to_dict() for source in features.sources.values()],
        refusals=[refusal.to_dict() for refusal in features.refusals],
        notes=list(features.notes),
        evidence=draft.evidence,
        replayed=draft.replayed,
    )


def _predictions(draft: Draft, run: ModelRun, released_at: datetime | None) -> list[Prediction]:
    rows = []
    withheld = draft.result.model.quiet or draft.result.model.research
    for outcome in draft.result.model.outcomes:
        value = draft.result.values.get(outcome.id)
        low, high = draft.result.intervals.get(outcome.id, (None, None))
        rows.append(
            Prediction(
                run=run,
                patient_id=run.patient_id,
                model_id=run.model_id,
                model_version=run.model_version,
                outcome=outcome.id,
                horizon_years=outcome.horizon_years,
                is_probability=outcome.is_probability,
                value=value,
                unit=outcome.unit,
                low=low,
                high=high,
                as_of=run.as_of,
                status=draft.status,
                released_at=released_at if value is not None and not withheld else None,
            )
        )
    return rows
