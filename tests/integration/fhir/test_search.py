"""Search finds what the parameters say, and pages through all of it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import fhir
from tests.integration.fhir.calls import faults, post, put

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

    def test_a_count_of_zero_asks_for_the_total_alone(self, filled: Client) -> None:
        bundle = filled.get("/fhir/Observation?_count=0").json()
        assert bundle["total"] == 13
        assert "entry" not in bundle
        assert [link["relation"] for link in bundle["link"]] == ["self"]

    def test_pages_stay_true_while_resources_come_and_go(self, filled: Client) -> None:
        first = filled.get("/fhir/Observation?patient=p1&_count=3").json()
        seen = [e["resource"]["id"] for e in first["entry"]]
        filled.delete(f"/fhir/Observation/{seen[0]}")
        put(filled, fhir.quantity("late", "2093-3", 180, "mg/dL"))
        url = next(link["url"] for link in first["link"] if link["relation"] == "next")
        while url:
            page = filled.get(url.removeprefix("http://testserver")).json()
            seen += [e["resource"]["id"] for e in page["entry"]]
            url = next((x["url"] for x in page["link"] if x["relation"] == "next"), "")
        assert len(seen) == len(set(seen)) == 8
        assert "late" in seen

    def test_the_self_link_says_what_was_understood(self, filled: Client) -> None:
        query = "code=http%3A%2F%2Floinc.org%7C2093-3&date=ge2026&_count=99999"
        bundle = filled.get(f"/fhir/Observation?{query}&_format=json").json()
        (link,) = bundle["link"]
        assert link["url"].endswith(
            "/fhir/Observation?code=http%3A%2F%2Floinc.org%7C2093-3&date=ge2026&_count=1000"
        )

    def test_a_search_takes_few_statements(self, filled: Client) -> None:
        def statements(count: int) -> int:
            with CaptureQueriesContext(connection) as captured:
                assert filled.get(f"/fhir/Observation?_count={count}").status_code == 200
            return len(captured)

        assert statements(1) == statements(12) <= 8
