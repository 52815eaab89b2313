"""Reads of the FHIR store: one resource, its versions, its history.

Each takes `among`, the resources that may be seen (`access.policy.visible_resources`).
"""

from collections.abc import Sequence

from django.db.models import QuerySet

from patients.fhir.json_codec import loads
from patients.fhir.references import parse_reference, patient_reference
from patients.models import Patient, Resource, ResourceVersion


def stored_resource(among: "QuerySet[Resource]", type_name: str, fhir_id: str) -> Resource | None:
    return among.filter(type=type_name, fhir_id=fhir_id).first()


def stored_version(resource: Resource, version: int | None = None) -> ResourceVersion | None:
    """The given version, or the current one."""
    wanted = resource.version if version is None else version
    row = ResourceVersion.objects.filter(resource=resource, version=wanted).first()
    if row is not None:
        row.resource = resource
    return row


def history(resource: Resource) -> list[ResourceVersion]:
    """Every version, newest first."""
    return list(resource.versions.select_related("resource").order_by("-version"))


def concerns(row: ResourceVersion, patient: Patient) -> bool:
    """Whether this very version is of the patient's record.

    The resource belongs to whom its current version names. Earlier versions may name somebody
    else, and their content is nobody's business who may see this patient only.
    """
    own = {patient.pk: patient.fhir_id, **dict(patient.merged.values_list("pk", "fhir_id"))}
    if not row.content:
        return row.resource.patient_id in own
    content = loads(row.content.encode())
    reference = patient_reference(content) if isinstance(content, dict) else None
    parsed = parse_reference(reference or "")
    return parsed.kind == "relative" and parsed.id in own.values()


def compartments(rows: Sequence[ResourceVersion]) -> set[int]:
    """Keys of the patients whose resources these are, for the audit log."""
    return {r.resource.patient_id for r in rows if r.resource.patient_id is not None}
