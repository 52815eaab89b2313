"""What a correction rule would touch, and what rules have stored."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import QuerySet

from patients.fhir.corrections import texts_at
from patients.models import CorrectionRule, QuarantinedResource, Resource
from patients.services.fault_places import WRONG_CODE, cause

# more are not opened: a steward waits for the answer
MOST = 5000
STORED = """
    SELECT rule, count(*) FROM patients_quarantinedresource q, unnest(q.rules) AS rule
    WHERE q.state = 'stored' AND rule = ANY(%s) GROUP BY rule
"""


@dataclass(frozen=True)
class Touched:
    """What waits and has the text of a rule: by client, the most first.

    `more` is how many with the fault were not looked at.
    """

    count: int
    by_client: list[tuple[str, int]]
    more: int


def touched_by_rule(*, application_id: int | None, element: str, text: str) -> Touched:
    """Of what waits now; the names of clients are for people."""
    rows = waiting_for(application_id=application_id, element=element).select_related("application")
    found: Counter[str] = Counter()
    for row in rows.order_by("-pk")[:MOST]:
        if any(text in texts_at(one, element) for one in resources_of(row)):
            found[row.application.name if row.application else row.source] += 1
    return Touched(found.total(), found.most_common(), max(0, rows.count() - MOST))


def waiting_for(*, application_id: int | None, element: str) -> "QuerySet[QuarantinedResource]":
    """What waits with a code at this element that is none."""
    rows = QuarantinedResource.objects.filter(
        state=QuarantinedResource.State.WAITING, causes__contains=[cause(WRONG_CODE, element)]
    )
    return rows.filter(application=application_id) if application_id is not None else rows


def resources_of(row: QuarantinedResource) -> list[dict[str, Any]]:
    """The resource, or those of a transaction."""
    content = orjson.loads(row.content)
    if row.method != QuarantinedResource.Method.TRANSACTION:
        return [content]
    return [e["resource"] for e in content.get("entry", []) if "resource" in e]


def stored_counts(rules: list[CorrectionRule]) -> dict[int, int]:
    """By rule, how many items it has made storable. One query."""
    with connection.cursor() as cursor:
        cursor.execute(STORED, [[rule.pk for rule in rules]])
        return dict(cursor.fetchall())


def stored_by(rule: CorrectionRule) -> "QuerySet[QuarantinedResource]":
    """The items that a rule has made storable, the last first."""
    state = QuarantinedResource.State.STORED
    return QuarantinedResource.objects.filter(state=state, rules__contains=[rule.pk]).order_by(
        "-ended_at", "-pk"
    )


def versions_now(rows: list[QuarantinedResource]) -> dict[tuple[str, str], tuple[int, bool]]:
    """Of what these items were stored as: the version that is current, and whether it is deleted."""
    wanted = {(row.stored_type, row.stored_id) for row in rows if row.stored_id}
    found = Resource.objects.filter(
        type__in={kind for kind, _ in wanted}, fhir_id__in={fhir_id for _, fhir_id in wanted}
    )
    listed = found.values_list("type", "fhir_id", "version", "deleted")
    return {(t, i): (version, gone) for t, i, version, gone in listed if (t, i) in wanted}
