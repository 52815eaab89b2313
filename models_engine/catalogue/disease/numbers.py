"""Numbers as they stand in an artefact: what is fitted is rounded before anything rests on it."""

from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray

DIGITS = 8


def short(values: Any) -> FloatArray:
    """Rounded to eight significant digits, in the shape given, so that a file reads as it was."""
    array = np.asarray(values, dtype=np.float64)
    rounded = [float(f"{v:.{DIGITS}g}") for v in array.ravel()]
    return np.array(rounded).reshape(array.shape)
