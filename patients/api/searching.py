"""Search and `$everything`, as FHIR bundles."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request

from patients.access.policy import visible_resources
from patients.api.request_ids import outcome
from patients.api.responses import instant
from patients.api.security import audit_client
from patients.fhir.outcome import Issue
from patients.fhir.search import Query, encode_cursor, parse_query
from patients.fhir.subset import subset
from patients.models import ResourceVersion
from patients.selectors.audit_log import search_log
from patients.selectors.includes import included
from patients.selectors.resources import compartments
from patients.selectors.search import search
from patients.services.server_written import OWN_TYPES

Json = dict[str, Any]
Pairs = Sequence[tuple[str, str]]
# about the answer's form; read before the search is
OF_THE_REQUEST = ("_format", "_pretty")
# what other servers call a parameter of R4; clients made with those send it to everybody
DIALECT = {("_totalMethod", "count"): ("_total", "accurate")}


def search_bundle(request: Request, type_name: str, pairs: Pairs, base_url: str) -> Json:
    """One page of a search, with a truthful self link and a next link while there is more."""
    asked = [DIALECT.get(pair, pair) for pair in pairs if pair[0] not in OF_THE_REQUEST]
    query = parse_query(type_name, asked, base_url=base_url)
    among = visible_resources(request.auth)
    is_log = type_name in OWN_TYPES
    page = search_log(request.auth, query) if is_log else search(among, query)
    others, cut = included(
        among,
        page.rows,
        query.includes,
        query.revincludes,
        most=settings.FHIR_MAX_INCLUDED,
    )
    patient_ids = compartments([*page.rows, *others]) | page.concerned
    audit_client(request, "search", what=type_name, patient_ids=patient_ids)
    address = f"{base_url}/{type_name}"
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(timezone.now()),
        "link": links(address, query.echo, page.next_cursor),
    }
    if page.total is not None:
        bundle["total"] = page.total
    found = [_entry(row, base_url, query, "match") for row in page.rows]
    found += [_entry(row, base_url, None, "include") for row in others]
    if cut:
        found.append(_incomplete())
    if found:
        bundle["entry"] = found
    return bundle


def links(address: str, echo: Iterable[tuple[str, str]], cursor: Sequence[Any]) -> list[Json]:
    """`self`, as understood, and `next` where there is more."""
    pairs = list(echo)
    found = [{"relation": "self", "url": _url(address, pairs)}]
    if cursor:
        further = [p for p in pairs if p[0] != "_cursor"] + [("_cursor", encode_cursor(cursor))]
        found.append({"relation": "next", "url": _url(address, further)})
    return found


def entry(row: ResourceVersion, base_url: str, mode: str) -> Json:
    return {
        "fullUrl": f"{base_url}/{row.resource.type}/{row.resource.fhir_id}",
        "resource": orjson.Fragment(row.content),
        "search": {"mode": mode},
    }


def _entry(row: ResourceVersion, base_url: str, query: Query | None, mode: str) -> Json:
    made = entry(row, base_url, mode)
    if query is not None and query.elements:
        made["resource"] = orjson.Fragment(subset(row.content, query.type, query.elements))
    return made


def _incomplete() -> Json:
    words = f"More than {settings.FHIR_MAX_INCLUDED} resources belong here; ask for smaller pages"
    issue = Issue("warning", "incomplete", words)
    return {"resource": outcome([issue]), "search": {"mode": "outcome"}}


def _url(address: str, pairs: Pairs) -> str:
    return address + (f"?{urlencode(pairs)}" if pairs else "")
