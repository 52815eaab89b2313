"""Reads of a patient's questions, for the patient and for who looks after them."""

from typing import Any

from patients.models import Patient
from twinportal.visits.models import VisitQuestion


def questions_of(patient: Patient) -> list[VisitQuestion]:
    """All of them in the person's order, with those that were talked about last. One query."""
    found = list(VisitQuestion.objects.about(patient.pk))
    return sorted(found, key=lambda one: one.discussed_at is not None)


def visit_questions_context(patient: Patient) -> dict[str, Any]:
    """What `components/visit_questions.html` needs on a clinician's page. One query."""
    found = questions_of(patient)
    return {
        "visit_questions": found,
        "visit_questions_open": sum(one.discussed_at is None for one in found),
        "visit_public_id": patient.public_id,
    }
