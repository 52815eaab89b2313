"""`Patient/id/$everything`."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from patients.access.policy import visible_resources
from patients.api.responses import instant
from patients.api.searching import OF_THE_REQUEST, Pairs, entry, links
from patients.api.security import audit_client
from patients.errors import FhirError
from patients.fhir import dates
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue
from patients.fhir.search import LARGEST_COUNT, SearchParameterError, read_count, read_cursor
from patients.models import Patient
from patients.selectors.everything import everything
from patients.selectors.resources import stored_resource
from patients.services import reception

KNOWN = ("_count", "_cursor", "_since", "_type")
VALUES = ("valueInteger", "valueInstant", "valueCode", "valueString")


def everything_bundle(
    request: Request, fhir_id: str, pairs: Pairs, base_url: str
) -> dict[str, Any]:
    """A page of the record, with links. FhirError 400, 404 or 410."""
    asked = [pair for pair in pairs if pair[0] not in OF_THE_REQUEST]
    found = dict(asked)
    _check(asked)
    among = visible_resources(request.auth)
    patient = _patient(among, fhir_id)
    cursor = read_cursor(found["_cursor"]) if "_cursor" in found else (0,)
    record = everything(
        among,
        patient,
        count=max(1, read_count(found["_count"])) if "_count" in found else LARGEST_COUNT,
        after=cursor[-1],
        since=_since(found),
        types=_types(found),
    )
    audit_client(
        request,
        "everything",
        what="Patient",
        patient_ids=[patient.pk],
        detail=f"Patient/{fhir_id}",
    )
    address = f"{base_url}/Patient/{fhir_id}/$everything"
    entries = [entry(row, base_url, "match") for row in record.rows]
    entries += [entry(row, base_url, "include") for row in record.supporting]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(timezone.now()),
        "link": links(address, asked, record.next_cursor),
        **({"entry": entries} if entries else {}),
    }


def sent_parameters(body: bytes) -> list[tuple[str, str]]:
    """What a Parameters resource asks, as a query would: several types are one list.

    FhirError 400 for another resource or for a parameter without a value.
    """
    content = reception.read_parameters(body)
    pairs = [_pair(parameter) for parameter in content.get("parameter", [])]
    types = [text for name, text in pairs if name == "_type"]
    others = [pair for pair in pairs if pair[0] != "_type"]
    return [*others, ("_type", ",".join(types))] if types else others


def _pair(parameter: Any) -> tuple[str, str]:
    found = parameter if isinstance(parameter, dict) else {}
    values = [found[name] for name in VALUES if isinstance(found.get(name), str | int)]
    if len(values) != 1:
        words = f"A parameter has a name and one of {', '.join(VALUES)}"
        raise FhirError(400, [Issue("error", "invalid", words, "Parameters.parameter")])
    return str(found.get("name", "")), str(values[0])


def _check(asked: Pairs) -> None:
    names = [name for name, _ in asked]
    for name in names:
        if name not in KNOWN:
            words = f"$everything takes _since, _count and _type, not '{name[:40]}'"
            raise SearchParameterError(name[:40], words)
        if names.count(name) > 1:
            raise SearchParameterError(name, f"'{name}' is given twice")


def _patient(among: Any, fhir_id: str) -> Patient:
    resource = stored_resource(among, "Patient", fhir_id)
    twin = Patient.objects.filter(fhir_id=fhir_id).first()
    if resource is None or twin is None:
        words = f"Patient/{fhir_id} is not known here"
        raise FhirError(404, [Issue("error", "not-found", words)])
    if resource.deleted:
        words = f"Patient/{fhir_id} was deleted"
        raise FhirError(410, [Issue("error", "deleted", words)])
    return twin


def _since(found: dict[str, str]) -> Any:
    if "_since" not in found:
        return None
    try:
        return dates.parse_search(found["_since"]).low
    except ValueError as fault:
        raise SearchParameterError("_since", f"'_since': {fault}") from None


def _types(found: dict[str, str]) -> frozenset[str]:
    types = frozenset(found["_type"].split(",")) if "_type" in found else frozenset()
    for name in types - resource_types():
        raise SearchParameterError("_type", f"'{name[:60]}' is not an R4 resource type")
    return types
