"""The score of a way, and the order of all of them.

score = 1000 x sum(weight x -(difference of an event or value)) - points of preferences

so that 1 is what one death fewer among 1,000 people is worth. What may not be given is never
ranked. The others: first those that nothing grave speaks against (C, told and nothing are one
group), then D (and to stop what helps with nothing in its place), then those that must not be judged
before something is asked for; in a group what is surely worse than today last, by the guideline's
tier (unless the numbers alone are asked for), then by score, then by key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.schema import Option, Outcome
from models_engine.catalogue.treatment.ranking.drugs import Drug
from models_engine.catalogue.treatment.ranking.events import Change
from models_engine.catalogue.treatment.ranking.harms import EARLY
from models_engine.catalogue.treatment.ranking.results import POINT, Candidate, Preferences
from models_engine.catalogue.what_if.draws import DRAWS, interval

THOUSANDTHS = 1000.0
# how much of a burden each is, 1 being in full [J]
COST: Mapping[str, float] = {"low": 0.0, "medium": 0.5, "high": 1.0}
OFTEN: Mapping[str, float] = {
    "half_day": 1.0,
    "day": 0.5,
    "week": 0.2,
    "month": 0.1,
    "half_year": 0.0,
}
LOW_SUGAR = frozenset({"sulfonylurea", "insulin", "insulin_basal"})
GROUP = {"": 0, "told": 0, "C": 0, "D": 1, "ask": 2, "X": 3}
WEIGHT = "weight"


@dataclass(frozen=True, eq=False)
class Burden:
    """What is given and what is taken away, as preferences see them."""

    new: Option | None = None
    new_drug: Drug | None = None
    old: Option | None = None
    old_drug: Drug | None = None


@dataclass(frozen=True, eq=False)
class Score:
    """`parts` by outcome or preference, (1 + draws,) thousandths each."""

    parts: Mapping[str, FloatArray]

    @property
    def points(self) -> dict[str, float]:
        """By part, the estimate."""
        return {name: float(values[0]) for name, values in self.parts.items()}

    @property
    def draws(self) -> FloatArray:
        """The whole, (1 + draws,)."""
        return sum(self.parts.values(), np.zeros(1 + DRAWS))

    @property
    def span(self) -> tuple[float, float]:
        """The 95 % interval."""
        return interval(self.draws)


def score(
    events: Sequence[Change],
    harms: Sequence[Change],
    values: Mapping[str, FloatArray],
    burden: Burden,
    preferences: Preferences,
    outcomes: Mapping[str, Outcome],
    months: float,
) -> Score:
    """What a way is worth.

    Parameters
    ----------
    events, harms : those that are counted; brought to `months`, but for what comes early.
    values : differences of measured values by concept, (1 + draws,).
    """
    parts: dict[str, FloatArray] = {}

    def add(name: str, values: FloatArray) -> None:
        if np.any(values):
            parts[name] = parts.get(name, np.zeros(1 + DRAWS)) + values

    for one in (*events, *harms):
        # what comes early is not more in a longer time
        horizon = None if one.weight in EARLY else months
        gain = -one.difference(horizon) * weight_of(one.weight, preferences, outcomes)
        add(one.weight, THOUSANDTHS * gain)
    for concept, difference in values.items():
        known = outcomes.get(concept)
        if known and known.kind == "value":
            gain = -difference * weight_of(concept, preferences, outcomes)
            add(concept, THOUSANDTHS * gain)
    gained = np.maximum(values.get(WEIGHT, np.zeros(1 + DRAWS)), 0.0)
    add("no_weight_gain", -POINT * preferences.no_weight_gain * gained)
    for name, share in burdens(burden).items():
        add(name, np.full(1 + DRAWS, -POINT * getattr(preferences, name) * share))
    return Score(parts)


def weight_of(outcome: str, preferences: Preferences, outcomes: Mapping[str, Outcome]) -> float:
    """The weight of an outcome: the reader's own, else the table's; 0 for what has none."""
    if outcome in preferences.weights:
        return preferences.weights[outcome]
    known = outcomes.get(outcome)
    return known.weight if known else 0.0


def burdens(burden: Burden) -> dict[str, float]:
    """By preference, how much more of a burden it is than today: from -1 to 1."""
    sides = ((burden.new, burden.new_drug, 1.0), (burden.old, burden.old_drug, -1.0))
    found = dict.fromkeys(("no_injections", "low_cost", "few_doses", "avoid_low_sugar"), 0.0)
    for option, drug, sign in sides:
        if option:
            found["no_injections"] += sign * (option.route == "injection")
            found["low_cost"] += sign * COST[option.cost]
            found["few_doses"] += sign * OFTEN[option.every]
        if drug and drug.classes & LOW_SUGAR:
            found["avoid_low_sugar"] += sign
    return found


def place(candidate: Candidate, preferences: Preferences) -> tuple[int, bool, int]:
    """What goes before the score: the group of safety, what is surely worse, the guideline's tier.

    Nothing is called worse whose benefit could not be counted. To stop what helps, with nothing in
    its place, is no safer than what is to be avoided [J].
    """
    worse = is_worse(candidate)
    tier = candidate.tier if preferences.order_by == "guideline" and not worse else 0
    group = GROUP[candidate.safety.level]
    if candidate.kind == "stop" and candidate.score_high < 0:
        group, worse = max(group, GROUP["D"]), True
    return group, worse, tier


def is_worse(candidate: Candidate) -> bool:
    """Whether the whole interval lies below the treatment of today, with everything counted.

    What must not be given is no measure: in its place nothing is worse.
    """
    return (
        candidate.kind != "keep"
        and not candidate.is_today_wrong
        and candidate.score_high < 0
        and not candidate.is_score_partial
    )


def ordered(candidates: Sequence[Candidate], preferences: Preferences) -> tuple[Candidate, ...]:
    """Those that may be given, best first."""
    fit = [one for one in candidates if not one.safety.is_excluded]
    return tuple(sorted(fit, key=lambda c: (*place(c, preferences), -c.score, c.key)))


def first_shares(
    candidates: Sequence[Candidate], draws: Mapping[str, FloatArray], preferences: Preferences
) -> dict[str, float]:
    """By key, the share of the draws in which it comes first in this order; ties are shared."""
    fit = [one for one in candidates if not one.safety.is_excluded]
    found = dict.fromkeys((one.key for one in candidates), 0.0)
    if not fit:
        return found
    best = min(place(one, preferences) for one in fit)
    ahead = [one for one in fit if place(one, preferences) == best]
    table = np.stack([draws[one.key][1:] for one in ahead])
    is_first = table == table.max(axis=0)
    shares = (is_first / is_first.sum(axis=0)).mean(axis=1)
    return found | {one.key: float(share) for one, share in zip(ahead, shares, strict=True)}
