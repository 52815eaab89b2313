"""Whose records an export holds: everybody's, a Group's, or those of some patients."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from patients.fhir.definitions import resource_types, table
from patients.fhir.json_codec import loads
from patients.fhir.references import parse_reference, patient_reference
from patients.models import Patient, Resource, ResourceVersion
from patients.services.bulk_export_moment import LATE
from patients.services.identity import replaced_by

Json = dict[str, Any]


def compartment_types() -> frozenset[str]:
    """Types whose resources are of a patient's record, the Patient among them."""
    return (frozenset(table("compartment")) & resource_types()) | {"Patient"}


def version_at(key: int, moment: datetime, last: int | None = None) -> ResourceVersion | None:
    """The version of a resource that was current then; a deletion has no content."""
    rows = ResourceVersion.objects.filter(resource_id=key, recorded_at__lte=moment)
    if last is not None:
        rows = rows.filter(pk__lte=last)
    return rows.order_by("-version").first()


def content_at(key: int, moment: datetime, last: int | None = None) -> Json:
    """What it said then; empty where it was not there."""
    version = version_at(key, moment, last)
    found = loads(version.content.encode()) if version and version.content else {}
    return found if isinstance(found, dict) else {}


def group_members(group: Json) -> set[str]:
    """FHIR ids of the patients that a Group lists and has not made inactive.

    Groups within the group, and patients of other servers, are not followed.
    """
    found = set()
    for member in group.get("member", []):
        reference = parse_reference(member.get("entity", {}).get("reference", ""))
        is_patient = reference.kind == "relative" and reference.type == "Patient"
        if is_patient and not member.get("inactive"):
            found.add(reference.id)
    return found


def keys_of(fhir_ids: Iterable[str]) -> set[int]:
    """Keys of these patients, and of those that were merged into them."""
    named = Patient.objects.filter(fhir_id__in=list(fhir_ids))
    own = Patient.objects.filter(Q(pk__in=named) | Q(merged_into__in=named))
    return set(own.values_list("pk", flat=True))


def gone(moment: datetime, last: int) -> set[int]:
    """Patients that were deleted by then, and those who were merged into one of them."""
    changed = Q(resource__last_updated__gt=moment - LATE)
    unsure = Patient.objects.filter(Q(active=False) | changed)
    found = set()
    for pk, key in unsure.values_list("pk", "resource_id"):
        version = version_at(key, moment, last)
        if version is not None and not version.content:
            found.add(pk)
    merged = Patient.objects.filter(merged_into__in=found).values_list("pk", flat=True)
    return found | set(merged)


def newcomers(
    members: set[int] | None, named: set[str], moment: datetime, last: int | None
) -> set[int]:
    """Of those whose records are wanted now (None: everybody's), those whose were not then: named,
    merged into somebody who was named, or restored since. `named` are the FHIR ids named then.

    Rather one too many: their records come whole, and what a client has already is the same.
    """
    found = _restored(moment, last)
    if members is None:
        return found
    known = set(Patient.objects.filter(fhir_id__in=named).values_list("pk", flat=True))
    merged = Patient.objects.filter(pk__in=members - known, merged_into__isnull=False)
    for patient in merged.iterator():
        if _root_then(patient, moment, last) in named:
            known.add(patient.pk)
    return (members - known) | (found & members)


def _restored(moment: datetime, last: int | None) -> set[int]:
    """Patients that were deleted then and have been written again, and who is merged into one."""
    deletions = ResourceVersion.objects.filter(
        resource__type="Patient",
        resource__deleted=False,
        resource__last_updated__gt=moment - LATE,
        content="",
    )
    keys = set(deletions.values_list("resource_id", flat=True))
    was_gone = {
        key
        for key in keys
        if (version := version_at(key, moment, last)) is not None and not version.content
    }
    restored = Patient.objects.filter(resource__in=was_gone)
    own = Patient.objects.filter(Q(pk__in=restored) | Q(merged_into__in=restored))
    return set(own.values_list("pk", flat=True))


def _root_then(patient: Patient, moment: datetime, last: int | None) -> str:
    """FHIR id of the patient that this one's links led to then (see `identity`)."""
    seen = [patient.fhir_id]
    content = content_at(patient.resource_id, moment, last) if patient.resource_id else {}
    while (other := replaced_by(content)) and other not in seen:
        target = Patient.objects.filter(fhir_id=other, resource__isnull=False).first()
        content = content_at(target.resource_id or 0, moment, last) if target else {}
        if not content:
            break
        seen.append(other)
    return seen[-1]


def owner_then(content: str) -> int | None:
    """Key of the patient whom this very version is about, whatever the current one says."""
    resource = loads(content.encode())
    reference = patient_reference(resource) if isinstance(resource, dict) else None
    parsed = parse_reference(reference or "")
    if parsed.kind != "relative" or parsed.type != "Patient":
        return None
    return Patient.objects.filter(fhir_id=parsed.id).values_list("pk", flat=True).first()


def group_key(fhir_id: str) -> int | None:
    """Key of a Group that is here, deleted or not."""
    rows = Resource.objects.filter(type="Group", fhir_id=fhir_id)
    return rows.values_list("pk", flat=True).first()
