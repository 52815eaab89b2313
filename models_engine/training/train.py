"""Makes the trained models anew and prints their tables.

    python -m models_engine.training.train --data ../shared/data [--only NAME] [--output FOLDER]

Writes, for each model, `<name>.json` (the artefact) and `<name>.performance.json` (its tables),
and SHA256SUMS over them. `--quick` leaves the comparison out, and so the performance file.
Needs the dependency group `training`; the product does not.
"""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models_engine.catalogue.trained.additive import COX, FOLDER, Additive
from models_engine.training.cohorts import Cohort
from models_engine.training.evaluate import compare_survival, compare_yes_no
from models_engine.training.held_out import tables as held_out_tables
from models_engine.training.intervals import calibrate, fit_with_spread
from models_engine.training.leakage import Table, encode, hunt
from models_engine.training.metrics import Outcomes, harrell_c, observed_risk
from models_engine.training.recipes import PLANS, Plan, survival_learners, yes_no_learners
from models_engine.training.write_artefact import content, write_json

# strong for a good reason: people die of age, and who was often in hospital comes back
EXPLAINED = {
    "age": "the strongest honest predictor of death",
    "previous_admissions": "counted before admission",
}
LEAK_ROWS = 8000


def cohort_of(plan: Plan, data: Path) -> Cohort:
    """Everybody with all inputs of the model; other columns may be missing."""
    everybody = plan.load(data)
    known = [np.isfinite(everybody.columns[c]) for c in plan.concepts]
    return everybody.rows(np.all(known, axis=0))


def performance(plan: Plan, cohort: Cohort, data: Path) -> dict[str, Any]:
    """Cross-validated comparison, tables of the held-out predictions, leakage, external validation."""
    if plan.recipe.kind == COX:
        assert plan.compared_at is not None  # noqa: S101 - a survival plan names its horizon
        learners = compare_survival(cohort, survival_learners(plan), plan.compared_at)
    else:
        learners = compare_yes_no(cohort, yes_no_learners(plan))
    table: dict[str, Any] = {
        "people": len(np.unique(cohort.groups)),
        "rows": cohort.size,
        "events": int(cohort.event.sum()),
        "horizon_years": plan.compared_at,
        "validation": "5-fold cross-validation, all rows of a person in one fold, seed 0",
        "learners": learners,
        "held_out": held_out_tables(plan, cohort),
        "leakage_suspects": leaks(cohort),
    }
    if plan.external is not None:
        table["external"] = external(plan, cohort, plan.external(data))
    return table


def leaks(cohort: Cohort) -> list[str]:
    """What the leakage hunt says of the columns that the baselines were given."""
    if not len(cohort.time):
        # the hunt orders by time: a yes/no outcome is one that happens first
        cohort = Cohort(**{**vars(cohort), "time": np.where(cohort.event, 1.0, 2.0)})
    take = np.random.default_rng(0).permutation(cohort.size)[:LEAK_ROWS]
    some = cohort.rows(take)
    table = Table(encode(some.columns), Outcomes(some.time, some.event), EXPLAINED)
    return [f"{suspect.column}: {suspect.why}" for suspect in hunt(table)]


def external(plan: Plan, cohort: Cohort, elsewhere: Cohort) -> dict[str, Any]:
    """The model fitted on all of `cohort`, on people of another study."""
    coefficients, baseline = plan.recipe.fit(cohort.only(plan.concepts))
    model = Additive(
        plan.recipe.kind,
        plan.recipe.terms,
        coefficients,
        baseline,
        np.zeros((plan.recipe.outcomes, 0, 0)),
        np.zeros(plan.recipe.outcomes),
    )
    risks = model.predict(elsewhere.columns)
    outcomes = Outcomes(elsewhere.time, elsewhere.event)
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(200):
        who = rng.integers(0, elsewhere.size, elsewhere.size)
        draws.append(harrell_c(Outcomes(outcomes.time[who], outcomes.event[who]), risks[who, -1]))
    return {
        "source": elsewhere.source,
        "moment": elsewhere.moment,
        "people": elsewhere.size,
        "events": int(elsewhere.event.sum()),
        "harrell_c": round(harrell_c(outcomes, risks[:, -1]), 4),
        "harrell_c_95": [round(float(v), 4) for v in np.percentile(draws, (2.5, 97.5))],
        "at": {
            str(horizon): {
                "observed": round(observed_risk(outcomes, horizon)[0], 4),
                "expected": round(float(risks[:, o].mean()), 4),
            }
            for o, horizon in enumerate(plan.recipe.horizons)
        },
    }


def artefact(plan: Plan, cohort: Cohort) -> dict[str, Any]:
    """Coefficients, intervals and the rest, from the model's own inputs."""
    own = cohort.only(plan.concepts)
    factor, coverage = calibrate(plan.recipe, own, draws=plan.fold_draws, repeats=plan.repeats)
    fitted = fit_with_spread(plan.recipe, own, draws=plan.draws, factor=factor)
    return content(plan, own, fitted, coverage)


def write_sums(folder: Path) -> None:
    """SHA256SUMS of every JSON file in `folder`."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("*.json"))
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data archives")
    parser.add_argument("--output", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=[plan.name for plan in PLANS])
    parser.add_argument("--quick", action="store_true", help="the artefact without the tables")
    chosen = parser.parse_args(arguments)
    for plan in PLANS:
        if chosen.only in (None, plan.name):
            print(f"== {plan.name} {plan.version}")
            cohort = cohort_of(plan, chosen.data)
            print(f"  {cohort.size} rows, {int(cohort.event.sum())} events")
            write_json(chosen.output / f"{plan.name}.json", artefact(plan, cohort))
            if not chosen.quick:
                measured = performance(plan, cohort, chosen.data)
                write_json(chosen.output / f"{plan.name}.performance.json", measured)
    write_sums(chosen.output)


if __name__ == "__main__":
    main()
