"""How long does it take to find past twins like a patient of today?

The floor of the same run is a bare pgvector query of the same rows in a table of its own, with the
same limit and nothing asked about consent, sex, age, deletion or kin.

    python benchmarks/similar.py --twins 10000 --questions 100
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import rig

BATCH = 2000


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def line(name: str, seconds: Sequence[float]) -> float:
    p50, p95 = (float(np.percentile(np.array(seconds), share)) * 1000 for share in (50, 95))
    print(f"{name:<52}{p50:9.1f}{p95:9.1f}")
    return p95


def somebody(chance: random.Random) -> dict[str, float | None]:
    """Independent features: nobody's neighbourhood is denser than chance makes it."""
    from models_engine.catalogue.similarity.embedding import FEATURES

    found: dict[str, float | None] = {}
    for feature in FEATURES:
        low, high = feature.cuts[0] * 0.8, feature.cuts[-1] * 1.1
        if feature.group in ("condition", "medicine"):
            found[feature.id] = float(chance.random() < 0.15)
        elif feature.group == "measurement" and chance.random() < 0.1:
            found[feature.id] = None
        else:
            found[feature.id] = chance.uniform(low, high)
    return found


def fill(count: int, chance: random.Random, now: datetime) -> None:
    from models_engine.catalogue.similarity.embedding import AGE, VERSION, embed
    from patients.models import Patient, Resource
    from twinportal.similar.anchors import HORIZONS, anchor
    from twinportal.similar.models import PastTwin

    for start in range(0, count, BATCH):
        names = [f"b{n}" for n in range(start, min(start + BATCH, count))]
        resources = Resource.objects.bulk_create(
            Resource(
                type="Patient",
                fhir_id=name,
                content_hash="x",
                last_updated=now,
                tokens=[f"identifier\x1furn:b|{name}"],
            )
            for name in names
        )
        people = Patient.objects.bulk_create(
            Patient(resource=one, fhir_id=one.fhir_id, sex=chance.choice(["female", "male"]))
            for one in resources
        )
        rows = []
        for person in people:
            for years in HORIZONS:
                values = somebody(chance)
                rows.append(
                    PastTwin(
                        patient=person,
                        years=years,
                        as_of=anchor(now, years),
                        version=VERSION,
                        sex=person.sex,
                        age_band=AGE.band(values["age"] or 0.0),
                        vector=list(embed(values)),
                    )
                )
        PastTwin.objects.bulk_create(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--twins", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    rig.prepare()
    from django.db import connection

    from models_engine.catalogue.similarity.embedding import embed
    from patients.models import Patient
    from twinportal.similar.selectors import KEPT_OF_FIVE, PEOPLE, Asking, nearest, people_alike

    chance, now = random.Random(1), datetime.now(UTC)
    fill(options.twins, chance, now)
    limit = PEOPLE * 5 // KEPT_OF_FIVE
    bare = "SELECT id FROM bare ORDER BY vector <-> %s::vector LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare AS SELECT id, vector FROM similar_pasttwin WHERE years=5")
        cursor.execute("ANALYZE")
    floor, found, drawn = [], [], []
    people = list(Patient.objects.order_by("pk")[: options.questions])
    for person in people:
        asking = Asking(person, person.sex, somebody(chance))
        vector = str(list(embed(asking.values)))
        with connection.cursor() as cursor:

            def ask(vector: str = vector, cursor: Any = cursor) -> None:
                cursor.execute(bare, [vector, limit])
                cursor.fetchall()

            floor.append(timed(ask))
        found.append(timed(lambda a=asking: nearest(a, 5, now=now)))
        drawn.append(timed(lambda a=asking: people_alike(a, 5, now=now)))
    print(f"{options.twins:,} twins, {3 * options.twins:,} vectors, {len(people)} questions")
    print(f"{'':<52}{'p50 ms':>9}{'p95 ms':>9}")
    base = line("bare pgvector: the nearest of one horizon", floor)
    whole = line("nearest, with consent, sex, age, kin", found)
    line("nearest, and the draw", drawn)
    print(f"p95 of nearest is {whole / base:.1f} times that of the bare query")


if __name__ == "__main__":
    main()
