"""Every ingest says who sent what, and nobody else says it in our name."""

from typing import Any

import pytest
from django.test import Client

from patients.fhir.build import checked
from patients.models import Resource
from tests.factories import fhir
from tests.integration.fhir.calls import post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def provenances(ehr: Client, target: str) -> list[Json]:
    found = ehr.get(f"/fhir/Provenance?target={target}&_sort=_lastUpdated").json()
    return [checked(entry["resource"]) for entry in found.get("entry", [])]


def code(provenance: Json) -> str:
    return str(provenance["activity"]["coding"][0]["code"])


def test_each_change_has_one_and_no_change_none(ehr: Client) -> None:
    put(ehr, fhir.patient(), **{"X-Request-ID": "req-1"})
    put(ehr, fhir.patient())
    put(ehr, fhir.patient(family="New"))
    ehr.delete("/fhir/Patient/p1")
    found = provenances(ehr, "Patient/p1")
    assert [code(p) for p in found] == ["CREATE", "UPDATE", "DELETE"]
    versions = [p["target"][0]["reference"] for p in found]
    assert versions == [f"Patient/p1/_history/{n}" for n in (1, 2, 3)]
    assert found[0]["meta"]["source"] == "urn:twinportal:request:req-1"
    assert found[0]["agent"][0]["who"]["display"].startswith("client ")


def test_none_speaks_of_two_patients(ehr: Client) -> None:
    records = [*fhir.complete_record("p1"), *fhir.complete_record("p2"), fhir.practitioner()]
    post(ehr, "", fhir.transaction(records))
    rows = Resource.objects.filter(type="Provenance")
    assert sorted(r.patient.fhir_id if r.patient else "" for r in rows) == ["", "p1", "p2"]
    (one,) = provenances(ehr, "Patient/p1")
    assert len(one["target"]) == 7
    assert "p2" not in str(one)


def test_a_search_brings_it_along(ehr: Client) -> None:
    put(ehr, fhir.patient())
    bundle = ehr.get("/fhir/Patient?_id=p1&_revinclude=Provenance:target").json()
    assert [e["search"]["mode"] for e in bundle["entry"]] == ["match", "include"]


def test_what_clients_say_themselves_is_kept_apart(ehr: Client) -> None:
    put(ehr, fhir.patient())
    (ours,) = provenances(ehr, "Patient/p1")
    forged = {k: v for k, v in ours.items() if k != "meta"}
    assert put(ehr, forged | {"recorded": "2020-01-01T00:00:00Z"}).status_code == 403
    assert put(ehr, ours | {"id": "other"}).status_code == 403
    assert ehr.delete(f"/fhir/Provenance/{ours['id']}").status_code == 403
    theirs = put(ehr, forged | {"id": "theirs"})
    assert theirs.status_code == 201
    assert len(provenances(ehr, "Patient/p1")) == 2
