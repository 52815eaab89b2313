"""How a what-if moves the forecasts: each effect once, when it is there, with its uncertainty.

A value that is set stands: the forecast's middle goes from its own course to it, and stays; the
scatter of a measurement remains. Any other change is added to the forecast, as far as it has come
by then (`Pace`), and its uncertainty widens the band. It is added on the scale on which the forecast
was made: of a logarithm the same share is taken from every value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory.forecast import bands
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.interventions import treatments
from models_engine.catalogue.what_if.propagate import Propagation
from models_engine.catalogue.what_if.weight_course import WeightCourse

WEEKS_A_YEAR = 365.25 / 7
MONTHS_A_YEAR = 12.0
# of a treatment whose source states no time: as the other statins [J]
ASSUMED_WEEKS = 12.0
# the gain of weight after stopping was seen after 12 months (path smoking_weight)
STOPPING_YEARS = 1.0
# a time somebody may state for reaching what they set, in months [J]
MONTHS, DEFAULT_MONTHS = (3, 6, 12, 24), 6
SET = "set:"
EDGES = ("low90", "low50", "median", "high50", "high90")
NO_VALUE_LEFT = "The change leaves no possible value."


@dataclass(frozen=True, eq=False)
class Standing:
    """A forecast as it stands, or the `reason` why there is none.

    `bands`: rows of years after `as_of`, the median and four edges, as stored; `state` gives the same
    distribution (see `trajectory.forecast`). `measured`: what a figure begins with, oldest first.
    """

    concept: str
    label: str
    unit: str = ""
    reason: str = ""
    as_of: datetime | None = None
    bands: Sequence[Mapping[str, float]] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    validated: bool = False
    statement: str = ""
    released: bool = False
    notes: tuple[str, ...] = ()
    measured: tuple[tuple[datetime, float], ...] = ()


@dataclass(frozen=True, eq=False)
class MovedForecast:
    """One forecast before and after at `years` (n,) after its moment; edges (5, n) in its unit.

    `after` is None where there is no forecast, or none after the change: `reason` says why.
    `origins`: what moves it, in the words of `Propagation.shares`. `full_by`: years from now by when
    the whole change is there.
    """

    standing: Standing
    origins: tuple[str, ...]
    years: FloatArray = field(default_factory=lambda: np.zeros(0))
    before: FloatArray = field(default_factory=lambda: np.zeros((5, 0)))
    after: FloatArray | None = None
    reason: str = ""
    full_by: float = 0.0


@dataclass(frozen=True)
class Pace:
    """How fast changes come. `months`: by when what is set is reached, as somebody states it.

    `course` is the way to a weight that is set; without it a straight line, and `note` says why.
    `unreachable`: no change of intake leads to the weight by then, so nothing is drawn of it.
    """

    months: float = float(DEFAULT_MONTHS)
    course: WeightCourse | None = None
    note: str = ""
    unreachable: str = ""

    def full_by(self, origin: str) -> float:
        """Years until the whole of a change is there."""
        if origin == SET + SMOKING:
            return STOPPING_YEARS
        if origin.startswith(SET):
            return self.months / MONTHS_A_YEAR
        return (treatments()[origin].weeks or ASSUMED_WEEKS) / WEEKS_A_YEAR

    def reached(self, origin: str, times: FloatArray) -> FloatArray:
        """Share of a change that is there at `times` (n,), in years from now."""
        if origin == f"{SET}weight" and self.course is not None:
            return self.course.reached(times)
        return straight(times, self.full_by(origin))


def straight(times: FloatArray, years: float) -> FloatArray:
    """Share of an effect reached at `times` (n,) in years, in a straight line over `years`.

    Raises ValueError unless `years` is positive.
    """
    if not years > 0:
        raise ValueError(f"{years!r} is no time for an effect to come")
    return np.clip(np.asarray(times, dtype=np.float64) / years, 0.0, 1.0)


def move(standing: Standing, done: Propagation, pace: Pace, elapsed: float) -> MovedForecast:
    """A forecast under the changes that `propagate` found.

    `elapsed`: years from the forecast's moment to now, at least 0, when the changes begin. Rows of
    the forecast that are past by now are left out.
    """
    concept = standing.concept
    origins = _origins(done, concept)
    if standing.reason:
        return MovedForecast(standing, origins, reason=standing.reason)
    rows = [row for row in standing.bands if row["years"] > elapsed]
    years = np.array([row["years"] for row in rows])
    before = np.array([[row[edge] for row in rows] for edge in EDGES]).reshape(
        len(EDGES), len(rows)
    )
    full_by = max((pace.full_by(origin) for origin in origins), default=0.0)
    moved = (standing, origins, years, before)
    if pace.unreachable and f"{SET}weight" in origins:
        return MovedForecast(*moved, reason=pace.unreachable, full_by=full_by)
    is_log = standing.state["scale"] == "log"
    times = years - elapsed
    target = done.target(concept)
    if target is not None:
        middle = before[EDGES.index("median")]
        way = np.log(target / middle) if is_log else target - middle
        change, spread = pace.reached(SET + concept, times) * way, np.zeros(len(years))
    else:
        start = done.before[concept]
        level = np.full((len(years), len(done.after[concept])), start)
        for origin in origins:
            level += np.outer(pace.reached(origin, times), done.shares[concept][origin])
        if is_log and np.any(level <= 0):
            return MovedForecast(*moved, reason=NO_VALUE_LEFT, full_by=full_by)
        draws = np.log(level / start) if is_log else level - start
        change, spread = draws[:, 0], draws[:, 1:].std(axis=1)
    after = bands(standing.state, years, change, spread)
    return MovedForecast(*moved, after=after, full_by=full_by)


def _origins(done: Propagation, concept: str) -> tuple[str, ...]:
    """What moves a concept: of one that is set the target alone, which stands."""
    if done.target(concept) is not None:
        return (SET + concept,)
    shares = done.shares.get(concept, {})
    return tuple(sorted(origin for origin, change in shares.items() if np.any(change)))
