"""The FHIR REST door. Each view reads the request, calls one function, and answers."""

import logging
import re
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from typing import Any, NoReturn

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from patients.api import bundles, reading, searching, tally
from patients.api.discovery import oauth_addresses
from patients.api.everything import everything_bundle, sent_parameters
from patients.api.limits import limits_in_words
from patients.api.negotiation import (
    FORM,
    FhirNegotiation,
    FhirRenderer,
    UnreadParser,
    check_accepts,
    query_pairs,
    read_body,
    read_optional_body,
)
from patients.api.patching import patched
from patients.api.rates import ClientRate, refused, too_many
from patients.api.responses import (
    error_response,
    fhir_response,
    kept_response,
    outcome_response,
    preference,
    write_response,
)
from patients.api.searching import OF_THE_REQUEST
from patients.api.security import (
    HasToken,
    audit_client,
    audit_refusal,
    base_url,
    no_valid_token,
    require_scope,
    sender_of,
    server_url,
    shown_after_write,
)
from patients.api.tokens import BearerHeader
from patients.api.tolerance import Attempt, take
from patients.api.validating import verdict
from patients.errors import FhirError
from patients.fhir import json_patch
from patients.fhir.capability import capability_statement
from patients.fhir.openapi import openapi_document
from patients.fhir.outcome import Issue
from patients.fhir.search import read_pairs
from patients.services import ingest, quarantine
from patients.services.interactions import Interaction, Result, patients_of
from patients.services.plan import lost_race
from patients.services.reception import check, checked_interaction, known_type, read_interaction
from patients.services.server_written import OWN_TYPES

log = logging.getLogger(__name__)
NOT_AN_ID = re.compile(r"/fhir/[A-Z][A-Za-z]+/[^/$_][^/]*(/_history(/[0-9]+)?)?")


class FhirView(APIView):
    """Bearer tokens only, FHIR JSON only, every fault an OperationOutcome."""

    authentication_classes = [BearerHeader]
    permission_classes = [HasToken]
    throttle_classes = [ClientRate]
    parser_classes = [UnreadParser]
    renderer_classes = [FhirRenderer]
    content_negotiation_class = FhirNegotiation
    # without OPTIONS, which would be answered with a description that is not FHIR
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    # whether what is refused here would otherwise be in the record
    takes_writes = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_accepts(request, query_pairs(request))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        done = super().finalize_response(request, response, *args, **kwargs)
        if self.authentication_classes:
            tally.count_request(request, done.status_code)
        return done

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        raise too_many(wait)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        request_id = getattr(self.request, "request_id", "")
        if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            exc = refused(no_valid_token(self.request), self.request, self)
        if isinstance(exc, FhirError):
            audit_refusal(self.request, exc)
            if self.takes_writes:
                tally.count_refusal(self.request, exc, self.kwargs.get("type_name", "Bundle"))
            return error_response(exc)
        if isinstance(exc, exceptions.APIException):
            codes = {403: "forbidden", 404: "not-found", 405: "not-supported"}
            code = codes.get(exc.status_code, "invalid")
            issue = Issue("error", code, str(exc.detail))
            headers = {"Allow": ", ".join(self.allowed_methods)} if exc.status_code == 405 else None
            return outcome_response(exc.status_code, [issue], headers)
        # the class name and the request id are enough to find it; a message may hold PHI
        log.error("unhandled %s", type(exc).__name__, exc_info=settings.MODE == "test")
        words = f"An error of this server; request id {request_id}"
        return outcome_response(500, [Issue("fatal", "exception", words)])


class MetadataView(FhirView):
    authentication_classes = []
    permission_classes = []

    def get(self, request: Request) -> HttpResponse:
        statement = capability_statement(
            base_url=base_url(request),
            software_version=settings.VERSION,
            date=datetime.now(UTC),
            read_only=OWN_TYPES,
            limits=limits_in_words(base_url(request)),
            oauth=oauth_addresses(server_url(request)),
        )
        return fhir_response(statement)


@method_decorator(gzip_page, name="dispatch")
class OpenApiView(FhirView):
    """The document is large and the same for everybody: made once, compressed, kept by clients."""

    authentication_classes = []
    permission_classes = []

    def get(self, request: Request) -> HttpResponse:
        content, etag = _openapi()
        headers = {"ETag": etag, "Cache-Control": "public, max-age=3600"}
        if etag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(content, content_type="application/json", headers=headers)


@cache
def _openapi() -> tuple[bytes, str]:
    """The document and its ETag."""
    made = openapi_document(software_version=settings.VERSION, read_only=OWN_TYPES)
    content = orjson.dumps(made)
    return content, f'"{sha256(content).hexdigest()[:32]}"'


class SystemView(FhirView):
    """Batches and transactions."""

    takes_writes = True

    def post(self, request: Request) -> HttpResponse:
        body = read_body(request)
        return bundles.process_bundle(request, body, base_url(request))


class TypeView(FhirView):
    """Search, create, and conditional update, patch and delete."""

    takes_writes = True

    def get(self, request: Request, type_name: str) -> HttpResponse:
        return _search(request, type_name, query_pairs(request))

    def put(self, request: Request, type_name: str) -> HttpResponse:
        return _update(request, type_name, "", condition=_condition(request))

    def patch(self, request: Request, type_name: str) -> HttpResponse:
        return _patch(request, type_name, "", condition=_condition(request))

    def delete(self, request: Request, type_name: str) -> HttpResponse:
        return _delete(request, type_name, "", condition=_condition(request))

    def post(self, request: Request, type_name: str) -> HttpResponse:
        known_type(type_name)
        require_scope(request, type_name, "c")
        interaction = read_interaction(
            "POST",
            type_name,
            "",
            read_body(request),
            if_none_exist=_none_exist(request),
        )
        return _take(request, interaction)


class PlainView(FhirView):
    """One resource, named in the address: a parameter would go unheard, so it is a fault."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, _ in query_pairs(request):
            if name not in OF_THE_REQUEST:
                words = f"Nothing is known here of a parameter '{name[:60]}'"
                raise FhirError(400, [Issue("error", "not-supported", words, name[:60])])


class InstanceView(PlainView):
    """Read, update, patch and delete."""

    takes_writes = True

    def get(self, request: Request, type_name: str, fhir_id: str) -> HttpResponse:
        known_type(type_name)
        require_scope(request, type_name, "r")
        return reading.read(request, type_name, fhir_id)

    def put(self, request: Request, type_name: str, fhir_id: str) -> HttpResponse:
        return _update(request, type_name, fhir_id)

    def patch(self, request: Request, type_name: str, fhir_id: str) -> HttpResponse:
        return _patch(request, type_name, fhir_id)

    def delete(self, request: Request, type_name: str, fhir_id: str) -> HttpResponse:
        return _delete(request, type_name, fhir_id)


class SearchView(FhirView):
    """`POST Type/_search`: what is looked for stays out of addresses."""

    def post(self, request: Request, type_name: str) -> HttpResponse:
        body = read_optional_body(request, [FORM])
        pairs = [*query_pairs(request), *read_pairs(body.strip())]
        check_accepts(request, pairs)
        return _search(request, type_name, pairs)


class ValidateView(FhirView):
    """`Type/$validate` and `Type/id/$validate`."""

    def post(self, request: Request, type_name: str, fhir_id: str = "") -> HttpResponse:
        known_type(type_name)
        query = dict(query_pairs(request))
        # who only wants to delete has nothing to send
        read = read_optional_body if query.get("mode") == "delete" else read_body
        issues = verdict(read(request), type_name, fhir_id, query)
        return outcome_response(200, issues)


class EverythingView(FhirView):
    """`Patient/id/$everything`, by GET or, as every operation, by POST."""

    def get(self, request: Request, fhir_id: str) -> HttpResponse:
        return self._answer(request, fhir_id, query_pairs(request))

    def post(self, request: Request, fhir_id: str) -> HttpResponse:
        sent = sent_parameters(read_optional_body(request))
        return self._answer(request, fhir_id, [*query_pairs(request), *sent])

    def _answer(self, request: Request, fhir_id: str, pairs: list[tuple[str, str]]) -> HttpResponse:
        require_scope(request, "Patient", "r")
        return fhir_response(everything_bundle(request, fhir_id, pairs, base_url(request)))


class HistoryView(FhirView):
    def get(self, request: Request, type_name: str, fhir_id: str) -> HttpResponse:
        known_type(type_name)
        require_scope(request, type_name, "r")
        return fhir_response(reading.history_bundle(request, type_name, fhir_id, base_url(request)))


class VersionView(PlainView):
    def get(self, request: Request, type_name: str, fhir_id: str, version: str) -> HttpResponse:
        known_type(type_name)
        require_scope(request, type_name, "r")
        return reading.read(request, type_name, fhir_id, version=version)


class UnknownView(FhirView):
    """Whatever else is asked under /fhir."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        words = f"There is no interaction at '{request.path[:200]}'"
        if NOT_AN_ID.fullmatch(request.path):
            words = f"{words}: an id has up to 64 letters, digits, '-' and '.'"
        raise FhirError(404, [Issue("error", "not-found", words)])


def _search(request: Request, type_name: str, pairs: list[tuple[str, str]]) -> HttpResponse:
    known_type(type_name)
    require_scope(request, type_name, "s")
    return fhir_response(searching.search_bundle(request, type_name, pairs, base_url(request)))


def _condition(request: Request) -> str:
    """The query of a conditional write. FhirError 412 when there is none."""
    query = _asked(request)
    if not query:
        words = "Without an id there must be a condition, as Patient?identifier=system|value"
        raise FhirError(412, [Issue("error", "required", words)])
    return query


def _none_exist(request: Request) -> str:
    """The condition of a create: the header that R4 has for it, or the query, where some clients
    put it and where it must not go unheard. FhirError 400 for both.
    """
    header, query = request.headers.get("If-None-Exist", ""), _asked(request)
    if header and query:
        words = "Say If-None-Exist or a condition in the address, not both"
        raise FhirError(400, [Issue("error", "invalid", words)])
    return header or query


def _asked(request: Request) -> str:
    """The query without what is about the form of the answer."""
    given = request._request.META.get("QUERY_STRING", "").encode("latin-1").decode()
    parts = given.split("&")
    return "&".join(p for p in parts if p.partition("=")[0] not in OF_THE_REQUEST)


def _update(request: Request, type_name: str, fhir_id: str, *, condition: str = "") -> HttpResponse:
    known_type(type_name)
    require_scope(request, type_name, "u")
    none_match = request.headers.get("If-None-Match", "")
    if none_match not in ("", "*"):
        words = "With an update, If-None-Match is '*'"
        raise FhirError(400, [Issue("error", "value", words)])
    interaction = read_interaction(
        "PUT",
        type_name,
        fhir_id,
        read_body(request),
        condition=condition,
        if_match=request.headers.get("If-Match", ""),
        if_none_match=none_match,
    )
    return _take(request, interaction)


def _delete(request: Request, type_name: str, fhir_id: str, *, condition: str = "") -> HttpResponse:
    known_type(type_name)
    require_scope(request, type_name, "d")
    if_match = request.headers.get("If-Match", "")
    return _write(
        request,
        checked_interaction(
            "DELETE", type_name, fhir_id, b"", condition=condition, if_match=if_match
        ),
    )


def _patch(request: Request, type_name: str, fhir_id: str, *, condition: str = "") -> HttpResponse:
    """Tried again when somebody else is faster, unless the client said which version it means."""
    known_type(type_name)
    require_scope(request, type_name, "u")
    operations = json_patch.read_patch(read_body(request, [json_patch.CONTENT_TYPE]))
    if_match = request.headers.get("If-Match", "")
    asked = Interaction("PUT", type_name, fhir_id, condition=condition, if_match=if_match)
    for _ in range(ingest.ATTEMPTS):
        change = patched(asked, operations)
        check([change])
        try:
            return _write(request, change)
        except FhirError as error:
            if error.status != 412 or if_match:
                raise
    raise lost_race()


def _take(request: Request, interaction: Interaction) -> HttpResponse:
    """Store a create or update; what is faulty of a tolerant client is kept apart."""

    def store(attempt: Attempt) -> HttpResponse:
        check(attempt.interactions)
        (one,) = attempt.interactions
        return _write(request, one, attempt)

    return take(
        request,
        [interaction],
        item=partial(quarantine.one, interaction),
        store=store,
        answer=kept_response,
    )


def _write(
    request: Request, interaction: Interaction, attempt: Attempt | None = None
) -> HttpResponse:
    attempt = attempt or Attempt([interaction], sender_of(request))
    now = timezone.now()
    actions = {"POST": "create", "PUT": "update", "DELETE": "delete"}

    def witness(results: list[Result]) -> None:
        audit_client(
            request,
            actions[interaction.method],
            what=results[0].type,
            patient_ids=patients_of(results),
            detail=f"{results[0].type}/{results[0].fhir_id}",
        )
        attempt.record(results)

    wanted = preference(request)
    stored = ingest.process(
        [interaction],
        sender=attempt.sender,
        now=now,
        contents=True,
        notes=wanted == "OperationOutcome",
        witness=witness,
    )
    (result,) = attempt.noted(stored)
    shown = shown_after_write(request, request.method or "", result, wanted)
    return write_response(result, base_url(request), shown)
