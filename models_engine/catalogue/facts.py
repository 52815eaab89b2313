"""Model facts: what a facts page must state about a model, and how sure we are of it.

The field list follows the Duke Model Facts label v2 and TRIPOD+AI, in our own words. A field that
nobody has measured says so in a sentence; an empty field is refused at birth.
"""

from dataclasses import dataclass, fields
from datetime import date
from math import isfinite
from typing import Literal, get_args

EvidenceTag = Literal["V", "S", "M", "J"]

EVIDENCE_TEXT: dict[str, str] = {
    "V": "Published; recomputed here and equal to the published or reference values.",
    "S": "Published; the source was read, the figure was not recomputed here.",
    "M": "Published, not yet verified here.",
    "J": "Chosen by this project; not taken from a publication.",
}

# how a model is watched here, as its facts say: see docs/monitoring.md
DRIFT_ONLY = (
    "Every day: who gets no number and why, and drift of inputs and outputs against a reference "
    "that a data steward has frozen. It gives no probability that events could be compared with."
)
MONITORED = (
    "Every day: who gets no number and why, drift of inputs and outputs against a reference that "
    "a data steward has frozen, and recorded events against what was foretold, where the record "
    "tells the event."
)


def require_text(whose: str, /, **texts: str) -> None:
    """Raise ValueError when one of the named texts is blank."""
    for name, text in texts.items():
        if not text.strip():
            raise ValueError(f"{whose}: {name} must say something")


def _require_interval(owner: str, low: float, value: float, high: float) -> None:
    if not (isfinite(low) and isfinite(high) and low <= value <= high):
        raise ValueError(f"{owner}: {value} is not inside its interval {low} to {high}")


def require_tag(owner: str, tag: str) -> None:
    """Raise ValueError when `tag` is none of V, S, M, J."""
    if tag not in get_args(EvidenceTag):
        raise ValueError(f"{owner}: evidence tag {tag!r} is none of V, S, M, J")


@dataclass(frozen=True)
class Reference:
    """A publication or source; `url` or `doi` only where we hold one."""

    citation: str
    evidence: EvidenceTag
    doi: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        require_text("Reference", citation=self.citation)
        require_tag(f"Reference {self.citation[:40]}", self.evidence)


@dataclass(frozen=True)
class Performance:
    """One published performance figure, with where it was measured."""

    measure: str
    population: str
    value: str
    interval: str
    where: str
    evidence: EvidenceTag

    def __post_init__(self) -> None:
        require_text(
            "Performance",
            measure=self.measure,
            population=self.population,
            value=self.value,
            interval=self.interval,
            where=self.where,
        )
        require_tag(f"Performance {self.measure}", self.evidence)


@dataclass(frozen=True)
class CalibrationPoint:
    """People of one band of predicted probability, and how many of them had the event.

    `predicted` is the mean prediction, `observed` the share with the event by the horizon, `low`
    and `high` its 95 % interval: all probabilities. Measured by this project; `where` names the data
    set and the years.
    """

    outcome: str
    people: int
    predicted: float
    observed: float
    low: float
    high: float
    where: str

    def __post_init__(self) -> None:
        owner = f"CalibrationPoint {self.outcome}"
        require_text(owner, outcome=self.outcome, where=self.where)
        _require_interval(owner, self.low, self.observed, self.high)
        if self.people <= 0 or not 0 <= self.predicted <= 1 or self.low < 0 or self.high > 1:
            raise ValueError(f"{owner}: needs people and probabilities")


@dataclass(frozen=True)
class SubgroupRow:
    """One measured figure in one group of people: `measure` "C statistic" of `level` "female".

    `low` and `high` are the 95 % interval. `events` counts those with the outcome. Measured by this
    project; `where` names the data set and the years.
    """

    outcome: str
    group: str
    level: str
    people: int
    events: int
    measure: str
    value: float
    low: float
    high: float
    where: str

    def __post_init__(self) -> None:
        owner = f"SubgroupRow {self.group} {self.level}"
        texts = {name: getattr(self, name) for name in ("outcome", "group", "level", "measure")}
        require_text(owner, where=self.where, **texts)
        _require_interval(owner, self.low, self.value, self.high)
        if not 0 <= self.events <= self.people or not self.people:
            raise ValueError(f"{owner}: {self.events} events among {self.people} people")


@dataclass(frozen=True)
class NetBenefitRow:
    """One point of a decision curve: acting on everybody whose probability is `threshold` or more.

    `value` is the net benefit a person, true positives less false positives weighted by the odds of
    the threshold, with its 95 % interval `low` to `high`; `treat_all` that of acting on everybody;
    acting on nobody has 0. `share` is the share of people acted on. Measured by this project.
    """

    outcome: str
    threshold: float
    share: float
    value: float
    low: float
    high: float
    treat_all: float
    where: str

    def __post_init__(self) -> None:
        owner = f"NetBenefitRow {self.outcome}"
        require_text(owner, outcome=self.outcome, where=self.where)
        _require_interval(owner, self.low, self.value, self.high)
        if not 0 < self.threshold < 1 or not 0 <= self.share <= 1 or self.treat_all > 1:
            raise ValueError(f"{owner}: needs a threshold and a share between 0 and 1")


@dataclass(frozen=True)
class Change:
    """One line of a model's change log."""

    version: str
    on: date
    what: str

    def __post_init__(self) -> None:
        require_text("Change", version=self.version, what=self.what)


@dataclass(frozen=True)
class ModelFacts:
    """Everything a facts page states that is not already in the model's inputs and outcomes.

    `calibration_points`, `subgroup_rows` and `net_benefit_rows` are what this project has measured
    itself; a model without them is shown as "not measured here". Published figures stand in
    `performance`.
    """

    name: str
    owner: str
    contact: str
    updated: date
    evidence: EvidenceTag
    predicts: str
    moment: str
    intended_users: str
    intended_use: str
    intended_population: str
    not_for: str
    missing_inputs: str
    output_scale: str
    how_made: str
    development_data: str
    outcome_definition: str
    exclusions: str
    missing_data_handling: str
    performance: tuple[Performance, ...]
    calibration: str
    net_benefit: str
    subgroups: str
    uncertainty: str
    explanation: str
    explanation_quality: str
    risks: str
    if_it_fails: str
    monitoring: str
    review: str
    licence: str
    cost: str
    conflicts_and_funding: str
    references: tuple[Reference, ...]
    change_log: tuple[Change, ...]
    calibration_points: tuple[CalibrationPoint, ...] = ()
    subgroup_rows: tuple[SubgroupRow, ...] = ()
    net_benefit_rows: tuple[NetBenefitRow, ...] = ()

    def __post_init__(self) -> None:
        texts = {f.name: getattr(self, f.name) for f in fields(self) if f.type is str}
        require_text(f"ModelFacts {self.name}", **texts)
        require_tag(f"ModelFacts {self.name}", self.evidence)
        for name in ("performance", "references", "change_log"):
            if not getattr(self, name):
                raise ValueError(f"ModelFacts {self.name}: {name} must not be empty")

    @property
    def evidence_text(self) -> str:
        """The evidence tag in a sentence, e.g. "Published, not yet verified here."."""
        return EVIDENCE_TEXT[self.evidence]
