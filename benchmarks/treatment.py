"""How long does a ranking of treatments take, from the database to every way in its order?

The floor of the same run is the bare arithmetic of the same events: for each a probability under a
hazard ratio, over as many draws. The goal is 300 ms at the 95th percentile.

    python benchmarks/treatment.py --patients 60 --rankings 200
"""

import argparse
import random
import statistics
import time
from collections import Counter
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


def line(name: str, seconds: Sequence[float], floor: float | None = None) -> None:
    middle = statistics.median(seconds)
    ratio = f"{middle / floor:8.1f}" if floor else "       1"
    p50, p95 = (float(np.percentile(np.array(seconds), share)) * 1000 for share in (50, 95))
    print(f"{name:<60}{p50:9.2f}{p95:9.2f}  {ratio}")


def bare(ranking: Any) -> Callable[[], float]:
    """As many events under as many ratios, and nothing else."""
    from models_engine.catalogue.what_if.draws import DRAWS

    ways = (*ranking.candidates, *ranking.excluded)
    events = [event for way in ways for event in (*way.benefits, *way.harms)]
    starts = [min(event.before, 0.99) for event in events]
    drawn = np.random.default_rng(1).normal(-0.2, 0.05, (max(1, len(starts)), 1 + DRAWS))

    def work() -> float:
        total = 0.0
        for start, ratio in zip(starts, drawn, strict=False):
            after = -np.expm1(np.exp(ratio) * np.log1p(-start))
            total += float(after[0])
        return total

    return work


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--rankings", type=int, default=200)
    options = parser.parse_args()
    rig.prepare()
    from models_engine.catalogue.treatment.ranking.results import Preferences
    from patients.models import Patient
    from patients.services.cohort import load_synthetic_cohort
    from twinportal import pipeline

    now = datetime.now(UTC)
    load_synthetic_cohort(options.patients, seed=7, now=now, progress=lambda: None)
    asked = []
    for person in Patient.objects.order_by("pk"):
        begin = pipeline.treatment_start(person.pk, now=now)
        found = pipeline.treatment_indications(person.pk, now=now, begin=begin)
        asked += [(person.pk, one.indication) for one in found]
    if not asked:
        raise SystemExit("nobody of this cohort has an indication")
    chance = random.Random(1)
    chance.shuffle(asked)
    whole, ready, with_models, floor, ways = [], [], [], [], []
    slowest: dict[str, float] = {}
    for number in range(options.rankings):
        pk, indication = asked[number % len(asked)]
        wishes = Preferences(
            no_injections=chance.randint(0, 10),
            few_doses=chance.randint(0, 10),
            weights={"death": chance.uniform(0.5, 1.5)},
        )
        seconds, ranking = timed(
            lambda p=pk, i=indication, w=wishes: pipeline.treatment_ranking(p, i, w, now=now)
        )
        whole.append(seconds)
        slowest[indication] = max(slowest.get(indication, 0.0), seconds)
        ways.append(len(ranking.candidates) + len(ranking.excluded))
        begin = pipeline.treatment_start(pk, now=now)
        ready.append(
            timed(
                lambda p=pk, i=indication, w=wishes, b=begin: pipeline.treatment_ranking(
                    p, i, w, now=now, begin=b
                )
            )[0]
        )
        with_models.append(
            timed(
                lambda p=pk, i=indication, w=wishes, b=begin: pipeline.treatment_ranking(
                    p, i, w, now=now, begin=b, with_models=True
                )
            )[0]
        )
        floor.append(timed(bare(ranking))[0])
    base = statistics.median(floor)
    counts = ", ".join(f"{name} {n}" for name, n in sorted(Counter(i for _, i in asked).items()))
    print(f"{len(asked)} rankings can be asked for: {counts}")
    print(f"{statistics.mean(ways):.0f} ways in a ranking, {max(ways)} at most")
    print("slowest, ms: " + ", ".join(f"{k} {1000 * v:.0f}" for k, v in sorted(slowest.items())))
    print(f"{'':<60}{'p50 ms':>9}{'p95 ms':>9}  of floor")
    line("bare arithmetic of the same events and draws", floor)
    line("the twin read already: rules, numbers, order", ready, base)
    line("the same, and every model rerun for every way", with_models, base)
    line("pipeline.treatment_ranking: read the twin, rank", whole, base)
    held = float(np.percentile(np.array(whole), 95)) < GOAL_SECONDS
    print(f"goal, p95 below {GOAL_SECONDS * 1000:.0f} ms: {'held' if held else 'MISSED'}")


if __name__ == "__main__":
    main()
