"""Reads what a resource refers to: contents of Medications, practitioners behind roles."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import orjson

from patients.models import ResourceVersion
from patients.selectors.contents import current_contents, unversioned
from patients.services.plan import HOLD_ROWS, Change, fetched

Json = dict[str, Any]
Resolve = Callable[[str], Json | None]


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
