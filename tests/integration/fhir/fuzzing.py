"""Requests made from the OpenAPI document, and what every answer to them must be."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.generation.case import Case
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from patients.fhir.capability import FHIR_JSON
from patients.fhir.validation import validate
from tests.integration.fhir.odd_requests import odd_case
from tests.integration.fhir.smallest import smallest
from twinportal.wsgi import application

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
HEADERS = {"Authorization": "Bearer test-token-of-an-ehr", "Accept-Encoding": "identity"}
ALWAYS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.response_headers_conformance,
]
ABOUT_CONTENTS = [checks.content_type_conformance, checks.response_schema_conformance]


@cache
def document() -> Any:
    """The document as the server gives it, to be sent through its WSGI application."""
    load_all_checks()
    found = schemathesis.openapi.from_wsgi(
        "/fhir/openapi.json", application, headers={"Accept-Encoding": "identity"}
    )
    found.config.generation.with_security_parameters = False
    refusal = found.config.checks.negative_data_rejection
    refusal.expected_statuses = [*refusal.expected_statuses, "410", "412", "413"]
    return found


def operations(tag: str) -> list[APIOperation]:
    return [found.ok() for found in document().include(tag=tag).get_all_operations()]


def fuzz(operation: APIOperation, mode: GenerationMode, examples: int, seed: int = 1) -> None:
    """Send cases made from the forms of the document, or, if negative, against them."""
    hypothesis.seed(seed)(_sending(operation, mode, examples))()


def fuzz_oddly(operation: APIOperation, examples: int, seed: int = 1) -> None:
    """Send cases about what the server has."""
    for number in range(examples):
        send(odd_case(operation, Random(f"{operation.label} {seed} {number}")))


def _settings(examples: int, **more: Any) -> settings:
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )


def _sending(operation: APIOperation, mode: GenerationMode, examples: int) -> Callable[[], None]:
    # without words from our own code, with which every change would make other cases
    made = operation.as_strategy(generation_mode=mode, feedback=NO_FEEDBACK)

    @_settings(examples)
    @given(case=made)
    def run(case: Case) -> None:
        # $validate says by a 200 that it is not valid, $import in a file of its own
        told_later = case.operation.path.endswith(("$validate", "$import"))
        is_refused = mode is NEGATIVE and not told_later
        send(case, *([checks.negative_data_rejection] if is_refused else []))
        if mode is POSITIVE:
            checks_auth(case)

    return run


def send(case: Case, *more: Any) -> None:
    judge(case.call(headers=HEADERS), case, *more)


def judge(answer: Any, case: Case, *more: Any, **context: Any) -> None:
    """The answer is as documented and valid R4, and every refusal an OperationOutcome."""
    # OpenAPI has no words for an answer whose body depends on a header
    has_body = "return=minimal" not in str((case.headers or {}).get("Prefer", ""))
    chosen = [*ALWAYS, *(ABOUT_CONTENTS if has_body else []), *more]
    case.validate_response(answer, checks=chosen, headers=HEADERS, **context)
    if 400 <= answer.status_code < 500:
        assert answer.json()["resourceType"] == "OperationOutcome"
    if answer.content and FHIR_JSON in str(answer.headers.get("content-type")):
        faults = validate(answer.json())
        assert not faults, (case.as_curl_command(), faults[:3])


def follow_links(tag: str, examples: int, seed: int = 1) -> None:
    """Make, read, delete and read again what the answers lead to."""
    told = [checks.use_after_free, checks.ensure_resource_availability]

    class Machine(document().include(tag=tag).as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Case) -> None:
            if case.operation.definition.raw["operationId"] == f"create{tag}":
                case.body = smallest(tag, "x")

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"headers": HEADERS}

        def validate_response(self, response: Any, case: Case, *_: Any, **__: Any) -> None:
            judge(response, case, *told, recorder=self.recorder)

    hypothesis.seed(seed)(Machine)
    run_state_machine_as_test(Machine, settings=_settings(examples, stateful_step_count=8))


def checks_auth(case: Case) -> None:
    """Without a token it is refused, unless the document says that it is for everybody."""
    answer = case.call(headers={"Accept-Encoding": "identity"})
    is_public = case.operation.definition.raw.get("security") == []
    assert (answer.status_code == 401) != is_public
