"""What a ranking says: every way to treat one indication of one person, compared with today.

Probabilities are shares of 1. "Today" is the treatment as it is: keeping it changes nothing, and every
benefit or harm is a difference from it. `low` to `high` is the 95 % interval of the draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from models_engine.catalogue.treatment.knowledge.schema import (
    Indication,
    Monitoring,
    Option,
    Recommendation,
)
from models_engine.catalogue.treatment.person import Taken
from models_engine.catalogue.treatment.safety.finding import Finding, Safety

Kind = Literal["keep", "start", "add", "switch", "change_dose", "stop"]
# where the probability of today comes from: a model of this twin, or the control group of a trial
BaselineOf = Literal["twin", "trial"]


@dataclass(frozen=True)
class EventChange:
    """One event, with and without. `difference` is after less before; `months` the horizon of both.

    `rows` are (table, id) of the knowledge behind it; `model` "id:outcome" of a twin's model.
    `number_needed` to treat (or to harm), 1 over the difference; None where there is none.
    `is_interval_known`: false where the source gave no interval, or not all of them.
    """

    outcome: str
    label: str
    plain_label: str
    before: float
    after: float
    low: float
    high: float
    months: float
    baseline: BaselineOf
    model: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    is_interval_known: bool = True
    assumption: str = ""

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def number_needed(self) -> float | None:
        """How many people for one more (or one fewer) with the event; None for no difference."""
        return 1.0 / abs(self.difference) if self.difference else None


@dataclass(frozen=True)
class RelativeOnly:
    """A trial's relative effect where no baseline is known: told, never counted."""

    outcome: str
    label: str
    effect: float
    low: float | None
    high: float | None
    row: tuple[str, str]
    why: str


@dataclass(frozen=True)
class ValueChange:
    """A measured value before and after, in its canonical unit."""

    concept: str
    label: str
    unit: str
    before: float
    after: float
    low: float
    high: float
    rows: tuple[tuple[str, str], ...] = ()
    is_interval_known: bool = True


@dataclass(frozen=True)
class Candidate:
    """One way: an option, or what is taken today. `score` is the net benefit, see `order.py`.

    `score` is in thousandths: 1 is what one death fewer in 1,000 people is worth. `first_share` is
    the share of the draws in which it comes first among those that may be given.
    `points` tells the score by part: outcome id or preference id -> thousandths.
    """

    key: str
    kind: Kind
    label: str
    plain_label: str
    option: Option | None
    medicine: Taken | None
    safety: Safety = field(default_factory=Safety)
    benefits: tuple[EventChange, ...] = ()
    harms: tuple[EventChange, ...] = ()
    values: tuple[ValueChange, ...] = ()
    relative_only: tuple[RelativeOnly, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    tier: int = 2
    monitoring: tuple[Monitoring, ...] = ()
    dose: str = ""
    dose_why: str = ""
    score: float = 0.0
    score_low: float = 0.0
    score_high: float = 0.0
    first_share: float = 0.0
    points: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    evidence: str = ""


@dataclass(frozen=True)
class Preferences:
    """What the person would rather avoid, 0 (does not matter) to 10, and weights of outcomes.

    One point of `no_injections`, `few_doses` or `low_cost` takes `POINT` thousandths from an option
    that has it in full; of `no_weight_gain` that many for each kg gained.
    """

    no_injections: int = 0
    no_weight_gain: int = 0
    low_cost: int = 0
    few_doses: int = 0
    avoid_low_sugar: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)
    order_by: Literal["guideline", "numbers"] = "guideline"


@dataclass(frozen=True)
class Ranking:
    """The answer. `candidates` may be given, best first; `excluded` stay visible with the reason.

    `asked` are inputs that decide safety and are missing; `current` what is found among the medicines
    that are taken; `barred` says why there is no ranking at all (then nothing else is filled);
    `no_interaction_statement` is false where a medicine could not be resolved.
    """

    indication: Indication
    as_of: datetime
    candidates: tuple[Candidate, ...] = ()
    excluded: tuple[Candidate, ...] = ()
    asked: tuple[Finding, ...] = ()
    current: tuple[Finding, ...] = ()
    unresolved: tuple[Taken, ...] = ()
    why_indicated: str = ""
    notes: tuple[str, ...] = ()
    barred: str = ""
    preferences: Preferences = field(default_factory=Preferences)

    @property
    def no_interaction_statement(self) -> bool:
        """Whether "no interaction found" may be said at all."""
        return not self.unresolved
