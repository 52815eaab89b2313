"""What a clinician must know about who this is: records joined to this one, and doubles."""

from dataclasses import dataclass

from patients.models import Patient
from patients.selectors.identity import has_double
from twinportal.dashboards.display import birth_date_text


@dataclass(frozen=True)
class Joined:
    """A record that was merged into this one; `differences` are reasons to doubt it."""

    reference: str
    name: str
    identifier: str
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    joined: tuple[Joined, ...]
    has_double: bool


def identity_of(patient: Patient) -> Identity:
    """Two statements for a patient who stands alone."""
    others = patient.merged.order_by("pk")
    return Identity(tuple(_joined(patient, other) for other in others), has_double(patient))


def _joined(patient: Patient, other: Patient) -> Joined:
    differences = []
    if other.birth_date and patient.birth_date and other.birth_date != patient.birth_date:
        differences.append(f"born {birth_date_text(other)} there")
    if other.sex and patient.sex and other.sex != patient.sex:
        differences.append(f"sex {other.sex} there")
    if other.family and patient.family and other.family.lower() != patient.family.lower():
        differences.append("another family name there")
    return Joined(
        f"Patient/{other.fhir_id}",
        other.name or "name not recorded",
        other.identifier_value or "no identifier",
        tuple(differences),
    )
