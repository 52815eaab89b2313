"""One number that waits, as the clinician reviews it: the number, the change, what moved it, and
the very sentences that the patient would read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

from explain.models import Attribution
from explain.selectors import attributions_of
from explain.wording.numbers import frequency, percent, points
from explain.wording.phrases import Level
from models_engine.models import Prediction
from models_engine.registry import model_as_run
from models_engine.selectors import earlier_values
from patients.access.consent import Purpose, permitting
from patients.models import Patient, StaleTwin
from twinportal.accounts.models import User
from twinportal.dashboards.clinician.twin_page import concept_label
from twinportal.dashboards.display import age_text, outcome_label
from twinportal.dashboards.portal.results import Result
from twinportal.release.decisions import Decisions, newest_decisions, release_state

REASONS_SHOWN = 3
# a smaller share of the number is not worth a line
SMALLEST_REASON = 0.002
Attributions = Mapping[tuple[int, str], Attribution]


class Waiting:
    """One row of the review page. It cannot be released while the twin is being recalculated, nor
    without an explanation: the patient would not see it."""

    def __init__(
        self,
        row: Prediction,
        attributions: Attributions,
        earlier: float | None,
        level: Level,
        *,
        decisions: Decisions,
        is_stale: bool,
        hides_estimates: bool,
        now: datetime,
    ) -> None:
        if row.value is None:
            raise ValueError("only a number can be reviewed")
        self.row, self.patient, self.level, self.is_stale = row, row.patient, level, is_stale
        self.hides_estimates = hides_estimates
        self.release = release_state(row, decisions)
        self.name = row.patient.name or "Name not recorded"
        self.age = age_text(row.patient, now)
        self.title = outcome_label(row)
        self.percent, self.n_in_100 = percent(row.value), frequency(row.value).out_of
        self.change = "" if earlier is None else points(row.value - earlier)
        found = attributions.get((row.pk, Attribution.Baseline.OPTIMAL))
        self.reasons = _reasons(found.contributions) if found else []
        self.seen = Result(row, found, level).text if found else None
        self.model = _model_title(row)

    @property
    def can_be_released(self) -> bool:
        return self.seen is not None and not self.is_stale


def waiting_rows(predictions: Iterable[Prediction], *, now: datetime) -> list[Waiting]:
    """What the page shows of these. A few queries, however many there are."""
    rows = list(predictions)
    patients = {row.patient_id for row in rows}
    attributions = attributions_of([row.pk for row in rows])
    earlier = earlier_values(patients, now=now)
    stale = set(StaleTwin.objects.filter(pk__in=patients).values_list("pk", flat=True))
    levels = _levels(patients)
    decisions = newest_decisions(patients)
    see = permitting(Purpose.SEE_PREDICTIONS).filter(pk__in=patients)
    seeing = set(see.values_list("pk", flat=True))
    return [
        Waiting(
            row,
            attributions,
            earlier.get((row.patient_id, row.model_id, row.outcome)),
            levels.get(row.patient_id, "plain"),
            decisions=decisions,
            is_stale=row.patient_id in stale,
            hides_estimates=row.patient_id not in seeing,
            now=now,
        )
        for row in rows
    ]


def _levels(patient_ids: Iterable[int]) -> dict[int, Level]:
    """The literacy level of each patient who signs in; one who was merged is the other's."""
    own = {pk: pk for pk in patient_ids}
    for merged in Patient.objects.filter(merged_into__in=patient_ids):
        own[merged.pk] = merged.merged_into_id or merged.pk
    users = User.objects.filter(patient__in=own).order_by("-pk")
    return {own[one.patient_id or 0]: cast(Level, one.literacy_level) for one in users}


def _reasons(contributions: Sequence[Mapping[str, object]]) -> list[str]:
    """The largest contributions in probability points: "+2.1 points: Systolic blood pressure"."""
    rows = [(float(str(row["contribution"])), str(row["concept"])) for row in contributions]
    largest = sorted(rows, key=lambda row: -abs(row[0]))[:REASONS_SHOWN]
    return [
        f"{points(share)} points: {concept_label(concept)}"
        for share, concept in largest
        if abs(share) >= SMALLEST_REASON
    ]


def _model_title(row: Prediction) -> str:
    try:
        return f"{model_as_run(row.model_id, row.model_version).title}, {row.model_version}"
    except KeyError:
        return f"{row.model_id}, {row.model_version}"
