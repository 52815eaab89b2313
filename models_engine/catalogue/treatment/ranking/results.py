"""What a ranking says: every way to treat one indication of one person, compared with today.

Probabilities are shares of 1. "Today" is the treatment as it is: keeping it changes nothing, and every
benefit or harm is a difference from it. `low` to `high` is the 95 % interval of the draws, of `after`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Literal

from models_engine.catalogue.treatment.knowledge.schema import (
    Deprescribing,
    Indication,
    Monitoring,
    Option,
    Recommendation,
)
from models_engine.catalogue.treatment.person import Taken
from models_engine.catalogue.treatment.safety.finding import Finding, Safety
from models_engine.catalogue.what_if.compare import ModelComparison

Kind = Literal["keep", "start", "add", "switch", "change_dose", "stop"]
# where the probability of today comes from: a model of this twin, or the control group of a trial
BaselineOf = Literal["twin", "trial"]
PREFERENCES = ("no_injections", "no_weight_gain", "low_cost", "few_doses", "avoid_low_sugar")
# tiers: recommended first; of what no recommendation speaks; in reserve; advised against
FIRST, UNSPOKEN, RESERVE, AGAINST = 1, 2, 3, 4
# nothing is taken for the indication, and nothing is begun
NO_MEDICINE = "keep:none"
# the strongest of a preference, and what one point of it takes away, in thousandths [J]: all ten
# points weigh as much as one heart attack or stroke (weight 0.5) more in 100 people
MOST = 10
POINT = 0.5


@dataclass(frozen=True)
class EventChange:
    """One event, with and without. `difference` is after less before; `months` the horizon of both.

    `rows` are (table, id) of the knowledge behind it; `model` "id:outcome" of a twin's model.
    `number_needed` to treat (or to harm), 1 over the difference; None where there is none.
    `is_interval_known`: false where the source gave no interval, or not all of them.
    `model_low` to `model_high` is the model's own interval of `before`, where it has one;
    `is_research`: of a model that patients are not shown. `is_excess_only`: only how many more
    (or fewer) is known, so that the smaller of both numbers is 0. `is_counted`: false where
    another row of the same candidate holds this event already, so that it enters no score.
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
    model_low: float | None = None
    model_high: float | None = None
    is_research: bool = False
    is_excess_only: bool = False
    is_counted: bool = True

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def difference_low(self) -> float:
        """The lower end of the difference."""
        return self.low - self.before

    @property
    def difference_high(self) -> float:
        """The upper end of the difference."""
        return self.high - self.before

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
    `points` tells the score by part: outcome id or preference id -> thousandths; they add up to it.
    Of a medicine that is kept, `brings` and `brings_values` compare "without it" with today.
    `replaces` is the medicine that a switch or a change of dose takes away. `comparisons` are the
    twin's models rerun with the new values: told on the page, never in the score. `withdrawal`:
    what stopping needs. `is_score_partial`: an effect on an event is known as a ratio only, so that
    the score holds the harms without that benefit. `is_score_unknown`: nothing of it could be counted,
    so that a score of 0 does not say that nothing changes. `is_benefit_uncounted`: recommended first for
    what this person has, and no benefit could be counted, so that a score below 0 does not speak against
    it. `is_today_wrong`: it takes the place of a medicine that must not be given to this person.
    `NO_MEDICINE` is the key of "nothing", where nothing is taken: neither option nor medicine.
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
    brings: tuple[EventChange, ...] = ()
    brings_values: tuple[ValueChange, ...] = ()
    replaces: Taken | None = None
    comparisons: tuple[ModelComparison, ...] = ()
    withdrawal: tuple[Deprescribing, ...] = ()
    is_score_partial: bool = False
    is_score_unknown: bool = False
    is_benefit_uncounted: bool = False
    is_today_wrong: bool = False


NOTHING = Candidate(
    NO_MEDICINE,
    "keep",
    "No medicine for this",
    "No medicine for this",
    option=None,
    medicine=None,
    tier=RESERVE,
)


@dataclass(frozen=True)
class Preferences:
    """What the person would rather avoid, 0 (does not matter) to 10, and weights of outcomes.

    One point of `no_injections`, `few_doses` or `low_cost` takes `POINT` thousandths from an option
    that has it in full; of `no_weight_gain` that many for each kg gained, of `avoid_low_sugar` from
    a sulfonylurea or insulin. What a medicine that is taken away had of it is given back.
    Raises ValueError on anything but 0 to 10, and on a weight that is negative or not finite.
    """

    no_injections: int = 0
    no_weight_gain: int = 0
    low_cost: int = 0
    few_doses: int = 0
    avoid_low_sugar: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)
    order_by: Literal["guideline", "numbers"] = "guideline"

    def __post_init__(self) -> None:
        for name in PREFERENCES:
            if not 0 <= getattr(self, name) <= MOST:
                raise ValueError(f"{name}: {getattr(self, name)} is not from 0 to {MOST}")
        for outcome, weight in self.weights.items():
            if not (isfinite(weight) and weight >= 0):
                raise ValueError(f"{outcome}: {weight} is no weight")


@dataclass(frozen=True)
class Ranking:
    """The answer. `candidates` may be given, best first; `excluded` stay visible with the reason.

    `asked` are inputs that decide safety and are missing; `current` what is found among the medicines
    that are taken; `barred` says why there is no ranking at all (then at most `current` and
    `unresolved` are filled: in pregnancy what is taken is still checked);
    `no_interaction_statement` is false where a medicine could not be resolved. `months`: the
    horizon to which the score brings all events (each is shown at its own).
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
    months: float = 12.0

    @property
    def no_interaction_statement(self) -> bool:
        """Whether "no interaction found" may be said at all."""
        return not self.unresolved
