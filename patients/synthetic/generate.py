"""The synthetic cohort as R4 transaction bundles: seeded, and the same for the same day.

Patient i is the same whatever the size of the cohort. Every entry is a PUT at its own id, so
loading a cohort twice changes nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np

from patients.synthetic import resources
from patients.synthetic.codes import ALLERGENS, NO_KNOWN_ALLERGY, OWN
from patients.synthetic.life import live
from patients.synthetic.names import FAMILY, FEMALE, MALE, PRACTITIONERS
from patients.synthetic.odd import odd_resources
from patients.synthetic.traits import draw_traits

Json = dict[str, Any]
ORGANIZATION = "synthetic-clinic"


def generate(n: int, *, seed: int, as_of: datetime, odd_values: bool = False) -> Iterator[Json]:
    """`n` patients, a transaction bundle each, with nothing dated after `as_of`."""
    for number in range(n):
        yield patient_bundle(number, seed=seed, as_of=as_of, odd_values=odd_values)


def patient_bundle(number: int, *, seed: int, as_of: datetime, odd_values: bool = False) -> Json:
    """Patient `number` (0-based)."""
    rng = np.random.default_rng([seed, number])
    life = live(draw_traits(number, rng), as_of.date(), rng)
    who = f"syn-{number + 1:05d}"
    practitioner = practitioner_id(number)
    given = str(rng.choice(FEMALE if life.traits.sex == "female" else MALE))
    family = str(rng.choice(FAMILY))
    made = [
        resources.patient(who, life, given, family, practitioner),
        resources.care_team(who, practitioner, life.visits[0].day),
        *resources.conditions(who, life),
        *resources.medications(who, life, practitioner),
        *_allergies(who, life.visits[0].day, rng),
        *resources.visit_resources(who, life, practitioner),
    ]
    if odd_values:
        made += odd_resources(who, life, number)
    return transaction(made)


def practitioner_id(number: int) -> str:
    """Three in four patients are the first doctor's; the others share the rest."""
    if number < 12 or number % 4:
        return "synthetic-dr-1"
    return f"synthetic-dr-{2 + number // 4 % (len(PRACTITIONERS) - 1)}"


def infrastructure_bundle(seed: int) -> Json:
    """The clinic and its practitioners, to be loaded first. `seed` is there for symmetry only."""
    clinic = resources.base("Organization", ORGANIZATION) | {
        "identifier": [{"system": f"{OWN}:organization", "value": "1"}],
        "active": True,
        "name": "Synthetic Primary Care Clinic",
    }
    doctors = [
        resources.base("Practitioner", f"synthetic-dr-{number}")
        | {
            "identifier": [{"system": f"{OWN}:practitioner", "value": str(number)}],
            "active": True,
            "name": [{"family": family, "given": [given], "prefix": ["Dr"]}],
        }
        for number, (given, family) in enumerate(PRACTITIONERS, 1)
    ]
    return transaction([clinic, *doctors])


def transaction(made: list[Json]) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"{OWN}:{resource['resourceType']}:{resource['id']}",
                "resource": resource,
                "request": {
                    "method": "PUT",
                    "url": f"{resource['resourceType']}/{resource['id']}",
                },
            }
            for resource in made
        ],
    }


def _allergies(who: str, day: Any, rng: np.random.Generator) -> list[Json]:
    """Listed, none confirmed, or not recorded at all."""
    drawn = rng.random()
    if drawn < 0.30:
        return [resources.allergy(who, ALLERGENS[str(rng.choice(list(ALLERGENS)))], day)]
    return [resources.allergy(who, NO_KNOWN_ALLERGY, day)] if drawn < 0.75 else []
