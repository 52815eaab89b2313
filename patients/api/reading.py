"""Read, vread, history and search, as FHIR answers."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.http import http_date
from rest_framework.request import Request

from patients.access.policy import visible_resources
from patients.api.history import parse_history
from patients.api.responses import fhir_response, instant
from patients.api.security import audit_client
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import Resource, ResourceVersion
from patients.selectors.audit_log import logged_event
from patients.selectors.resources import concerns, history, stored_resource, stored_version
from patients.services.server_written import OWN_TYPES

Json = dict[str, Any]


def read(
    request: Request, type_name: str, fhir_id: str, *, version: str | None = None
) -> HttpResponse:
    """The current version or the one asked for; 304 when the client has it already."""
    row = find(request, type_name, fhir_id, version=version)
    etag = f'W/"{row.version}"'
    headers = {"ETag": etag, "Last-Modified": http_date(row.recorded_at.timestamp())}
    known = request.headers.get("If-None-Match", "")
    if version is None and is_known(known, row.version):
        return HttpResponse(status=304, headers=headers)
    return fhir_response(row.content, headers=headers)


def is_known(if_none_match: str, version: int) -> bool:
    """Whether the client says that it has this version."""
    return if_none_match.strip() == "*" or f'"{version}"' in if_none_match


def find(
    request: Request, type_name: str, fhir_id: str, *, version: str | None = None
) -> ResourceVersion:
    """The stored version, audited. FhirError 404 (never was) or 410 (deleted)."""
    number = _version_number(version)
    if type_name in OWN_TYPES:
        return _find_event(request, type_name, fhir_id, number)
    resource = stored_resource(visible_resources(request.auth), type_name, fhir_id)
    row = stored_version(resource, number) if resource else None
    if resource is None:
        raise _not_found(type_name, fhir_id)
    if row is None or not _in_view(request, resource, row):
        raise _no_version(type_name, fhir_id, version)
    _audit(request, "read", row, _patient_of(resource))
    if not row.content:
        words = f"{type_name}/{fhir_id} was deleted"
        raise FhirError(
            410, [Issue("error", "deleted", words)], {"ETag": f'W/"{resource.version}"'}
        )
    return row


def _find_event(
    request: Request, type_name: str, fhir_id: str, number: int | None
) -> ResourceVersion:
    """An entry of the audit log: its one version."""
    found = logged_event(request.auth, fhir_id)
    if found is None:
        raise _not_found(type_name, fhir_id)
    if number not in (None, 1):
        raise _no_version(type_name, fhir_id, str(number))
    row, patient_ids = found
    _audit(request, "read", row, patient_ids)
    return row


def history_bundle(request: Request, type_name: str, fhir_id: str, base_url: str) -> Json:
    """Versions of one resource, newest first: all, or those that `_since` and `_count` ask for."""
    wanted = parse_history(request.query_params)
    rows = _versions(request, type_name, fhir_id)
    if wanted.since:
        rows = [row for row in rows if row.recorded_at >= wanted.since]
    shown = [row for row in rows if not wanted.before or row.version < wanted.before]
    page = shown[: wanted.count] if wanted.count is not None else shown
    address = f"{base_url}/{type_name}/{fhir_id}/_history"
    links = [{"relation": "self", "url": wanted.url(address)}]
    if page and len(page) < len(shown):
        links.append({"relation": "next", "url": wanted.url(address, before=page[-1].version)})
    return {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(rows),
        "link": links,
        **({"entry": [_history_entry(row, base_url) for row in page]} if page else {}),
    }


def _versions(request: Request, type_name: str, fhir_id: str) -> list[ResourceVersion]:
    """All that may be seen, newest first, audited. FhirError 404."""
    if type_name in OWN_TYPES:
        return [_find_event(request, type_name, fhir_id, None)]
    resource = stored_resource(visible_resources(request.auth), type_name, fhir_id)
    if resource is None:
        raise _not_found(type_name, fhir_id)
    rows = history(resource)
    _audit(request, "history", rows[0], _patient_of(resource))
    return [row for row in rows if _in_view(request, resource, row)]


def _patient_of(resource: Resource) -> list[int]:
    return [resource.patient_id] if resource.patient_id else []


def _audit(request: Request, action: str, row: ResourceVersion, patient_ids: Iterable[int]) -> None:
    name = row.resource.type
    detail = f"{name}/{row.resource.fhir_id}"
    audit_client(request, action, what=name, patient_ids=patient_ids, detail=detail)


def _in_view(request: Request, resource: Resource, row: ResourceVersion) -> bool:
    """A person's token sees the versions about the patient, not those filed there wrongly."""
    if getattr(request.auth, "user_id", None) is None:
        return True
    return resource.patient is not None and concerns(row, resource.patient)


def _history_entry(row: ResourceVersion, base_url: str) -> Json:
    resource: Resource = row.resource
    own = f"{resource.type}/{resource.fhir_id}"
    url = resource.type if row.method == ResourceVersion.Method.POST else own
    status = {"POST": "201 Created", "PUT": "200 OK", "DELETE": "204 No Content"}[row.method]
    if row.version == 1:  # a version that follows a deletion is an update of the same history
        status = "201 Created"
    entry: Json = {
        "fullUrl": f"{base_url}/{own}",
        "request": {"method": row.method, "url": url},
        "response": {
            "status": status,
            "etag": f'W/"{row.version}"',
            "lastModified": instant(row.recorded_at),
        },
    }
    if row.content:
        entry["resource"] = orjson.Fragment(row.content)
    return entry


def _version_number(version: str | None) -> int | None:
    if version is None:
        return None
    # int4 holds nine digits for certain; a longer number names no version
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def _no_version(type_name: str, fhir_id: str, version: object) -> FhirError:
    words = f"{type_name}/{fhir_id} has no version {str(version)[:20]!r}"
    return FhirError(404, [Issue("error", "not-found", words)])


def _not_found(type_name: str, fhir_id: str) -> FhirError:
    words = f"{type_name}/{fhir_id} is not known here"
    return FhirError(404, [Issue("error", "not-found", words)])
