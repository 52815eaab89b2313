"""Small filters of the clinician's templates."""

from datetime import datetime
from uuid import UUID

from django import template
from django.urls import NoReverseMatch, reverse

from explain.wording import numbers
from models_engine.models import Prediction
from twinportal.dashboards.clinician import trends, twin_page
from twinportal.dashboards.display import outcome_label as label_of

register = template.Library()
STATUS_WORDS = {
    "used": "measured",
    "verify": "measured; to be verified",
    "derived": "derived",
    "demographic": "from the Patient resource",
    "assumed_absent": "assumed absent: none recorded",
    "missing_term": "missing: the published term for a missing value was used",
    "not_assessable": "not assessable",
}


@register.filter
def points(value: float) -> str:
    return numbers.points(value)


@register.filter
def significant(value: float) -> str:
    return trends.number(value)


@register.filter
def unit(value: str) -> str:
    return trends.unit_text(value)


@register.filter
def concept(value: str) -> str:
    return twin_page.concept_label(value)


@register.filter
def status_words(value: str) -> str:
    return STATUS_WORDS.get(value, value)


@register.filter
def plain(value: float) -> str:
    """A number for a drawing or a list: no thousands mark, no trailing noughts."""
    return f"{value:.6g}"


@register.filter
def share(value: float) -> str:
    """A probability as a percentage with two decimals, as a table of measurements needs it."""
    return f"{100 * value:.2f} %"


@register.filter
def three(value: float) -> str:
    """Three decimals: a C statistic, a slope."""
    return f"{value:.3f}"


@register.filter
def four(value: float) -> str:
    """Four decimals: a net benefit."""
    return f"{value:.4f}"


@register.filter
def isodate(value: str) -> str:
    """The day of an ISO moment, as on the rest of the page."""
    return f"{datetime.fromisoformat(value):%-d %b %Y}"


@register.filter
def outcome_label(value: Prediction) -> str:
    return label_of(value)


@register.simple_tag
def source_url(public_id: UUID, reference: str) -> str:
    """The provenance page of "Type/id/_history/version"; empty for anything else."""
    parts = reference.split("/")
    if len(parts) != 4:
        return ""
    try:
        return reverse("resource", args=[public_id, parts[0], parts[1], int(parts[3])])
    except (NoReverseMatch, ValueError):
        return ""


@register.filter
def lookup(words: dict[int, str], key: int) -> str:
    """What is said of a mapping by its number."""
    return words.get(key, f"read by mapping {key}")
