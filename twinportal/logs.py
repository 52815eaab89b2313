"""Log lines without patients: JSON in production, readable elsewhere.

Whatever wrote the line: addresses, queries, bodies and the messages of exceptions may name a person
(a database says which value was refused), so that none of them is ever formatted here.
"""

import json
import logging
import re
import time
import traceback
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.http import HttpRequest, HttpResponse

from patients.api.request_ids import request_id_var
from patients.fhir.definitions import resource_types
from twinportal.middleware import GetResponse

access = logging.getLogger("twinportal.access")
FIELDS = ("client", "method", "route", "status", "ms", "bytes")
QUOTING = re.compile("Error handling|Invalid request")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class AccessLogMiddleware:
    """One line for each request: which kind, whose, how it ended, how long it took."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        milliseconds = round((time.perf_counter() - start) * 1000, 1)
        found = {
            "client": client_of(request),
            "method": request.method if request.method in METHODS else "other",
            "route": route_of(request),
            "status": response.status_code,
            "ms": milliseconds,
            "bytes": size_of(response),
        }
        access.info("request", extra={"access": found})
        return response


def client_of(request: HttpRequest) -> str:
    """By number, as the audit log has it: "client 3", "user 5"; "-" for nobody known."""
    bearer = getattr(request, "auth", None)
    if bearer is not None and bearer.application_id is not None:
        return f"client {bearer.application_id}"
    if bearer is not None:
        return f"user {bearer.user_id}"
    # only if the page has looked who it is: asking here would be another query
    user = getattr(request, "_cached_user", None)
    return f"user {user.pk}" if user is not None and user.pk else "-"


def route_of(request: HttpRequest) -> str:
    """The pattern that matched, with its type of resource; "-" where there is none."""
    match = request.resolver_match
    if match is None:
        return "-"
    if match.view_name == "fhir-unknown":
        return "/fhir/-"
    asked = str(match.kwargs.get("type_name", ""))
    template = _template(match.route)
    return template.replace("<type_name>", asked) if asked in resource_types() else template


@cache
def _template(route: str) -> str:
    return simplify_regex(route)


def size_of(response: HttpResponse) -> int | None:
    """Of the body; None while it is still being made."""
    if (length := response.headers.get("Content-Length", "")).isdigit():
        return int(length)
    return None if response.streaming else len(response.content)


class NotInTheAccessLine(logging.Filter):
    """Django's warnings are refusals, of which the access line has all that may be said."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or not hasattr(record, "request")


class WithoutPatients(logging.Formatter):
    """What may be said of a record."""

    def format(self, record: logging.LogRecord) -> str:
        raise NotImplementedError

    @staticmethod
    def words(record: logging.LogRecord) -> str:
        if hasattr(record, "request"):  # Django's own, with the address in it
            return f"answered {getattr(record, 'status_code', 'with an error')}"
        if record.name == "celery.app.trace":
            data = getattr(record, "data", {})
            return f"task {data.get('name', '')} {data.get('id', '')}: {record.levelname.lower()}"
        if record.name == "gunicorn.error" and QUOTING.match(str(record.msg)):
            return "a request that the web server could not serve"
        return record.getMessage()

    @staticmethod
    def error(record: logging.LogRecord) -> tuple[str, list[str]]:
        """The exception's class and the places it came through: code, and nothing of the data."""
        if not record.exc_info or record.exc_info[0] is None:
            return "", []
        kind, _, trace = record.exc_info
        return f"{kind.__module__}.{kind.__qualname__}", _places(trace)


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]


class JsonLines(WithoutPatients):
    """One JSON object a line, for whatever gathers the logs."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": request_id_var.get() or None,
            "message": self.words(record),
        }
        line |= getattr(record, "access", {})
        error, places = self.error(record)
        if error:
            line |= {"error": error, "trace": places}
        return json.dumps(line)


class ReadableLines(WithoutPatients):
    """For people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        found: dict[str, Any] = getattr(record, "access", {})
        words = " ".join(str(found[name]) for name in ("method", "route", "status") if found)
        if found:
            words += f" {found['ms']} ms, {found['bytes']} bytes, {found['client']}"
        error, places = self.error(record)
        lines = [f"{at} {record.levelname} {record.name} [{request_id_var.get() or '-'}] "]
        lines[0] += words or self.words(record)
        return "\n  ".join([*lines, *([error] if error else []), *places])
