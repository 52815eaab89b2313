"""Small filters of the data steward's templates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template

from patients.fhir.element_paths import general_path
from twinportal.dashboards.steward import words

register = template.Library()


@register.filter
def ago(moment: datetime | None, now: datetime) -> str:
    return words.ago(moment, now)


@register.filter
def code_words(code: str) -> str:
    return words.code_words(code)


@register.filter
def general(expression: str) -> str:
    """An element as R4 names it: what a sender makes up might name somebody."""
    return general_path(expression)


@register.filter
def cause_words(cause: str) -> str:
    """ "required Patient.gender" -> "Patient.gender: a required element is missing"."""
    code, _, element = cause.partition(" ")
    return f"{element or 'the whole'}: {words.code_words(code)}"


@register.filter
def size_words(number: int) -> str:
    return words.size_words(number)


@register.filter
def of(found: Mapping[str, Any], key: str) -> Any:
    """The value of a key that is a variable; None without one."""
    return found.get(key)
