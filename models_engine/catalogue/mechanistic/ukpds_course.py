"""UKPDS OM2 over many years: risk-factor paths, and the events and death that go with them.

Natural history, uncalibrated: the cohort was diagnosed in the United Kingdom in 1977-91, and the
equations over-predict today. Every year, given the state at its start, the eight events are
independent; death depends on which of them happened. All states that a person can be in (first and
further infarction, stroke and amputation, five events once) are carried forward with their
probabilities, so that the result is exact for the given paths: no random numbers are drawn.

Not modelled, so no interval is given: how sure the coefficients are, how risk factors differ around
their mean path, and treatment begun later. A further infarction, stroke or amputation happens at
most once; one that is recorded counts as the first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models_engine.catalogue.contract import Arrays, FloatArray, Input, Refusal
from models_engine.catalogue.mechanistic import ukpds_paths
from models_engine.catalogue.mechanistic.refusing import RefusedError, refusals_of
from models_engine.catalogue.mechanistic.ukpds_paths import LABEL, risk_factor_paths
from models_engine.catalogue.risk import ukpds_equations as equations
from models_engine.catalogue.risk.ukpds_inputs import ALL

IntArray = NDArray[np.intp]
# how often each event can happen
TIMES = {
    "mi": 2,
    "stroke": 2,
    "amputation": 2,
    "heart_failure": 1,
    "ihd": 1,
    "blindness": 1,
    "ulcer": 1,
    "renal_failure": 1,
}
EVENTS = tuple(TIMES)
# every state as the number of times that each event has happened: shape (864, 8)
STATES = np.array(list(product(*(range(times + 1) for times in TIMES.values()))))
STRIDES = np.array(
    [int(np.prod([t + 1 for t in list(TIMES.values())[at + 1 :]])) for at in range(8)]
)
NUMBERS = equations.numbers_of((*equations.EVENT_EQUATIONS, *equations.DEATH_EQUATIONS))
UNCERTAINTY = (
    "Exact for the mean paths of the risk factors, without an interval. Not modelled: how sure the "
    "coefficients are, how people differ around the mean path, and treatment that is begun later. "
    "The cohort of 1977-91 had more events than people have today."
)
OLDEST = 110


@dataclass(frozen=True, eq=False)
class Course:
    """What is expected of a person, at the end of each year; arrays of shape (years + 1,).

    `death` and `events` are the probabilities that it has happened by then; an event that the
    person has had before means a further one. `paths` are the mean risk factors.
    """

    years: FloatArray
    death: FloatArray
    events: Mapping[str, FloatArray]
    paths: Mapping[str, FloatArray]
    label: str = LABEL
    held: tuple[str, ...] = field(default=tuple(ukpds_paths.HELD.values()))

    @property
    def life_years(self) -> float:
        """Expected years alive within the horizon; deaths in the middle of their year."""
        alive = 1.0 - self.death
        return float(np.sum((alive[:-1] + alive[1:]) / 2.0))


def ukpds_course(
    person: Mapping[str, float],
    years: int,
    *,
    first: Mapping[str, float] | None = None,
    paths: Mapping[str, FloatArray] | None = None,
    numbers: Mapping[str, float] = NUMBERS,
) -> Course:
    """Events and death of one person over the next `years` years.

    Parameters
    ----------
    person : values by concept in the twin's canonical units, every input of the UKPDS OM2 models.
    first : risk factors at diagnosis, where they are known.
    paths : other paths of shape (years + 1,), by concept, in place of the natural ones: this year's
        value first. Any input that is no event may have one.

    Raises
    ------
    RefusedError
        an input is missing, there is no type 2 diabetes, or the horizon is out of range.
    """
    found = refusals(person, years)
    if found:
        raise RefusedError(found)
    moved = {**risk_factor_paths(person, years, first=first), **_checked(paths or {}, years)}
    start = np.array([min(float(person[equations.HISTORY[e]]), 1.0) for e in EVENTS])
    mass = np.zeros(len(STATES))
    mass[int(start @ STRIDES)] = 1.0
    death = np.zeros(years + 1)
    events = {event: np.zeros(years + 1) for event in EVENTS}
    for year in range(years):
        held = np.flatnonzero(mass)
        x = _arrays(person, {c: float(path[year]) for c, path in moved.items()}, year, held)
        p = _event_probabilities(numbers, x, held)
        for at, event in enumerate(EVENTS):
            first_time = STATES[held, at] == start[at]
            happened = float(np.sum((mass[held] * p[event])[first_time]))
            events[event][year + 1] = events[event][year] + happened
        mass, died = _year(numbers, x, p, mass, held)
        death[year + 1] = death[year] + died
    return Course(np.arange(years + 1.0), np.clip(death, 0.0, 1.0), events, moved)


def refusals(person: Mapping[str, float], years: int) -> tuple[Refusal, ...]:
    """Why there is no course; empty when there is one."""
    given = {concept: value for concept, value in person.items() if not np.isnan(value)}
    found = list(refusals_of(_needed(), given))
    found += refusals_of((ukpds_paths.YEARS,), {"years": float(years)})
    if given.get("diabetes_type_2") == 0.0:
        text = "Type 2 diabetes: the equations are for type 2 diabetes, and none is recorded."
        found.append(Refusal("not_applicable", "diabetes_type_2", text))
    if given.get("age", 0.0) + years > OLDEST:
        text = f"Age: the simulation would go beyond {OLDEST} years of age."
        found.append(Refusal("out_of_range", "age", text, "above"))
    return tuple(found)


def _needed() -> Iterator[Input]:
    """Conditions without a record are absent, but the caller says so: nothing is assumed here."""
    yield from ALL.values()


def _checked(paths: Mapping[str, FloatArray], years: int) -> dict[str, FloatArray]:
    events = set(equations.HISTORY.values())
    for concept, path in paths.items():
        if concept not in ALL or concept in events or concept in ("age", "diabetes_duration"):
            raise ValueError(f"{concept} has no path of its own")
        if np.shape(path) != (years + 1,) or not np.isfinite(path).all():
            raise ValueError(f"{concept}: {years + 1} finite values are needed")
    return {concept: np.asarray(path, dtype=np.float64) for concept, path in paths.items()}


def _arrays(
    person: Mapping[str, float], moved: Mapping[str, float], year: int, held: IntArray
) -> dict[str, FloatArray]:
    """The inputs of one year, one row a state."""
    values = {concept: float(person.get(concept, np.nan)) for concept in ALL} | dict(moved)
    values["age"] = person["age"] + year
    values["diabetes_duration"] = person["diabetes_duration"] + year
    x = {concept: np.full(len(held), value) for concept, value in values.items()}
    for at, event in enumerate(EVENTS):
        x[equations.HISTORY[event]] = (STATES[held, at] > 0).astype(np.float64)
    return x


def _event_probabilities(
    numbers: Mapping[str, float], x: Arrays, held: IntArray
) -> dict[str, FloatArray]:
    """Of each event within the year, 0 where it has happened as often as it can."""
    found = equations.event_probabilities(numbers, x)
    return {
        event: np.where(STATES[held, at] >= TIMES[event], 0.0, found[event])
        for at, event in enumerate(EVENTS)
    }


def _year(
    numbers: Mapping[str, float],
    x: Arrays,
    p: Mapping[str, FloatArray],
    mass: FloatArray,
    held: IntArray,
) -> tuple[FloatArray, float]:
    """The probabilities of the states a year later, and of having died within the year."""
    named: dict[frozenset[str], FloatArray] = {}
    nothing = equations.death_without_event(numbers, x)
    after = np.zeros(len(STATES))
    died = 0.0
    for combination in product((False, True), repeat=len(EVENTS)):
        happened = [event for event, yes in zip(EVENTS, combination, strict=True) if yes]
        weight = mass[held]
        for event, yes in zip(EVENTS, combination, strict=True):
            weight = weight * (p[event] if yes else 1.0 - p[event])
        if not weight.any():
            continue
        key = frozenset(happened) & frozenset(equations.NAMED_EVENTS)
        if happened and key not in named:
            named[key] = equations.death_with_events(numbers, x, sorted(key))
        dying = weight * (named[key] if happened else nothing)
        died += float(dying.sum())
        later = held + int(np.array(combination) @ STRIDES)
        possible = weight > 0.0
        np.add.at(after, later[possible], (weight - dying)[possible])
    return after, died
