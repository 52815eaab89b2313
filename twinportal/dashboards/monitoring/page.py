"""One model's monitoring as its page shows it, from one stored snapshot and the course of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from explain.figures.calibration import Calibration, Measured, calibration
from explain.figures.columns import Columns, columns
from explain.figures.sparkline import Sparkline, sparkline
from models_engine.catalogue.contract import FEMALE, ClinicalModel, Outcome
from models_engine.catalogue.outcome_event import OutcomeEvent
from models_engine.models import MonitoringSnapshot
from models_engine.monitoring.counting import WAYS
from twinportal.dashboards.monitoring import words

YES_NO = ("condition", "medication")
LEVELS = ("large", "some", "none", "too_few")
KINDS = {"output": "Output", "input": "Input", "ways": "How it is recorded"}


@dataclass(frozen=True)
class Bin:
    """One row of a comparison; shares are empty where a count is not shown."""

    label: str
    before: str
    now: str
    before_share: str
    now_share: str


@dataclass(frozen=True)
class DriftRow:
    """One input or output against the reference."""

    kind: str
    label: str
    level: str
    verdict: str
    index: str
    chance: str
    people: str
    bins: tuple[Bin, ...]
    before_figure: Columns
    now_figure: Columns
    summary: str


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
        self.twins = words.count(snapshot.twins)
        self.not_asked = words.count(snapshot.twins - snapshot.asked)
        self.not_for = self._reasons(content["reasons"], not_applicable=True)
        self.why_not = self._reasons(content["reasons"], not_applicable=False)
        self.has_drift = content["drift"] is not None
        self.drift = sorted(
            (_drift_row(model, row) for row in content["drift"] or ()),
            key=lambda row: (LEVELS.index(row.level), list(KINDS.values()).index(row.kind)),
        )
        self.judged = self._judged(content["judged"])
        past = [row for row in content["retrospective"] if row["all"]["people"]]
        self.retrospective = self._judged(past) if past else []
        self.course = [(day, applicable, numbers) for day, applicable, numbers in course]

    def _reasons(
        self, rows: Sequence[tuple[str, str, int]], *, not_applicable: bool
    ) -> list[tuple[str, str, str]]:
        whole = self.snapshot.asked if not_applicable else self.snapshot.applicable
        return [
            (words.reason(self.model, kind, concept), words.count(n), words.share(n, whole))
            for kind, concept, n in rows
            if (kind == "not_applicable") == not_applicable
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


def _drift_row(model: ClinicalModel | None, row: Mapping[str, Any]) -> DriftRow:
    kind, _, name = row["name"].partition(":")
    label = words.outcome_label(model, name) if kind == "output" else words.label(model, name)
    names = list(WAYS) if kind == "ways" else _bin_names(model, kind, name, row)
    n, m = sum(row["before"]), sum(row["now"])
    bins = tuple(
        Bin(named, words.count(a), words.count(b), words.share(a, n), words.share(b, m))
        for named, a, b in zip(names, row["before"], row["now"], strict=True)
        if a or b
    )
    shown = [_drawn(counts) for counts in (row["before"], row["now"])]
    index = "" if row["index"] is None else f"{row['index']:.3f}"
    verdict = words.LEVELS[row["level"]]
    return DriftRow(
        kind=KINDS[kind],
        label=label,
        level=row["level"],
        verdict=verdict,
        index=index,
        chance="" if row["chance"] is None else f"{row['chance']:.3f}",
        people=f"{words.count(n)} then, {words.count(m)} now",
        bins=bins,
        before_figure=columns(shown[0]),
        now_figure=columns(shown[1]),
        summary=f"{label}: {verdict}" + (f", index {index}" if index else ""),
    )


def _drawn(counts: Sequence[int]) -> list[int]:
    """What a figure may show: a small count not at all."""
    return [n if n >= words.SMALLEST else 0 for n in counts]


def _bin_names(
    model: ClinicalModel | None, kind: str, name: str, row: Mapping[str, Any]
) -> list[str]:
    cuts = row["cuts"]
    if not cuts:
        return ["any value"]
    declared = {i.concept: i for i in model.inputs}.get(name) if model and kind == "input" else None
    per_cent = kind == "output" and _is_probability(model, name)
    shown = [f"{100 * c:.3g} %" if per_cent else f"{c:.4g}" for c in cuts]
    if row["by_value"]:
        if declared and declared.concept == "sex":
            shown = ["female" if c == FEMALE else "male" for c in cuts]
        elif declared and declared.role in YES_NO:
            shown = ["yes" if c else "no" for c in cuts]
        return [f"below {shown[0]}", *shown[:-1], f"above {shown[-2]}"]
    pairs = [f"{a} to {b}" for a, b in pairwise(shown)]
    return [f"below {shown[0]}", *pairs, f"from {shown[-1]}"]


def _is_probability(model: ClinicalModel | None, outcome_id: str) -> bool:
    return any(o.id == outcome_id and o.is_probability for o in (model.outcomes if model else ()))


def _judged(outcome: Outcome, row: Mapping[str, Any] | None) -> Judged:
    years = outcome.horizon_years
    label = f"{outcome.label}, {years:g} years" if years else outcome.label
    if row is None:
        return Judged(label, outcome.definition, outcome.event, outcome.is_probability)
    whole = row["all"]
    rows = [_judged_row("All, by each person's first prediction", whole)]
    rows += [_judged_row(f"Made in {year}", found) for year, found in row["years"].items()]
    shown = whole["people"] >= words.SMALLEST
    groups = tuple(g for g in whole["groups"] if g["events"] == 0 or g["events"] >= words.SMALLEST)
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


def _judged_row(label: str, row: Mapping[str, Any]) -> JudgedRow:
    if row["people"] < words.SMALLEST:
        return JudgedRow(label, words.count(row["people"]))
    return JudgedRow(
        label,
        words.count(row["people"]),
        is_shown=True,
        followed=f"{100 * row['followed']:.0f} %",
        complete=words.count(row["complete"]),
        events=words.count(row["events"]),
        expected=words.expected(row),
        ratio=words.ratio(row),
        expected_to_now=words.expected(row, "ratio_to_now"),
        ratio_to_now=words.ratio(row, "ratio_to_now"),
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
