"""The part of the twin page with what the record says, what of it is not read, and what not used."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from patients.models import Fact, Patient
from patients.record.condition_facts import UNCLASSIFIED as UNCLASSIFIED_CONDITION
from patients.record.drafts import MEASURED
from patients.record.medication_facts import UNCLASSIFIED as UNCLASSIFIED_MEDICATION
from patients.record.value import Value
from patients.selectors.unread import unread_of
from twinportal.dashboards.clinician.twin_page import TwinTab

NOT_USED = {
    Fact.Quality.IMPOSSIBLE,
    Fact.Quality.UNKNOWN_UNIT,
    Fact.Quality.MISSING_UNIT,
    Fact.Quality.UNDATED,
    Fact.Quality.IMPLAUSIBLE,
    Fact.Quality.MODIFIED,
}
NOT_USED_SHOWN = 30


def not_read_of(patient: Patient) -> "QuerySet[Fact]":
    """Diagnoses and medicines that were sent in codes of no table of ours, newest first."""
    rows = Fact.objects.filter(
        patient=patient,
        concept__in=(UNCLASSIFIED_CONDITION, UNCLASSIFIED_MEDICATION),
        quality__in=(Fact.Quality.UNCLASSIFIED, Fact.Quality.MODIFIED),
    )
    return rows.order_by("-effective_at", "pk")


class Record(TwinTab):
    """Facts with their sources. Four queries of its own."""

    key = "record"

    def __init__(self, patient: Patient, now: datetime) -> None:
        super().__init__(patient, now)
        self.unread = unread_of(patient)

    @property
    def conditions(self) -> list[Value]:
        """Conditions going on, newest first, each concept once."""
        return self._going_on(Fact.Kind.CONDITION)

    @property
    def medications(self) -> list[Value]:
        """Medication exposures going on; each resource once, whatever classes it has."""
        return self._going_on(Fact.Kind.MEDICATION)

    def _going_on(self, kind: str) -> list[Value]:
        found: dict[tuple[str, str], Value] = {}
        for values in self.state.values.values():
            for value in values:
                if value.kind == kind and value.is_active(self.now):
                    found.setdefault((value.resource_type, value.resource_id), value)
        return sorted(found.values(), key=lambda v: v.effective_at, reverse=True)

    @property
    def unclassified(self) -> list[Value]:
        """Medications whose code is in no table: not counted, not guessed."""
        rows = self.state.not_used.get("medication_unclassified", ())
        return [v for v in rows if v.is_active(self.now)]

    @cached_property
    def not_read(self) -> list[Fact]:
        return list(not_read_of(self.patient))

    @property
    def has_unread(self) -> bool:
        """Whether anything was sent that this page does not know the meaning of."""
        return bool(self.not_read or self.unread.count)

    @cached_property
    def not_used(self) -> list[Fact]:
        """Facts that are kept and never fed to a model, newest first, with the reason."""
        reasons = {
            v.fact_id: v.reason
            for values in self.state.not_used.values()
            for v in values
            if v.quality == Fact.Quality.IMPLAUSIBLE
        }
        withdrawn = Q(quality=Fact.Quality.INACTIVE, kind__in=MEASURED)
        chosen = Q(quality__in=NOT_USED) | Q(pk__in=reasons) | withdrawn
        rows = Fact.objects.filter(chosen, patient=self.patient).order_by("-effective_at", "pk")
        found = list(rows[:NOT_USED_SHOWN])
        for fact in found:
            fact.reason = reasons.get(fact.pk, fact.reason)
        return found

    def mappings_shown(self) -> Iterable[int]:
        yield from (n for event in self.timeline for n in event["value"].mappings)
        yield from (n for value in (*self.conditions, *self.medications) for n in value.mappings)
        yield from (n for fact in self.not_used for n in fact.mappings)

    @cached_property
    def timeline(self) -> list[dict[str, Any]]:
        """Conditions and medications by their beginnings and ends, newest first."""
        events: list[dict[str, Any]] = []
        seen = set()
        for values in self.state.values.values():
            for v in values:
                key = (v.resource_type, v.resource_id)
                if v.kind not in ("condition", "medication") or key in seen:
                    continue
                seen.add(key)
                words = {"condition": "Diagnosis", "medication": "Started"}[v.kind]
                events.append({"at": v.effective_at, "what": words, "value": v})
                if v.end_at is not None and v.end_at <= self.now:
                    ends = {"condition": "Resolved", "medication": "Stopped"}[v.kind]
                    events.append({"at": v.end_at, "what": ends, "value": v})
        return sorted(events, key=lambda e: e["at"], reverse=True)
