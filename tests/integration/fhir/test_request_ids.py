"""Every answer names its request, and every OperationOutcome does."""

from typing import Any

import pytest
from django.test import Client

from patients.fhir.validation import validate
from tests.factories import fhir
from tests.factories.people import clinician, signed_in
from tests.integration.fhir.calls import FHIR_JSON, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
ASKED = {"X-Request-ID": "Ward_7.a-1"}
SOURCE = {"source": "urn:twinportal:request:Ward_7.a-1"}
UNSAFE = ["", "x" * 65, "a b", "a\u00e9", "<script>", "a/b", "a:b", '"', "a;b"]


def outcomes(found: Any) -> list[Json]:
    """Every OperationOutcome in an answer."""
    if isinstance(found, list):
        return [each for one in found for each in outcomes(one)]
    if not isinstance(found, dict):
        return []
    own = [found] if found.get("resourceType") == "OperationOutcome" else []
    return own + [each for one in found.values() for each in outcomes(one)]


def check(answer: Any, n: int = 1) -> None:
    found = outcomes(answer.json())
    assert len(found) == n
    assert answer["X-Request-ID"] == "Ward_7.a-1"
    for each in found:
        assert each["meta"] == SOURCE
        assert validate(each) == []


def test_refusals_have_it(ehr: Client) -> None:
    put(ehr, fhir.patient())
    for status, answer in (
        (400, post(ehr, "/Patient", b"{", **ASKED)),
        (401, Client().get("/fhir/Patient", headers=ASKED)),
        (403, post(ehr, "/AuditEvent", {"resourceType": "AuditEvent"}, **ASKED)),
        (404, ehr.get("/fhir/Patient/nobody", headers=ASKED)),
        (404, ehr.get("/fhir/a/b/c/d", headers=ASKED)),
        (405, ehr.delete("/fhir/metadata", headers=ASKED)),
        (406, ehr.get("/fhir/Patient/p1", headers=ASKED | {"Accept": "text/xml"})),
        (412, put(ehr, fhir.patient(family="B"), **{"If-Match": 'W/"9"'}, **ASKED)),
        (415, ehr.post("/fhir/Patient", "x", content_type="text/plain", headers=ASKED)),
        (422, post(ehr, "/Observation", {"resourceType": "Observation"}, **ASKED)),
    ):
        assert answer.status_code == status
        check(answer)


def test_verdicts_and_answers_have_it(ehr: Client) -> None:
    check(post(ehr, "/Patient/$validate", fhir.patient(), **ASKED))
    check(put(ehr, fhir.patient(), Prefer="return=OperationOutcome", **ASKED))


def test_entries_of_a_bundle_have_it(ehr: Client) -> None:
    entries = [fhir.practitioner(), {"resourceType": "Observation", "id": "wrong"}]
    batch = fhir.transaction(entries) | {"type": "batch"}
    check(post(ehr, "", batch, Prefer="return=OperationOutcome", **ASKED), n=2)


def test_a_client_without_one_is_given_one(ehr: Client) -> None:
    first, second = (ehr.get("/fhir/Patient/nobody") for _ in range(2))
    assert first["X-Request-ID"] != second["X-Request-ID"]
    (found,) = outcomes(first.json())
    assert found["meta"]["source"].endswith(first["X-Request-ID"])


@pytest.mark.parametrize("unsafe", UNSAFE)
def test_an_id_that_is_not_plain_is_not_taken(ehr: Client, unsafe: str) -> None:
    answer = ehr.get("/fhir/Patient/nobody", headers={"X-Request-ID": unsafe})
    assert answer["X-Request-ID"] not in ("", unsafe)
    assert not unsafe or unsafe not in answer.json()["meta"]["source"].rpartition(":")[2]


def test_pages_and_whatever_else_have_it(client: Client) -> None:
    inside = signed_in(clinician("dr1"))
    for browser, path in (
        (inside, "/"),
        (client, "/"),
        (client, "/accounts/login/"),
        (client, "/no/such/page"),
        (client, "/fhir/metadata"),
        (client, "/healthz"),
    ):
        assert browser.get(path, headers=ASKED)["X-Request-ID"] == "Ward_7.a-1", path
    wrong = client.get("/healthz", headers=ASKED | {"Host": "elsewhere.example"})
    assert (wrong.status_code in (200, 400), wrong["X-Request-ID"]) == (True, "Ward_7.a-1")
    refused = Client(enforce_csrf_checks=True).post("/accounts/login/", headers=ASKED)
    assert (refused.status_code, refused["X-Request-ID"]) == (403, "Ward_7.a-1")
    assert FHIR_JSON not in refused["Content-Type"]
