"""Linear predictors that do not depend on who else is computed in the same call.

A matrix product by BLAS sums in another order for one person than for a thousand, so that the
last digit of a probability would tell how it was computed. A population run and the refresh of
one twin must store the same number.
"""

import numpy as np

from models_engine.catalogue.contract import FloatArray


def combine(coefficients: FloatArray, rows: FloatArray) -> FloatArray:
    """Coefficients (o, k) times rows (k, n), shape (o, n): each person's sum in the same order."""
    if rows.shape[1] == 1:
        # of a single column einsum would add up along the terms, several at a time
        return combine(coefficients, np.repeat(rows, 2, axis=1))[:, :1]
    return np.asarray(np.einsum("ok,kn->on", coefficients, rows))
