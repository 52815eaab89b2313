"""The server keeps what its OpenAPI document promises, whatever is sent to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from tests.factories import fhir
from tests.integration.fhir import fuzzing
from tests.integration.fhir.calls import post
from tests.integration.fhir.odd_requests import TYPES, prepared

pytestmark = pytest.mark.django_db
TAGS = ("system", *TYPES)


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests share the test's transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def filled(ehr: Client) -> Client:
    assert post(ehr, "", fhir.transaction(prepared())).status_code == 200
    return ehr


@pytest.mark.parametrize("mode", [fuzzing.POSITIVE, fuzzing.NEGATIVE], ids=lambda m: m.value)
@pytest.mark.parametrize("tag", TAGS)
def test_what_is_made_from_the_forms(
    filled: Client, tag: str, mode: fuzzing.GenerationMode
) -> None:
    with one_connection():
        for operation in fuzzing.operations(tag):
            fuzzing.fuzz(operation, mode, 5)


@pytest.mark.parametrize("tag", TAGS)
def test_what_nearly_makes_sense(filled: Client, tag: str) -> None:
    with one_connection():
        for operation in fuzzing.operations(tag):
            fuzzing.fuzz_oddly(operation, 20)


@pytest.mark.parametrize("tag", ["Patient", "Observation"])
def test_what_the_links_of_the_answers_lead_to(filled: Client, tag: str) -> None:
    with one_connection():
        fuzzing.follow_links(tag, 6)
