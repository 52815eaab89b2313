"""The parts of the twin page that speak of predictions: the overview, and all of them."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from django.conf import settings

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
    standing_history,
    unsupported_runs,
)
from patients.models import Patient
from twinportal.dashboards.clinician.actions import ToDo, to_do
from twinportal.dashboards.clinician.blocks import Block, PredictionView
from twinportal.dashboards.clinician.hospital import HospitalScore
from twinportal.dashboards.clinician.missing import ToGet, to_get
from twinportal.dashboards.clinician.next_conditions import next_conditions_of
from twinportal.dashboards.clinician.research import ResearchModel
from twinportal.dashboards.clinician.twin_page import TwinTab
from twinportal.dashboards.clinician.twin_record import not_read_of
from twinportal.dashboards.display import data_age
from twinportal.release.decisions import Decisions, newest_decisions

ACTIONS_SHOWN = 4
CHANGES_SHOWN = 4
FIRST_TO_GET = 3


class _WithPredictions(TwinTab):
    """Reads what stands now and what to compare it with; three queries, four where it is stale."""

    def __init__(self, patient: Patient, now: datetime) -> None:
        super().__init__(patient, now)
        self.current = list(current_predictions(patient.pk))
        self.unsupported = unsupported_runs(patient) if self.stale else set()
        self.earlier = self._earlier(patient.pk)
        self._shown: tuple[Displayed[Prediction], ...] = displayed(self.current)
        self._attributions = attributions_of(self._explained())
        self.blocks = [self._block(block) for block in self._shown]
        # what the first lines of the page speak of: further models say much the same again
        self.leading = self.blocks[: sum(block.family in LEADING for block in self._shown)]

    def _explained(self) -> list[int]:
        return [row.pk for block in self._shown for row in block.predictions]

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
        return PredictionView(prediction, self._attributions, earlier, self._decisions())

    def _decisions(self) -> Decisions:
        """What was decided about release, for the part of the page that shows it."""
        return {}

    def _block(self, block: Displayed[Prediction]) -> Block:
        return Block(
            self._view(block.main),
            [self._view(p) for p in block.under],
            self._view(block.beside) if block.beside else None,
        )


class Overview(_WithPredictions):
    """What changed, what matters, what can be done."""

    def __init__(self, patient: Patient, now: datetime) -> None:
        super().__init__(patient, now)
        self._needs = to_get(self.current, self.state)
        self.hospital = [HospitalScore(self._block(b), now) for b in of_hospital(self.current)]
        self.not_read_count = not_read_of(patient).count()

    def _explained(self) -> list[int]:
        return [block.main.pk for block in self._shown if block.family in LEADING]

    @property
    def changes(self) -> list[PredictionView]:
        """Main predictions that have an earlier one to compare with."""
        return [block.main for block in self.leading if block.main.change][:CHANGES_SHOWN]

    @cached_property
    def to_do(self) -> ToDo:
        """What the page "What would lower it" would move, and values to look at today."""
        usable = [b.main for b in self.leading if b.main.row.run_id not in self.unsupported]
        return to_do(usable, self.state, ACTIONS_SHOWN)

    @property
    def has_number(self) -> bool:
        return any(block.main.has_number for block in self.blocks)

    @property
    def first_to_get(self) -> list[ToGet]:
        """What would settle most. Nothing for who has died: no number could come of it."""
        return [one for one in self._needs if one.how.way != "none"][:FIRST_TO_GET]

    @property
    def further_to_get(self) -> int:
        return len(self._needs) - len(self.first_to_get)

    @property
    def data_age(self) -> str:
        series = [values[0].effective_at for c, values in self.state.values.items() if values]
        return data_age(max(series, default=None), self.now)

    def mappings_shown(self) -> Iterable[int]:
        yield from (n for block in self.leading for n in block.main.read_by)


class Predictions(_WithPredictions):
    """Everything the models say of this person, and what they cannot say."""

    key = "predictions"

    def __init__(self, patient: Patient, now: datetime) -> None:
        super().__init__(patient, now)
        self.silent = [self._view(p) for p in silent(self.current)]
        self.not_offered = not_offered(settings.SCORE2_REGION)
        quiet = quiet_ids()
        views = [self._view(p) for p in self.current]
        self.plugged = [view for view in views if view.package]
        own = [view for view in views if not view.package]
        self.derived = [v for v in own if not v.row.is_probability and v.row.model_id not in quiet]
        # those of a stay have a section of their own
        elsewhere = quiet - OF_HOSPITAL.keys()
        self.scores = [v for v in own if v.row.model_id in elsewhere]
        self.hospital = [HospitalScore(self._block(b), now) for b in of_hospital(self.current)]
        self.research = [
            ResearchModel(rows) for rows in research_runs(self.current, research_ids())
        ]
        self.next_conditions = next_conditions_of(patient, now)

    @cached_property
    def _decided(self) -> Decisions:
        return newest_decisions([self.patient.pk])

    def _decisions(self) -> Decisions:
        return self._decided

    @cached_property
    def not_read_count(self) -> int:
        """Diagnoses and medicines in codes of no table; asked where something is assumed absent."""
        return not_read_of(self.patient).count()

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
    def superseded(self) -> list[Prediction]:
        """The last predictions that turned out to rest on wrong data."""
        rows = Prediction.objects.filter(
            patient=self.patient, status=Prediction.Status.SUPERSEDED, run__replayed=False
        )
        return list(rows.select_related("run").order_by("-ended_at", "model_id", "outcome")[:10])

    def mappings_shown(self) -> Iterable[int]:
        for view in self._views():
            yield from view.read_by
        for research in self.research:
            yield from research.read_by

    def _views(self) -> list[PredictionView]:
        shown = [view for b in self.blocks for view in (b.main, *b.under, b.beside) if view]
        in_hospital = [score.main for score in self.hospital]
        return [*shown, *self.derived, *self.silent, *self.scores, *self.plugged, *in_hospital]
