"""From the histories of a site's people to an artefact, or the reason why there is none.

Each person serves for one part: vectors and rates are fitted on some, the probabilities are
counted in others, the method is chosen in a third part, and everything is measured in a fourth.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease import evaluate
from models_engine.catalogue.disease.aalen_johansen import Share
from models_engine.catalogue.disease.evaluate import Outlook, outlook
from models_engine.catalogue.disease.groups import Groups, grouped
from models_engine.catalogue.disease.landmarks import (
    Landmarks,
    Rules,
    landmarks,
    landmarks_on,
    until,
    views,
)
from models_engine.catalogue.disease.methods import Fitted, Method, weigh
from models_engine.catalogue.disease.numbers import short
from models_engine.catalogue.disease.people import Part, People, Person, draws, part_of, tokens_with
from models_engine.catalogue.disease.rates import BaseRates, base_rates, lifts
from models_engine.catalogue.disease.space import co_occurrence, embed, ppmi

ByMethod = dict[Method, FloatArray]
FORMAT = "twinportal-disease-trajectories/1"
# people of one part whose histories are held in memory in full
MOST_IN_FULL = 20_000
# observed over expected in held-out people, beyond which nothing is shown [J]
TRUSTED = (0.8, 1.25)


class NotEnoughError(ValueError):
    """The data do not carry a model; the message says what is missing."""


@dataclass(frozen=True)
class Settings:
    """How to train. `least_people`: nothing is kept that fewer people share. `least_events`:
    first diagnoses behind every probability. `least_asked`: people with a next diagnosis to choose
    the method in, and to measure it in. `context` in days, `half_life` in years.
    """

    rules: Rules = field(default_factory=Rules)
    least_people: int = 20
    least_events: int = 20
    most_tokens: int = 1000
    dimensions: int = 20
    context: int = 365
    half_life: float = 5.0
    seed: int = 1
    least_asked: int = 30

    def __post_init__(self) -> None:
        if self.least_people < 5 or self.least_events < self.least_people:
            raise ValueError("at least 5 people, and at least as many events as people")
        if self.least_asked < 10:
            raise ValueError("at least 10 people to choose and to measure in")
        if min(self.rules.window, self.rules.run_in, self.rules.gap, self.context) < 1:
            raise ValueError("spans are at least a day")
        if self.rules.min_history < 1 or self.dimensions < 1 or self.half_life <= 0:
            raise ValueError("history, dimensions and half-life are above 0")


@dataclass(frozen=True, eq=False)
class Trained:
    """What was fitted: the outcomes (places in the vocabulary), and groups by method."""

    people: People
    fitted: Fitted
    outcomes: np.ndarray
    groups: dict[Method, list[Groups | None]]


def fit(people: People, parts: np.ndarray, settings: Settings) -> Trained:
    """Rates, vectors and groups from the parts FIT and CALIBRATE."""
    rules, size = settings.rules, len(people.tokens)
    rows = np.flatnonzero(parts == Part.FIT)
    found = landmarks(people, rows, rules)
    if not len(found):
        raise NotEnoughError("nobody was observed for long enough with enough diagnoses before")
    base = base_rates(views(people, found), size)
    base = BaseRates(short(base.coefficients), short(base.overall))
    more = short(lifts(views(people, found), base, settings.least_people))
    near = ppmi(co_occurrence(people, rows, settings.context), settings.least_people)
    vectors = short(embed(near, settings.dimensions))
    fitted = Fitted(base, more, vectors, settings.half_life, {})

    kept = _some(people, landmarks(people, np.flatnonzero(parts == Part.CALIBRATE), rules))
    outcomes = _outcomes(people, kept, settings)
    for method in (Method.CONDITIONAL, Method.EMBEDDING):
        weights = weigh(fitted, method, views(people, kept), outcomes)
        fitted.coefficients[method] = short(weights)
    seen = outlook(people, kept, fitted, outcomes)
    groups = {m: [_group(seen, m, j, settings) for j in range(len(outcomes))] for m in Method}
    return Trained(people, fitted, outcomes, groups)


def _outcomes(people: People, kept: Landmarks, settings: Settings) -> np.ndarray:
    events = np.zeros(len(people.tokens), dtype=np.int64)
    for view in views(people, kept):
        events += view.event.sum(axis=0)
    outcomes = np.flatnonzero(events >= settings.least_events)
    if not len(outcomes):
        raise NotEnoughError(
            f"no diagnosis was made for the first time in {settings.least_events} of the "
            f"{len(np.unique(kept.person))} people in whom probabilities are counted"
        )
    return outcomes


def _group(seen: Outlook, method: Method, j: int, settings: Settings) -> Groups | None:
    risk = seen.at_risk[:, j]
    return grouped(
        seen.scores[method][risk, j],
        seen.time[risk, j],
        seen.cause[risk, j],
        settings.rules.window,
        seen.person[risk],
        people=settings.least_people,
        events=settings.least_events,
    )


def train(
    persons: Sequence[Person],
    settings: Settings,
    *,
    as_of: int,
    labels: Callable[[str], str],
    said: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """The artefact as JSON. `as_of` is the day (ordinal) on which the data end.

    Raises:
        NotEnoughError: the data do not carry a model.
    """
    parts = {p.key: part_of(draws(p.key, settings.seed)[0]) for p in persons}
    fitting = [p for p in persons if parts[p.key] is Part.FIT]
    tokens = tokens_with(fitting, settings.least_people, settings.most_tokens)
    if not tokens:
        raise NotEnoughError(
            f"no diagnosis is shared by {settings.least_people} of the {len(fitting)} people of "
            "the part that rates are fitted on"
        )
    people = People(tokens, tuple(persons), settings.seed, as_of)
    said(f"{len(people)} people, {len(tokens)} diagnoses that enough of them share")
    trained = fit(people, people.parts, settings)
    said(f"{len(trained.outcomes)} of them with a probability")
    asked, gains = _chosen(trained, settings)
    method = evaluate.choose(gains, settings.seed)
    said(f"chosen: {method.value}")
    held = _held_out(trained, settings)
    measured = _measured(trained, held, method, settings)
    later = _later(trained, method, settings, as_of)
    return {
        "format": FORMAT,
        "as_of": as_of,
        "settings": asdict(settings),
        "data": {
            "people": _count(len(people), settings),
            "parts": {p: _count(int(np.sum(people.parts == p)), settings) for p in Part},
            "deaths": _count(int(np.sum(np.isfinite(people.death))), settings),
            # the year alone: the day is that of one person
            "first_year": min(date.fromordinal(p.periods[0][0]).year for p in persons if p.periods),
        },
        "tokens": list(tokens),
        "labels": [labels(token) for token in tokens],
        "outcomes": trained.outcomes.tolist(),
        "method": method.value,
        "model": _model(trained, method),
        "groups": {
            name: [_written(g) for g in trained.groups[name]]
            for name in dict.fromkeys((method, Method.AGE_SEX))
        },
        "chosen_by": _method_rows(asked, gains, settings),
        "held_out": measured,
        "held_out_in_time": later,
        "problems": _problems(measured),
    }


def _part(trained: Trained, part: Part, settings: Settings) -> Landmarks:
    """All index days of a part: what is measured there counts a person once, see `evaluate`."""
    rows = np.flatnonzero(trained.people.parts == part)
    return _some(trained.people, landmarks(trained.people, rows, settings.rules))


def _some(people: People, found: Landmarks) -> Landmarks:
    """As many as memory holds, whole persons, whom their hash chooses."""
    if len(found) <= MOST_IN_FULL:
        return found
    persons, counts = np.unique(found.person, return_counts=True)
    order = np.argsort(people.draws[persons, 2])
    kept = persons[order][np.cumsum(counts[order]) <= MOST_IN_FULL]
    return found.take(np.isin(found.person, kept))


def _compared(trained: Trained, seen: Outlook, settings: Settings) -> tuple[ByMethod, ByMethod]:
    """By method: recall of each person with a next diagnosis, log likelihood of each person."""
    chances = {m: evaluate.probabilities(seen, m, trained.groups[m]) for m in Method}
    window = settings.rules.window
    return (
        {m: evaluate.recalls(seen, m, chances[m]) for m in Method},
        {m: evaluate.log_likelihoods(seen, chances[m], window) for m in Method},
    )


def _chosen(trained: Trained, settings: Settings) -> tuple[ByMethod, ByMethod]:
    found = _part(trained, Part.CHOOSE, settings)
    if not len(found):
        raise NotEnoughError("nobody is left to choose the method in")
    seen = outlook(trained.people, found, trained.fitted, trained.outcomes)
    asked, gains = _compared(trained, seen, settings)
    _enough_asked(asked, settings, "to choose the method in")
    return asked, gains


def _held_out(trained: Trained, settings: Settings) -> Outlook:
    found = _part(trained, Part.TEST, settings)
    if not len(found):
        raise NotEnoughError("nobody is left to measure it in")
    return outlook(trained.people, found, trained.fitted, trained.outcomes)


def _enough_asked(made: dict[Method, Any], settings: Settings, what: str) -> None:
    asked = len(made[Method.FREQUENCY])
    if asked < settings.least_asked:
        raise NotEnoughError(
            f"{asked} people with a next diagnosis {what}; {settings.least_asked} are needed"
        )


def _measured(
    trained: Trained, seen: Outlook, method: Method, settings: Settings
) -> dict[str, Any]:
    asked, gains = _compared(trained, seen, settings)
    _enough_asked(asked, settings, "to measure it in")
    return _tables(trained, seen, asked, gains, method, settings)


def _tables(
    trained: Trained,
    seen: Outlook,
    asked: ByMethod,
    gains: ByMethod,
    method: Method,
    settings: Settings,
) -> dict[str, Any]:
    chances = evaluate.probabilities(seen, method, trained.groups[method])
    horizon = settings.rules.window
    whole = evaluate.calibration(seen, chances, horizon, 1)
    bands = evaluate.calibration(seen, chances, horizon, evaluate.BANDS)
    return {
        "people": _count(len(np.unique(seen.person)), settings),
        "methods": _method_rows(asked, gains, settings),
        "in_the_large": [asdict(b) for b in whole if b.people >= settings.least_people],
        "calibration": [asdict(b) for b in bands if b.people >= settings.least_people],
    }


def _later(
    trained: Trained, method: Method, settings: Settings, as_of: int
) -> dict[str, Any] | None:
    """Trained anew on what was known a window ago, asked in held-out people what came since.

    None where the data do not reach back far enough; the chosen method alone is looked at.
    """
    day = as_of - settings.rules.window
    people = trained.people
    try:
        before = fit(until(people, day), people.parts, settings)
    except NotEnoughError:
        return None
    rows = np.flatnonzero(people.parts == Part.TEST)
    found = landmarks_on(people, rows, settings.rules, day)
    if not len(found):
        return None
    found = _some(people, found)
    seen = outlook(people, found, before.fitted, before.outcomes)
    asked, gains = _compared(before, seen, settings)
    if len(asked[Method.FREQUENCY]) < settings.least_asked:
        return None
    return {"day": day, **_tables(before, seen, asked, gains, method, settings)}


def _method_rows(asked: ByMethod, gains: ByMethod, settings: Settings) -> dict[str, Any]:
    """Recall of each method, and its log likelihood per person above that of frequency alone."""

    def interval(values: FloatArray) -> dict[str, float]:
        row = short(evaluate.mean_interval(values, settings.seed)).tolist()
        return dict(zip(("mean", "low", "high"), row, strict=True))

    plain = gains[Method.FREQUENCY]
    return {
        "people": _count(len(plain), settings),
        "asked": _count(len(asked[Method.FREQUENCY]), settings),
        "top": evaluate.TOP,
        "recall": {m.value: interval(values) for m, values in asked.items()},
        "gain": {m.value: interval(values - plain) for m, values in gains.items()},
    }


def _count(number: int, settings: Settings) -> int | None:
    """A number of people; None where it is small enough to tell of one of them."""
    return number if number == 0 or number >= settings.least_people else None


def _problems(measured: dict[str, Any]) -> list[str]:
    """Why the numbers must not be shown, in words; empty: they may."""
    found = []
    for band in measured["in_the_large"]:
        ratio = band["observed"] / band["predicted"]
        if not TRUSTED[0] <= ratio <= TRUSTED[1]:
            found.append(
                f"In held-out people diagnoses were made {ratio:.2f} times as often as predicted."
            )
    return found or ([] if measured["in_the_large"] else ["It could not be measured."])


def _model(trained: Trained, method: Method) -> dict[str, Any]:
    fitted = trained.fitted
    made: dict[str, Any] = {
        "base": fitted.base.coefficients.tolist(),
        "overall": fitted.base.overall.tolist(),
        "coefficients": {
            m.value: c.tolist() for m, c in fitted.coefficients.items() if m is method
        },
        "vectors": [],
        "lifts": [],
    }
    if method is Method.EMBEDDING:
        made["vectors"] = fitted.vectors.tolist()
    if method is Method.CONDITIONAL:
        rows, columns = np.nonzero(fitted.lifts)
        values = fitted.lifts[rows, columns]
        made["lifts"] = [
            [int(i), int(j), float(v)] for i, j, v in zip(rows, columns, values, strict=True)
        ]
    return made


def _written(group: Groups | None) -> dict[str, Any] | None:
    if group is None:
        return None
    return {
        "upper": short(np.array(group.upper)).tolist(),
        "shares": [_share(s) for s in group.shares],
    }


def _share(found: Share) -> dict[str, Any]:
    values = {k: float(short(np.array(getattr(found, k)))) for k in ("probability", "low", "high")}
    return {**values, "people": found.people, "events": found.events}
