"""How fast is a whole population scored and explained, beside the bare arithmetic of it?

Published models. The floor is the bare numpy evaluation: the time inside the equations alone,
over the same coalitions and the same background rows, as few large calls. Both counts of evaluated
rows are printed: those that the equations were asked for, and the sum of 2^k over the differing
inputs of each person and background row, computed here by itself. Beside it: numbers and exact
attributions of everybody and every model in memory; then a whole population run, which also reads
the record, builds the inputs at six moments, and stores runs, reasons, FHIR and worklist.

Trained models. They are additive (Cox, logistic), no trees: shap's tree explainer does not apply.
Its linear explainer answers another question, on the scale of the log hazard; its rate is printed
for comparison only. The bare explainer that gives the numbers we show is shap's exact one on the
probability, built once over the same background rows: that the answers agree is checked here.

    python benchmarks/scoring.py --patients 200
"""

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
from rig import prepare

TIMES = 3


class Clock:
    """Seconds and rows inside the equations."""

    def __init__(self) -> None:
        self.seconds, self.rows = 0.0, 0


@contextmanager
def inside(models: list[Any]) -> Iterator[Clock]:
    """Measure what is spent inside `predict` of these models."""
    clock = Clock()
    plain = {model.id: model.predict for model in models}

    def timed(predict: Any) -> Any:
        def run(arrays: Any) -> Any:
            start = time.perf_counter()
            values = predict(arrays)
            clock.seconds += time.perf_counter() - start
            clock.rows += len(values)
            return values

        return run

    for model in models:
        object.__setattr__(model, "predict", timed(plain[model.id]))
    try:
        yield clock
    finally:
        for model in models:
            object.__setattr__(model, "predict", plain[model.id])


def coalitions(model: Any, people: list[dict[str, float]]) -> int:
    """Evaluations that exact values need: 2^k for each person and row with k differing inputs."""
    from explain.attribution.attribute import BASELINES, FIXED_UNDER_OPTIMAL, baseline_rows

    count = 0
    for values in people:
        person = {i.concept: values.get(i.concept, np.nan) for i in model.inputs}
        for baseline in BASELINES:
            rows = baseline_rows(model, person, baseline)
            fixed = FIXED_UNDER_OPTIMAL if baseline == "optimal" else ()
            differs = [
                rows[c] != v for c, v in person.items() if c not in fixed and not np.isnan(v)
            ]
            count += int((2 ** np.sum(differs, axis=0)).sum())
    return count


def in_memory(models: list[Any], states: list[Any]) -> None:
    from explain.attribution.attribute import attribute_all
    from models_engine.features import feature_matrix

    usable = []
    for model in models:
        matrix = feature_matrix(model, states)
        people = [dict(matrix.sets[at].values) for at in matrix.accepted]
        if people:
            usable.append((model, matrix.arrays, people))

    def score() -> None:
        for model, arrays, people in usable:
            model.predict(arrays)
            attribute_all(model, people)

    score()
    seconds, spent, rows = [], [], 0
    for _ in range(TIMES):
        start = time.perf_counter()
        score()
        seconds.append(time.perf_counter() - start)
        with inside(models) as clock:
            score()
        spent.append(clock.seconds)
        rows = clock.rows
    needed = sum(coalitions(m, p) for m, _, p in usable) + sum(len(p) for _, _, p in usable)
    pairs = sum(len(people) for _, _, people in usable)
    print(f"{len(states)} twins, {len(usable)} published models that apply, {pairs} pairs")
    print(f"rows evaluated          {rows:>12,}   needed {needed:,}")
    print(
        f"bare numpy              {pairs / min(spent):>12,.0f} pairs/s  {rows / min(spent):,.0f} rows/s"
    )
    print(f"numbers and reasons     {pairs / min(seconds):>12,.0f} pairs/s", end="")
    print(f"   {min(spent) / min(seconds):.2f} of bare numpy (goal 0.3)")


def stored(models: list[Any], patients: int, batch: int) -> None:
    """Whole population runs: first with nothing stored, then with nothing changed."""
    from explain.models import Attribution
    from models_engine.models import Prediction
    from twinportal.population import services

    for words in ("all new", "all known"):
        run = services.begin(now=datetime.now(UTC))
        assert run is not None
        start = time.perf_counter()
        with inside(models) as clock:
            while services.step(run.pk, batch=batch):
                pass
        seconds = time.perf_counter() - start
        run.refresh_from_db()
        assert (run.scored, run.failed) == (patients, 0), run.failures
        print(f"population run, {words:9}{patients / seconds:>11.1f} twins/s", end="")
        print(f"     {clock.seconds / seconds:.2f} of it inside the equations;", end="")
        print(f" {run.created:,} runs created, {run.kept:,} kept")
    values = Prediction.objects.filter(value__isnull=False).count()
    print(f"stored: {values:,} numbers, {Attribution.objects.count():,} attributions")


def one_by_one(patients: int, most: int) -> None:
    """The same twins by a refresh each."""
    from django.utils import timezone

    from models_engine.models import ModelRun
    from patients.models import Patient, StaleTwin
    from twinportal import pipeline

    ids = list(Patient.objects.order_by("pk").values_list("pk", flat=True)[:most])
    ModelRun.objects.filter(patient__in=ids).delete()
    now = timezone.now()
    StaleTwin.objects.bulk_create([StaleTwin(patient_id=i, marked_at=now) for i in ids])
    start = time.perf_counter()
    for patient_id in ids:
        pipeline.refresh_twin(patient_id, now=now)
    print(f"by a refresh each       {len(ids) / (time.perf_counter() - start):>12.1f} twins/s")


def trained(people: int) -> None:
    import shap

    from explain.attribution.attribute import attribute_many
    from models_engine.catalogue.drawn_people import draw
    from models_engine.catalogue.trained.models import trained_models

    for model in trained_models():
        names = [i.concept for i in model.inputs]
        drawn = np.stack([draw(model, people)[c] for c in names], axis=1)
        table = drawn[~np.isnan(drawn).any(axis=1)]
        arrays = {c: table[:, at].copy() for at, c in enumerate(names)}
        assert model.background is not None
        rows = np.stack([model.background.rows[c] for c in names], axis=1)

        def predict(matrix: Any, model: Any = model, names: Any = names) -> Any:
            return model.predict(dict(zip(names, np.asarray(matrix, dtype=float).T, strict=True)))

        explainer = shap.explainers.Exact(predict, shap.maskers.Independent(rows, len(rows)))
        explainer(table[:1], silent=True)
        start = time.perf_counter()
        theirs = explainer(table, silent=True).values
        bare = time.perf_counter() - start

        def ours(model: Any = model, arrays: Any = arrays) -> Any:
            model.predict(arrays)
            if model.interval is not None:
                model.interval(arrays)
            return attribute_many(model, arrays, "population")[2]

        mine = ours()
        seconds = []
        for _ in range(TIMES):
            start = time.perf_counter()
            ours()
            seconds.append(time.perf_counter() - start)
        assert np.allclose(mine, theirs.reshape(mine.shape), atol=1e-9)
        linear = shap.explainers.Linear((np.ones(len(names)), 0.0), rows)
        start = time.perf_counter()
        linear(table)
        other = time.perf_counter() - start
        print(f"{model.id}: {len(table)} people, {len(names)} inputs, {len(rows)} rows")
        print(f"  bare exact explainer  {len(table) / bare:>12,.0f} people/s", end="")
        print(f"   (a linear one, of another question: {len(table) / other:,.0f})")
        print(f"  ours, with intervals  {len(table) / min(seconds):>12,.0f} people/s", end="")
        print(f"   {bare / min(seconds):.2f} of the bare explainer (goal 0.8)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--people", type=int, default=100, help="made up, for trained models")
    asked = parser.parse_args()
    prepare()
    from django.conf import settings

    from models_engine.registry import all_models
    from patients.models import Patient
    from patients.record.loading import states_of
    from patients.services.cohort import load_synthetic_cohort
    from patients.services.garbage import collect_rarely

    # as workers and the command do
    collect_rarely()
    now = datetime.now(UTC)
    load_synthetic_cohort(asked.patients, seed=1, now=now, progress=lambda: None)
    settings.SCORE2_REGION = "moderate"
    models = list(all_models(settings.KFRE_REGION, settings.SCORE2_REGION))
    explained = [m for m in models if m.is_probability and not m.quiet and not m.research]
    states = list(states_of(Patient.objects.values_list("pk", flat=True), now).values())
    in_memory(explained, states)
    stored(models, len(states), asked.batch)
    one_by_one(len(states), min(len(states), 50))
    trained(asked.people)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory of this process {peak:.0f} MiB (shap included)")


if __name__ == "__main__":
    main()
