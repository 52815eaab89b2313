"""How the tests of the FHIR door speak to it."""

import json
from typing import Any

from django.db.models import QuerySet
from django.test import Client

from patients.models import Resource, ResourceVersion
from patients.services.server_written import OWN_MARKS

Json = dict[str, Any]
FHIR_JSON = "application/fhir+json"


def post(ehr: Client, path: str, body: Json | bytes | str, **headers: str) -> Any:
    content = json.dumps(body) if isinstance(body, dict) else body
    return ehr.post(f"/fhir{path}", content, content_type=FHIR_JSON, headers=headers)


def put(ehr: Client, resource: Json, **headers: str) -> Any:
    path = f"/fhir/{resource['resourceType']}/{resource['id']}"
    return ehr.put(path, json.dumps(resource), content_type=FHIR_JSON, headers=headers)


def faults(answer: Any) -> list[Json]:
    """The issues of an OperationOutcome."""
    content = answer.json()
    assert content["resourceType"] == "OperationOutcome"
    return list(content["issue"])


def expressions(answer: Any) -> list[str]:
    """The elements that its issues name."""
    return [e for issue in faults(answer) for e in issue.get("expression", [])]


def sent() -> QuerySet[Resource]:
    """What clients have sent: all but the Provenance that each ingest adds."""
    return Resource.objects.exclude(type="Provenance", tokens__overlap=OWN_MARKS)


def sent_versions() -> QuerySet[ResourceVersion]:
    return ResourceVersion.objects.filter(resource__in=sent())
