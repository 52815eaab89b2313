"""Fits, calibrates, tests and writes the forecasts' parameters.

    python -m models_engine.training.forecast.train --data <folder of archives>

People are split once; fitting and calibration see one side, every figure is of the other. Of each
stretch of the horizon the offered method is the state-space filter, unless a baseline had both the
smaller mean absolute error and the smaller root mean square error: then that baseline.
"""

import argparse
import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from models_engine.catalogue.trajectory.dynamics import Dynamics
from models_engine.catalogue.trajectory.forecast import MAX_HORIZON
from models_engine.catalogue.trajectory.measurement import METHOD_WORDS, Method
from models_engine.catalogue.trajectory.specs import ARTEFACT
from models_engine.training.forecast.backtest import (
    EDGES,
    Pairs,
    calibrate,
    fit_last_value,
    sides,
    told,
)
from models_engine.training.forecast.evaluate import Candidate, assumed_rows, measured
from models_engine.training.forecast.fit import fit
from models_engine.training.forecast.mixed_model import fit_mixed_model
from models_engine.training.forecast.series import (
    SOURCES,
    Panel,
    Source,
    TreatmentChange,
    pressure_medicines,
    read,
    split,
)

VERSION = "1"
OFFERED, HERE = "state_space", "state_space_of_this_disease"
BASELINES = ("mixed_model", "last_value")
# How far a change of treatment may move the level, on the logarithm: our judgement, but for systolic
# pressure, where it is measured (`pressure_medicines`).
MEASURED_CHANGE = "systolic_bp"
CHANGE_SD = {
    "hdl_cholesterol": 0.10,
    "total_cholesterol": 0.30,
    "bilirubin_total": 0.30,
    "albumin": 0.05,
    "ast": 0.40,
    "platelets": 0.20,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    panels = read(arguments.data)
    write(made(panels, pressure_medicines(arguments.data)))


def write(content: dict[str, Any]) -> None:
    """The artefact and the sum that it is checked against."""
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
    ARTEFACT.parent.mkdir(exist_ok=True)
    ARTEFACT.write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (ARTEFACT.parent / "SHA256SUMS").write_text(f"{digest}  {ARTEFACT.name}\n")


def made(panels: dict[str, Panel], change: TreatmentChange) -> dict[str, Any]:
    """The artefact: what is offered, by concept, and what was measured, by series."""
    measurements, checks = {}, []
    for source in SOURCES:
        check = checked(source, panels[source.name])
        checks.append(check)
        print(source.name, "done", flush=True)
        if source.concept:
            measurements[source.concept] = offered(source, check, change.sd)
    return {
        "format": "twinportal-forecast-parameters/1",
        "version": VERSION,
        "measurements": measurements,
        "treatment_change": asdict(change),
        "checks": checks,
    }


def checked(source: Source, panel: Panel) -> dict[str, Any]:
    """Candidates fitted on one side of the split and measured on the other."""
    fitted, tested, targets, where = sides(panel)
    candidates = _candidates(source, fitted, targets, panel.rows(split(panel.people)))
    rows = [row for c in candidates for row in measured(source, c, tested, where)]
    return {
        "series": source.name,
        "concept": source.concept,
        "label": source.label,
        "unit": source.unit,
        "scale": source.scale,
        "data": source.data,
        "licence": source.licence,
        "population": source.people,
        "one_disease": source.one_disease,
        "people_fitted": len(np.unique(targets.person)),
        "people_tested": len(np.unique(where.person)),
        "candidates": [candidate.to_dict() for candidate in candidates],
        "rows": rows,
        "assumed_rows": assumed_rows(source, tested, where),
    }


def _candidates(source: Source, fitted: Panel, where: Pairs, everybody: Panel) -> list[Candidate]:
    mixed = fit_mixed_model(fitted.times, fitted.values).dynamics()
    plain = fit(everybody, one_disease=source.one_disease)
    told_apart: list[tuple[str, Method, Dynamics, bool]] = [
        (OFFERED, "state_space", plain, True),
        ("last_value", "last_value", fit_last_value(fitted, where), True),
    ]
    if source.one_disease:
        here = fit(everybody, one_disease=False)
        told_apart += [
            ("mixed_model", "mixed_model", replace(mixed, drift=0.0), True),
            (HERE, "state_space", here, False),
            ("mixed_model_of_this_disease", "mixed_model", mixed, False),
        ]
    else:
        told_apart.append(("mixed_model", "mixed_model", mixed, True))
    values = fitted.values[where.person, where.target]
    return [
        Candidate(
            name,
            method,
            dynamics,
            calibrate(told(method, dynamics, fitted, where), values, where),
            may,
        )
        for name, method, dynamics, may in told_apart
    ]


def offered(source: Source, check: dict[str, Any], measured_change: float) -> dict[str, Any]:
    """The measurement as it stands before a patient."""
    concept = source.concept
    change_sd = measured_change if concept == MEASURED_CHANGE else CHANGE_SD[concept]
    by_name = {row["name"]: row for row in check["candidates"]}
    chosen = [_best(check["rows"], until) for until in EDGES[1:]]
    # a stretch that could not be tested takes the method of the next one that was
    tested = [name for name in chosen if name]
    names = [
        name or next((n for n in chosen[i:] if n), tested[-1]) for i, name in enumerate(chosen)
    ]
    ends = [*EDGES[1:-1], MAX_HORIZON]
    stretches: list[dict[str, Any]] = []
    for name, until in zip(names, ends, strict=True):
        if stretches and stretches[-1]["name"] == name:
            stretches[-1]["until"] = until
        else:
            stretches.append({"name": name, "until": until})
    return {
        "scale": source.scale,
        "statement": statement(source, check, names),
        "validated": not source.one_disease,
        "stretches": [
            {
                "until": row["until"],
                "method": by_name[row["name"]]["method"],
                "dynamics": {
                    **by_name[row["name"]]["dynamics"],
                    "change_sd": change_sd,
                },
                "quantiles": by_name[row["name"]]["quantiles"],
            }
            for row in stretches
        ],
    }


def _best(rows: list[dict[str, Any]], until: float) -> str:
    """The filter, unless a baseline that may be offered was ahead; "" where nothing was tested."""
    tested = {row["method"]: row for row in rows if row["until"] == until}
    if OFFERED not in tested:
        return ""
    ours = tested[OFFERED]
    ahead = [name for name in BASELINES if _is_less(tested[name], ours, "mae", "rmse")]
    return min(ahead, key=lambda name: float(tested[name]["mae"]), default=OFFERED)


def _is_close(rows: list[dict[str, Any]], until: float) -> bool:
    """A baseline had one of the two errors smaller, and not both."""
    tested = {row["method"]: row for row in rows if row["until"] == until}
    return OFFERED in tested and any(
        _is_less(tested[name], tested[OFFERED], error)
        for name in BASELINES
        for error in ("mae", "rmse")
    )


def _is_less(row: dict[str, Any], other: dict[str, Any], *errors: str) -> bool:
    return all(row[error] < other[error] for error in errors)


def statement(source: Source, check: dict[str, Any], names: list[str]) -> str:
    """What the page says of the check."""
    covers = [
        row["covers90"]
        for row in check["rows"]
        for name, until in zip(names, EDGES[1:], strict=True)
        if (row["method"], row["until"]) == (name, until)
    ]
    low, high = round(100 * min(covers)), round(100 * max(covers))
    told_of = (
        f"{'Checked in one disease only' if source.one_disease else 'Validated'}: "
        f"{check['people_tested']:,} people whose values were not used to fit it, "
        f"{source.people}. Data: {source.data}. By horizon, the 90 % band held {low} to {high} % "
        "of the later values."
    )
    if source.one_disease:
        told_of += " In other people it was not checked; that disease's average slope is left out."
    tested = {row["until"] for row in check["rows"]}
    untested = [until for until in EDGES[1:] if until not in tested]
    if untested:
        told_of += f" Too few values to check up to {untested[0]:g} years ahead."
    instead = sorted({name for name in names if name != OFFERED})
    for name in instead:
        ends = [_span(i) for i, n in enumerate(names) if n == name]
        words = METHOD_WORDS[name]  # type: ignore[index]
        told_of += f" For {', '.join(ends)} years it was not ahead, so {words} is used."
    close = [
        _span(i)
        for i, name in enumerate(names)
        if name == OFFERED and _is_close(check["rows"], EDGES[i + 1])
    ]
    if close:
        told_of += f" For {', '.join(close)} years a simpler method was as good."
    return told_of


def _span(index: int) -> str:
    return f"{EDGES[index]:g}-{EDGES[index + 1]:g}"


if __name__ == "__main__":
    main()
