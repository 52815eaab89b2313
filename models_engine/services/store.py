"""Writes runs and their predictions, and ends those that they replace.

Everything takes the runs of many twins together: a statement or two a table, whatever the number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import orjson
from django.db import connection

from models_engine.models import ModelRun, Prediction
from models_engine.services.run import ModelResult
from patients.models import Resource
from patients.services import table_rows

REASON_LENGTH = Prediction._meta.get_field("ended_reason").max_length
END = """
    UPDATE models_engine_prediction p
    SET status = n.status, ended_at = %s, ended_reason = n.reason
    FROM json_to_recordset(%s::json) AS n(run_id bigint, status text, reason text)
    WHERE p.run_id = n.run_id
"""
# what has ended without a successor: the new prediction of the same model and outcome
LINK = """
    UPDATE models_engine_prediction ended
    SET replaced_by_id = made.id
    FROM models_engine_prediction made, models_engine_modelrun run
    WHERE made.id = ANY(%s) AND ended.patient_id = made.patient_id
      AND ended.model_id = made.model_id AND ended.outcome = made.outcome
      AND ended.id <> made.id AND ended.replaced_by_id IS NULL AND ended.ended_at IS NOT NULL
      AND run.id = ended.run_id AND NOT run.replayed
"""


@dataclass(frozen=True)
class Draft:
    """A result to be stored: `status` is current for a live run, past for a replayed one."""

    patient_id: int
    result: ModelResult
    evidence: list[str]
    as_of: datetime
    status: str
    replayed: bool
    risk_assessment: Resource | None = None


@dataclass(frozen=True)
class Ending:
    """A run whose predictions get their end; the run itself never changes."""

    run: ModelRun
    status: str
    reason: str


def create_runs(
    drafts: Sequence[Draft], *, made_at: datetime, release: Callable[[int, str, str], bool]
) -> list[tuple[ModelRun, list[Prediction]]]:
    """Insert runs and predictions; returns them in the order of `drafts`.

    `release` (patient, model, outcome): whether the patient may see it at once; what is replayed
    is never seen.
    """
    runs = [_run(draft, made_at) for draft in drafts]
    table_rows.insert(runs)
    pairs = [
        (run, _predictions(draft, run, made_at, release))
        for draft, run in zip(drafts, runs, strict=True)
    ]
    table_rows.insert([row for _, made in pairs for row in made])
    return pairs


def end_predictions(endings: Sequence[Ending], *, at: datetime) -> None:
    """Give every prediction of these runs its end."""
    if not endings:
        return
    ended = [
        {"run_id": one.run.pk, "status": one.status, "reason": one.reason[:REASON_LENGTH]}
        for one in endings
    ]
    with connection.cursor() as cursor:
        cursor.execute(END, [at, orjson.dumps(ended).decode()])


def link_successors(created: Sequence[Prediction]) -> None:
    """Point the ended predictions of these patients at the new one of the same model and outcome."""
    if created:
        with connection.cursor() as cursor:
            cursor.execute(LINK, [[row.pk for row in created]])


def extend_validity(
    kept: Sequence[tuple[ModelRun, date | None, datetime | None]],
) -> None:
    """Runs whose inputs have not changed answer for longer."""
    changed = []
    for run, valid_until, expires_at in kept:
        if (run.valid_until, run.expires_at) != (valid_until, expires_at):
            run.valid_until, run.expires_at = valid_until, expires_at
            changed.append(run)
    if changed:
        ModelRun.objects.bulk_update(changed, ["valid_until", "expires_at"])


def _run(draft: Draft, made_at: datetime) -> ModelRun:
    model, features = draft.result.model, draft.result.features
    return ModelRun(
        patient_id=draft.patient_id,
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
        risk_assessment=draft.risk_assessment,
    )


def _predictions(
    draft: Draft, run: ModelRun, made_at: datetime, release: Callable[[int, str, str], bool]
) -> list[Prediction]:
    made = []
    withheld = draft.replayed or draft.result.model.quiet or draft.result.model.research
    for outcome in draft.result.model.outcomes:
        value = draft.result.values.get(outcome.id)
        low, high = draft.result.intervals.get(outcome.id, (None, None))
        is_seen = value is not None and not withheld
        is_seen = is_seen and release(run.patient_id, run.model_id, outcome.id)
        made.append(
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
                released_at=made_at if is_seen else None,
            )
        )
    return made
