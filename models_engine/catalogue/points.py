"""Points of a score by the band that a value lies in, with every cut-off and point by its name."""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.contract import FloatArray


def steps(name: str, lowest: float, *bands: tuple[float, float]) -> dict[str, float]:
    """Numbers of a banded item: `lowest` points below the first band, then (from, points) each."""
    numbers = {f"{name}.points_0": lowest}
    for place, (start, points) in enumerate(bands, start=1):
        numbers[f"{name}.from_{place}"] = start
        numbers[f"{name}.points_{place}"] = points
    return numbers


def banded(numbers: Mapping[str, float], name: str, values: FloatArray) -> FloatArray:
    """Points of shape (n,): those of the last band that begins at or below the value."""
    points = np.full(values.shape, numbers[f"{name}.points_0"])
    place = 1
    while f"{name}.from_{place}" in numbers:
        reached = values >= numbers[f"{name}.from_{place}"]
        points = np.where(reached, numbers[f"{name}.points_{place}"], points)
        place += 1
    return points


def charted(values: FloatArray, decimals: int = 0) -> FloatArray:
    """Rounded half up to what is written on the chart: the bands have gaps between 8 and 9."""
    scale = 10.0**decimals
    return np.floor(values * scale + 0.5) / scale
