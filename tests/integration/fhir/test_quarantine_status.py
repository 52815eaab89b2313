"""What a client is told of what was answered 202: by address, in words, and nobody else's."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from patients.models import AuditEvent, Patient, QuarantinedResource
from patients.services.quarantine_replay import discard, replay_due
from tests.factories import fhir
from tests.factories.people import patient_user
from tests.integration.fhir.calls import faults, post, put
from tests.integration.fhir.tolerant import (
    batch,
    make_tolerant,
    odd_patient,
    odd_value,
    push_patient,
    rule,
    scoped,
    the_item,
    transaction,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tolerant(ehr: Client) -> Client:
    push_patient(ehr)
    make_tolerant()
    return ehr


def path_of(location: str) -> str:
    return location.removeprefix("http://testserver")


def told(client: Client, answer: Any) -> str:
    """The state in words."""
    status = client.get(path_of(answer["Location"]))
    assert status.status_code == 200, status.content
    first = faults(status)[0]
    assert first["severity"] == "information"
    return str(first["diagnostics"])


class TestEachState:
    def test_waiting_and_why(self, tolerant: Client) -> None:
        answer = put(tolerant, odd_value())
        assert answer["Location"].endswith(f"/fhir/quarantine/{the_item().public_id}")
        assert told(tolerant, answer).endswith(
            "it is tried again when the data steward asks; send it corrected"
        )
        status = tolerant.get(path_of(answer["Location"]))
        fault = faults(status)[1]
        assert (fault["severity"], fault["code"]) == ("warning", "code-invalid")
        assert fault["expression"] == ["Observation.status"]

    def test_waiting_for_somebody_who_may_come(self, tolerant: Client) -> None:
        answer = put(tolerant, fhir.quantity("o1", "29463-7", 80, "kg", subject="p9"))
        assert "it is tried again by itself" in told(tolerant, answer)

    def test_stored(self, tolerant: Client) -> None:
        answer = put(tolerant, odd_value())
        made = rule()
        replay_due(now=timezone.now())
        words = f"Stored as Observation/o1/_history/1, corrected by rule {made.pk}"
        assert told(tolerant, answer) == words

    def test_superseded_by_what(self, tolerant: Client) -> None:
        first = put(tolerant, odd_value())
        put(tolerant, odd_value(date="2026-10-02"))
        words = told(tolerant, first)
        assert words.startswith("Superseded, and never stored: a later update of the same")
        assert words.endswith("Observation/o1 is not stored")
        put(tolerant, fhir.quantity("o1", "29463-7", 80, "kg"))
        assert told(tolerant, first).endswith("Stored now is Observation/o1/_history/1")
        tolerant.delete("/fhir/Observation/o1")
        assert told(tolerant, first).endswith("Observation/o1 is deleted")

    def test_discarded_without_what_the_steward_wrote(self, tolerant: Client) -> None:
        answer = put(tolerant, odd_value())
        discard(the_item().pk, by="7", reason="theirs alone", now=timezone.now())
        words = "Discarded by the data steward: it is never stored"
        assert told(tolerant, answer) == words

    def test_an_entry_of_a_batch(self, tolerant: Client) -> None:
        (entry,) = post(tolerant, "", batch(odd_value())).json()["entry"]
        assert entry["response"]["status"] == "202 Accepted"
        status = tolerant.get(path_of(entry["response"]["location"]))
        assert faults(status)[0]["diagnostics"].startswith("Waiting since")


class TestTransactions:
    def test_its_deletions_are_not_done_either(self, tolerant: Client) -> None:
        put(tolerant, fhir.quantity("o0", "29463-7", 79, "kg"))
        body = transaction(odd_value("o1"))
        body["entry"].append({"request": {"method": "DELETE", "url": "Observation/o0"}})
        answer = post(tolerant, "", body)
        assert answer.status_code == 202
        words = faults(answer)[-1]["diagnostics"]
        assert "None of the 2 entries of this transaction is done" in words
        assert "its 1 deletion is not done either" in words
        assert tolerant.get("/fhir/Observation/o0").status_code == 200
        assert "this transaction of 2 entries" in told(tolerant, answer)
        rule()
        replay_due(now=timezone.now())
        assert told(tolerant, answer).startswith("Stored: all 2 entries of the transaction")
        assert tolerant.get("/fhir/Observation/o0").status_code == 410

    def test_one_that_is_superseded_says_that_nothing_of_it_is_stored(
        self, tolerant: Client
    ) -> None:
        answer = post(tolerant, "", transaction(fhir.patient("p2"), odd_value("o1", "p2")))
        assert tolerant.delete("/fhir/Observation/o1").status_code == 204
        words = "none of the 2 entries of this transaction is stored"
        assert the_item().note.endswith(words)
        assert told(tolerant, answer).endswith(words)
        assert tolerant.get("/fhir/Patient/p2").status_code == 404

    def test_the_same_when_it_is_found_on_a_replay(self, tolerant: Client) -> None:
        answer = post(tolerant, "", transaction(fhir.patient("p2"), odd_value("o1")))
        put(tolerant, fhir.quantity("o1", "29463-7", 81, "kg"))
        rule()
        replay_due(now=timezone.now())
        assert the_item().state == "superseded"
        assert "none of the 2 entries of this transaction is stored" in told(tolerant, answer)
        assert tolerant.get("/fhir/Patient/p2").status_code == 404


class TestForWhom:
    def test_the_client_that_sent_it(self, tolerant: Client) -> None:
        path = path_of(put(tolerant, odd_value())["Location"])
        application = make_tolerant().application
        other = type(application).objects.create(
            name="Other", client_type="confidential", authorization_grant_type="client-credentials"
        )
        QuarantinedResource.objects.update(application=other)
        assert tolerant.get(path).status_code == 404
        QuarantinedResource.objects.update(application=None)
        assert tolerant.get(path).status_code == 404
        assert Client().get(path).status_code == 401

    def test_with_a_scope_on_the_type(self, tolerant: Client) -> None:
        path = path_of(put(tolerant, odd_value())["Location"])
        for scope, status in [
            ("system/Patient.cruds", 403),
            ("system/Observation.s", 403),
            ("system/Observation.r", 200),
            ("system/Observation.c", 200),
            ("system/*.cud", 200),
        ]:
            AccessToken.objects.exclude(token="test-token-of-an-ehr").delete()
            assert scoped(scope).get(path).status_code == status, scope

    def test_a_transaction_has_the_types_of_its_entries(self, tolerant: Client) -> None:
        whole = path_of(post(tolerant, "", transaction(odd_patient("p2"), odd_value()))["Location"])
        assert scoped("system/Observation.c").get(whole).status_code == 200
        AccessToken.objects.exclude(token="test-token-of-an-ehr").delete()
        assert scoped("system/Condition.c").get(whole).status_code == 403

    def test_no_person(self, tolerant: Client) -> None:
        path = path_of(put(tolerant, odd_value())["Location"])
        AccessToken.objects.update(user=patient_user(Patient.objects.get()))
        assert tolerant.get(path).status_code == 404

    def test_what_is_no_number(self, tolerant: Client) -> None:
        for name in ("1", "00000000-0000-4000-8000-000000000000", "x" * 36):
            assert tolerant.get(f"/fhir/quarantine/{name}").status_code == 404
        path = path_of(put(tolerant, odd_value())["Location"])
        assert tolerant.get(f"{path}?x=1").status_code == 400
        assert tolerant.delete(path).status_code == 405

    def test_it_is_audited(self, tolerant: Client) -> None:
        answer = put(tolerant, odd_value())
        told(tolerant, answer)
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.what) == ("read", "quarantine")
        assert event.patient_ids == [Patient.objects.get().pk]
