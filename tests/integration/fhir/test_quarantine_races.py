"""Many faulty updates of one resource at once: none is a 500, and one waits in the end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from patients.fhir.outcome import Issue
from patients.models import QuarantinedResource
from patients.services.interactions import Interaction, Sender
from patients.services.quarantine import TARGET_LOCK, keep
from tests.factories import fhir
from tests.integration.conftest import database_url
from tests.integration.fhir.calls import faults, post, put
from tests.integration.fhir.tolerant import batch, make_tolerant, odd_value, push_patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tolerant(ehr: Client) -> Client:
    push_patient(ehr)
    make_tolerant()
    return ehr


def in_threads(ehr: Client, work: Callable[[Client, int], Any], n: int) -> list[Any]:
    token = ehr.defaults["HTTP_AUTHORIZATION"]

    def run(number: int) -> Any:
        try:
            return work(Client(headers={"Authorization": token}), number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, range(n)))


def waiting() -> list[str]:
    rows = QuarantinedResource.objects.filter(state="waiting")
    return sorted(rows.values_list("fhir_id", flat=True))


def test_parallel_updates_of_one_resource(tolerant: Client) -> None:
    def work(client: Client, number: int) -> int:
        odd = odd_value("par", date=f"2026-10-0{number % 3 + 1}")
        return put(client, odd).status_code

    assert set(in_threads(tolerant, work, 36)) == {202}
    assert waiting() == ["par"]


def test_parallel_updates_of_a_patient_who_is_not_here(tolerant: Client) -> None:
    def work(client: Client, number: int) -> int:
        value = fhir.quantity("par", "29463-7", 80 + number % 3, "kg", subject="nobody")
        return put(client, value).status_code

    assert set(in_threads(tolerant, work, 24)) == {202}
    assert waiting() == ["par"]


def test_batches_with_the_same_resources_in_other_orders(tolerant: Client) -> None:
    names = [f"b{n}" for n in range(5)]

    def work(client: Client, number: int) -> set[str]:
        ordered = names if number % 2 else names[::-1]
        odd = [odd_value(name, date=f"2026-10-0{number % 4 + 1}") for name in ordered]
        entries = post(client, "", batch(*odd)).json()["entry"]
        return {entry["response"]["status"] for entry in entries}

    assert in_threads(tolerant, work, 12) == [{"202 Accepted"}] * 12
    assert waiting() == names


def test_the_later_of_two_waits_whichever_got_here_first(tolerant: Client) -> None:
    now = timezone.now()
    issue = Issue("error", "code-invalid", "x", "Observation.status")

    def sent(date: str, moment: Any) -> QuarantinedResource:
        odd = odd_value("o1", date=date)
        given = Interaction("PUT", "Observation", "o1", odd, date.encode())
        return keep(given, [issue], sender=Sender("client 1"), application_id=None, now=moment)

    late = sent("2026-10-02", now)
    early = sent("2026-10-01", now - timedelta(milliseconds=5))
    late.refresh_from_db()
    assert (late.state, early.state) == ("waiting", "superseded")
    assert early.note == "a later update of the same resource was sent"


def test_who_cannot_have_the_lock_is_told_to_come_again(tolerant: Client) -> None:
    with psycopg.connect(database_url()) as other, connection.cursor() as cursor:
        held = "SELECT pg_advisory_xact_lock(%s, hashtext('Observation/o1'))"
        other.execute(held, [TARGET_LOCK])
        cursor.execute("SET lock_timeout = '20ms'")
        try:
            answer = put(tolerant, odd_value())
        finally:
            cursor.execute("RESET lock_timeout")
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")
    assert faults(answer)[0]["code"] == "conflict"
    assert not QuarantinedResource.objects.exists()
    assert put(tolerant, odd_value()).status_code == 202
