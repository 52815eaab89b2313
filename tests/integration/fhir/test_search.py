"""Search finds what the parameters say, and pages through all of it."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import fhir
from tests.integration.fhir.calls import faults, post

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


class TestSearch:
    @pytest.fixture
    def filled(self, ehr: Client) -> Client:
        resources = [
            *fhir.complete_record("p1"),
            *fhir.complete_record("p2", family="Other"),
            fhir.quantity("old", "2093-3", 180, "mg/dL", date="2019-05"),
        ]
        assert post(ehr, "", fhir.transaction(resources)).status_code == 200
        return ehr

    def ids(self, ehr: Client, query: str) -> set[str]:
        answer = ehr.get(f"/fhir/{query}")
        assert answer.status_code == 200, answer.content
        return {e["resource"]["id"] for e in answer.json().get("entry", [])}

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("Patient?_id=p1", {"p1"}),
            ("Patient?_id=p1,p2", {"p1", "p2"}),
            ("Patient?identifier=urn:example:mrn|MRN-p2", {"p2"}),
            ("Patient?identifier=MRN-p2", {"p2"}),
            ("Patient?identifier=|MRN-p2", set()),
            ("Observation?patient=p1&code=2093-3", {"p1-tc", "old"}),
            ("Observation?subject=Patient/p1&code=http://loinc.org|2093-3", {"p1-tc", "old"}),
            ("Observation?patient=p1&code=http://loinc.org|2093-3&date=ge2026", {"p1-tc"}),
            ("Observation?patient=p1&code=2093-3&date=lt2020", {"old"}),
            ("Observation?patient=p1&code=2093-3&date=2019-05", {"old"}),
            ("Observation?patient=p1&code=2093-3&date=2019", {"old"}),
            ("Observation?patient=p1&code=2093-3&date=gt2019-05-31", {"p1-tc"}),
            ("Observation?patient=p1&code=2093-3,2085-9&date=ge2026", {"p1-tc", "p1-hdl"}),
            ("Observation?patient=nobody", set()),
        ],
    )
    def test_parameters(self, filled: Client, query: str, expected: set[str]) -> None:
        assert self.ids(filled, query) == expected

    @pytest.mark.parametrize(
        "query",
        ["Patient?nmae=x", "Observation?patient:exact=p1", "Observation?date=xx2020",
         "Observation?date=2020-99", "Patient?_count=-1", "Patient?_count=x", "Patient?_cursor=x",
         "Patient?code=1"],
    )  # fmt: skip
    def test_what_is_not_understood_is_400_never_everything(
        self, filled: Client, query: str
    ) -> None:
        answer = filled.get(f"/fhir/{query}")
        assert answer.status_code == 400
        assert faults(answer)

    def test_paging_visits_everything_once(self, filled: Client) -> None:
        url, seen = "/fhir/Observation?_count=3", []
        while url:
            bundle = filled.get(url).json()
            assert bundle["total"] == 13
            assert len(bundle["entry"]) <= 3
            seen += [e["resource"]["id"] for e in bundle["entry"]]
            links = {link["relation"]: link["url"] for link in bundle["link"]}
            assert "_count=3" in links["self"]
            url = links.get("next", "").removeprefix("http://testserver")
        assert len(seen) == len(set(seen)) == 13

    def test_a_deleted_resource_is_not_found(self, filled: Client) -> None:
        filled.delete("/fhir/Observation/old")
        assert "old" not in self.ids(filled, "Observation?patient=p1")
