"""Takes back what saved scenarios proposed in the record. The caller holds the refresh locks."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from uuid import UUID

from patients.fhir.validation import validate
from patients.models import Resource
from patients.services.server_written import (
    Json,
    create_for,
    current_contents,
    update_resources,
)
from twinportal.what_if import fhir_rendering
from twinportal.what_if.models import Scenario


class InvalidProposalError(RuntimeError):
    """What was about to be written is not valid FHIR R4."""


def withdraw(
    scenarios: Iterable[Scenario],
    *,
    now: datetime,
    practitioner_id: str = "",
    reason: str = "",
    in_error: bool = False,
) -> list[UUID]:
    """Forget these; what they left in the record stays there as withdrawn, with who did it.

    Returns the public ids of the forgotten.
    """
    gone = list(scenarios)
    proposed = Resource.objects.filter(
        pk__in=Scenario.resources.through.objects.filter(scenario__in=gone).values("resource"),
        type__in=["Goal", "CarePlan"],
        deleted=False,
    )
    take_back(
        proposed.order_by("pk").values_list("pk", flat=True),
        lambda content: fhir_rendering.withdrawn(content, in_error=in_error),
        now=now,
        practitioner_id=practitioner_id,
        reason=reason,
    )
    Scenario.objects.filter(pk__in=[one.pk for one in gone]).delete()
    return [one.public_id for one in gone]


def take_back(
    resource_ids: Collection[int],
    withdrawn: Callable[[Json], Json],
    *,
    now: datetime,
    practitioner_id: str = "",
    reason: str = "",
    tag: str = "what-if",
) -> None:
    """The next version of each, as withdrawn, with a Provenance for each patient. Holds no lock."""
    changed = [
        (resource, withdrawn(content))
        for resource, content in current_contents(resource_ids).values()
    ]
    checked(content for _, content in changed)
    update_resources(changed, now=now)
    whose: dict[int, list[Resource]] = {}
    for resource, _ in changed:
        whose.setdefault(resource.patient_id or 0, []).append(resource)
    said = [
        (
            patient_id,
            fhir_rendering.provenance(
                versions_of(resources),
                practitioner_id=practitioner_id,
                now=now,
                activity="UPDATE",
                reason=reason,
                tag=tag,
            ),
        )
        for patient_id, resources in whose.items()
    ]
    checked(content for _, content in said)
    create_for(said, now=now)


def withdraw_of_deleted(patient_ids: Collection[int], *, now: datetime, reason: str) -> None:
    """Withdraw, as entered in error, every scenario of patients whose resource was deleted."""
    if patient_ids:
        found = Scenario.objects.filter(patient__in=patient_ids).order_by("pk")
        withdraw(found, now=now, reason=reason, in_error=True)


def versions_of(resources: Iterable[Resource]) -> list[str]:
    """Versioned references to resources as they are now."""
    return [f"{r.type}/{r.fhir_id}/_history/{r.version}" for r in resources]


def checked(contents: Iterable[Json]) -> None:
    """What clients must keep to, this server keeps to as well. Raises InvalidProposalError."""
    for content in contents:
        faults = [fault for fault in validate(content) if fault.severity in ("error", "fatal")]
        if faults:
            raise InvalidProposalError(f"{content['resourceType']}: {faults[0].expression}")
