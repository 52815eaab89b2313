"""Looks for columns that know the future: outcomes in disguise, and other models' answers.

Three nets. `after_baseline` names columns that are known, by their meaning, only later. A column
is suspect when it alone orders people about as well as all others together, or when taking it out
costs more than one honest column should; the worst is taken out and the search starts again, so
that two leaks do not hide each other. What is strong for a good reason is named as such.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models_engine.catalogue.contract import FloatArray
from models_engine.training.cox import newton_cox
from models_engine.training.metrics import Outcomes, harrell_c

# of how far all others together are above chance, the share that one column may reach alone
ALONE = 0.9
# what one column may add to the C of all others
LIFT = 0.02
ALPHA = 1.0

AFTER_BASELINE = {
    "num_surv2m": "another model's 2-month survival estimate",
    "num_surv6m": "another model's 6-month survival estimate",
    "num_sps": "another model's physiology score",
    "fac_sfdm2": "functional state at 2 months, death included: the outcome itself",
    "fac_dnr": "an order not to resuscitate, mostly given when death was expected",
    "num_los": "length of stay: known only at discharge",
    "fac_dstat": "state at discharge",
    "chapter": "cause of death",
}


@dataclass(frozen=True)
class Suspect:
    """A column, with why it is suspected."""

    column: str
    why: str


@dataclass(frozen=True, eq=False)
class Table:
    """Numeric columns (n, w) by name: one column of a measurement, several of a category."""

    columns: Mapping[str, FloatArray]
    outcomes: Outcomes
    explained: Mapping[str, str] = field(default_factory=dict)


def encode(
    raw: Mapping[str, NDArray[np.generic]], skip: Iterable[str] = ()
) -> dict[str, FloatArray]:
    """Columns as numbers: measurements with the median for missing, categories as indicators."""
    found = {}
    for name, values in raw.items():
        if name in skip:
            continue
        if values.dtype.kind in "fiub":
            numbers = values.astype(float)
            filled = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
            found[name] = filled[:, np.newaxis]
        else:
            words = np.array([str(value) for value in values])
            found[name] = (words[:, None] == np.unique(words)[None, 1:]).astype(float)
    return found


def declared(columns: Iterable[str]) -> list[Suspect]:
    """Those known by name to come after the moment of prediction."""
    return [Suspect(name, AFTER_BASELINE[name]) for name in columns if name in AFTER_BASELINE]


def hunt(table: Table, *, seed: int = 0, most: int = 8) -> list[Suspect]:
    """Columns that measure suspiciously well, worst first. Half of the people judge the other."""
    order = np.random.default_rng(seed).permutation(len(table.outcomes.time))
    train, test = np.array_split(order, 2)
    left = dict(table.columns)
    found: list[Suspect] = []
    while len(found) < most and len(left) > 1:
        worst = _worst({**table.explained}, left, table.outcomes, train, test)
        if worst is None:
            break
        found.append(worst)
        del left[worst.column]
    return found


def _worst(
    explained: Mapping[str, str],
    columns: Mapping[str, FloatArray],
    outcomes: Outcomes,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> Suspect | None:
    everything = _c(columns.values(), outcomes, train, test)
    suspects = []
    for name, column in columns.items():
        if name in explained:
            continue
        others = _c((v for k, v in columns.items() if k != name), outcomes, train, test)
        alone, lift = _c((column,), outcomes, train, test), everything - others
        share = (alone - 0.5) / max(others - 0.5, 1e-9)
        if share >= ALONE or lift >= LIFT:
            why = f"alone C {alone:.3f}; all others {others:.3f}; with it {everything:.3f}"
            suspects.append((share + lift / LIFT, Suspect(name, why)))
    return max(suspects, key=lambda pair: pair[0])[1] if suspects else None


def _c(
    columns: Iterable[FloatArray],
    outcomes: Outcomes,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> float:
    """Harrell's C of a ridge Cox model of the columns, on people it has not seen."""
    x = np.concatenate(list(columns), axis=1)
    x = (x - x[train].mean(axis=0)) / (x[train].std(axis=0) + 1e-9)
    known = Outcomes(outcomes.time[train], outcomes.event[train])
    fitted = newton_cox(x[train], known.time, known.event, ALPHA)
    unseen = Outcomes(outcomes.time[test], outcomes.event[test])
    return harrell_c(unseen, x[test] @ fitted.coefficients)
