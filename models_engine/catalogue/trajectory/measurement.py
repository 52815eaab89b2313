"""What is declared of a measurement before it is forecast: scale, limits, method, evidence."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.facts import require_text
from models_engine.catalogue.trajectory.dynamics import Dynamics

Scale = Literal["identity", "log"]
Method = Literal["state_space", "mixed_model", "last_value"]

METHOD_WORDS: dict[Method, str] = {
    "state_space": "a level, a slope and a passing departure (Kalman filter)",
    "mixed_model": "a linear mixed model with the person's own level and slope",
    "last_value": "the last value carried forward",
}
# probabilities of the edges of the bands, and of the median
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Stretch:
    """The method for horizons up to `until` years.

    `quantiles`: pairs (years, levels): which probabilities of the method's own distribution hold
    5, 25, 50, 75 and 95 % of what was later measured in other people; none: its own.
    """

    until: float
    method: Method
    dynamics: Dynamics
    quantiles: tuple[tuple[float, tuple[float, ...]], ...] = ()

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise ValueError(f"Stretch: unknown method {self.method!r}")
        for _, levels in self.quantiles:
            ordered = all(a < b for a, b in zip((0.0, *levels), (*levels, 1.0), strict=True))
            if len(levels) != len(LEVELS) or not ordered:
                raise ValueError(f"Stretch: {levels} are no five rising probabilities")


@dataclass(frozen=True)
class MeasurementSpec:
    """A measurement that can be forecast.

    `stretches` by rising `until`; the last reaches to the longest horizon. `max_age_years`: how old
    the newest value may be. `statement` says what the forecast was checked against, or that it was
    not; `validated` is true only of real series of this measurement in people who were not chosen
    for one disease.
    """

    concept: str
    label: str
    unit: str
    scale: Scale
    possible_low: float
    possible_high: float
    max_age_years: float
    stretches: tuple[Stretch, ...]
    version: str
    validated: bool
    statement: str

    def __post_init__(self) -> None:
        require_text(f"MeasurementSpec {self.concept}", label=self.label, statement=self.statement)
        ends = [stretch.until for stretch in self.stretches]
        if not ends or ends != sorted(set(ends)):
            raise ValueError(f"{self.concept}: stretches must end ever later")
        if self.scale == "log" and (self.possible_high <= 0 or self.possible_low < 0):
            raise ValueError(f"{self.concept}: a logarithm needs positive values")

    def working(self, values: FloatArray) -> FloatArray:
        """Values on the scale on which they move."""
        return np.log(values) if self.scale == "log" else values
