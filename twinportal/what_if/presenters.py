"""A simulation as the pages show it: outcomes, paths, what was not counted, what did not move."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from explain.figures.before_after import BeforeAfter, before_after
from explain.wording.numbers import Frequency, frequency, people_apart, percent, points
from models_engine.catalogue.contract import ClinicalModel, Outcome
from models_engine.catalogue.display import displayed
from models_engine.catalogue.what_if.compare import Comparison, ModelComparison
from models_engine.catalogue.what_if.controls import READ
from models_engine.catalogue.what_if.effects import SMOKING, EffectPath
from models_engine.catalogue.what_if.interventions import Intervention, treatments
from models_engine.catalogue.what_if.propagate import NotUsed, Shift, Step
from models_engine.catalogue.what_if.simulation import Simulation
from models_engine.plugins import package_of
from twinportal.dashboards.display import titled
from twinportal.what_if.forecast_rows import course_row, forecast_rows, forecast_snapshot
from twinportal.what_if.words import UNITS, digits, intervention_words, value_text

LABELS = {declared.concept: declared.label for declared in READ}
NO_RANGE = "no range: some of what the effects may be lies outside the model's range"


@dataclass(frozen=True)
class OutcomeRow:
    """One outcome before and after, in words and numbers."""

    model: ClinicalModel
    outcome: Outcome
    found: Comparison
    reasons: tuple[str, ...]

    @property
    def title(self) -> str:
        return titled(self.outcome.label, self.outcome.horizon_years)

    @property
    def key(self) -> str:
        return f"{self.model.id}-{self.outcome.id}"

    @property
    def has_number(self) -> bool:
        return self.found.after is not None

    @property
    def before(self) -> Frequency:
        return frequency(self.found.before)

    @property
    def after(self) -> Frequency | None:
        return None if self.found.after is None else frequency(self.found.after)

    @property
    def before_percent(self) -> str:
        return percent(self.found.before)

    @property
    def after_percent(self) -> str:
        return "" if self.found.after is None else percent(self.found.after)

    @property
    def after_range(self) -> str:
        if self.found.low is None or self.found.high is None:
            return NO_RANGE
        return f"{percent(self.found.low)} to {percent(self.found.high)}"

    @property
    def difference(self) -> str:
        return "" if self.found.difference is None else points(self.found.difference)

    @property
    def difference_range(self) -> str:
        if self.found.difference_low is None or self.found.difference_high is None:
            return ""
        return f"{points(self.found.difference_low)} to {points(self.found.difference_high)}"

    @property
    def people(self) -> str:
        """The difference in whole people of a hundred: itself rounded, not the two numbers."""
        if not self.found.difference or self.found.after is None:
            return "" if self.found.after is None else "no difference"
        people = people_apart(self.found.before, self.found.after)
        direction = "fewer" if self.found.difference < 0 else "more"
        return f"{'less than 1' if people is None else people} in 100 {direction}"

    @property
    def is_lower(self) -> bool:
        return self.found.difference is not None and self.found.difference < 0

    @property
    def against(self) -> str:
        """Inputs that raise the number by the very change one aims at, in words."""
        return ", ".join(_lower(self.model.input(c).label) for c in self.found.against)

    @property
    def own_interval(self) -> str:
        """The model's own intervals, where it has them."""
        before, after = self.found.interval_before, self.found.interval_after
        if before is None or after is None or self.found.after is None:
            return ""
        return (
            f"before {percent(before[0])} to {percent(before[1])}, "
            f"after {percent(after[0])} to {percent(after[1])}"
        )

    def drawn(self, top: float) -> BeforeAfter | None:
        """The figure's marks; None without a number."""
        if self.found.after is None:
            return None
        return before_after(
            self.found.before, self.found.after, self.found.low, self.found.high, top=top
        )


@dataclass(frozen=True)
class DrawnRow:
    row: OutcomeRow
    marks: BeforeAfter | None


@dataclass(frozen=True)
class ShiftRow:
    """A value that moves: "150 to 138 mmHg (136 to 140)"."""

    shift: Shift

    @property
    def label(self) -> str:
        return LABELS.get(self.shift.concept, self.shift.concept.replace("_", " ").capitalize())

    @property
    def before(self) -> str:
        return value_text(self.shift.concept, self.shift.before)

    @property
    def after(self) -> str:
        return value_text(self.shift.concept, self.shift.after)

    @property
    def range(self) -> str:
        if self.shift.high - self.shift.low < 1e-9 or self.shift.concept == SMOKING:
            return ""
        low = value_text(self.shift.concept, self.shift.low)
        return f"{low} to {value_text(self.shift.concept, self.shift.high)}"


@dataclass(frozen=True)
class StepRow:
    """A path that was counted."""

    step: Step

    @property
    def path(self) -> EffectPath:
        return self.step.path

    @property
    def words(self) -> str:
        return path_words(self.path, self.step.origin)

    @property
    def change(self) -> str:
        return _change(self.path.to, self.step.change)

    @property
    def range(self) -> str:
        if self.step.high - self.step.low < 1e-9:
            return ""
        low, high = (_change(self.path.to, n) for n in (self.step.low, self.step.high))
        return f"{low} to {high}"


@dataclass(frozen=True)
class NotUsedRow:
    """A path that was not counted, and why."""

    found: NotUsed

    @property
    def path(self) -> EffectPath:
        return self.found.path

    @property
    def words(self) -> str:
        return path_words(self.path, self.found.origin)

    @property
    def message(self) -> str:
        return self.found.message


class Answer:
    """Everything that one answer shows to a clinician."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        done = simulation.propagation
        self.shifts = [ShiftRow(s) for s in done.shifts]
        self.steps = [StepRow(s) for s in done.steps]
        self.not_used = [NotUsedRow(n) for n in done.not_used]
        self.refused = [(intervention_words(i), reason) for i, reason in done.refused]
        self.doubts = [(intervention_words(i), doubt) for i, doubt in done.doubts]
        self.barred = simulation.person.barred
        self.allergy_notes = simulation.person.allergy_notes
        self.lacks_interval = done.lacks_interval
        self.asks_nothing = not done.accepted and not done.refused
        self.stops_smoking = any(i.target == SMOKING for i in done.accepted)
        self.begins = any(i.kind == "treatment" for i in done.accepted)
        moved = [c for c in simulation.comparisons if c.responds or c.refusals]
        self.still = [c.model for c in simulation.comparisons if not c.responds and not c.refusals]
        main = _main_keys(simulation)
        rows = [row for c in moved for row in _rows(c)]
        self.main = _draw([row for row in rows if row.key in main])
        others = [row for row in rows if row.key not in main and not _is_variant(row.model)]
        self.research = _draw([row for row in others if row.model.research])
        self.further = _draw([row for row in others if not row.model.research])
        self.silent = simulation.silent
        forecasts = forecast_rows(simulation, origin_words)
        self.forecasts = [row for row in forecasts if not row.reason]
        self.no_forecast = [row for row in forecasts if row.reason]
        self.course = course_row(simulation.pace)
        self.pace = simulation.pace
        self.sets = any(i.kind == "set" and i.target != SMOKING for i in done.accepted)

    @property
    def summary(self) -> str:
        """For the live region: what the leading models refuse comes first."""
        if self.barred:
            return self.barred
        if self.asks_nothing:
            return "Nothing is changed yet."
        silent = [drawn.row.title for drawn in self.main if not drawn.row.has_number]
        return f"{_no_number(silent)}{self._first_number()}"

    def _first_number(self) -> str:
        for drawn in self.main:
            row = drawn.row
            if row.has_number:
                against = f" Works against it here: {row.against}." if row.against else ""
                return (
                    f"{row.title}: {row.before_percent} before, {row.after_percent} after, "
                    f"{row.difference} points.{against}"
                )
        return "No prediction moves with these changes."


def _no_number(titles: list[str]) -> str:
    names = "; ".join(dict.fromkeys(titles))
    return f"No number after the change for: {names}. " if names else ""


def _rows(compared: ModelComparison) -> list[OutcomeRow]:
    reasons = tuple(refusal.message for refusal in compared.refusals)
    return [
        OutcomeRow(compared.model, compared.model.outcome(found.outcome), found, reasons)
        for found in compared.outcomes
        if compared.model.outcome(found.outcome).is_probability
    ]


def _draw(rows: list[OutcomeRow]) -> list[DrawnRow]:
    """Rows on one axis, up to the next 5 % above the largest number shown."""
    shown = [
        p
        for row in rows
        if row.has_number
        for p in (row.found.before, row.found.after, row.found.high)
        if p is not None
    ]
    top = min(1.0, (int(max(shown, default=0.0) * 20) + 1) / 20)
    return [DrawnRow(row, row.drawn(top)) for row in rows]


def _main_keys(simulation: Simulation) -> list[str]:
    """The outcomes that the twin page shows first, by the same rule."""
    rows: list[Any] = [
        SimpleNamespace(
            model_id=compared.model.id,
            outcome=found.outcome,
            value=found.before,
            inputs=[
                {"status": source.status}
                for source in simulation.features[compared.model.id].sources.values()
            ],
            refusals=[],
        )
        for compared in simulation.comparisons
        for found in compared.outcomes
    ]
    return [f"{p.model_id}-{p.outcome}" for block in displayed(rows) for p in block.predictions]


def _is_variant(model: ClinicalModel) -> bool:
    """True of a variant that stands behind the one shown; plug-ins and quiet models stand alone."""
    return not (model.quiet or model.research or package_of(model))


def path_words(path: EffectPath, origin: str) -> str:
    """ "Body weight moves systolic blood pressure (from: weight that you set)"."""
    to = LABELS.get(path.to, path.to.replace("_", " "))
    if path.is_of_treatment:
        return f"{treatments()[path.from_].label} moves {_lower(to)}"
    start = LABELS.get(path.from_, path.from_.replace("_", " "))
    return f"{start} moves {_lower(to)}, begun by {_lower(origin_words(origin))}"


def origin_words(origin: str) -> str:
    """Where an effect begins, in words."""
    if not origin.startswith("set:"):
        return treatments()[origin].label
    concept = origin.removeprefix("set:")
    return (
        "stopping smoking" if concept == SMOKING else f"your target for {_lower(LABELS[concept])}"
    )


def _change(concept: str, change: float) -> str:
    return f"{change:+.{digits(concept) + 1}f} {UNITS.get(concept, '')}".replace("-", "−").rstrip()


def _lower(text: str) -> str:
    """The first letter small, unless an abbreviation begins there."""
    return text if text[:2].isupper() or text.startswith("HbA") else text[0].lower() + text[1:]


def snapshot(simulation: Simulation) -> dict[str, Any]:
    """The result as a saved scenario keeps it: outcomes that moved, values, forecasts."""
    return {
        "shifts": [
            {
                "concept": s.concept,
                "before": s.before,
                "after": s.after,
                "low": s.low,
                "high": s.high,
            }
            for s in simulation.propagation.shifts
        ],
        "outcomes": [
            {
                "model": compared.model.id,
                "version": compared.model.version,
                "outcome": found.outcome,
                "before": found.before,
                "after": found.after,
                "low": found.low,
                "high": found.high,
                "refusals": [refusal.to_dict() for refusal in compared.refusals],
            }
            for compared in simulation.comparisons
            if compared.responds or compared.refusals
            for found in compared.outcomes
        ],
        "forecasts": forecast_snapshot(simulation),
    }


def names_of(interventions: Iterable[Intervention]) -> list[str]:
    """Every intervention in words."""
    return [intervention_words(one) for one in interventions]


def by_key(rows: Iterable[DrawnRow]) -> Mapping[str, OutcomeRow]:
    """Rows by model and outcome, to set scenarios beside each other."""
    return {drawn.row.key: drawn.row for drawn in rows}


def said_then(result: Mapping[str, Any], row: OutcomeRow | None) -> str:
    """What a saved scenario said of an outcome, where that is not what is said now."""
    if row is None:
        return ""
    for outcome in result.get("outcomes", ()):
        if (outcome["model"], outcome["outcome"]) != (row.model.id, row.outcome.id):
            continue
        before, after = outcome["before"], outcome["after"]
        told = percent(before), "no number" if after is None else percent(after)
        return "" if told == (row.before_percent, row.after_percent) else " to ".join(told)
    return ""
