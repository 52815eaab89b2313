"""Expression of a twin: a table of changed genes of each cell type, checked, stored, read again."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from models_engine.catalogue.treatment.network.expression import Expression, read_expression
from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from patients.models import Patient, Resource
from twinportal.molecular.models import ExpressionSet
from twinportal.molecular.stored_text import delimiter_of, lines, packed, text_of, unpacked

COLUMNS = ("cell_type", "gene", "log_fc", "adjusted_p")
MOST_OF_A_TWIN = 50


@transaction.atomic
def add(
    *,
    patient: Patient,
    content: bytes,
    file_name: str,
    name: str,
    system: GeneSystem,
    sampled_on: date | None,
    origin: str,
    by: Any,
    now: datetime,
    method: Mapping[str, Any] | None = None,
    document: Resource | None = None,
) -> tuple[ExpressionSet, bool]:
    """The stored set and whether it is new: the same table of one patient is there once.

    Raises NetworkError, naming lines; nothing is stored then.
    """
    text = text_of(content, most=settings.MOLECULAR_MAX_UPLOAD_BYTES)
    found = read_expression(lines(text), system, delimiter=delimiter_of(text))
    # two requests count one after the other
    Patient.objects.select_for_update().get(pk=patient.pk)
    mine = ExpressionSet.objects.about(patient.pk)
    known = mine.filter(system=system.name.lower(), sha256=found.sha256).first()
    if known is not None:
        return known, False
    if mine.count() >= MOST_OF_A_TWIN:
        raise NetworkError(f"a twin has at most {MOST_OF_A_TWIN} data sets: delete one first")
    return (
        ExpressionSet.objects.create(
            patient=patient,
            name=name,
            sampled_on=sampled_on,
            system=system.name.lower(),
            content=packed(
                lines(text), delimiter_of(text), COLUMNS, COLUMNS, "differential expression"
            ),
            sha256=found.sha256,
            cell_types=_cell_types(found),
            origin=origin,
            file_name=file_name[-200:],
            method=dict(method or {}),
            document=document,
            document_version=document.version if document else None,
            added_by=by,
            added_at=now,
        ),
        True,
    )


def _cell_types(found: Expression) -> list[dict[str, Any]]:
    return [
        {
            "name": cell,
            "changed": len(genes),
            "raised": sum(change > 0 for change in genes.values()),
            "not_significant": found.not_significant[cell],
        }
        for cell, genes in sorted(found.changes.items())
    ]


def expression_of(row: ExpressionSet) -> Expression:
    """Read again, by the reader that checked it. NetworkError if it is not what was stored."""
    found = read_expression(unpacked(row.content), GeneSystem[row.system.upper()])
    if found.sha256 != row.sha256:
        raise NetworkError("the data set is not what was stored: its checksum differs")
    return found


def is_elsewhere(row: ExpressionSet, patient: Patient) -> bool:
    """Whether the very same table is attached to another twin: one of the two is wrong then."""
    same = ExpressionSet.objects.filter(system=row.system, sha256=row.sha256)
    own: QuerySet[ExpressionSet] = ExpressionSet.objects.about(patient.pk)
    return same.exclude(pk__in=own.values("pk")).exists()


def what_became_of_its_document(row: ExpressionSet, patient: Patient) -> str:
    """Words, where the document that it is from does not stand any more as it was; else empty."""
    if row.origin != ExpressionSet.Origin.DOCUMENT:
        return ""
    document = row.document
    if document is None or document.deleted:
        return "The document that these data are from was deleted from the record."
    own = {patient.pk, *patient.merged.values_list("pk", flat=True)}
    if document.patient_id not in own:
        return "The document that these data are from belongs to another patient now."
    if document.version != row.document_version:
        return "The document that these data are from was changed since they were taken over."
    return ""
