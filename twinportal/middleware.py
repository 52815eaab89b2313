"""A request id for every request, refusals that arrive, and no caching of pages about patients."""

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from patients.api.request_ids import request_id_var

PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Take the caller's X-Request-ID if it is plain, else make one; answer with it; log with it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if PLAIN_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        # it stays until the next request: Django writes its line about an error status afterwards
        request_id_var.set(request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class UnreadBodyMiddleware:
    """Read to its end what a refusal (as 401, 403 or 413) has left unread.

    A connection that closes with unread data is reset, and a client in the midst of sending a
    large bundle would hear nothing of why it was refused. Nothing is kept, and there is a limit.
    """

    PIECE = 64 * 1024

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 400 and request.META.get("wsgi.input_terminated"):
            self._drain(request.META["wsgi.input"])
        return response

    def _drain(self, body: IO[bytes]) -> None:
        left = 2 * settings.FHIR_MAX_BODY_BYTES
        # whatever is wrong with the rest, the refusal stands
        with suppress(Exception):
            while left > 0 and (piece := body.read(self.PIECE)):
                left -= len(piece)


class NoStoreMiddleware:
    """Pages about patients stay out of shared and disk caches (static files set their own)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        return response
