"""Fentanyl from patches: a patch fills a depot in the skin, and the depot the circulation.

A patch delivers at its nominal rate r while it sticks; what is in the depot goes on at ka. Per
patch, with k = CL/V and t since it was put on,

    C(t) = r / CL (1 - (k e^(-ka t) - ka e^(-k t)) / (k - ka))

and from its removal on, the same curve is taken off again. Concentrations are ug/L. The apparent
clearance is that of Bista 2016, in people with advanced cancer; labels imply about a third of it,
and so three times the level. The depot's rate is the fall seen after removal (Varvel 1989), not the
0.013 /h of Bista's model, in which the patch itself is the depot.

Not modelled: the site, heat, a patch that comes off, age, liver disease, interacting drugs. The
volume is not published with the clearance; it follows from the half-life after injection [J]. It
is not for dosing anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray, Input
from models_engine.catalogue.mechanistic.individual import Course, Span, log_normal
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet
from models_engine.catalogue.mechanistic.refusing import require

BISTA = "Bista SR et al., J Clin Pharmacol 2016;56:705-713 (abstract), doi 10.1002/jcph.641"
VARVEL = "Varvel JR et al., 1989"
OURS = "chosen by this project"
PARAMETERS = ParameterSet(
    "Transdermal fentanyl",
    (
        Parameter("clearance", 122.0, "L/h", BISTA + ", at 70 kg", "S"),
        Parameter("reference_weight", 70.0, "kg", BISTA, "S"),
        Parameter("between_people", 0.385, "1", BISTA, "S"),
        Parameter("between_occasions", 0.22, "1", BISTA, "S"),
        Parameter("depot_half_life", 17.0, "h", VARVEL + ", after removal", "S"),
        Parameter("elimination_half_life", 6.1, "h", VARVEL + ", after injection", "S"),
    ),
)
# from the doses of Bista's patients; weights are ours [J]
RATE = Input(
    concept="patch_rate", role="record", unit="ug/h", low=12, high=200, label="Nominal patch rate"
)
HOURS = Input(concept="patch_hours", role="record", unit="h", low=1, high=96, label="Patch worn")
WEIGHT = Input(
    concept="weight",
    role="measurement",
    unit="kg",
    low=35,
    high=150,
    label="Weight",
    order="Weigh the patient.",
)


@dataclass(frozen=True)
class Patch:
    """ug/h, from hour `at` on, worn for `hours`. Raises RefusedError out of range."""

    at: float
    rate: float
    hours: float = 72.0

    def __post_init__(self) -> None:
        require((RATE, HOURS), {"patch_rate": self.rate, "patch_hours": self.hours})


def clearance(weight: float, parameters: ParameterSet = PARAMETERS) -> float:
    """Apparent, L/h, in proportion to the weight. Raises RefusedError out of range."""
    require((WEIGHT,), {"weight": weight})
    return parameters["clearance"] * weight / parameters["reference_weight"]


def steady_level(rate: float, weight: float, parameters: ParameterSet = PARAMETERS) -> Span:
    """ug/L once patches of `rate` ug/h have been worn for days, with its 95 % interval.

    Raises RefusedError out of range.
    """
    Patch(0.0, rate)
    return log_normal(rate / clearance(weight, parameters), _variance(parameters))


def patch_course(
    patches: Sequence[Patch],
    weight: float,
    times: FloatArray,
    parameters: ParameterSet = PARAMETERS,
) -> Course:
    """ug/L at `times` (m,), h. The interval is that of the clearance between people and occasions:
    the level goes with its inverse, the volume with the clearance.
    """
    cl = clearance(weight, parameters)
    absorbed = np.log(2.0) / parameters["depot_half_life"]
    removed = np.log(2.0) / parameters["elimination_half_life"]
    total = np.zeros(len(times))
    for patch in patches:
        since = np.asarray(times, dtype=np.float64) - patch.at
        shape = _filling(since, absorbed, removed) - _filling(
            since - patch.hours, absorbed, removed
        )
        total = total + patch.rate / cl * shape
    span = log_normal(1.0, _variance(parameters))
    return Course(np.asarray(times, dtype=np.float64), total, total * span.low, total * span.high)


def _filling(since: FloatArray, absorbed: float, removed: float) -> FloatArray:
    """Share of the steady level that a patch never removed has reached."""
    t = np.maximum(since, 0.0)
    mixed = removed * np.exp(-absorbed * t) - absorbed * np.exp(-removed * t)
    return np.asarray(1.0 - mixed / (removed - absorbed))


def _variance(parameters: ParameterSet) -> float:
    """Of the logarithm, from the coefficients of variation."""
    shares = parameters["between_people"], parameters["between_occasions"]
    return float(sum(np.log1p(share**2) for share in shares))
