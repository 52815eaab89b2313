"""The server keeps what its OpenAPI document promises, whatever is sent to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from tests.integration.fhir import fuzzing
from tests.integration.fhir.calls import put

pytestmark = pytest.mark.django_db
EXAMPLES = 25
HEADERS = {"Authorization": "Bearer test-token-of-an-ehr", "Accept-Encoding": "identity"}


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests share the test's transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", [fuzzing.POSITIVE, fuzzing.NEGATIVE], ids=lambda m: m.value)
@pytest.mark.parametrize("tag", ["system", *fuzzing.TYPES])
def test_answers_are_as_documented(ehr: Client, tag: str, mode: fuzzing.GenerationMode) -> None:
    fuzzing.prepare(partial(put, ehr))
    with one_connection():
        for operation in fuzzing.operations(tag):
            fuzzing.fuzz(operation, mode, HEADERS, EXAMPLES)
