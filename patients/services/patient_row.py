"""The twin's identity row, projected from a Patient resource."""

from collections.abc import Mapping, Sequence
from typing import Any

from patients.fhir import dates
from patients.models import Patient
from patients.services import table_rows
from patients.services.plan import Change

Json = dict[str, Any]
MRN_CODE = "MR"
PRECISIONS = {4: "year", 7: "month", 10: "day"}


def write_patients(changes: Sequence[Change], known: Mapping[str, Patient]) -> dict[str, Patient]:
    """Insert and update twins; returns all patients that the changes speak of, by FHIR id.

    `known` are those of them that were here before.

    A deleted Patient keeps its row, inactive: the log and the versions before still refer to it.
    """
    mine = {c.interaction.fhir_id: c for c in changes if c.interaction.type == "Patient"}
    new = [i for i, change in mine.items() if i not in known and not change.is_deletion]
    keys = table_rows.next_ids(Patient, len(new))
    created = [
        Patient(
            id=pk, resource_id=mine[i].pk, **patient_columns(mine[i].interaction.resource or {})
        )
        for i, pk in zip(new, keys, strict=True)
    ]
    if created:
        Patient.objects.bulk_create(created)
    updated = [_updated(known[i], change) for i, change in mine.items() if i in known]
    if updated:
        Patient.objects.bulk_update(updated, [*patient_columns({"id": ""})])
    return {p.fhir_id: p for p in (*known.values(), *created)}


def _updated(patient: Patient, change: Change) -> Patient:
    if change.is_deletion:
        patient.active = False
        return patient
    for name, value in patient_columns(change.interaction.resource or {}).items():
        setattr(patient, name, value)
    return patient


def patient_columns(resource: Json) -> Json:
    """Columns of patients.Patient that the content decides."""
    given, family = _name(resource)
    system, value = _identifier(resource)
    birth = resource.get("birthDate", "")
    deceased_at = resource.get("deceasedDateTime")
    return {
        "fhir_id": resource["id"],
        "given": given[:200],
        "family": family[:200],
        "name": f"{given} {family}".strip()[:400],
        "sex": resource.get("gender", ""),
        "birth_date": dates.parse(birth).low.date() if birth else None,
        "birth_date_precision": PRECISIONS.get(len(birth), "") if birth else "",
        "deceased": bool(resource.get("deceasedBoolean") or deceased_at),
        "deceased_at": dates.parse(deceased_at).low if deceased_at else None,
        "identifier_system": system[:400],
        "identifier_value": value[:400],
        "active": True,
        "search_text": _search_text(resource),
    }


def _name(resource: Json) -> tuple[str, str]:
    """Given and family of the official name, else the first; its text where that is all."""
    names = resource.get("name", [])
    usable = [n for n in names if n.get("use") not in ("old", "nickname", "maiden")] or names
    chosen = next((n for n in usable if n.get("use") == "official"), usable[0] if usable else {})
    given, family = " ".join(chosen.get("given", [])), chosen.get("family", "")
    return (given, family) if given or family else ("", chosen.get("text", ""))


def _identifier(resource: Json) -> tuple[str, str]:
    """The medical record number, else the first identifier with a value."""
    identifiers = [i for i in resource.get("identifier", []) if i.get("value")]
    mrn = (
        i
        for i in identifiers
        if any(c.get("code") == MRN_CODE for c in i.get("type", {}).get("coding", []))
    )
    chosen = next(mrn, identifiers[0] if identifiers else {})
    return chosen.get("system", ""), chosen.get("value", "")


def _search_text(resource: Json) -> str:
    words = [resource["id"]]
    for name in resource.get("name", []):
        words += [*name.get("given", []), name.get("family", ""), name.get("text", "")]
    words += [i.get("value", "") for i in resource.get("identifier", [])]
    return " ".join(word for word in words if word).lower()
