"""The index of what is stored already, after an upgrade."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from patients.models import Resource
from tests.factories import fhir
from tests.integration.fhir.calls import post

pytestmark = pytest.mark.django_db


def run() -> str:
    out = StringIO()
    call_command("reindex", stdout=out, stderr=StringIO())
    return out.getvalue()


def found(ehr: Client) -> list[int]:
    queries = ("Patient?family=smith", "Observation?patient=p1", "Observation?code=2093-3")
    queries = (*queries, "Observation?date=ge2026-01-01", "Observation?value-quantity=gt100")
    return [ehr.get(f"/fhir/{query}").json()["total"] for query in queries]


def test_everything_is_found_again(ehr: Client) -> None:
    post(ehr, "", fhir.transaction(fhir.complete_record()))
    ehr.delete("/fhir/Observation/p1-bp")
    before = found(ehr)
    assert all(before[1:])
    assert run().startswith("0 resources")
    Resource.objects.update(
        tokens=[], refs=[], date_low=None, date_high=None, search_values={"was": [1]}
    )
    assert not any(found(ehr))
    live = Resource.objects.filter(deleted=False).count()
    assert run() == f"{live} resources were indexed otherwise before\n"
    assert found(ehr) == before
    assert not Resource.objects.get(fhir_id="p1-bp").tokens
