"""The answer to one what-if: where it started, what moved, every model before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models_engine.catalogue.contract import ClinicalModel, Refusal
from models_engine.catalogue.feature_set import FeatureSet, InputUsed
from models_engine.catalogue.what_if.compare import ModelComparison
from models_engine.catalogue.what_if.forecasting import MovedForecast, Pace
from models_engine.catalogue.what_if.propagate import Person, Propagation


@dataclass(frozen=True, eq=False)
class Simulation:
    """`sources` are the values it started from by concept, with the resource behind each.

    `features` are the inputs of every model with a number; `silent` the models without one even
    before, with the reasons. `forecasts`: of every concept that moves, one row, with a reason where
    there is no forecast.
    """

    sources: Mapping[str, InputUsed]
    person: Person
    features: Mapping[str, FeatureSet]
    propagation: Propagation
    comparisons: tuple[ModelComparison, ...]
    silent: tuple[tuple[ClinicalModel, tuple[Refusal, ...]], ...]
    forecasts: tuple[MovedForecast, ...] = ()
    pace: Pace = field(default_factory=Pace)

    @property
    def values(self) -> dict[str, float]:
        """The values that it started from; smoking is 1 or 0."""
        return values_of(self.sources)

    @property
    def moves(self) -> bool:
        """Whether any model has another number after."""
        return any(
            outcome.difference
            for one in self.comparisons
            if one.responds and not one.refusals
            for outcome in one.outcomes
        )


def values_of(sources: Mapping[str, InputUsed]) -> dict[str, float]:
    """The values of sources, those without one left out."""
    return {c: float(s.value) for c, s in sources.items() if s.value is not None}
