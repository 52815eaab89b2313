"""The hash of a model's artefact: its version, its coefficients, its ranges.

A change of formula without a change of coefficients must raise the model's version; the hash
does not follow the source text, so that a reformatted file withdraws no prediction.
"""

import hashlib
from collections.abc import Sequence

from models_engine.catalogue.contract import Input


def artefact_hash(version: str, coefficients: bytes, inputs: Sequence[Input]) -> str:
    """SHA-256 over the version, the coefficients as text, and the range of every input."""
    ranges = [
        (i.concept, i.low, i.high, i.low_open, i.high_open, i.max_age_days, i.required, i.any_of)
        # only where there is one: the hashes of the other models stay as they were
        + (("ever",) if i.ever else ())
        + ((i.max_age_hours,) if i.max_age_hours is not None else ())
        for i in inputs
    ]
    return hashlib.sha256(
        b"\n".join((version.encode(), coefficients, repr(ranges).encode()))
    ).hexdigest()
