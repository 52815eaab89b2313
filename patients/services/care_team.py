"""Who looks after whom, read from CareTeam, Patient.generalPractitioner, Encounter.participant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patients.fhir import dates
from patients.models import CareTeamMember
from patients.services import lookups, writing
from patients.services.interactions import Sender
from patients.services.plan import Change

Json = dict[str, Any]
SOURCES = ("Patient", "CareTeam", "Encounter")


@dataclass(frozen=True)
class Membership:
    """A practitioner and the time the resource gives; open ends are None."""

    practitioner_id: str
    start_at: datetime | None = None
    end_at: datetime | None = None


def write_memberships(changes: Sequence[Change], sender: Sender) -> None:
    """The memberships that these resources state, anew.

    A new patient also gets the sender's default team, which counts while no resource names one
    (`patients.access.policy`).
    """
    relevant = [c for c in changes if c.interaction.type in SOURCES]
    said = [c for c in relevant if not c.is_deletion]
    roles = lookups.practitioners_of_roles(
        role_ids(c.interaction.resource or {} for c in said), changes
    )
    rows = [
        CareTeamMember(
            patient_id=owner,
            practitioner_id=member.practitioner_id,
            resource_id=change.pk,
            start_at=member.start_at,
            end_at=member.end_at,
        )
        for change in said
        if (owner := change.patient_id) is not None
        for member in memberships(change.interaction.resource or {}, roles)
    ]
    rows += [
        CareTeamMember(
            patient_id=owner,
            practitioner_id=practitioner_id,
            always=sender.default_team_always,
        )
        for change in said
        if change.interaction.type == "Patient" and change.existing is None
        if (owner := change.patient_id) is not None
        for practitioner_id in sender.default_care_team
    ]
    writing.replace_care_team([c.pk for c in relevant if c.existing], rows)


def memberships(resource: Json, roles: Mapping[str, str]) -> list[Membership]:
    """Memberships that one resource states. `roles`: PractitionerRole id to Practitioner id."""
    if resource["resourceType"] not in SOURCES or not _counts(resource):
        return []
    found = dict.fromkeys(
        Membership(practitioner_id, *_interval(period))
        for reference, period in _members(resource)
        if (practitioner_id := _practitioner(reference, roles))
    )
    return list(found)


def role_ids(resources: Iterable[Json]) -> set[str]:
    """Ids of the PractitionerRoles that must be looked up first."""
    return {
        reference.split("/")[1]
        for resource in resources
        if resource["resourceType"] in SOURCES
        for reference, _ in _members(resource)
        if reference.startswith("PractitionerRole/")
    }


def _counts(resource: Json) -> bool:
    return resource.get("status") not in ("entered-in-error", "proposed", "cancelled")


def _members(resource: Json) -> Iterator[tuple[str, Json]]:
    match resource["resourceType"]:
        case "Patient":
            for reference in resource.get("generalPractitioner", []):
                yield reference.get("reference", ""), {}
        case "CareTeam":
            whole = resource.get("period", {})
            for participant in resource.get("participant", []):
                reference = participant.get("member", {}).get("reference", "")
                yield reference, participant.get("period", whole)
        case "Encounter":
            # a visit lets its clinicians see the patient from then on, not only during it
            start = {"start": resource.get("period", {}).get("start")}
            for participant in resource.get("participant", []):
                yield participant.get("individual", {}).get("reference", ""), start


def _practitioner(reference: str, roles: Mapping[str, str]) -> str:
    kind, _, fhir_id = reference.partition("/")
    fhir_id = fhir_id.split("/")[0]
    if kind == "Practitioner":
        return fhir_id
    return roles.get(fhir_id, "") if kind == "PractitionerRole" else ""


def _interval(period: Json) -> tuple[datetime | None, datetime | None]:
    start, end = period.get("start"), period.get("end")
    return (dates.parse(start).low if start else None, dates.parse(end).high if end else None)
