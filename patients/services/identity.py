"""Which twin a patient's facts belong to: `Patient.link` of type replaced-by says so, nothing else.

Resources keep the patient they name. A merge moves facts to the surviving twin, and taking the
link away moves them back, so that nothing about a merge has to be remembered to undo it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection
from django.db.models import F, Q

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.fhir.references import parse_reference
from patients.fhir.search_index import SEPARATOR
from patients.models import Patient, ResourceVersion
from patients.services.plan import Change

Json = dict[str, Any]
LINK_LOCK = 7003
MOVE_FACTS = """
    UPDATE patients_fact f SET patient_id = COALESCE(p.merged_into_id, p.id)
    FROM patients_resource r JOIN patients_patient p ON p.id = r.patient_id
    WHERE f.resource_id = r.id AND p.id = ANY(%s)
"""


def twin_of(patient: Patient) -> int:
    """Key of the twin that has the patient's facts."""
    return patient.merged_into_id or patient.pk


def twins_of(keys: Iterable[int | None]) -> dict[int, int]:
    """Keys of patients to those of the twins that have their facts."""
    rows = Patient.objects.filter(pk__in={key for key in keys if key is not None})
    return {patient.pk: twin_of(patient) for patient in rows}


def replaced_by(resource: Json) -> str:
    """ "X" where the resource says that Patient/X is to be used in its place; of several the
    first, which `_check_links` lets nobody send.
    """
    return next(_named_instead(resource), "")


def _named_instead(resource: Json) -> Iterator[str]:
    for link in resource.get("link", ()):
        parsed = parse_reference(link.get("other", {}).get("reference", ""))
        if link.get("type") == "replaced-by" and (parsed.kind, parsed.type) == (
            "relative",
            "Patient",
        ):
            yield parsed.id


def _check_links(written: Mapping[str, Change]) -> None:
    """Nobody is replaced by two. FhirError 422."""
    issues = [
        Issue(
            "error",
            "business-rule",
            "is replaced by several patients: name the one that stays",
            change.interaction.at("Patient.link"),
        )
        for change in written.values()
        if len(set(_named_instead(change.interaction.resource or {}))) > 1
    ]
    if issues:
        raise FhirError(422, issues)


def follow_links(changes: Sequence[Change], patients: Mapping[str, Patient]) -> set[int]:
    """Merge and separate as the Patients just written say; returns the twins concerned.

    `patients` by FHIR id, as they are now. FhirError 422 when patients would replace each other.
    """
    written = {c.interaction.fhir_id: c for c in changes if c.interaction.type == "Patient"}
    _check_links(written)
    said = {
        fhir_id: replaced_by(change.interaction.resource or {})
        for fhir_id, change in written.items()
        if not change.is_deletion
    }
    arriving = [i for i, c in written.items() if c.existing is None or c.existing.deleted]
    leaving = [i for i, c in written.items() if c.is_deletion]
    waiting = _waiting_for(arriving)
    old = {i for i, p in patients.items() if i in written and p.replaced_by_id}
    if not any(said.values()) and not old and not waiting and not _replaced(leaving, patients):
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LINK_LOCK])
    said = dict.fromkeys(leaving, "") | waiting | said
    _set_links(said)
    return _set_roots([*said, *arriving], written)


def _waiting_for(fhir_ids: Sequence[str]) -> dict[str, str]:
    """Patients whose link names one that arrives only now."""
    if not fhir_ids:
        return {}
    rows = ResourceVersion.objects.filter(
        resource__type="Patient",
        resource__refs__overlap=[f"link{SEPARATOR}Patient/{i}" for i in fhir_ids],
        resource__deleted=False,
        version=F("resource__version"),
    ).values_list("resource__fhir_id", "content")
    found = {fhir_id: replaced_by(orjson.loads(content)) for fhir_id, content in rows}
    return {fhir_id: other for fhir_id, other in found.items() if other}


def _replaced(leaving: Sequence[str], patients: Mapping[str, Patient]) -> bool:
    keys = [patients[i].pk for i in leaving if i in patients]
    return bool(keys) and Patient.objects.filter(replaced_by__in=keys).exists()


def _set_links(said: Mapping[str, str]) -> None:
    wanted = {*said, *said.values()} - {""}
    rows = {p.fhir_id: p for p in Patient.objects.filter(fhir_id__in=wanted)}
    for fhir_id, other in said.items():
        if fhir_id in rows:
            rows[fhir_id].replaced_by = rows.get(other)
    changed = [rows[i] for i in sorted(said) if i in rows]
    Patient.objects.bulk_update(changed, ["replaced_by"])


def _set_roots(fhir_ids: Collection[str], written: Mapping[str, Change]) -> set[int]:
    """Follow the links of everybody connected with these; move facts where a root has changed."""
    rows = _connected(fhir_ids)
    roots = {pk: _root(row, rows, written) for pk, row in rows.items()}
    changed = [row for pk, row in rows.items() if (row.merged_into_id or pk) != roots[pk]]
    concerned = {row.merged_into_id or row.pk for row in changed}
    for row in changed:
        row.merged_into_id = None if roots[row.pk] == row.pk else roots[row.pk]
    Patient.objects.bulk_update(changed, ["merged_into"])
    with connection.cursor() as cursor:
        cursor.execute(MOVE_FACTS, [[row.pk for row in changed]])
    return concerned | {roots[row.pk] for row in changed} | {row.pk for row in changed}


def _connected(fhir_ids: Collection[str]) -> dict[int, Patient]:
    """Everybody whom links lead to or from, however far."""
    found = {p.pk: p for p in Patient.objects.filter(fhir_id__in=fhir_ids)}
    edge = set(found)
    while edge:
        ahead = {found[pk].replaced_by_id for pk in edge} - {None}
        near = Patient.objects.filter(Q(replaced_by__in=edge) | Q(pk__in=ahead))
        edge = {p.pk for p in near} - set(found)
        found |= {p.pk: p for p in near if p.pk in edge}
    return dict(sorted(found.items()))


def _root(patient: Patient, rows: Mapping[int, Patient], written: Mapping[str, Change]) -> int:
    """Where the links end. A patient that was deleted replaces nobody."""
    seen, here = [patient], patient
    while here.replaced_by_id and rows[here.replaced_by_id].active:
        here = rows[here.replaced_by_id]
        if here in seen:
            raise _circle(seen, written)
        seen.append(here)
    return here.pk


def _circle(seen: Sequence[Patient], written: Mapping[str, Change]) -> FhirError:
    names = ", ".join(f"Patient/{p.fhir_id}" for p in seen[:5])
    words = f"{names} would replace each other; exactly one of them must stay"
    change = next((written[p.fhir_id] for p in seen if p.fhir_id in written), None)
    where = change.interaction.at("Patient.link") if change else "Patient.link"
    return FhirError(422, [Issue("error", "business-rule", words, where)])
