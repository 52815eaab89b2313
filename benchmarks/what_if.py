"""How long does a what-if take, from the database to every model before and after?

The floor of the same run is the bare numpy `predict` of the same models on the same rows: what
nobody can do without. The page's goal is 300 ms at the 95th percentile.

    python benchmarks/what_if.py --patients 60 --answers 200
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import rig

GOAL_SECONDS = 0.3


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def percentile(seconds: Sequence[float], share: float) -> float:
    return float(np.percentile(np.array(seconds), share)) * 1000


def line(name: str, seconds: Sequence[float], floor: float | None = None) -> None:
    middle = statistics.median(seconds)
    ratio = f"{middle / floor:8.1f}" if floor else "       1"
    p50, p95 = percentile(seconds, 50), percentile(seconds, 95)
    print(f"{name:<52}{p50:9.1f}{p95:9.1f}  {ratio}")


def interventions(chance: random.Random, values: dict[str, float]) -> list[Any]:
    """What somebody may have on the page while dragging: two targets, two treatments."""
    from models_engine.catalogue.what_if.interventions import Intervention

    found = [Intervention("treatment", "atorvastatin_20"), Intervention("treatment", "less_salt")]
    if "weight" in values:
        found.append(Intervention("set", "weight", values["weight"] * chance.uniform(0.85, 1.0)))
    # a pressure that is set leaves nothing of the other effects to compute
    if "systolic_bp" in values and chance.random() < 0.5:
        found.append(Intervention("set", "systolic_bp", float(chance.randint(115, 135))))
    if values.get("smoking_status") == 1.0:
        found.append(Intervention("set", "smoking_status", 0.0))
    return found


def bare(simulation: Any) -> Callable[[], int]:
    """The same models on as many rows, and nothing else."""
    from models_engine.catalogue.what_if.draws import DRAWS

    prepared = []
    for compared in simulation.comparisons:
        values = simulation.features[compared.model.id].values
        arrays = {
            i.concept: np.full(2 + DRAWS, values.get(i.concept, np.nan))
            for i in compared.model.inputs
        }
        prepared.append((compared.model, arrays))
    return lambda: sum(len(model.predict(arrays)) for model, arrays in prepared)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--answers", type=int, default=200)
    options = parser.parse_args()
    rig.prepare()
    from django.test import Client

    from patients.models import CareTeamMember, Patient
    from patients.services.cohort import load_synthetic_cohort
    from twinportal import pipeline
    from twinportal.accounts.models import User

    now = datetime.now(UTC)
    load_synthetic_cohort(options.patients, seed=7, now=now, progress=lambda: None)
    people = list(Patient.objects.order_by("pk"))
    practitioner = CareTeamMember.objects.values_list("practitioner_id", flat=True).first() or ""
    CareTeamMember.objects.bulk_create(
        [CareTeamMember(patient=p, practitioner_id=practitioner, always=True) for p in people],
        ignore_conflicts=True,
    )
    doctor = User.objects.create_user("d", role="clinician", practitioner_id=practitioner)
    browser = Client()
    browser.force_login(doctor, backend="django.contrib.auth.backends.ModelBackend")
    chance = random.Random(1)
    # the stored forecasts are part of the answer
    pipeline.score_twins([p.pk for p in people], now=now)
    before = {p.pk: pipeline.simulate(p.pk, [], now=now) for p in people}
    starts = {pk: simulation.values for pk, simulation in before.items()}
    # those with the most models: the dearest half
    able = [p for p in people if "systolic_bp" in starts[p.pk]]
    able.sort(key=lambda p: -len(before[p.pk].comparisons))
    able = able[: max(1, len(able) // 2)]
    floor, whole, pages, counted, moved = [], [], [], [], []
    for number in range(options.answers):
        person = able[number % len(able)]
        chosen = interventions(chance, starts[person.pk])
        seconds, answer = timed(lambda p=person, c=chosen: pipeline.simulate(p.pk, c, now=now))
        whole.append(seconds)
        counted.append(len(answer.comparisons))
        moved.append(sum(one.after is not None for one in answer.forecasts))
        floor.append(timed(bare(answer))[0])
        form = {f"set_{i.target}": i.value for i in chosen if i.kind == "set"}
        form |= {"statin": "atorvastatin_20", "salt": "less_salt"}
        path = f"/twins/{person.public_id}/what-if/"
        seconds, page = timed(
            lambda u=path, f=form: browser.post(u, f, headers={"HX-Request": "true"})
        )
        assert page.status_code == 200, page.status_code
        pages.append(seconds)
    base = statistics.median(floor)
    print(f"{len(able)} twins, {statistics.mean(counted):.0f} models with a number each,")
    print(f"{statistics.mean(moved):.1f} forecasts that move and a path of weight in each answer")
    print(f"{'':<52}{'p50 ms':>9}{'p95 ms':>9}  of floor")
    line("bare numpy predict of the same models and rows", floor)
    line("pipeline.simulate: read the twin, before and after", whole, base)
    line("the page's answer to one drag, through Django", pages, base)
    held = percentile(pages, 95) < GOAL_SECONDS * 1000
    print(
        f"goal, p95 of an answer below {GOAL_SECONDS * 1000:.0f} ms: {'held' if held else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
