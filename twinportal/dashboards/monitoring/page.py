"""One model's monitoring as its page shows it, from one stored snapshot and the course of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from explain.figures.calibration import Calibration, Measured, calibration
from explain.figures.sparkline import Sparkline, sparkline
from models_engine.catalogue.contract import ClinicalModel, Outcome
from models_engine.catalogue.outcome_event import OutcomeEvent
from models_engine.models import MonitoringSnapshot
from twinportal.dashboards.monitoring import words
from twinportal.dashboards.monitoring.drift_rows import KINDS, drift_rows
from twinportal.dashboards.monitoring.suppression import WITHHELD, is_small, protected, reasons

LEVELS = ("large", "some", "none", "too_few")


@dataclass(frozen=True)
class JudgedRow:
    """A group of predictions against what happened, in words."""

    label: str
    people: str
    is_shown: bool = False
    followed: str = ""
    complete: str = ""
    events: str = ""
    expected: str = ""
    ratio: str = ""
    expected_to_now: str = ""
    ratio_to_now: str = ""


@dataclass(frozen=True)
class Judged:
    """One outcome."""

    label: str
    definition: str
    event: OutcomeEvent | None
    is_probability: bool
    verdict: str = ""
    level: str = ""
    rows: tuple[JudgedRow, ...] = ()
    excluded: str = ""
    slope: str = ""
    figure: Calibration | None = None
    groups: tuple[Mapping[str, Any], ...] = ()


class MonitoringPage:
    """Everything the template asks for."""

    def __init__(
        self,
        snapshot: MonitoringSnapshot,
        model: ClinicalModel | None,
        course: Sequence[tuple[Any, int, int]],
    ) -> None:
        self.snapshot, self.model = snapshot, model
        self.title = model.title if model else snapshot.model_id
        content = snapshot.content
        self.asked, self.applicable = words.count(snapshot.asked), words.count(snapshot.applicable)
        refused = snapshot.applicable - snapshot.numbers
        self.numbers, self.refused = words.parts(snapshot.numbers, snapshot.applicable)
        self.refused_share = words.share(refused, snapshot.applicable)
        not_asked, not_for = snapshot.twins - snapshot.asked, snapshot.asked - snapshot.applicable
        # it would give away a small count of those who are neither
        hides_twins = is_small(not_asked) or is_small(not_for)
        self.twins = "" if hides_twins else words.count(snapshot.twins)
        self.not_asked = words.count(not_asked)
        self.not_for = self._reasons(content["reasons"], not_applicable=True)
        self.why_not = self._reasons(content["reasons"], not_applicable=False)
        self.has_drift = content["drift"] is not None
        self.drift = sorted(
            drift_rows(model, content["drift"] or (), self._whole()),
            key=lambda row: (LEVELS.index(row.level), list(KINDS.values()).index(row.kind)),
        )
        self.judged = self._judged(content["judged"])
        past = [row for row in content["retrospective"] if row["all"]["people"]]
        self.retrospective = self._judged(past) if past else []
        self.course = [(day, applicable, numbers) for day, applicable, numbers in course]

    def _whole(self) -> tuple[int, int]:
        """Whom the model was for, at the reference and now."""
        reference = self.snapshot.reference
        then = reference.content.get("applicable", 0) if reference else 0
        return then, self.snapshot.applicable

    def _reasons(
        self, rows: Sequence[tuple[str, str, int]], *, not_applicable: bool
    ) -> list[tuple[str, str, str]]:
        snapshot = self.snapshot
        whole = snapshot.asked if not_applicable else snapshot.applicable
        rest = snapshot.applicable if not_applicable else snapshot.numbers
        listed = [row for row in rows if (row[0] == "not_applicable") == not_applicable]
        told = reasons([number for _, _, number in listed], whole - rest)
        return [
            (
                words.reason(self.model, kind, concept),
                told.words[place],
                "" if place in told.hidden else words.share(number, whole),
            )
            for place, (kind, concept, number) in enumerate(listed)
        ]

    def _judged(self, rows: Sequence[Mapping[str, Any]]) -> list[Judged]:
        stored = {row["outcome"]: row for row in rows}
        outcomes = self.model.outcomes if self.model else ()
        return [_judged(outcome, stored.get(outcome.id)) for outcome in outcomes]

    @property
    def spark(self) -> Sparkline | None:
        """The share of those whom the model is for who have a number, by day."""
        points = self.course_rows
        if len(points) < 2:
            return None
        return sparkline(
            [
                (datetime(day.year, day.month, day.day, tzinfo=UTC), 100 * numbers / applicable)
                for day, applicable, numbers in points
            ]
        )

    @property
    def course_rows(self) -> list[tuple[Any, int, int]]:
        """Days whose counts are large enough to be told, oldest first."""
        return [
            row for row in self.course if row[1] >= words.SMALLEST and words.share(row[2], row[1])
        ]

    @property
    def course_table(self) -> list[tuple[Any, str, str, str]]:
        """The same values as the line, newest first."""
        return [
            (day, words.count(applicable), words.count(numbers), words.share(numbers, applicable))
            for day, applicable, numbers in reversed(self.course_rows)
        ]


def _judged(outcome: Outcome, row: Mapping[str, Any] | None) -> Judged:
    years = outcome.horizon_years
    label = f"{outcome.label}, {years:g} years" if years else outcome.label
    if row is None:
        return Judged(label, outcome.definition, outcome.event, outcome.is_probability)
    whole = row["all"]
    rows = [_judged_row("All, by each person's first prediction", whole)]
    rows += _years(row["years"])
    shown = whole["people"] >= words.SMALLEST
    # their events make up those of all
    told = [protected([g[what] for g in whole["groups"]]) for what in ("people", "events")]
    groups = tuple(
        g for place, g in enumerate(whole["groups"]) if not any(place in one.hidden for one in told)
    )
    points = [Measured(g["predicted"], g["observed"], g["low"], g["high"]) for g in groups]
    return Judged(
        label,
        outcome.definition,
        outcome.event,
        outcome.is_probability,
        verdict=words.verdict(whole, years),
        level=whole["status"] if shown else "",
        rows=tuple(rows),
        excluded=_excluded(whole),
        slope=_slope(whole),
        figure=calibration(f"Observed against predicted: {label}", points) if points else None,
        groups=groups,
    )


def _years(rows: Mapping[str, Mapping[str, Any]]) -> list[JudgedRow]:
    """The rows by year, beside the row of all: as if each person were in one year alone."""
    found = list(rows.values())
    people = protected([row["people"] for row in found])
    # of a row that is left out nothing is told: it is what the others leave over
    left_out = set(people.hidden)
    events, complete = (
        protected([row[what] for row in found], also=sorted(left_out))
        for what in ("events", "complete")
    )
    return [
        JudgedRow(f"Made in {year}", people.words[place])
        if place in left_out
        else _judged_row(
            f"Made in {year}",
            row,
            events=events.words[place],
            complete=complete.words[place],
        )
        for place, (year, row) in enumerate(rows.items())
    ]


def _judged_row(
    label: str, row: Mapping[str, Any], *, events: str = "", complete: str = ""
) -> JudgedRow:
    if row["people"] < words.SMALLEST:
        return JudgedRow(label, words.count(row["people"]))
    events = events or words.count(row["events"])
    # a ratio beside what was expected tells the events
    tells = events != WITHHELD
    return JudgedRow(
        label,
        words.count(row["people"]),
        is_shown=True,
        followed=f"{100 * row['followed']:.0f} %",
        complete=complete or words.count(row["complete"]),
        events=events,
        expected=words.expected(row),
        ratio=words.ratio(row) if tells else WITHHELD,
        expected_to_now=words.expected(row, "ratio_to_now"),
        ratio_to_now=words.ratio(row, "ratio_to_now") if tells else WITHHELD,
    )


def _excluded(row: Mapping[str, Any]) -> str:
    parts = []
    if row["before"]:
        parts.append(
            f"{words.count(row['before'])} had the event, or had died, before the prediction"
        )
    if row["undated"]:
        parts.append(f"of {words.count(row['undated'])} nobody says when it happened")
    if row["without_onset"]:
        parts.append(
            f"{words.count(row['without_onset'])} events have no onset, and count from the day "
            "they were written down"
        )
    return f"Left out or doubtful: {'; '.join(parts)}." if parts else ""


def _slope(row: Mapping[str, Any]) -> str:
    found = row.get("slope")
    if not found:
        return ""
    return f"Calibration slope {found['slope']:.2f} ({found['low']:.2f} to {found['high']:.2f}); 1 is right."
