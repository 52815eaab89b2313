"""Every measurement that can be forecast, from the concept table and the fitted parameters."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from models_engine.catalogue.trajectory import unvalidated
from models_engine.catalogue.trajectory.dynamics import Dynamics
from models_engine.catalogue.trajectory.forecast import MAX_HORIZON
from models_engine.catalogue.trajectory.measurement import MeasurementSpec, Stretch
from patients.terminology.measurements import MEASUREMENTS, MeasurementConcept

ARTEFACT = Path(__file__).parent / "artefacts" / "forecast.json"
DAYS_PER_YEAR = 365.25
# a state of the hour, a constant, or a habit: nothing that years ahead could be said of
MOMENTARY = frozenset(
    {
        "respiratory_rate",
        "oxygen_saturation",
        "body_temperature",
        "oxygen_flow",
        "fio2",
        "gcs",
        "height",
        "alcohol_drinks",
    }
)
# many values are 0 or below what can be measured: neither scale fits
CENSORED = frozenset({"urine_acr", "urine_albumin", "urine_pcr"})
# eGFR is computed from creatinine by one equation, so that laboratories do not mix
REPLACED = frozenset({"egfr_reported"})
NOT_VALIDATED = (
    "Not validated: no real series of this measurement was available to check the forecast "
    "against. Its parameters are assumed."
)
# a short validity for a risk model (potassium: 3 months) is no reason to refuse a trend
LEAST_MAX_AGE_YEARS = 1.0
MOST_MAX_AGE_YEARS = 2.0


class ForecastArtefactError(ValueError):
    """The fitted parameters are not the file that SHA256SUMS names."""


@cache
def artefact() -> Mapping[str, Any]:
    """The fitted parameters and what was measured of them, checked against SHA256SUMS."""
    return read_artefact(ARTEFACT)


def read_artefact(path: Path) -> Mapping[str, Any]:
    """Read and check one file of parameters; raises ForecastArtefactError."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if f"{digest}  {path.name}" not in (path.parent / "SHA256SUMS").read_text().splitlines():
        raise ForecastArtefactError(f"{path.name} is not the file that SHA256SUMS names")
    found: dict[str, Any] = json.loads(content)
    return {**found, "sha256": digest}


@cache
def specs() -> Mapping[str, MeasurementSpec]:
    """By concept. `egfr` is computed from creatinine (CKD-EPI 2021) by the caller."""
    fitted = artefact()["measurements"]
    left_out = MOMENTARY | CENSORED | REPLACED
    found = {
        concept.id: _spec(concept, concept.id, concept.display, fitted.get(concept.id))
        for concept in MEASUREMENTS.values()
        if concept.id not in left_out
    }
    found["egfr"] = _spec(MEASUREMENTS["egfr_reported"], "egfr", "eGFR (CKD-EPI 2021)", None)
    return found


def _spec(
    concept: MeasurementConcept, name: str, label: str, fitted: Mapping[str, Any] | None
) -> MeasurementSpec:
    age = (concept.max_age.days if concept.max_age else 365) / DAYS_PER_YEAR
    if fitted is None:
        scale, dynamics = unvalidated.assumed(name, concept)
        stretches: tuple[Stretch, ...] = (Stretch(MAX_HORIZON, "state_space", dynamics),)
    else:
        scale, stretches = fitted["scale"], _stretches(fitted["stretches"])
    return MeasurementSpec(
        concept=name,
        label=label,
        unit=concept.unit,
        scale=scale,
        possible_low=concept.possible_low,
        possible_high=concept.possible_high,
        max_age_years=min(max(age, LEAST_MAX_AGE_YEARS), MOST_MAX_AGE_YEARS),
        stretches=stretches,
        version=_version(stretches),
        validated=bool(fitted and fitted["validated"]),
        statement=fitted["statement"] if fitted else NOT_VALIDATED,
    )


def _stretches(rows: list[dict[str, Any]]) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(
            row["until"],
            row["method"],
            Dynamics.from_dict(row["dynamics"]),
            tuple((at, tuple(levels)) for at, levels in row["quantiles"]),
        )
        for row in rows
    )


def _version(stretches: tuple[Stretch, ...]) -> str:
    """Of the parameters of this one measurement: another's refit withdraws no forecast of it."""
    digest = hashlib.sha256(repr(stretches).encode()).hexdigest()
    return f"{artefact()['version']}-{digest[:8]}"
