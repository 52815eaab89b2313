"""Whether a person is like those of the sample that a model is explained against (E8).

A value outside a model's published range gets no number at all, long before this. Here a value may
be in range and yet unlike everybody of the sample: what is said against that sample is then a guess
about a place where nobody of it stands. [J] Far is beyond the smallest or the largest value of the
sample and more than three of its standard deviations from its mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from models_engine.catalogue.contract import Background, ClinicalModel

FAR = 3.0
# yes/no inputs have two values, and neither is far
FEWEST_VALUES = 3


@dataclass(frozen=True)
class _Spread:
    low: float
    high: float
    mean: float
    deviation: float

    def is_far(self, value: float) -> bool:
        outside = not self.low <= value <= self.high
        return outside and abs(value - self.mean) > FAR * self.deviation


def far_from_sample(model: ClinicalModel, values: Mapping[str, float]) -> tuple[str, ...]:
    """The concepts whose value is far from the sample, in the order of the inputs."""
    if model.background is None:
        return ()
    spreads = _spreads(model.background)
    return tuple(
        concept
        for concept, value in values.items()
        if concept in spreads and spreads[concept].is_far(value)
    )


@cache
def _spreads(background: Background) -> Mapping[str, _Spread]:
    return {
        concept: _Spread(
            float(column.min()), float(column.max()), float(column.mean()), float(column.std())
        )
        for concept, column in background.rows.items()
        if len(np.unique(column)) >= FEWEST_VALUES
    }
