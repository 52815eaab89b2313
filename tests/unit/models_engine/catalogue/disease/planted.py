"""People whose diagnoses follow known yearly hazards, so that the true probabilities are known."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from models_engine.catalogue.disease.people import YEAR, Person

START = 730_000
DEATH = 0.03
ROOTS = ("concept:hypertension", "concept:copd")
COMMON = "icd10:J45"
# yearly hazard of a first diagnosis by which of the roots a person has
HAZARDS: Mapping[str, Mapping[str, float]] = {
    "concept:heart_failure": {ROOTS[0]: 0.25, ROOTS[1]: 0.04},
    "icd10:C34": {ROOTS[0]: 0.04, ROOTS[1]: 0.20},
    "icd10:M17": {ROOTS[0]: 0.08, ROOTS[1]: 0.08},
}
AS_OF = START + round(6 * YEAR)


def truth(hazard: float, years: float = 1.0, death: float = DEATH) -> float:
    """The probability of the first diagnosis within `years`, death competing; closed form."""
    return hazard / (hazard + death) * (1 - math.exp(-(hazard + death) * years))


def planted(
    people: int,
    *,
    seed: int = 1,
    hazards: Mapping[str, Mapping[str, float]] = HAZARDS,
    roots: Sequence[str] = ROOTS,
) -> list[Person]:
    """Followed for up to six years; three in ten leave before. Everybody has `COMMON` and one root."""
    rng = np.random.default_rng(seed)
    return [_person(i, rng, hazards, roots) for i in range(people)]


def _person(
    number: int,
    rng: np.random.Generator,
    hazards: Mapping[str, Mapping[str, float]],
    roots: Sequence[str],
) -> Person:
    root = roots[int(rng.integers(len(roots)))]
    death = START + math.ceil(rng.exponential(1 / DEATH) * YEAR)
    leaves = START + int(rng.uniform(2, 6) * YEAR) if rng.random() < 0.3 else AS_OF
    last = min(death, leaves)
    diagnoses = [(COMMON, START + 5, True), (root, START + 6, True)]
    for token, by_root in hazards.items():
        day = START + math.ceil(rng.exponential(1 / by_root[root]) * YEAR)
        if day <= last:
            diagnoses.append((token, day, True))
    return Person(
        key=f"person-{number}",
        birth=START - int(rng.uniform(30, 75) * YEAR),
        sex="female" if number % 2 else "male",
        periods=((START, last),),
        diagnoses=tuple(diagnoses),
        death=death if death <= leaves else None,
    )
