"""The records of twins as a refresh reads them: a constant number of queries for any number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models_engine import fingerprints, selectors
from models_engine.models import ModelRun
from models_engine.selectors import StandingRow
from patients.models import Fact, Patient
from patients.record.loading import FactRow, demographics_of, facts_of_many
from patients.record.state import Demographics


@dataclass
class Twin:
    """One patient's record, the runs that stand, and which of them show what.

    `fingerprints` are those of all facts by key, `usable` what the record says now. `rows` are the
    stored predictions, by run, of what is current or was replayed at a moment that counts.
    """

    patient: Patient
    facts: Sequence[FactRow]
    demographics: Demographics
    runs: Sequence[ModelRun]
    rows: Mapping[int, Sequence[StandingRow]]
    fingerprints: Mapping[int, str]
    usable: set[str]
    current: dict[str, ModelRun] = field(default_factory=dict)
    replayed: dict[tuple[str, datetime], ModelRun] = field(default_factory=dict)

    def newest_measurement(self, now: datetime) -> datetime | None:
        """When the newest measurement was taken."""
        return max(
            (
                fact.effective_at
                for fact in self.facts
                if fact.kind == Fact.Kind.MEASUREMENT
                and fact.effective_at is not None
                and fact.effective_at <= now
            ),
            default=None,
        )


def read(patient_ids: Collection[int], moments: Collection[datetime]) -> list[Twin]:
    """The twins of these keys, by key; four queries. `moments`: of which replays count."""
    patients = Patient.objects.filter(pk__in=patient_ids).order_by("pk")
    facts = facts_of_many(patient_ids)
    rows = selectors.standing_rows(patient_ids, moments)
    runs: dict[int, list[ModelRun]] = {patient_id: [] for patient_id in patient_ids}
    for run in selectors.standing_runs(patient_ids):
        runs[run.patient_id].append(run)
    return [_twin(patient, facts[patient.pk], runs[patient.pk], rows) for patient in patients]


def _twin(
    patient: Patient,
    facts: Sequence[FactRow],
    runs: Sequence[ModelRun],
    rows: Mapping[int, Sequence[StandingRow]],
) -> Twin:
    demographics = demographics_of(patient)
    marks = {fact.id: fingerprints.fact_fingerprint(fact) for fact in facts}
    usable = {marks[fact.id] for fact in facts if fact.quality in fingerprints.FEEDS_MODELS}
    usable.add(fingerprints.demographics_fingerprint(demographics))
    return Twin(
        patient=patient,
        facts=facts,
        demographics=demographics,
        runs=runs,
        rows={run.pk: rows[run.pk] for run in runs if run.pk in rows},
        fingerprints=marks,
        usable=usable,
    )
