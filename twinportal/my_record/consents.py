"""What a patient allows: written as a choice, and as a FHIR Consent beside it. At once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from patients.access.consent import choices_of, permits
from patients.access.policy import record_of
from patients.fhir.search_index import SEPARATOR
from patients.models import ConsentChoice, Patient, Resource
from patients.selectors.search import exact_versions
from patients.services.server_written import (
    OWN_MARKS,
    OWN_SYSTEM,
    create_resources,
    current_contents,
    update_resources,
)
from twinportal.my_record import fhir_rendering
from twinportal.what_if.services import lock_twin
from twinportal.what_if.withdrawal import checked

HISTORY_SHOWN = 50
FOREIGN_SHOWN = 50


@transaction.atomic
def consent_choose(
    patient: Patient, purpose: str, *, granted: bool, by: Any, now: datetime
) -> bool:
    """Write down what the patient wants. False where it is what counts already, and was said."""
    purpose = ConsentChoice.Purpose(purpose)
    lock_twin(patient.pk)
    said = choices_of(patient).filter(purpose=purpose).exists()
    if said and permits(patient, purpose) is granted:
        return False
    ConsentChoice.objects.create(
        patient=patient, purpose=purpose, granted=granted, at=now, by=str(by.pk)
    )
    content = fhir_rendering.consent(patient, purpose, granted=granted, at=now)
    checked([content])
    mark = fhir_rendering.consent_identifier(patient, purpose)
    known = Resource.objects.filter(
        type="Consent",
        patient=patient,
        tokens__contains=[f"identifier{SEPARATOR}{OWN_SYSTEM}|{mark}"],
    ).first()
    if known is None:
        create_resources([content], patient_id=patient.pk, now=now)
    else:
        ((resource, _),) = current_contents([known.pk]).values()
        update_resources([(resource, content)], now=now)
    return True


@dataclass(frozen=True)
class SentConsent:
    """A Consent that somebody else put into the record. It is kept, shown, and not acted upon."""

    date: str
    status: str
    title: str


def sent_consents(patient: Patient) -> list[SentConsent]:
    """Those of the twin and of whom was merged into it, newest first."""
    rows = (
        Resource.objects.filter(
            record_of(Patient.objects.filter(pk=patient.pk)), type="Consent", deleted=False
        )
        .exclude(tokens__overlap=OWN_MARKS)
        .order_by("-last_updated", "-pk")
        .values_list("pk", "version")[:FOREIGN_SHOWN]
    )
    return [_sent(orjson.loads(version.content)) for version in exact_versions(list(rows))]


def _sent(content: dict[str, Any]) -> SentConsent:
    concepts = [*content.get("category", []), content.get("policyRule") or {}]
    texts = [concept.get("text", "") for concept in concepts]
    texts += [c.get("display", "") for concept in concepts for c in concept.get("coding", [])]
    return SentConsent(
        date=str(content.get("dateTime", ""))[:10],
        status=str(content.get("status", "")),
        title=next((text for text in texts if text), ""),
    )
