"""A patient's numbers over time, and what changed since the one before."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.conf import settings

from explain.figures.sparkline import Sparkline, sparkline
from explain.models import Attribution
from explain.selectors import attributions_of
from explain.wording.changes import ChangeText, change_text, moved
from explain.wording.numbers import Frequency, frequency
from explain.wording.phrases import Level, outcome_words
from explain.wording.reasons import uncertain_reasons
from models_engine.catalogue.display import displayed
from models_engine.models import Prediction
from models_engine.selectors import standing_history
from patients.models import Patient
from twinportal.dashboards.portal.days import day_of, day_text
from twinportal.dashboards.portal.results import Result
from twinportal.release.policy import ReleasePolicy, parse_policy

OPTIMAL = Attribution.Baseline.OPTIMAL


@dataclass(frozen=True)
class PastNumber:
    """One day's number. `is_later_work`: worked out afterwards, from what the record says of it."""

    at: datetime
    day: str
    frequency: Frequency
    is_later_work: bool
    prediction: Prediction


@dataclass(frozen=True)
class NumberHistory:
    """Numbers of one outcome, oldest first; the last one stands now.

    `doubt` is said beside what moved it, where the reasons of one of the two days are uncertain.
    """

    result: Result
    title: str
    numbers: tuple[PastNumber, ...]
    change: ChangeText | None
    doubt: str = ""

    @property
    def newest_first(self) -> tuple[PastNumber, ...]:
        return self.numbers[::-1]

    @property
    def spark(self) -> Sparkline:
        """Drawn from the very counts that the table writes."""
        return sparkline([(one.at, float(one.frequency.count)) for one in self.numbers])

    @property
    def dots(self) -> list[tuple[float, float, int]]:
        """Every point of the picture with the count that it stands for."""
        return [
            (x, y, one.frequency.count)
            for (x, y), one in zip(self.spark.points, self.numbers, strict=True)
        ]


def number_histories(patient: Patient, results: list[Result], level: Level) -> list[NumberHistory]:
    """Of each released result, the released ones before it. Two queries."""
    policy = parse_policy(settings.RELEASE_POLICY)
    history = standing_history(patient.pk).filter(
        outcome__in={r.prediction.outcome for r in results}
    )
    rows = list(history.select_related("run"))[::-1]
    released = [row for row in rows if _may_be_seen(row, policy)]
    made = {r.prediction.pk: _one_a_day(_of_result(r.prediction, released)) for r in results}
    pairs = {pk: (found[-2], found[-1]) for pk, found in made.items() if len(found) > 1}
    reasons = attributions_of([p.pk for pair in pairs.values() for p in pair])
    found = []
    for result in results:
        pair = pairs.get(result.prediction.pk)
        change = _change(*pair, reasons, level) if pair else None
        found.append(
            NumberHistory(
                result,
                outcome_words(result.prediction.outcome, level).title,
                tuple(_past(row) for row in made[result.prediction.pk]),
                change,
                _doubt(pair, reasons, level) if pair and change and change.why else "",
            )
        )
    return found


def _doubt(
    pair: tuple[Prediction, Prediction], reasons: dict[tuple[int, str], Attribution], level: Level
) -> str:
    known = [reasons[row.pk, OPTIMAL] for row in pair if (row.pk, OPTIMAL) in reasons]
    return uncertain_reasons(level) if any(one.is_uncertain for one in known) else ""


def _may_be_seen(row: Prediction, policy: ReleasePolicy) -> bool:
    """Released; or worked out later, where the clinic's policy needs no review of this model.

    Nobody ever releases what was worked out later, and the page says what it is.
    """
    return row.released_at is not None or (row.replayed and policy.releases(row.model_id))


def _of_result(shown: Prediction, released: list[Prediction]) -> list[Prediction]:
    """What the page would have shown of this outcome, oldest first.

    Of the model that is shown now everything. At a moment that was replayed all models were asked
    at once, so that the one is taken which a page of that day would have shown.
    """
    rows = [row for row in released if row.model_id == shown.model_id and not row.replayed]
    rows = [row for row in rows if row.outcome == shown.outcome]
    moments: dict[datetime, list[Prediction]] = {}
    for row in released:
        if row.replayed:
            moments.setdefault(row.as_of, []).append(row)
    for at_once in moments.values():
        rows += [
            block.main
            for block in displayed(at_once)
            if block.main.outcome == shown.outcome and block.main.value is not None
        ]
    return sorted(rows, key=lambda row: (row.as_of, row.pk))


def _one_a_day(rows: list[Prediction]) -> list[Prediction]:
    """The last number of each day, oldest first."""
    ends = [
        earlier for earlier, later in pairwise(rows) if day_of(earlier.as_of) != day_of(later.as_of)
    ]
    return [*ends, *rows[-1:]]


def _past(row: Prediction) -> PastNumber:
    return PastNumber(
        row.as_of, day_text(row.as_of), frequency(row.value or 0.0), row.replayed, row
    )


def _change(
    before: Prediction,
    after: Prediction,
    reasons: dict[tuple[int, str], Attribution],
    level: Level,
) -> ChangeText:
    old, new = reasons.get((before.pk, OPTIMAL)), reasons.get((after.pk, OPTIMAL))
    why = None
    if old is not None and new is not None and _is_same_model(before, after):
        grown = new.baseline_value - old.baseline_value
        why = moved(old.contributions, new.contributions, grown)
    return change_text(
        level,
        day=day_text(before.as_of),
        horizon=after.horizon_years or 0.0,
        before=before.value or 0.0,
        after=after.value or 0.0,
        why=why,
    )


def _is_same_model(before: Prediction, after: Prediction) -> bool:
    """Only contributions to one model can be compared with each other."""
    return (before.model_id, before.model_version) == (after.model_id, after.model_version)
