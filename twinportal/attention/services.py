"""Rewrites the patients' lines of the worklist, inside the refresh's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Now

from explain.models import Attribution
from explain.selectors import attributions_of
from explain.wording.phrases import MEDICINES
from models_engine.catalogue.display import Displayed, displayed
from models_engine.selectors import earlier_values
from twinportal.attention import flags
from twinportal.attention.models import WorklistEntry
from twinportal.attention.rules import Situation, Verdict, cannot_wait, extremes_of, judge

REASONS_SHOWN = 2
# half a percentage point: less is not worth a line
SMALLEST_REASON = 0.005
# what a reader would call a change; a refresh that says the same again is none
SAID = (
    "rule_id",
    "prediction_id",
    "outcome",
    "probability",
    "change",
    "why",
    "firing",
    "newest_data_at",
)
UPDATED = [f.name for f in WorklistEntry._meta.concrete_fields if f.name != "patient"]


@dataclass(frozen=True)
class Line:
    """A prediction that stands now, as the rules and `displayed` read it."""

    pk: int
    model_id: str
    outcome: str
    value: float | None
    inputs: Sequence[Mapping[str, Any]]
    refusals: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Standing:
    """What is to be judged of one patient; `newest_data_at` is of the measurements."""

    patient_id: int
    lines: Sequence[Line]
    newest_data_at: datetime | None


def refresh(patients: Sequence[Standing], now: datetime) -> None:
    """Judge the patients' current predictions anew, store the verdicts and follow their flags.

    A bounded number of statements, whatever the number of patients.
    """
    before = _held([one.patient_id for one in patients])
    earlier = earlier_values([one.patient_id for one in patients], now=now)
    judged = [(one, *_judge(one, earlier)) for one in patients]
    reasons = attributions_of([line.pk for _, _, line, _ in judged if line is not None])
    entries = [
        WorklistEntry(
            patient_id=one.patient_id,
            rule_id=verdict.rule.id if verdict.rule else "",
            priority=verdict.priority,
            outcome=verdict.situation.outcome if verdict.situation else "",
            prediction_id=line.pk if line else None,
            probability=verdict.situation.probability if verdict.situation else None,
            change=verdict.situation.change if verdict.situation else None,
            why=_why(verdict.situation, line, blocks, reasons),
            firing=list(verdict.firing),
            shown=_shown(blocks),
            newest_data_at=one.newest_data_at,
            refreshed_at=now,
        )
        for one, verdict, line, blocks in judged
    ]
    flags.follow(entries, now)
    for entry in entries:
        entry.changed_at = _changed_at(entry, before.get(entry.patient_id))
    WorklistEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["patient"], update_fields=UPDATED
    )


def _held(patient_ids: Sequence[int]) -> dict[int, WorklistEntry]:
    """The lines as they are, locked: nobody acknowledges one while another takes its place."""
    rows = WorklistEntry.objects.select_for_update().filter(pk__in=patient_ids).order_by("pk")
    return {row.pk: row for row in rows}


def _changed_at(entry: WorklistEntry, before: WorklistEntry | None) -> Any:
    """The moment of the last change; the database's clock, for a run's `now` may be hours ago."""
    if before is not None and all(getattr(before, f) == getattr(entry, f) for f in SAID):
        return before.changed_at
    return Now()


def _judge(
    one: Standing, earlier: Mapping[tuple[int, str, str], float]
) -> tuple[Verdict, Line | None, tuple[Displayed[Line], ...]]:
    blocks = displayed(one.lines)
    pairs = [
        (
            _situation(
                block.family, line, earlier.get((one.patient_id, line.model_id, line.outcome))
            ),
            line,
        )
        for block in blocks
        for line in (block.main, *block.under)
    ]
    verdict = judge([situation for situation, _ in pairs])
    return verdict, next((line for s, line in pairs if s is verdict.situation), None), blocks


def _shown(blocks: tuple[Displayed[Line], ...]) -> dict[str, float]:
    """By outcome, the probabilities of the blocks; what stands beside one (30 years) is not."""
    lines = [line for block in blocks for line in (block.main, *block.under)]
    return {line.outcome: line.value for line in lines if line.value is not None}


def _why(
    situation: Situation | None,
    line: Line | None,
    blocks: tuple[Displayed[Line], ...],
    reasons: Mapping[tuple[int, str], Attribution],
) -> list[str]:
    if situation is not None and situation.probability is None and situation.extremes:
        return list(situation.extremes)[:REASONS_SHOWN]
    return _reasons(reasons.get((line.pk, "optimal"))) if line else _refusals(blocks)


def _situation(family: str, line: Line, earlier: float | None) -> Situation:
    return Situation(
        family,
        line.outcome,
        line.value,
        earlier,
        extremes_of(line.refusals),
        cannot_wait(line.refusals),
    )


def _reasons(attribution: Attribution | None) -> list[str]:
    """What raises the probability most, against the same age and sex; modifiable inputs first."""
    if attribution is None:
        return []
    # a medicine marks a treated condition: it explains, and is no reason to act on
    raising = [
        c
        for c in attribution.contributions
        if c["contribution"] >= SMALLEST_REASON and c["concept"] not in MEDICINES
    ]
    raising.sort(key=lambda c: (not c["modifiable"], -c["contribution"]))
    # the value is as it was measured: what is uncertain is that it is a main reason
    doubt = " (uncertain as a reason)" if attribution.is_uncertain else ""
    return [f"{c['label']}: {c['display']}{doubt}" for c in raising[:REASONS_SHOWN]]


def _refusals(blocks: tuple[Displayed[Line], ...]) -> list[str]:
    """Why there is no number, of the first block."""
    messages = [r["message"] for block in blocks for r in block.main.refusals]
    return list(dict.fromkeys(messages))[:REASONS_SHOWN]
