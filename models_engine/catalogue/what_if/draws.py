"""Draws of published effects: the same for the same path, always.

A path has its own seed, so that a second intervention does not change the draws of the first, and
a slider that is dragged moves an interval smoothly. The draws of one path are the quantiles of a
normal distribution in a random order: their mean is the published effect.
"""

import zlib
from functools import cache
from statistics import NormalDist

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.what_if.effects import EffectPath

DRAWS = 400
# the interval that is shown: 95 % of the draws
LOW, HIGH = 2.5, 97.5


@cache
def _quantiles(size: int) -> FloatArray:
    shares = (np.arange(size) + 0.5) / size
    return np.array([NormalDist().inv_cdf(float(share)) for share in shares])


@cache
def standard(seed: str, size: int = DRAWS) -> FloatArray:
    """Shape (1 + size,): 0 for the point estimate, then standard normal draws of the seed."""
    order = np.random.default_rng(zlib.crc32(seed.encode())).permutation(size)
    drawn = np.concatenate(([0.0], _quantiles(size)[order]))
    drawn.setflags(write=False)
    return drawn


def effect_of(path: EffectPath, size: int = DRAWS) -> FloatArray:
    """Shape (1 + size,) in the path's own unit: the published effect, then its draws."""
    return path.effect + path.sd * standard(path.id, size)


def interval(values: FloatArray) -> tuple[float, float]:
    """The 95 % interval of the draws behind the point estimate of a (1 + size,) array."""
    low, high = np.percentile(values[1:], [LOW, HIGH])
    return float(low), float(high)
