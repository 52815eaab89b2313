"""The practice: an organization, a place and the doctors that every patient bundle refers to."""

from patients.synthetic.chance import Chance
from patients.synthetic.fhir import NPI_SYSTEM, TERMINOLOGY, Json, coding, concept, reference
from patients.synthetic.fhir import resource as build
from patients.synthetic.names import FAMILY, GIVEN, TOWNS

ORGANIZATION_ID = "twin-practice"
LOCATION_ID = "twin-practice-house"
CARDIOLOGIST_ID = "twin-practitioner-5"
NEPHROLOGIST_ID = "twin-practitioner-6"
# who looks after how much of the cohort; the first has every showcase too
GENERALISTS = (
    ("twin-practitioner-1", 0.5),
    ("twin-practitioner-2", 0.2),
    ("twin-practitioner-3", 0.15),
    ("twin-practitioner-4", 0.15),
)
_TITLES = {
    CARDIOLOGIST_ID: "Cardiologist",
    NEPHROLOGIST_ID: "Nephrologist",
}


def organization() -> Json:
    return build(
        "Organization",
        ORGANIZATION_ID,
        identifier=[{"system": "urn:twinportal:synthetic:organization", "value": "practice"}],
        active=True,
        type=[
            concept(coding(f"{TERMINOLOGY}/organization-type", "prov", "Healthcare Provider")),
        ],
        name="Larkfield Family Practice (synthetic)",
    )


def location() -> Json:
    return build(
        "Location",
        LOCATION_ID,
        identifier=[{"system": "urn:twinportal:synthetic:location", "value": "practice-house"}],
        status="active",
        name="Larkfield Family Practice (synthetic)",
        address={"city": TOWNS[0], "country": "US"},
        managingOrganization=reference("Organization", ORGANIZATION_ID),
    )


def practitioners(seed: int) -> list[Json]:
    """Four general practitioners, a cardiologist and a nephrologist; names depend on the seed."""
    ids = [fhir_id for fhir_id, _ in GENERALISTS] + [CARDIOLOGIST_ID, NEPHROLOGIST_ID]
    return [_practitioner(fhir_id, number, seed) for number, fhir_id in enumerate(ids, 1)]


def _practitioner(fhir_id: str, number: int, seed: int) -> Json:
    chance = Chance(seed, number, "practitioner")
    sex = "female" if number % 2 else "male"
    given = chance.pick(GIVEN[sex])
    # neighbours in the list of names, so that no two doctors share one
    family = FAMILY[(chance.whole(0, 9) + 10 * number) % len(FAMILY)]
    return build(
        "Practitioner",
        fhir_id,
        identifier=[{"system": NPI_SYSTEM, "value": f"99999{number:05d}"}],
        active=True,
        name=[{"use": "official", "family": family, "given": [given], "prefix": ["Dr."]}],
        gender=sex,
        qualification=[{"code": {"text": _TITLES.get(fhir_id, "General practitioner")}}],
    )
