"""The way to a weight that is set: which intake brings somebody there by a stated time."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.mechanistic.body_weight import (
    DAYS_A_MONTH,
    EnergyBalance,
    Person,
    Plan,
    intake_that_keeps,
    intake_to_reach,
    weight_path,
)
from models_engine.catalogue.mechanistic.refusing import RefusedError

DAYS_A_YEAR = 365.25


@dataclass(frozen=True, eq=False)
class WeightCourse:
    """Weight (n,) in kg on `days` (n,) from today, to `goal` on the last; it is kept from then on.

    `intake` keeps today's weight, `change` from it leads to the goal, `keeping` keeps the goal (None
    where none in range does); kcal a day.
    """

    person: Person
    goal: float
    months: int
    days: FloatArray
    weight: FloatArray
    intake: float
    change: float
    keeping: float | None

    def reached(self, times: FloatArray) -> FloatArray:
        """Share of the way at `times` (n,), in years from today."""
        way = self.weight[-1] - self.weight[0]
        # a goal that the weight has all but reached
        share = (self.weight - self.weight[0]) / way if way else np.ones(len(self.days))
        return np.asarray(np.interp(np.asarray(times) * DAYS_A_YEAR, self.days, share))


# dragging another slider asks for the same way again
@lru_cache(maxsize=256)
def weight_course(person: Person, goal: float, months: int) -> WeightCourse:
    """The course to `goal` kg in `months` (Hall et al. 2011). Raises RefusedError."""
    days = np.arange(months + 1, dtype=np.float64) * np.float64(DAYS_A_MONTH)
    change = intake_to_reach(person, goal, float(days[-1]))
    path = weight_path(person, Plan(change), days)
    try:
        keeping: float | None = intake_that_keeps(person, goal)
    except RefusedError:
        keeping = None
    intake = EnergyBalance(person).intake
    return WeightCourse(person, goal, months, days, path.weight, intake, change, keeping)
