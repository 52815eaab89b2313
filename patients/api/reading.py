"""Read, vread, history and search, as FHIR answers."""

from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.http import http_date
from rest_framework.request import Request

from patients import selectors
from patients.access.policy import visible_resources
from patients.api.history import parse_history
from patients.api.responses import fhir_response, instant
from patients.api.security import audit_client
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import Resource, ResourceVersion

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
    resource = selectors.stored_resource(visible_resources(request.auth), type_name, fhir_id)
    number = _version_number(version)
    row = selectors.stored_version(resource, number) if resource else None
    if resource is None:
        raise _not_found(type_name, fhir_id)
    if row is None or not _in_view(request, resource, row):
        words = f"{type_name}/{fhir_id} has no version {str(version)[:20]!r}"
        raise FhirError(404, [Issue("error", "not-found", words)])
    audit_client(
        request,
        "read",
        what=type_name,
        patient_ids=[resource.patient_id] if resource.patient_id else [],
        detail=f"{type_name}/{fhir_id}",
    )
    if not row.content:
        words = f"{type_name}/{fhir_id} was deleted"
        raise FhirError(
            410, [Issue("error", "deleted", words)], {"ETag": f'W/"{resource.version}"'}
        )
    return row


def history_bundle(request: Request, type_name: str, fhir_id: str, base_url: str) -> Json:
    """Versions of one resource, newest first: all, or those that `_since` and `_count` ask for."""
    resource = selectors.stored_resource(visible_resources(request.auth), type_name, fhir_id)
    if resource is None:
        raise _not_found(type_name, fhir_id)
    wanted = parse_history(request.query_params)
    rows = [row for row in selectors.history(resource) if _in_view(request, resource, row)]
    if wanted.since:
        rows = [row for row in rows if row.recorded_at >= wanted.since]
    shown = [row for row in rows if not wanted.before or row.version < wanted.before]
    page = shown[: wanted.count] if wanted.count is not None else shown
    audit_client(
        request,
        "history",
        what=type_name,
        patient_ids=[resource.patient_id] if resource.patient_id else [],
        detail=f"{type_name}/{fhir_id}",
    )
    address = f"{base_url}/{type_name}/{fhir_id}/_history"
    links = [{"relation": "self", "url": wanted.url(address)}]
    if page and len(page) < len(shown):
        links.append({"relation": "next", "url": wanted.url(address, before=page[-1].version)})
    return {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(rows),
        "link": links,
        "entry": [_history_entry(row, base_url) for row in page],
    }


def _in_view(request: Request, resource: Resource, row: ResourceVersion) -> bool:
    """A person's token sees the versions about the patient, not those filed there wrongly."""
    if getattr(request.auth, "user_id", None) is None:
        return True
    return resource.patient is not None and selectors.concerns(row, resource.patient)


def _history_entry(row: ResourceVersion, base_url: str) -> Json:
    resource: Resource = row.resource
    own = f"{resource.type}/{resource.fhir_id}"
    url = resource.type if row.method == ResourceVersion.Method.POST else own
    status = {"POST": "201 Created", "PUT": "200 OK", "DELETE": "204 No Content"}[row.method]
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


def _not_found(type_name: str, fhir_id: str) -> FhirError:
    words = f"{type_name}/{fhir_id} is not known here"
    return FhirError(404, [Issue("error", "not-found", words)])
