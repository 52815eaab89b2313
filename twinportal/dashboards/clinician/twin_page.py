"""Everything the twin page shows, read with a bounded number of queries."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.text import Truncator

from explain.selectors import attributions_of
from models_engine.catalogue.display import (
    LEADING,
    OF_HOSPITAL,
    Displayed,
    displayed,
    of_hospital,
    research_runs,
    silent,
)
from models_engine.models import Prediction
from models_engine.registry import not_offered, quiet_ids, research_ids
from models_engine.selectors import (
    CHANGE_AFTER,
    current_predictions,
    standing_checks,
    standing_history,
    unsupported_runs,
)
from patients.models import Fact, Patient, StaleTwin
from patients.record.allergy_status import AllergyStatus, allergy_status
from patients.record.condition_facts import UNCLASSIFIED as UNCLASSIFIED_CONDITION
from patients.record.drafts import MEASURED
from patients.record.loading import state_of
from patients.record.medication_facts import UNCLASSIFIED as UNCLASSIFIED_MEDICATION
from patients.record.state import State
from patients.record.value import Value
from patients.selectors.mappings import readings
from patients.selectors.quarantine import waiting_about
from patients.selectors.unread import unread_of
from patients.terminology.conditions import CONDITIONS
from patients.terminology.measurements import OBSERVATIONS
from twinportal.dashboards.clinician.blocks import Block, PredictionView
from twinportal.dashboards.clinician.hospital import HospitalScore
from twinportal.dashboards.clinician.joined import identity_of
from twinportal.dashboards.clinician.missed import keeps_missing
from twinportal.dashboards.clinician.research import ResearchModel
from twinportal.dashboards.clinician.trends import number, trends_of, unit_text
from twinportal.dashboards.display import age_text, birth_date_text, data_age

NOT_USED = {
    Fact.Quality.IMPOSSIBLE,
    Fact.Quality.UNKNOWN_UNIT,
    Fact.Quality.MISSING_UNIT,
    Fact.Quality.UNDATED,
    Fact.Quality.IMPLAUSIBLE,
    Fact.Quality.MODIFIED,
}
NOT_USED_SHOWN = 30
ACTIONS_SHOWN = 5
# newest first; the rule on misses looks at the last seven of each measurement
CHECKS_READ = 500


# of one allergy: none is left out, however long another's text is
LONGEST_NAME = 80


class Banner:
    """Who this is; on every page about the patient."""

    def __init__(self, patient: Patient, state: State, now: datetime) -> None:
        self.patient = patient
        self.name = patient.name or "Name not recorded"
        self.birth_date, self.age = birth_date_text(patient), age_text(patient, now)
        self.sex = patient.sex or "not recorded"
        self.identifier = patient.identifier_value or "none"
        self.allergies: AllergyStatus = allergy_status(state)

    @property
    def allergy_text(self) -> str:
        match self.allergies.kind:
            case "listed":
                names = [
                    Truncator(v.display or "allergy without a name").chars(LONGEST_NAME)
                    for v in self.allergies.listed
                ]
                return ", ".join(dict.fromkeys(names))
            case "none_confirmed":
                return "none: confirmed"
            case _:
                return "not recorded"

    @property
    def allergies_need_attention(self) -> bool:
        return self.allergies.kind != "none_confirmed"


class TwinPage:
    """One patient as of `now`."""

    def __init__(self, patient: Patient, now: datetime) -> None:
        self.patient, self.now = patient, now
        self.state = state_of(patient.pk, now)
        self.banner = Banner(patient, self.state, now)
        self.identity = identity_of(patient)
        self.stale = StaleTwin.objects.filter(pk=patient.pk).first()
        current = list(current_predictions(patient.pk))
        self.unsupported = unsupported_runs(patient)
        self.earlier = self._earlier(patient.pk)
        shown: tuple[Displayed[Prediction], ...] = displayed(current)
        rows = [p for block in shown for p in block.predictions]
        self._attributions = attributions_of([row.pk for row in rows])
        self.blocks = [self._block(block) for block in shown]
        # what the first lines of the page speak of: further models say much the same again
        self.leading = self.blocks[: sum(block.family in LEADING for block in shown)]
        self.silent = [self._view(p) for p in silent(current)]
        self.not_offered = not_offered(settings.SCORE2_REGION)
        quiet = quiet_ids()
        views = [self._view(p) for p in current]
        self.plugged = [view for view in views if view.package]
        own = [view for view in views if not view.package]
        self.derived = [v for v in own if not v.row.is_probability and v.row.model_id not in quiet]
        # those of a stay have a section of their own
        elsewhere = quiet - OF_HOSPITAL.keys()
        self.scores = [v for v in own if v.row.model_id in elsewhere]
        self.hospital = [HospitalScore(self._block(b), now) for b in of_hospital(current)]
        self.research = [ResearchModel(rows) for rows in research_runs(current, research_ids())]
        self.trends = trends_of(self.state)
        self.missed = keeps_missing(standing_checks(patient.pk)[:CHECKS_READ])
        self.kept_apart = waiting_about(patient)
        self.unread = unread_of(patient)

    def _earlier(self, patient_id: int) -> dict[tuple[str, str], Prediction]:
        """By model and outcome, the newest standing prediction of at least 90 days ago."""
        found: dict[tuple[str, str], Prediction] = {}
        # scores of the bedside are many, and nobody compares them with those of last summer
        rows = standing_history(patient_id).filter(is_probability=True)
        for row in rows.filter(as_of__lte=self.now - CHANGE_AFTER):
            found.setdefault((row.model_id, row.outcome), row)
        return found

    def _view(self, prediction: Prediction) -> PredictionView:
        earlier = self.earlier.get((prediction.model_id, prediction.outcome))
        return PredictionView(prediction, self._attributions, earlier)

    def _block(self, block: Displayed[Prediction]) -> Block:
        return Block(
            self._view(block.main),
            [self._view(p) for p in block.under],
            self._view(block.beside) if block.beside else None,
        )

    @property
    def changes(self) -> list[PredictionView]:
        """Main predictions that have an earlier one to compare with."""
        return [block.main for block in self.leading if block.main.change]

    @property
    def actions(self) -> list[dict[str, Any]]:
        """Modifiable inputs that raise a main prediction, largest contribution first."""
        rows = [
            {**row, "outcome": block.main.title}
            for block in self.leading
            for row in block.main.raising
            if row["modifiable"]
        ]
        ordered = sorted(rows, key=lambda row: -float(row["contribution"]))
        first: dict[str, dict[str, Any]] = {}
        for row in ordered:
            first.setdefault(str(row["concept"]), row)
        return list(first.values())[:ACTIONS_SHOWN]

    @property
    def scores_with_number(self) -> list[PredictionView]:
        """Of the quiet models, in the order of the registry."""
        return [view for view in self.scores if view.has_number]

    @property
    def scores_without_number(self) -> list[PredictionView]:
        """One for each quiet model that lacks something, with what to record."""
        first = {view.row.model_id: view for view in self.scores if not view.has_number}
        return list(first.values())

    @property
    def has_number(self) -> bool:
        return any(block.main.has_number for block in self.blocks)

    @property
    def orders(self) -> list[str]:
        """What to order so that a model can give a number. Nothing where none could come of it."""
        messages = [
            refusal["message"]
            for block in self.leading
            if all(r["kind"] in ("missing", "too_old") for r in block.main.row.refusals)
            for refusal in block.main.row.refusals
        ]
        return list(dict.fromkeys(messages))

    @property
    def data_age(self) -> str:
        series = [values[0].effective_at for c, values in self.state.values.items() if values]
        return data_age(max(series, default=None), self.now)

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
        """Diagnoses and medicines that were sent in codes of no table of ours, newest first."""
        rows = Fact.objects.filter(
            patient=self.patient,
            concept__in=(UNCLASSIFIED_CONDITION, UNCLASSIFIED_MEDICATION),
            quality__in=(Fact.Quality.UNCLASSIFIED, Fact.Quality.MODIFIED),
        )
        return list(rows.order_by("-effective_at", "pk"))

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

    @property
    def superseded(self) -> list[Prediction]:
        """The last predictions that turned out to rest on wrong data."""
        rows = Prediction.objects.filter(
            patient=self.patient, status=Prediction.Status.SUPERSEDED, run__replayed=False
        )
        return list(rows.select_related("run").order_by("-ended_at", "model_id", "outcome")[:10])

    @cached_property
    def readings(self) -> dict[int, str]:
        """What is said of every mapping that has read something on the page. One query at most."""
        numbers = {n for view in self._views() for n in view.read_by}
        numbers |= {n for research in self.research for n in research.read_by}
        numbers |= {n for trend in self.trends for n in trend.read_by}
        numbers |= {n for event in self.timeline for n in event["value"].mappings}
        numbers |= {n for value in self.medications for n in value.mappings}
        numbers |= {n for fact in self.not_used for n in fact.mappings}
        return readings(numbers)

    def _views(self) -> list[PredictionView]:
        shown = [view for b in self.blocks for view in (b.main, *b.under, b.beside) if view]
        in_hospital = [score.main for score in self.hospital]
        return [*shown, *self.derived, *self.silent, *self.scores, *self.plugged, *in_hospital]

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


def concept_label(concept: str) -> str:
    """A concept's display name, of whatever kind."""
    known = OBSERVATIONS.get(concept) or CONDITIONS.get(concept)
    if known:
        return known.display
    # "genotype:CYP2C19": the names of genes are as they are
    kind, _, gene = concept.partition(":")
    return f"{kind.replace('_', ' ').capitalize()} {gene}".strip()


__all__ = ["Banner", "TwinPage", "concept_label", "number", "unit_text"]
