"""Patients whom waiting resources name by an identifier, and who come later."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import Patient, QuarantinedResource
from patients.selectors.quarantine import waiting_about
from patients.services.quarantine_replay import replay_due
from tests.factories import fhir
from tests.integration.fhir.calls import post, put
from tests.integration.fhir.tolerant import make_tolerant, odd_value, push_patient, the_item

pytestmark = pytest.mark.django_db
MRN_9 = {"system": fhir.MRN, "value": "MRN-p9"}
BY_IDENTIFIER = {"identifier": MRN_9}
BY_CONDITION = {"reference": f"Patient?identifier={fhir.MRN}|MRN-p9"}


@pytest.fixture
def tolerant(ehr: Client) -> Client:
    push_patient(ehr)
    make_tolerant()
    return ehr


def of(subject: dict[str, Any], fhir_id: str = "o1") -> dict[str, Any]:
    return fhir.quantity(fhir_id, "29463-7", 80, "kg") | {"subject": subject}


def put_off() -> None:
    """It has been tried in vain for long."""
    now = timezone.now()
    hour = timedelta(hours=1)
    QuarantinedResource.objects.update(retry_at=now + hour, last_tried_at=now)


@pytest.mark.parametrize("subject", [BY_IDENTIFIER, BY_CONDITION], ids=["logical", "conditional"])
class TestOnceTheyCome:
    def test_an_update_goes_in(self, tolerant: Client, subject: dict[str, Any]) -> None:
        assert put(tolerant, of(subject)).status_code == 202
        assert the_item().about == []
        put_off()
        replay_due(now=timezone.now())
        assert the_item().state == "waiting"
        push_patient(tolerant, "p9")
        replay_due(now=timezone.now())
        assert the_item().state == "stored"
        stored = tolerant.get("/fhir/Observation/o1").json()
        assert stored["subject"]["reference"] == "Patient/p9"

    def test_a_transaction_goes_in(self, tolerant: Client, subject: dict[str, Any]) -> None:
        body = fhir.transaction([of(subject), fhir.quantity("o2", "29463-7", 81, "kg")])
        assert post(tolerant, "", body).status_code == 202
        put_off()
        push_patient(tolerant, "p9")
        replay_due(now=timezone.now())
        assert the_item().state == "stored"


def test_what_has_another_fault_is_told_on_their_twin(tolerant: Client) -> None:
    assert put(tolerant, odd_value() | {"subject": BY_IDENTIFIER}).status_code == 202
    assert the_item().retry_at is None
    push_patient(tolerant, "p9")
    replay_due(now=timezone.now())
    item = the_item()
    assert (item.state, item.about, item.retry_at) == ("waiting", ["p9"], None)
    kept = waiting_about(Patient.objects.get(fhir_id="p9"))
    assert kept is not None
    assert kept.count == 1
    replay_due(now=timezone.now())
    assert the_item().about == ["p9"]


def test_of_two_who_have_it_nobody_is_meant(tolerant: Client) -> None:
    assert put(tolerant, of(BY_IDENTIFIER)).status_code == 202
    put_off()
    for name in ("p9", "p10"):
        assert put(tolerant, fhir.patient(name) | {"identifier": [MRN_9]}).status_code == 201
    replay_due(now=timezone.now())
    item = the_item()
    assert (item.state, item.about, item.tries) == ("waiting", [], 0)


def test_somebody_elses_identifier_says_nothing(tolerant: Client) -> None:
    assert put(tolerant, of(BY_IDENTIFIER)).status_code == 202
    put_off()
    push_patient(tolerant, "p11")
    replay_due(now=timezone.now())
    assert (the_item().about, the_item().tries) == ([], 0)
