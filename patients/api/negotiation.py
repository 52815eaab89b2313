"""FHIR JSON in, FHIR JSON out; XML is refused with a clear word."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.fhir.search import read_pairs

ACCEPTED_BODIES = {"application/fhir+json", "application/json", "text/json"}
ACCEPTED_ANSWERS = {
    *ACCEPTED_BODIES,
    "*/*",
    "application/*",
    "json",
}
FORM = "application/x-www-form-urlencoded"
XML_WORDS = "This server speaks FHIR R4 in JSON only: application/fhir+json"


class FhirRenderer(JSONRenderer):
    media_type = "application/fhir+json"


class UnreadParser(BaseParser):
    """Leaves the body alone: authentication looks for form fields, and `read_body` reads."""

    media_type = "*/*"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> QueryDict:
        return QueryDict()


class FhirNegotiation(BaseContentNegotiation):
    """There is one format; `check_accepts` refuses others, once the token has been looked at."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


def query_pairs(request: Request) -> list[tuple[str, str]]:
    """The decoded parameters of the address. FhirError 400 for what cannot be decoded."""
    return read_pairs(request._request.META.get("QUERY_STRING", "").encode("latin-1"))


def check_accepts(request: Request, pairs: Iterable[tuple[str, str]]) -> None:
    """`_format` first, then Accept. FhirError 406 for anything but JSON of R4."""
    asked = dict(pairs).get("_format") or request.headers.get("Accept") or "*/*"
    # a "+" in a query string arrives as a space
    kinds = {media_type(part).replace(" ", "+") for part in asked.split(",")}
    if not kinds & ACCEPTED_ANSWERS:
        raise FhirError(406, [Issue("error", "not-supported", XML_WORDS)])


def media_type(text: str) -> str:
    """Without its parameters; nothing that we know if it is of another version of FHIR."""
    name, *parameters = [part.strip().lower() for part in text.split(";")]
    versions = [p for p in parameters if p.startswith("fhirversion=")]
    return name if all(v.partition("=")[2].strip('"') == "4.0" for v in versions) else text


def read_body(request: Request, kinds: Collection[str] = ACCEPTED_BODIES) -> bytes:
    """The request's bytes. FhirError 413 when too large, 415 for another media type."""
    _check_kind(request, kinds)
    body = _content(request)
    if not body.strip():
        raise FhirError(400, [Issue("error", "required", "The request has no body")])
    return body


def read_optional_body(request: Request, kinds: Collection[str] = ACCEPTED_BODIES) -> bytes:
    """The same, but empty where nothing was sent. Then a Content-Type is about nothing: clients
    have one for every request.
    """
    body = _content(request)
    if not body.strip():
        return b""
    _check_kind(request, kinds)
    return body


def _check_kind(request: Request, kinds: Collection[str]) -> None:
    kind = media_type(request.content_type or "")
    if kind and kind not in kinds:
        words = XML_WORDS if "application/fhir+json" in kinds else f"Send {' or '.join(kinds)}"
        raise FhirError(415, [Issue("error", "not-supported", words)])
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        words = "Send the body as it is: compressed bodies are not taken"
        raise FhirError(415, [Issue("error", "not-supported", words)])


def _content(request: Request) -> bytes:
    limit = settings.FHIR_MAX_BODY_BYTES
    words = f"The body is larger than {limit} bytes; send smaller bundles"
    try:
        body: bytes = _chunked(request, limit) or request._request.body
    except RequestDataTooBig as error:
        raise FhirError(413, [Issue("error", "too-costly", words)]) from error
    if len(body) > limit:
        raise FhirError(413, [Issue("error", "too-costly", words)])
    return body


def _chunked(request: Request, limit: int) -> bytes:
    """A body that came without its length, which Django takes for none at all.

    Only where the server vouches that the stream ends with the body.
    """
    environ = request._request.META
    if environ.get("CONTENT_LENGTH") or not environ.get("wsgi.input_terminated"):
        return b""
    found: bytes = environ["wsgi.input"].read(limit + 1)
    return found
