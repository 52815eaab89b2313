"""Who looks after whom, read from CareTeam, Patient.generalPractitioner, Encounter.participant."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patients.fhir import dates
from patients.models import CareTeamMember, Resource
from patients.services import lookups, writing
from patients.services.interactions import Sender
from patients.services.plan import Change

Json = dict[str, Any]
SOURCES = ("Patient", "CareTeam", "Encounter")
ROLE = "PractitionerRole"
# how the index calls the elements that name one
NAMED_BY = ("general-practitioner\x1f", "participant\x1f")


@dataclass(frozen=True)
class Membership:
    """A practitioner and the time the resource gives; open ends are None."""

    practitioner_id: str
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True)
class Statement:
    """A resource that says who looks after a patient."""

    pk: int
    patient_id: int | None
    content: Json


def write_memberships(changes: Sequence[Change], sender: Sender) -> None:
    """The memberships that these resources state, anew, and those of stored resources that name a
    PractitionerRole which now stands for somebody else: who left it sees the patient no more.

    A new patient also gets the sender's default team, which counts while no resource names one
    (`patients.access.policy`).
    """
    relevant = [c for c in changes if c.interaction.type in SOURCES]
    said = [
        Statement(c.pk, c.patient_id, c.interaction.resource or {})
        for c in relevant
        if not c.is_deletion
    ]
    again = _naming(_reassigned(changes), {c.pk for c in relevant})
    roles = _roles([*said, *again], changes)
    rows = [
        CareTeamMember(
            patient_id=owner,
            practitioner_id=member.practitioner_id,
            resource_id=one.pk,
            start_at=member.start_at,
            end_at=member.end_at,
        )
        for one in (*said, *again)
        if (owner := one.patient_id) is not None
        for member in memberships(one.content, roles)
    ]
    rows += _default_team(relevant, sender)
    replaced = [c.pk for c in relevant if c.existing] + [one.pk for one in again]
    writing.replace_care_team(replaced, rows)


def _default_team(changes: Iterable[Change], sender: Sender) -> list[CareTeamMember]:
    return [
        CareTeamMember(
            patient_id=owner,
            practitioner_id=practitioner_id,
            always=sender.default_team_always,
        )
        for change in changes
        if change.interaction.type == "Patient" and change.existing is None
        if (owner := change.patient_id) is not None
        for practitioner_id in sender.default_care_team
    ]


def _roles(statements: Iterable[Statement], changes: Sequence[Change]) -> dict[str, str]:
    """PractitionerRole id to Practitioner id, of the roles named.

    The stored ones are held: who changes one must wait, and then sees what is written now.
    """
    wanted = role_ids(one.content for one in statements)
    written = {c.interaction.fhir_id for c in changes if c.interaction.type == ROLE}
    lookups.hold({f"{ROLE}/{fhir_id}" for fhir_id in wanted - written})
    return lookups.practitioners_of_roles(wanted, changes)


def _reassigned(changes: Iterable[Change]) -> list[str]:
    """Ids of the PractitionerRoles that are new, gone, or stand for somebody else now."""
    roles = [c for c in changes if c.interaction.type == ROLE]
    before = lookups.contents_before([c for c in roles if c.existing is not None])
    return [
        c.interaction.fhir_id
        for c in roles
        if _holder(before.get(c.pk, {})) != _holder(c.interaction.resource or {})
    ]


def _holder(role: Json) -> str:
    return str(role.get("practitioner", {}).get("reference", ""))


def _naming(role_ids: Sequence[str], written: Collection[int]) -> list[Statement]:
    """Stored resources that name these roles, but for those that are written anyhow."""
    if not role_ids:
        return []
    # locked first and read then: somebody may be writing a new version of them
    rows = list(
        Resource.objects.select_for_update()
        .filter(
            type__in=SOURCES,
            refs__overlap=[f"{name}{ROLE}/{fhir_id}" for name in NAMED_BY for fhir_id in role_ids],
            deleted=False,
            patient__isnull=False,
        )
        .exclude(pk__in=written)
        .order_by("type", "fhir_id")
    )
    contents = lookups.current_contents({str(row) for row in rows})
    return [Statement(row.pk, row.patient_id, contents[str(row)]) for row in rows]


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
        if reference.startswith(f"{ROLE}/")
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
    return roles.get(fhir_id, "") if kind == ROLE else ""


def _interval(period: Json) -> tuple[datetime | None, datetime | None]:
    start, end = period.get("start"), period.get("end")
    return (dates.parse(start).low if start else None, dates.parse(end).high if end else None)
