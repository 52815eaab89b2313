"""Reads what a resource refers to: contents of Medications, practitioners behind roles."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import orjson
from django.db.models import F

from patients.models import ResourceVersion
from patients.services.plan import HOLD_ROWS, Change, fetched

Json = dict[str, Any]
Resolve = Callable[[str], Json | None]


def unversioned(reference: str) -> str:
    """ "Medication/1/_history/2" -> "Medication/1": what is said now counts."""
    return reference.split("/_history")[0]


def current_contents(references: Collection[str]) -> dict[str, Json]:
    """Current content of "Type/id" references, with one query for any number of them."""
    wanted = {unversioned(r) for r in references if r.count("/") >= 1}
    if not wanted:
        return {}
    rows = ResourceVersion.objects.filter(
        resource__type__in={r.split("/")[0] for r in wanted},
        resource__fhir_id__in={r.split("/")[1] for r in wanted},
        version=F("resource__version"),
        resource__deleted=False,
    ).values_list("resource__type", "resource__fhir_id", "content")
    return {f"{t}/{i}": orjson.loads(c) for t, i, c in rows if f"{t}/{i}" in wanted}


def contents_before(changes: Collection[Change]) -> dict[int, Json]:
    """By resource key, what each of these said before its change; nothing if it was deleted."""
    if not changes:
        return {}
    numbers = {c.pk: c.version - 1 for c in changes}
    rows = ResourceVersion.objects.filter(
        resource__in=numbers, version__in=set(numbers.values())
    ).values_list("resource_id", "version", "content")
    return {pk: orjson.loads(text) for pk, number, text in rows if text and numbers[pk] == number}


def hold(references: Collection[str]) -> None:
    """Nobody changes these resources before the caller's transaction ends."""
    wanted = (unversioned(r).split("/") for r in references if r.count("/") >= 1)
    fetched(HOLD_ROWS, [(parts[0], parts[1]) for parts in wanted])


def practitioners_of_roles(role_ids: Collection[str], changes: Sequence[Change]) -> dict[str, str]:
    """PractitionerRole id to Practitioner id, as this request or the store says."""
    contents = current_contents({f"PractitionerRole/{role}" for role in role_ids})
    for change in changes:
        if change.interaction.type == "PractitionerRole" and change.interaction.resource:
            contents[change.interaction.reference] = change.interaction.resource
    practitioners = {}
    for reference, content in contents.items():
        practitioner = content.get("practitioner", {}).get("reference", "")
        if practitioner.startswith("Practitioner/"):
            practitioners[reference.split("/")[1]] = practitioner.split("/")[1]
    return practitioners
