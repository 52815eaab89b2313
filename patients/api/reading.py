"""Read, vread, history and search, as FHIR answers."""

from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from rest_framework.request import Request

from patients import selectors
from patients.access.policy import visible_resources
from patients.api.responses import fhir_response, instant
from patients.api.security import audit_client
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.fhir.search import parse_query
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
    if version is None and (known.strip() == "*" or f'"{row.version}"' in known):
        return HttpResponse(status=304, headers=headers)
    return fhir_response(row.content, headers=headers)


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
    """Every version of one resource, newest first, deletions included."""
    resource = selectors.stored_resource(visible_resources(request.auth), type_name, fhir_id)
    if resource is None:
        raise _not_found(type_name, fhir_id)
    unknown = [name for name in request.query_params if name != "_format"]
    if unknown:
        words = f"history takes no parameters here: {', '.join(unknown)}"
        raise FhirError(400, [Issue("error", "not-supported", words)])
    rows = [row for row in selectors.history(resource) if _in_view(request, resource, row)]
    audit_client(
        request,
        "history",
        what=type_name,
        patient_ids=selectors.compartments(rows),
        detail=f"{type_name}/{fhir_id}",
    )
    return {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(rows),
        "link": [{"relation": "self", "url": f"{base_url}/{type_name}/{fhir_id}/_history"}],
        "entry": [_history_entry(row, base_url) for row in rows],
    }


def _in_view(request: Request, resource: Resource, row: ResourceVersion) -> bool:
    """A person's token sees the versions about the patient, not those filed there wrongly."""
    if getattr(request.auth, "user_id", None) is None:
        return True
    return resource.patient is not None and selectors.concerns(row, resource.patient)


def search_bundle(
    request: Request, type_name: str, pairs: list[tuple[str, str]], base_url: str
) -> Json:
    """One page of a search, with a truthful self link and a next link while there is more."""
    query = parse_query(type_name, [p for p in pairs if p[0] != "_format"], base_url=base_url)
    page = selectors.search(visible_resources(request.auth), type_name, query)
    audit_client(request, "search", what=type_name, patient_ids=selectors.compartments(page.rows))
    asked = [(name, value) for name, value in query.echo if name != "_cursor"]
    links = [{"relation": "self", "url": _url(base_url, type_name, list(query.echo))}]
    if page.next_cursor is not None:
        further = [*asked, ("_cursor", str(page.next_cursor))]
        links.append({"relation": "next", "url": _url(base_url, type_name, further)})
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(timezone.now()),
        "total": page.total,
        "link": links,
    }
    if page.rows:
        bundle["entry"] = [
            {
                "fullUrl": f"{base_url}/{type_name}/{row.resource.fhir_id}",
                "resource": orjson.Fragment(row.content),
                "search": {"mode": "match"},
            }
            for row in page.rows
        ]
    return bundle


def _url(base_url: str, type_name: str, pairs: list[tuple[str, str]]) -> str:
    return f"{base_url}/{type_name}" + (f"?{urlencode(pairs)}" if pairs else "")


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
