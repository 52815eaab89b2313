"""What is found by one statement and fetched by the next may change in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.factories import fhir
from tests.integration.fhir.calls import put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


@contextmanager
def before_contents_are_read(change: Callable[[], object], nth: int = 1) -> Iterator[None]:
    """Once, when the nth statement that asks for contents is about to run."""
    pending = [lambda: None] * (nth - 1) + [change]

    def hook(execute: Any, sql: str, *more: Any) -> Any:
        if pending and sql.startswith("SELECT") and 'FROM "patients_resourceversion"' in sql:
            pending.pop(0)()
        return execute(sql, *more)

    with connection.execute_wrapper(hook):
        yield
    assert not pending, "nothing has changed in between"


def entries(answer: Any) -> dict[str, Json]:
    return {e["resource"]["id"]: e["resource"] for e in answer.json().get("entry", [])}


@pytest.fixture
def filled(ehr: Client) -> Client:
    for resource in (fhir.patient("p1"), fhir.patient("p2"), fhir.blood_pressure("bp", 140, 80)):
        assert put(ehr, resource).status_code == 201
    return ehr


# what comes along is fetched after what was asked for
each_address = pytest.mark.parametrize(
    ("address", "nth"),
    [
        ("Observation?patient=p1", 1),
        ("Observation?_id=bp&_elements=status", 1),
        ("Patient?_id=p1&_revinclude=Observation:subject", 2),
        ("Patient/p1/$everything", 1),
    ],
)


@each_address
def test_what_is_deleted_meanwhile_is_shown_as_it_was(
    filled: Client, address: str, nth: int
) -> None:
    with before_contents_are_read(lambda: filled.delete("/fhir/Observation/bp"), nth):
        answer = filled.get(f"/fhir/{address}")
    assert entries(answer)["bp"]["meta"]["versionId"] == "1"
    assert "bp" not in entries(filled.get(f"/fhir/{address}"))


@each_address
def test_what_goes_to_another_patient_meanwhile_is_not_shown(
    filled: Client, address: str, nth: int
) -> None:
    elsewhere = fhir.blood_pressure("bp", 180, 99, subject="p2")
    with before_contents_are_read(lambda: put(filled, elsewhere), nth):
        answer = filled.get(f"/fhir/{address}")
    assert entries(answer)["bp"]["meta"]["versionId"] == "1"
    assert "Patient/p2" not in answer.content.decode()


def test_a_read_shows_one_version_whole(filled: Client) -> None:
    with before_contents_are_read(lambda: filled.delete("/fhir/Observation/bp")):
        answer = filled.get("/fhir/Observation/bp")
    assert answer.status_code == 200
    assert answer["ETag"] == 'W/"1"' and answer.json()["meta"]["versionId"] == "1"
