"""What a reference leads to, as it is now."""

from collections.abc import Collection
from typing import Any

import orjson
from django.db.models import F

from patients.models import ResourceVersion

Json = dict[str, Any]


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
