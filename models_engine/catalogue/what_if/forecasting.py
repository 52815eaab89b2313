"""How a what-if moves a forecast: the hook for trajectories and for a body weight over time.

A forecast of a concept is a mean and a standard deviation at some times. An intervention adds its
change, from nothing on the first day to the whole when it has taken effect. `reached` says how
much of it by when: a straight line to a horizon, or the path of a mechanistic model divided by its
end.
"""

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.what_if.propagate import Shift


def straight(times: FloatArray, years: float) -> FloatArray:
    """Share of an effect reached at `times` (n,) in years, in a straight line over `years`.

    Raises ValueError unless `years` is positive.
    """
    if not years > 0:
        raise ValueError(f"{years!r} is no time for an effect to come")
    return np.clip(np.asarray(times, dtype=np.float64) / years, 0.0, 1.0)


def shift(
    mean: FloatArray, sd: FloatArray, delta: float, delta_sd: float, reached: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """A forecast under an intervention: mean and standard deviation, shape (n,) each.

    Parameters
    ----------
    mean, sd : the forecast without it, in the concept's canonical unit, at n times.
    delta, delta_sd : the whole change and its standard deviation, of `Shift`.
    reached : (n,) share of the change that is there by then, see `straight`.

    The uncertainty of the effect is taken to be independent of the forecast's. Raises ValueError
    on shapes that differ or a standard deviation below 0.
    """
    if not mean.shape == sd.shape == reached.shape:
        raise ValueError(f"shapes differ: {mean.shape}, {sd.shape}, {reached.shape}")
    if delta_sd < 0 or np.any(sd < 0):
        raise ValueError("a standard deviation is never below 0")
    return mean + delta * reached, np.hypot(sd, delta_sd * reached)


def shift_by(
    found: Shift, mean: FloatArray, sd: FloatArray, reached: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """`shift` by what `propagate` found for the concept."""
    return shift(mean, sd, found.delta, found.sd, reached)
