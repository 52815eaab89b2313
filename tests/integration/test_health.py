from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

pytestmark = pytest.mark.django_db


def test_healthz_answers(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"


def test_readyz_sees_database_and_broker(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "checks": {"database": "ok", "broker": "ok"}}


def test_not_ready_before_every_migration_is_applied(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    MigrationRecorder(connection).record_unapplied("patients", "0013_mapping")
    with django_assert_max_num_queries(4):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "migrations pending"
    MigrationRecorder(connection).record_applied("patients", "0013_mapping")
    # one of a later release is no fault of this process, which is about to be replaced
    MigrationRecorder(connection).record_applied("patients", "9999_of_tomorrow")
    assert client.get("/readyz").json()["ready"] is True


def test_a_dead_broker_is_named_and_does_not_stop_the_page(client: Client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert "unreachable" in response.json()["checks"]["broker"]


def test_every_answer_carries_a_request_id(client: Client) -> None:
    assert client.get("/healthz").headers["X-Request-ID"]
    answer = client.get("/healthz", headers={"X-Request-ID": "abc-1"})
    assert answer.headers["X-Request-ID"] == "abc-1"
    answer = client.get("/healthz", headers={"X-Request-ID": "a b<script>"})
    assert answer.headers["X-Request-ID"] != "a b<script>"
