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
    ordered = np.sort(values[1:])
    return _percentile(ordered, LOW), _percentile(ordered, HIGH)


def _percentile(ordered: FloatArray, percent: float) -> float:
    """As np.percentile has it, to the last bit; its checks took ten times as long as the rest."""
    position = percent / 100.0 * (len(ordered) - 1)
    at = int(position)
    share = position - at
    left, right = float(ordered[at]), float(ordered[min(at + 1, len(ordered) - 1)])
    if share >= 0.5:
        return right - (right - left) * (1.0 - share)
    return left + (right - left) * share
