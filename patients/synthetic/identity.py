"""Who the person is and who looks after them: Patient and CareTeam."""

from patients.synthetic.chance import Chance
from patients.synthetic.chart import Chart
from patients.synthetic.fhir import (
    MRN_SYSTEM,
    TERMINOLOGY,
    Json,
    child_id,
    coding,
    concept,
    moment,
    reference,
)
from patients.synthetic.fhir import resource as build
from patients.synthetic.infrastructure import (
    CARDIOLOGIST_ID,
    GENERALISTS,
    NEPHROLOGIST_ID,
    ORGANIZATION_ID,
)
from patients.synthetic.names import TOWNS, full_name
from patients.synthetic.person import Person
from patients.synthetic.vocabulary import SNOMED

_SPECIALISTS = {"cardiology": CARDIOLOGIST_ID, "nephrology": NEPHROLOGIST_ID}
_PROFESSIONAL = coding(SNOMED, "223366009", "Healthcare professional (occupation)")
_DEATH_MINUTE = 6 * 60


def patient_id(index: int) -> str:
    return f"twin-{index:05d}"


def generalist_of(index: int, seed: int, *, showcases: int) -> str:
    """The practitioner id of the family doctor."""
    if index <= showcases:
        return GENERALISTS[0][0]
    return Chance(seed, index, "doctor").weighted(GENERALISTS)


def patient(person: Person, seed: int, generalist: str) -> Json:
    """The Patient resource: official name, MRN, birth date, sex, town, doctor, death."""
    chance = Chance(seed, person.index, "identity")
    given, family = full_name(person.sex, chance)
    return build(
        "Patient",
        patient_id(person.index),
        identifier=[
            {
                "use": "usual",
                "type": concept(coding(f"{TERMINOLOGY}/v2-0203", "MR", "Medical record number")),
                "system": MRN_SYSTEM,
                "value": f"SYN-{person.index:06d}",
            }
        ],
        active=True,
        name=[{"use": "official", "family": family, "given": given}],
        gender=person.sex,
        birthDate=person.birth_date.isoformat(),
        deceasedDateTime=moment(person.died_on, _DEATH_MINUTE) if person.died_on else None,
        address=[{"use": "home", "city": chance.pick(TOWNS), "country": "US"}],
        generalPractitioner=[reference("Practitioner", generalist)],
        managingOrganization=reference("Organization", ORGANIZATION_ID),
    )


def care_team(person: Person, chart: Chart, seed: int, generalist: str) -> Json:
    """The family doctor since the first visit, and specialists since they were asked."""
    owner = patient_id(person.index)
    members = [(generalist, person.first_visit)]
    members += [(_SPECIALISTS[field], day) for field, day in sorted(chart.specialists.items())]
    return build(
        "CareTeam",
        child_id(owner, seed, "care-team"),
        status="active",
        name="Care team",
        subject=reference("Patient", owner),
        period={"start": person.first_visit.isoformat()},
        participant=[
            {
                "role": [concept(_PROFESSIONAL)],
                "member": reference("Practitioner", practitioner),
                "period": {"start": since.isoformat()},
            }
            for practitioner, since in members
        ],
        managingOrganization=[reference("Organization", ORGANIZATION_ID)],
    )
