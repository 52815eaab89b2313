"""A patient's numbers over time, and what changed since the one before."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from explain.figures.sparkline import Sparkline, sparkline
from explain.models import Attribution
from explain.selectors import attributions_of
from explain.wording.changes import ChangeText, change_text, moved
from explain.wording.numbers import Frequency, frequency
from explain.wording.phrases import Level, outcome_words
from models_engine.models import Prediction
from models_engine.selectors import standing_history
from patients.models import Patient
from twinportal.dashboards.portal.days import day_of, day_text
from twinportal.dashboards.portal.results import Result

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
    """Numbers of one outcome, oldest first; the last one stands now."""

    result: Result
    title: str
    numbers: tuple[PastNumber, ...]
    change: ChangeText | None

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
    """Of each released result, the released ones before it of the same model. Two queries."""
    keys = {(r.prediction.model_id, r.prediction.outcome): r for r in results}
    rows: dict[tuple[str, str], list[Prediction]] = {key: [] for key in keys}
    history = standing_history(patient.pk).filter(
        released_at__isnull=False, model_id__in={model for model, _ in keys}
    )
    for row in history.select_related("run"):
        if (row.model_id, row.outcome) in rows:
            rows[row.model_id, row.outcome].append(row)
    made = {key: _one_a_day(found[::-1]) for key, found in rows.items()}
    pairs = {key: (found[-2], found[-1]) for key, found in made.items() if len(found) > 1}
    reasons = attributions_of([p.pk for pair in pairs.values() for p in pair])
    return [
        NumberHistory(
            result,
            outcome_words(result.prediction.outcome, level).title,
            tuple(_past(row) for row in made[key]),
            _change(*pairs[key], reasons, level) if key in pairs else None,
        )
        for key, result in keys.items()
    ]


def _one_a_day(rows: list[Prediction]) -> list[Prediction]:
    """The last number of each day, oldest first."""
    ends = [
        earlier
        for earlier, later in pairwise(rows)
        if day_of(earlier.as_of) != day_of(later.as_of)
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
    if old is not None and new is not None and before.model_version == after.model_version:
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
