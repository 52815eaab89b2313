"""Loads a synthetic cohort through the same door as everything else."""

from collections.abc import Callable
from datetime import datetime

import orjson

from patients.services import ingest, reception
from patients.services.fhir_files import bundle_interactions
from patients.services.interactions import Sender
from patients.synthetic.generate import generate, infrastructure_bundle

SENDER = Sender(source="synthetic cohort", match_directory=True)


def load_synthetic_cohort(
    patients: int, *, seed: int, now: datetime, progress: Callable[[], object]
) -> None:
    """Store `patients` synthetic patients as of `now`, a transaction each."""
    _store(infrastructure_bundle(seed), now)
    for bundle in generate(patients, seed=seed, as_of=now):
        _store(bundle, now)
        progress()


def _store(bundle: dict[str, object], now: datetime) -> None:
    interactions = list(bundle_interactions(orjson.dumps(bundle)))
    reception.check(interactions)
    ingest.process(interactions, sender=SENDER, now=now)
