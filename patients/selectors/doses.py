"""Doses of one drug that the record says were given: the facts name the drug, the resources the dose."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from patients.fhir.json_codec import loads
from patients.models import Fact, Patient, ResourceVersion
from patients.record.doses import GivenDose, given_dose

USABLE = (Fact.Quality.USABLE, Fact.Quality.VERIFY)


@dataclass(frozen=True)
class RecordedDose:
    """One administration, with where it is recorded and the mappings that told which drug it is."""

    dose: GivenDose
    display: str
    resource_type: str
    resource_id: str
    resource_version: int
    mappings: tuple[int, ...] = ()


def doses_of(
    patient: Patient,
    drug: str,
    codes: Collection[tuple[str, str]],
    *,
    since: datetime,
    until: datetime,
    most: int,
) -> list[RecordedDose]:
    """Administrations of the drug that began in the span, oldest first. Two queries.

    The newest `most` + 1, so that who asks can see that there are too many.
    `codes` are codings (system, code) that mean this drug and that our tables know by class only.
    """
    rows = Fact.objects.filter(
        patient=patient,
        kind=Fact.Kind.MEDICATION,
        resource_type="MedicationAdministration",
        effective_at__gte=since,
        effective_at__lte=until,
    ).order_by("effective_at", "pk")
    facts = {
        row.resource_id: row
        for row in rows
        if row.value_code == drug or (row.system, row.code) in codes
    }
    facts = dict(list(facts.items())[-most - 1 :])
    contents = _contents(facts.values())
    return [_recorded(row, contents.get((key, row.resource_version))) for key, row in facts.items()]


def _contents(facts: Collection[Fact]) -> dict[tuple[int, int], str]:
    versions = ResourceVersion.objects.filter(
        resource__in=[row.resource_id for row in facts],
        version__in={row.resource_version for row in facts},
    )
    return {(row.resource_id, row.version): row.content for row in versions}


def _recorded(fact: Fact, content: str | None) -> RecordedDose:
    resource = loads(content.encode()) if content else None
    dose = given_dose(resource) if isinstance(resource, dict) else GivenDose(fact.effective_at)
    if fact.quality not in USABLE:
        why = fact.reason or fact.get_quality_display()
        dose = GivenDose(dose.start, dose.amount, dose.hours, dose.route, why)
    elif not isinstance(resource, dict):
        dose = GivenDose(fact.effective_at, why_not="its content is not there")
    return RecordedDose(
        dose,
        fact.display,
        fact.resource_type,
        fact.resource_fhir_id,
        fact.resource_version,
        tuple(fact.mappings),
    )
