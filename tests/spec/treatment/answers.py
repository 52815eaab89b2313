"""What the product says of a vignette, by the way it goes for a twin, without a database.

Resources are projected to facts, facts make the state, and the ranking starts from it, as
`twinportal.pipeline.treatment_ranking` does.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count

from models_engine.catalogue.treatment.indications import Indicated
from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.person import TreatmentPerson
from models_engine.catalogue.treatment.ranking.results import Ranking
from models_engine.catalogue.treatment.safety.duplicates import duplicates_among
from models_engine.catalogue.treatment.safety.finding import Finding
from models_engine.catalogue.treatment.safety.interactions import interactions_among
from models_engine.registry import all_models
from models_engine.services.simulate import StartingPoint, starting_point
from models_engine.services.treatment import indications_of, rank_treatments
from models_engine.treatment_person import treatment_person
from patients.record.allergy_details import allergy_details
from patients.record.genotypes import genotypes_of
from patients.record.loading import FactRow
from patients.record.medicines import Recorded, reconciled
from patients.record.projection import project
from patients.record.state import Demographics
from patients.record.state_as_of import state_as_of
from tests.factories.fhir import Json
from tests.factories.people import NOW
from tests.spec.treatment.resources import resources_of
from tests.spec.treatment.vignette import Vignette


@dataclass(frozen=True, eq=False)
class Answer:
    """`ranking` is None where the vignette asks for none. `together`: among what is taken."""

    person: TreatmentPerson
    indications: tuple[Indicated, ...]
    together: tuple[Finding, ...]
    ranking: Ranking | None


def answer_of(vignette: Vignette, as_of: datetime = NOW) -> Answer:
    """The answer; what cannot be read of the person is an error in the vignette."""
    start, person = _start(resources_of(vignette.person, "p1", as_of), as_of)
    return answer_from(vignette, start, person)


def answer_from(vignette: Vignette, start: StartingPoint, person: TreatmentPerson) -> Answer:
    """The answer for a twin that was read already."""
    for concept in vignette.person.conditions:
        assert person.has(concept), f"{vignette.id}: {concept} was not read"
    for concept, *_ in vignette.person.measurements:
        read = {*person.readings, *person.too_old, "egfr" if concept == "egfr_reported" else ""}
        assert concept in read, f"{vignette.id}: {concept} was not read"
    assert len(person.medicines) == len(vignette.person.medicines), f"{vignette.id}: medicines"
    assert len(person.genes) == len(vignette.person.genotypes), f"{vignette.id}: genotypes"
    for taken, (name, *more) in zip(
        sorted(person.medicines, key=lambda one: one.label),
        sorted(vignette.person.medicines, key=lambda one: one[0]),
        strict=True,
    ):
        assert taken.is_known == (len(more) == 1), f"{vignette.id}: {name}"
    asked = vignette.indication
    return Answer(
        person,
        indications_of(start, person),
        (
            *interactions_among(person.medicines, knowledge()),
            *duplicates_among(person.medicines, knowledge()),
        ),
        rank_treatments(start, person, asked, with_models=False) if asked else None,  # type: ignore[arg-type]
    )


def _start(resources: list[Json], as_of: datetime) -> tuple[StartingPoint, TreatmentPerson]:
    patient, *about = resources
    born = date.fromisoformat(patient["birthDate"])
    ids = count(1)
    facts = [
        FactRow(
            id=next(ids),
            resource_type=one["resourceType"],
            resource_fhir_id=one["id"],
            resource_version=1,
            recorded_at=as_of,
            **{n: held for n, held in draft.columns().items() if n in FactRow._fields},
        )
        for one in about
        for draft in project(one)
    ]
    state = state_as_of(Demographics(patient["gender"], born, "day"), facts, as_of)
    start = starting_point(state, all_models(), {})
    orders = [
        Recorded(one, one["resourceType"], one["id"], 1, as_of.astimezone(UTC))
        for one in about
        if one["resourceType"] == "MedicationRequest"
    ]
    details = {
        one["id"]: allergy_details(one)
        for one in about
        if one["resourceType"] == "AllergyIntolerance"
    }
    person = treatment_person(
        state,
        start.reader,
        reconciled(orders, as_of),
        genotypes_of(state),
        knowledge=knowledge(),
        allergy_details=details,
    )
    return start, person
