"""The units in which a patient knows the own test results: those of the laboratory that sent them."""

from typing import Any

from explain.wording.decision_aid import UNITS
from patients.models import Fact
from patients.terminology.units import ucum_of

Json = dict[str, Any]


def units_known_to(patient_id: int, result: Json) -> dict[str, str]:
    """By concept of a snapshot's values, the UCUM unit of the newest fact. One query."""
    concepts = {change["concept"] for one in result["candidates"] for change in one["values"]}
    sent = (
        Fact.objects.filter(patient_id=patient_id, concept__in=concepts, value__isnull=False)
        .order_by("effective_at", "pk")
        .values_list("concept", "raw_unit")
    )
    known = {concept: ucum_of(unit) for concept, unit in sent}
    return {concept: unit for concept, unit in known.items() if unit in UNITS}
