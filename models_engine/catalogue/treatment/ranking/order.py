"""The score of a way, and the order of all of them.

score = 1000 x sum(weight x -(difference of an event or value)) - points of preferences

so that 1 is what one death fewer among 1,000 people is worth. What may not be given is never
ranked. The others: last of all what is surely worse than today and what a guideline advises against;
before it D (and to stop what helps with nothing in its place); before that what must not be judged
before something of its own is asked for; first what nothing grave speaks against (C, told and nothing
are one group). In a group by the guideline's tier (unless the numbers alone are asked for), then by
score, then what is done today, then by key. To stop a medicine comes before to keep it only where the
medicine must not be given, is advised against, or is to be avoided for itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.schema import Option, Outcome
from models_engine.catalogue.treatment.ranking.drugs import Drug
from models_engine.catalogue.treatment.ranking.events import Change
from models_engine.catalogue.treatment.ranking.harms import EARLY
from models_engine.catalogue.treatment.ranking.results import (
    AGAINST,
    FIRST,
    NO_MEDICINE,
    POINT,
    Candidate,
    Preferences,
)
from models_engine.catalogue.treatment.safety.finding import Finding, Safety
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
# a D of these kinds goes away with the other medicine, or with the dose
OF_OTHERS = ("interaction", "duplicate", "kidney_dose")
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


Ask = tuple[str, str, str, str]
Place = tuple[bool, bool, bool, int, int]
Key = tuple[bool, bool, bool, int, int, float, bool, str, bool]


def places(candidates: Sequence[Candidate], preferences: Preferences) -> dict[str, Place]:
    """By key what goes before the score, of those that may be given.

    What comes after today's treatment, D, ask, the guideline's tier, how many D. Inputs that every
    option lacks alike tell none of them from another. To stop what helps, with nothing in its
    place, or not to begin what is recommended first, is no safer than what is to be avoided [J].
    """
    shared = shared_asks(candidates)
    fit = [one for one in candidates if not one.safety.is_excluded]
    found = {one.key: _place(one, preferences, shared) for one in fit}
    is_helped = any(one.tier == FIRST and not falls_behind(one) for one in fit if one.option)
    nothing = next((one for one in fit if one.key == NO_MEDICINE), None)
    guided = preferences.order_by == "guideline"
    if guided and nothing and nothing.tier != FIRST and is_helped:
        behind, _, asks, tier, number = found[NO_MEDICINE]
        found[NO_MEDICINE] = behind, True, asks, tier, number
    return found


def _place(candidate: Candidate, preferences: Preferences, shared: frozenset[Ask]) -> Place:
    guided = preferences.order_by == "guideline"
    given = candidate.kind not in ("keep", "stop")
    behind = falls_behind(candidate) or (guided and given and candidate.tier == AGAINST)
    findings = candidate.safety.findings
    stops_a_help = candidate.kind == "stop" and candidate.score < 0
    number = sum(f.level == "D" for f in findings)
    asks = any(f.level == "ask" and _ask(f) not in shared for f in findings)
    tier = AGAINST if stops_a_help else candidate.tier
    avoid = stops_a_help or number > 0
    return behind, avoid, asks, tier if guided and not behind else 0, number


def is_worse(candidate: Candidate) -> bool:
    """Whether the whole interval lies below the treatment of today, with everything counted.

    What must not be given is no measure: in its place nothing is worse.
    """
    return falls_behind(candidate) and not candidate.is_score_partial


def falls_behind(candidate: Candidate) -> bool:
    """Whether all that could be counted lies below the treatment of today.

    Without everything counted it is not called worse; but it comes after what is known, unless a
    guideline has it first for what the person has and no benefit of it could be counted at all [J].
    """
    return (
        candidate.kind != "keep"
        and not candidate.is_today_wrong
        and candidate.score_high < 0
        and not (candidate.is_score_partial and candidate.is_benefit_uncounted)
    )


def has_own_d(safety: Safety) -> bool:
    """Whether it is to be avoided for itself: not for another medicine, nor for its dose."""
    return any(f.level == "D" and f.kind not in OF_OTHERS for f in safety.findings)


def _ask(finding: Finding) -> Ask:
    return finding.kind, finding.table, finding.row, finding.message


def shared_asks(candidates: Sequence[Candidate]) -> frozenset[Ask]:
    """What is asked for whatever is given: a medicine that nothing names, an allergy not read."""
    asked = [
        frozenset(_ask(f) for f in one.safety.findings if f.level == "ask")
        for one in candidates
        if one.kind != "stop" and one.key != NO_MEDICINE
        # of a medicine of which only the group is known nothing was compared
        if one.medicine is None or one.medicine.ingredients
    ]
    return frozenset.intersection(*asked) if len(asked) > 1 else frozenset()


def _kept(stop: Candidate, candidates: Iterable[Candidate]) -> Candidate | None:
    """The way that keeps what this one stops."""
    key = f"keep:{stop.key.removeprefix('stop:')}"
    return next((one for one in candidates if one.key == key), None)


def _is_held_back(stop: Candidate, keep: Candidate | None) -> bool:
    """Whether stopping never comes before keeping."""
    if keep is None or keep.safety.is_excluded:
        return False
    is_advised = stop.tier == FIRST or has_own_d(keep.safety)
    return falls_behind(stop) or not is_advised


def ordered(candidates: Sequence[Candidate], preferences: Preferences) -> tuple[Candidate, ...]:
    """Those that may be given, best first."""
    fit = [one for one in candidates if not one.safety.is_excluded]
    before = places(candidates, preferences)
    # where nothing tells two apart, what is done today goes first
    keys: dict[str, Key] = {
        c.key: (*before[c.key], -c.score, c.kind != "keep", c.key, False) for c in fit
    }
    for one in fit:
        keep = _kept(one, fit) if one.kind == "stop" else None
        if keep and _is_held_back(one, keep):
            keys[one.key] = max(keys[one.key], (*keys[keep.key][:-1], True))
    return tuple(sorted(fit, key=lambda c: keys[c.key]))


def first_shares(
    candidates: Sequence[Candidate], draws: Mapping[str, FloatArray], preferences: Preferences
) -> dict[str, float]:
    """By key, the share of the draws in which it comes first in this order; ties are shared."""
    fit = [one for one in candidates if not one.safety.is_excluded]
    found = dict.fromkeys((one.key for one in candidates), 0.0)
    if not fit:
        return found
    before = places(candidates, preferences)
    free = [c for c in fit if c.kind != "stop" or not _is_held_back(c, _kept(c, fit))]
    best = min(before[one.key] for one in free)
    ahead = [one for one in free if before[one.key] == best]
    table = np.stack([draws[one.key][1:] for one in ahead])
    is_first = table == table.max(axis=0)
    shares = (is_first / is_first.sum(axis=0)).mean(axis=1)
    return found | {one.key: float(share) for one, share in zip(ahead, shares, strict=True)}
