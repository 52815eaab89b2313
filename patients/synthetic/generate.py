"""The cohort's door: patients as FHIR R4 transaction bundles, seeded and reproducible."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from patients.synthetic import identity, infrastructure
from patients.synthetic.course import live
from patients.synthetic.fhir import Json, transaction
from patients.synthetic.oddities import make_odd
from patients.synthetic.person import Person
from patients.synthetic.population import draw_person
from patients.synthetic.problems import ProblemResources
from patients.synthetic.showcases import SHOWCASES, showcase_person
from patients.synthetic.visits import VisitResources
from patients.synthetic.written_results import written_results


def infrastructure_bundle(seed: int) -> Json:
    """The organization, location and practitioners that patient bundles refer to; load it first."""
    return transaction(
        [
            infrastructure.organization(),
            infrastructure.location(),
            *infrastructure.practitioners(seed),
        ]
    )


def generate(
    n: int, *, seed: int, as_of: date | datetime, odd_values: bool = False
) -> Iterator[Json]:
    """One transaction bundle for each of `n` patients, in a stable order.

    Patient i depends on `seed`, the day of `as_of` (UTC) and i alone, never on `n`; the same
    arguments give the same bytes. Ids are fixed, so that loading a bundle again changes nothing.
    Nothing is dated after the day before `as_of`. With `odd_values` every patient gets some of the
    oddities of real feeds, as in `oddities.py`.

    Raises:
        ValueError: `n` is negative.
    """
    if n < 0:
        raise ValueError(f"a cohort of {n} patients")
    day = as_of.astimezone(UTC).date() if isinstance(as_of, datetime) else as_of
    for index in range(1, n + 1):
        yield patient_bundle(index, seed=seed, day=day, odd_values=odd_values)


def person_of(index: int, *, seed: int, day: date) -> Person:
    """The first ones are written showcases, the others drawn."""
    if index <= len(SHOWCASES):
        return showcase_person(index, seed=seed, as_of=day)
    return draw_person(index, seed=seed, as_of=day)


def patient_bundle(index: int, *, seed: int, day: date, odd_values: bool) -> Json:
    """Everything about one patient, as one transaction."""
    person = person_of(index, seed=seed, day=day)
    chart = live(person, seed)
    owner = identity.patient_id(index)
    doctor = identity.generalist_of(index, seed, showcases=len(SHOWCASES))
    visits = VisitResources(owner, seed, doctor)
    resources = [
        identity.patient(person, seed, doctor),
        identity.care_team(person, chart, seed, doctor),
        *(body for visit in chart.visits for body in visits.all_of(visit)),
        *ProblemResources(owner, seed, doctor).all_of(person, chart),
        *written_results(index, owner, seed=seed, day=day),
    ]
    if odd_values:
        resources = make_odd(resources, index)
    return transaction(resources)
