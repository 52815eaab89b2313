"""What the tests of the quarantine share: a tolerant client and faulty resources."""

from datetime import UTC, datetime
from typing import Any

from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from patients.models import ClientProfile, CorrectionRule, QuarantinedResource
from patients.services.correcting import make_rule
from tests.factories import fhir
from tests.integration.fhir.calls import post

Json = dict[str, Any]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def make_tolerant() -> ClientProfile:
    """The EHR of the fixtures, from now on."""
    application = Application.objects.get(name="Test EHR")
    profile, _ = ClientProfile.objects.update_or_create(
        application=application, defaults={"tolerant": True}
    )
    return profile


def scoped(scope: str) -> Client:
    """The same EHR with a token of another scope."""
    found = AccessToken.objects.get()
    found.pk, found.token, found.scope = None, "another", scope
    found.token_checksum = ""
    found.save()
    return Client(headers={"Authorization": "Bearer another"})


def odd_patient(fhir_id: str = "p1", gender: str = "M", **more: Any) -> Json:
    return {**fhir.patient(fhir_id, **more), "gender": gender}


def odd_value(fhir_id: str = "o1", subject: str = "p1", **more: Any) -> Json:
    """A weight whose status is in no value set."""
    return fhir.quantity(fhir_id, "29463-7", 80, "kg", subject=subject, **more) | {"status": "done"}


def transaction(*resources: Json) -> Json:
    return fhir.transaction(list(resources))


def batch(*resources: Json) -> Json:
    return {**fhir.transaction(list(resources)), "type": "batch"}


def push_patient(ehr: Client, fhir_id: str = "p1", **more: Any) -> None:
    answer = post(ehr, "", transaction(fhir.patient(fhir_id, **more)))
    assert answer.status_code == 200, answer.content


def rule(
    element: str = "Observation.status", old: str = "done", new: str = "final", **more: Any
) -> CorrectionRule:
    given = {"application_id": None, "reason": "the EHR says so", "by": "7", "now": timezone.now()}
    return make_rule(element=element, from_text=old, to_text=new, **{**given, **more})


def the_item() -> QuarantinedResource:
    return QuarantinedResource.objects.get()
