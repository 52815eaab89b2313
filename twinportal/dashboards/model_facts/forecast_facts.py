"""The facts of a forecast: what it is, what was measured of it on people who were not fitted."""

from collections.abc import Mapping
from typing import Any

from models_engine.catalogue.trajectory.measurement import METHOD_WORDS, MeasurementSpec
from models_engine.catalogue.trajectory.specs import artefact, specs

PREFIX = "forecast_"
# the one measurement of which a series recorded treatments
MEASURED_CHANGE = "systolic_bp"
METHOD_NAMES = {
    "state_space": "Filter",
    "mixed_model": "Linear mixed model",
    "last_value": "Last value carried forward",
    "state_space_of_this_disease": "Filter with this disease's slope",
    "mixed_model_of_this_disease": "Linear mixed model with this disease's slope",
}


class ForecastFacts:
    """One measurement, and the series that it was checked on, if there was one."""

    def __init__(self, spec: MeasurementSpec) -> None:
        self.spec, self.model_id = spec, PREFIX + spec.concept
        content = artefact()
        self.check: Mapping[str, Any] | None = next(
            (check for check in content["checks"] if check["concept"] == spec.concept), None
        )
        measured = spec.concept == MEASURED_CHANGE
        self.change: Mapping[str, Any] | None = content["treatment_change"] if measured else None
        # how the rule for measurements without a series does on those that have one
        self.assumed = [
            {**row, "label": check["label"], "years": f"{row['from']:g} to {row['until']:g}"}
            for check in content["checks"]
            for row in check["assumed_rows"]
        ]
        self.sha256 = content["sha256"]
        ends = [stretch.until for stretch in spec.stretches]
        self.methods = [
            f"{begin:g} to {stretch.until:g} years: {METHOD_WORDS[stretch.method]}"
            for begin, stretch in zip([0.0, *ends], spec.stretches, strict=False)
        ]
        self.dynamics = [
            (name.replace("_", " "), value)
            for name, value in spec.stretches[0].dynamics.to_dict().items()
            if name != "steadiness"
        ]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What was measured, by horizon and then method."""
        if self.check is None:
            return []
        found = [
            {
                **row,
                "name": METHOD_NAMES[row["method"]],
                "years": f"{row['from']:g} to {row['until']:g}",
                "offered": row["method"] == self._offered_at(row["until"]),
            }
            for row in self.check["rows"]
        ]
        return sorted(
            found, key=lambda row: (row["until"], list(METHOD_NAMES).index(row["method"]))
        )

    def _offered_at(self, until: float) -> str:
        stretches = self.spec.stretches
        return next((s.method for s in stretches if until <= s.until), stretches[-1].method)


def forecast_facts(model_id: str) -> ForecastFacts | None:
    """The facts behind an address; None when there is no such forecast."""
    spec = specs().get(model_id.removeprefix(PREFIX)) if model_id.startswith(PREFIX) else None
    return None if spec is None else ForecastFacts(spec)


def all_forecasts() -> list[ForecastFacts]:
    """Validated ones first, then by name."""
    found = [ForecastFacts(spec) for spec in specs().values()]
    return sorted(
        found,
        key=lambda facts: (not facts.spec.validated, facts.check is None, facts.spec.label),
    )
