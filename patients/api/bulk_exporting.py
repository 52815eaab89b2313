"""The kick-off of an export: what was asked for, checked before a job is made of it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from patients.access.policy import visible_resources
from patients.access.scopes import allows, scopes_of
from patients.api.bulk import accepted
from patients.api.negotiation import query_pairs, read_optional_body
from patients.api.searching import OF_THE_REQUEST
from patients.api.security import application_of, audit_client, base_url, require_scope
from patients.errors import FhirError
from patients.fhir import dates
from patients.fhir.definitions import resource_types
from patients.fhir.json_codec import loads
from patients.fhir.outcome import Issue
from patients.fhir.references import parse_reference
from patients.fhir.subset import is_element
from patients.models import Patient
from patients.selectors.resources import stored_resource, stored_version
from patients.services import bulk_jobs, reception
from patients.services.bulk_export_members import compartment_types, group_members
from patients.services.bulk_export_moment import moment_of
from patients.services.server_written import OWN_TYPES

Json = dict[str, Any]
Pairs = list[tuple[str, str]]
FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
LISTS, SINGLE = ("_type", "_elements", "patient"), ("_outputFormat", "_since")
VALUES = ("valueString", "valueCode", "valueInstant", "valueUri", "valueReference")
INSTANT = re.compile(r"[0-9].*")
MOST_PATIENTS = 10_000


@dataclass
class Asked:
    """What a kick-off asks for. `level` is system, Patient or Group."""

    level: str
    types: list[str] = field(default_factory=list)
    since: datetime | None = None
    elements: list[str] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)
    group: str = ""
    ignored: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> Json:
        """As the job keeps them."""
        return {
            "level": self.level,
            "group": self.group,
            "types": self.types,
            "since": self.since.isoformat() if self.since else None,
            "elements": self.elements,
            "patients": self.patients,
        }


def kick_off(request: Request, level: str, group: str = "") -> HttpResponse:
    """202 and a job, or a FhirError: 400, 403, 404, 410 or 429."""
    bearer: Any = request.auth
    if bearer.user_id is not None or bearer.application_id is None:
        words = "Exports are for systems: this token is a person's, or no client's"
        raise FhirError(403, [Issue("error", "forbidden", words)])
    preferences = preferred(request)
    if "respond-async" not in preferences:
        words = "An export runs in the background: send the header Prefer: respond-async"
        raise FhirError(400, [Issue("error", "required", words)])
    asked = Asked(level, group=group)
    _read(asked, _pairs(request), base_url(request), is_lenient="handling=lenient" in preferences)
    asked.types = _types(request, asked)
    members = _members(request, group) if level == "Group" else None
    _check_patients(asked.patients, members)
    now = timezone.now()
    with transaction.atomic():
        job = bulk_jobs.begin(
            "export",
            now=now,
            application_id=application_of(request),
            scopes=" ".join(scopes_of(request.auth)),
            request_id=getattr(request, "request_id", ""),
            request_url=_url(request),
            base_url=base_url(request),
            parameters=asked.parameters,
            transaction_time=moment_of(now),
        )
        audit_client(request, "export", what=f"{level} export", detail=str(job.public_id))
        bulk_jobs.wake(job)
    words = "This server does not know the parameter '{}' of an export, and left it out"
    notes = [Issue("warning", "not-supported", words.format(name)) for name in asked.ignored]
    return accepted(job, notes)


def preferred(request: Request) -> set[str]:
    """The preferences of a request: `respond-async`, `handling=lenient`, ..."""
    given = request.headers.get("Prefer", "")
    return {part.strip().lower().replace(" ", "") for part in re.split("[,;]", given)}


def _pairs(request: Request) -> Pairs:
    """Of the address and, when posted, of the Parameters."""
    query = [pair for pair in query_pairs(request) if pair[0] not in OF_THE_REQUEST]
    if request.method != "POST":
        for name, _ in query:
            if name == "patient":
                raise _fault("patient", "invalid", "Patients are named by POST, in Parameters")
        return query
    body = read_optional_body(request)
    content = reception.read_parameters(body)
    listed = content.get("parameter", [])
    return [*query, *(_pair(parameter) for parameter in listed)]


def _pair(parameter: Any) -> tuple[str, str]:
    found = parameter if isinstance(parameter, dict) else {}
    name = found.get("name")
    values = [found[kind] for kind in found if kind.startswith("value")]
    known = [found[kind] for kind in VALUES if kind in found]
    if isinstance(name, str) and name not in (*LISTS, *SINGLE):
        return name, ""
    if len(known) == 1 and isinstance(known[0], dict):
        known = [known[0].get("reference")]
    if not isinstance(name, str) or len(values) != 1 or not known or type(known[0]) is not str:
        words = f"A parameter has a name and one of {', '.join(VALUES)}"
        raise FhirError(400, [Issue("error", "invalid", words, "Parameters.parameter")])
    return name, known[0]


def _read(asked: Asked, pairs: Pairs, base: str, *, is_lenient: bool) -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for name, text in pairs:
        if name in (*LISTS, *SINGLE):
            found[name] += text.split(",") if name in LISTS else [text]
        elif is_lenient:
            asked.ignored.append(name[:40])
        else:
            known = ", ".join((*SINGLE, *LISTS))
            words = f"An export takes {known}, not '{name[:40]}'"
            raise _fault(name[:40], "not-supported", words)
    for name in SINGLE:
        if len(found[name]) > 1:
            raise _fault(name, "invalid", f"'{name}' is given twice")
    # a "+" in a query string arrives as a space
    for text in found["_outputFormat"]:
        if text.replace(" ", "+") not in FORMATS:
            words = f"Exports are NDJSON: _outputFormat is one of {', '.join(FORMATS)}"
            raise _fault("_outputFormat", "not-supported", words)
    for text in found["_since"]:
        asked.since = _instant(text)
    asked.types = sorted({_known_type(name) for name in found["_type"]})
    asked.elements = sorted({_known_element(name) for name in found["_elements"]})
    if found["patient"] and asked.level == "system":
        words = "Patients are named in an export of Patient or of a Group"
        raise _fault("patient", "invalid", words)
    asked.patients = sorted({_patient_id(text, base) for text in found["patient"]})
    if len(asked.patients) > MOST_PATIENTS:
        raise _fault("patient", "too-costly", f"At most {MOST_PATIENTS} patients are named")


def _instant(text: str) -> datetime:
    try:
        low = dates.parse_search(text).low if INSTANT.fullmatch(text) else None
    except ValueError as fault:
        raise _fault("_since", "value", f"'_since': {fault}") from None
    if low is None:
        raise _fault("_since", "value", "'_since' is an instant, as 2026-01-02T03:04:05Z")
    return low.astimezone(UTC)


def _known_type(name: str) -> str:
    if name not in resource_types():
        raise _fault("_type", "value", f"'{name[:60]}' is not an R4 resource type")
    return name


def _known_element(text: str) -> str:
    kind, _, name = text.rpartition(".")
    kinds = resource_types() if not kind else {kind} & resource_types()
    if not any(is_element(name, one) for one in kinds):
        words = f"'{text[:60]}' is no element, such as status or Patient.name"
        raise _fault("_elements", "value", words)
    return text


def _patient_id(text: str, base: str) -> str:
    reference = parse_reference(text, base_url=base)
    if reference.kind != "relative" or reference.type != "Patient":
        raise _fault("patient", "value", f"'{text[:60]}' is no reference such as Patient/123")
    return reference.id


def _types(request: Request, asked: Asked) -> list[str]:
    """What was asked for and may be, or all that the token may read."""
    possible = resource_types() if asked.level == "system" else compartment_types()
    for name in asked.types:
        if name in OWN_TYPES:
            raise _fault("_type", "not-supported", f"{name} is not exported: search it")
        if name not in possible:
            words = f"{name} is in no patient's record: export it at the system level"
            raise _fault("_type", "value", words)
        require_scope(request, name, "r")
    scopes = scopes_of(request.auth)
    found = asked.types or [t for t in sorted(possible - OWN_TYPES) if allows(scopes, t, "r")]
    if not found:
        words = "The token's scopes do not allow 'r' on anything that this would export"
        raise FhirError(403, [Issue("error", "forbidden", words)])
    return found


def _members(request: Request, fhir_id: str) -> set[str]:
    """FHIR ids of those whom the Group lists. FhirError 400, 403, 404 or 410."""
    require_scope(request, "Group", "r")
    resource = stored_resource(visible_resources(request.auth), "Group", fhir_id)
    version = stored_version(resource) if resource else None
    if version is None:
        raise FhirError(404, [Issue("error", "not-found", f"Group/{fhir_id} is not known here")])
    if not version.content:
        raise FhirError(410, [Issue("error", "deleted", f"Group/{fhir_id} was deleted")])
    group = loads(version.content.encode())
    if not isinstance(group, dict) or group.get("actual") is not True:
        words = f"Group/{fhir_id} describes whom it means; an export needs one that lists them"
        raise FhirError(400, [Issue("error", "not-supported", words)])
    return group_members(group)


def _check_patients(wanted: Sequence[str], members: Iterable[str] | None) -> None:
    """FhirError 400 that names those who are not here, or not in the Group."""
    here = set(
        Patient.objects.filter(fhir_id__in=wanted, active=True).values_list("fhir_id", flat=True)
    )
    if members is not None:
        here &= set(members)
    where = "known here" if members is None else "in the Group"
    issues = [
        Issue("error", "not-found", f"Patient/{fhir_id} is not {where}")
        for fhir_id in wanted
        if fhir_id not in here
    ]
    if issues:
        raise FhirError(400, issues[:100])


def _url(request: Request) -> str:
    """The request's address as the client knows it."""
    http = request._request
    query = http.META.get("QUERY_STRING", "")
    own = base_url(request) + http.path.removeprefix("/fhir")
    return f"{own}?{query}" if query else own


def _fault(name: str, code: str, words: str) -> FhirError:
    return FhirError(400, [Issue("error", code, words, name)])
