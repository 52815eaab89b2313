"""Tags about wishes for corrections."""

from collections.abc import Collection
from typing import Any

from django import template

from patients.models import Patient
from twinportal.my_record.corrections import disputed_facts, waiting_count

register = template.Library()


@register.inclusion_tag("components/tasks_badge.html")
def tasks_badge(user: Any) -> dict[str, int]:
    """How many wishes of the clinician's patients wait, beside the word Tasks. One query."""
    return {"waiting": waiting_count(user)}


@register.inclusion_tag("components/disputed.html")
def disputed(patient: Patient) -> dict[str, Any]:
    """What the patient says is wrong, for the clinician's page of the twin. One query."""
    return {"disputes": disputed_facts(patient)}


@register.filter
def among(key: tuple[int, str, str], disputed: Collection[tuple[int, str, str]]) -> bool:
    """Whether a fact, by its key, is one of those in dispute."""
    return key in disputed
