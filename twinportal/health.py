"""Liveness and readiness, for load balancers and compose."""

from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok", "version": settings.VERSION})


def readyz(request: HttpRequest) -> JsonResponse:
    """The process can serve: database reachable and migrated. A dead broker only delays."""
    checks = {"database": _database(), "broker": _broker()}
    ready = checks["database"] == "ok"
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _database() -> str:
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        return "unreachable"
    return "ok" if _of_this_code() <= applied.keys() else "migrations pending"


@cache
def _of_this_code() -> frozenset[tuple[str, str]]:
    """The migrations that this process was started with; read from the disk once."""
    return frozenset(MigrationLoader(None).graph.nodes)


def _broker() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        return "unreachable: predictions are delayed until the next sweep"
    finally:
        client.close()
    return "ok"
