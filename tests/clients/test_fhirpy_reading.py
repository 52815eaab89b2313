"""fhirpy searches, pages, operations and history."""

from typing import Any

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from tests.clients.conftest import Door
from tests.factories import fhir

CHOLESTEROL = f"{fhir.LOINC}|2093-3"


@pytest.fixture
def client(ward: Door) -> SyncFHIRClient:
    return SyncFHIRClient(ward.url, f"Bearer {ward.token}")


def ids(found: Any) -> list[str]:
    return [resource.id for resource in found]


class TestSearch:
    def test_parameters(self, client: SyncFHIRClient) -> None:
        values = client.resources("Observation").search(patient="p1", code=CHOLESTEROL)
        assert ids(values.fetch()) == ["p1-tc"]
        assert ids(values.search(date__ge="2026").fetch()) == ["p1-tc"]
        assert values.search(date__lt="2026").fetch() == []

    def test_a_resource_as_the_value(self, client: SyncFHIRClient) -> None:
        patient = client.reference("Patient", "p2").to_resource()
        assert ids(client.resources("Observation").search(subject=patient).fetch()) == ["p2-tc"]

    @pytest.mark.parametrize(
        "query",
        [
            {"family": "other"},
            {"name": "otherone"},
            {"given": "Test", "family": "Otherone"},
            {"family__exact": "Otherone"},
            {"gender": "male"},
            {"birthdate": "1950-01-02"},
            {"birthdate__lt": "1960"},
        ],
        ids=str,
    )
    def test_demographics(self, client: SyncFHIRClient, query: dict[str, str]) -> None:
        assert ids(client.resources("Patient").search(**query).fetch()) == ["p2"]

    def test_a_modifier_that_is_not_served_is_named(self, client: SyncFHIRClient) -> None:
        with pytest.raises(OperationOutcome, match="':contains' is not supported"):
            client.resources("Patient").search(family__contains="hero").fetch()

    def test_get_wants_exactly_one(self, client: SyncFHIRClient) -> None:
        patients = client.resources("Patient")
        assert patients.search(identifier="MRN-p2").get().id == "p2"
        with pytest.raises(ResourceNotFound):
            patients.search(identifier="MRN-nobody").get()
        with pytest.raises(MultipleResourcesFound):
            patients.get()

    def test_first(self, client: SyncFHIRClient) -> None:
        assert client.resources("Patient").search(identifier="MRN-p2").first().id == "p2"
        assert client.resources("Patient").search(identifier="nobody").first() is None

    def test_count(self, client: SyncFHIRClient) -> None:
        """It asks for `_count=0` and, as Aidbox has it, for `_totalMethod=count`."""
        assert client.resources("Observation").search(patient="p1").count() == 6

    def test_summary_count(self, client: SyncFHIRClient) -> None:
        found = client.resources("Observation").search(patient="p1", _summary="count").fetch_raw()
        assert found.total == 6 and "entry" not in found

    def test_fetch_all_follows_every_page(self, client: SyncFHIRClient) -> None:
        found = ids(client.resources("Observation").limit(2).fetch_all())
        assert len(found) == len(set(found)) == 7

    def test_iterating_keeps_the_parameters_on_every_page(self, client: SyncFHIRClient) -> None:
        pages = client.resources("Observation").search(patient="p1").limit(2)
        assert len({o.id for o in pages if o.subject.reference == "Patient/p1"}) == 6

    def test_sort(self, client: SyncFHIRClient) -> None:
        values = client.resources("Observation").search(code=CHOLESTEROL)
        assert ids(values.sort("date").fetch()) == ["p2-tc", "p1-tc"]
        assert ids(values.sort("-date").fetch()) == ["p1-tc", "p2-tc"]

    def test_sort_holds_over_pages(self, client: SyncFHIRClient) -> None:
        patients = client.resources("Patient").sort("-birthdate").limit(1)
        assert ids(patients.fetch_all()) == ["p1", "p2"]

    def test_elements(self, client: SyncFHIRClient) -> None:
        """It adds `resourceType` to the names, which is no element."""
        found = client.resources("Patient").elements("birthDate").search(_id="p1").get()
        assert found.birthDate == "1966-05-04"
        assert not {"name", "gender", "identifier"} & set(found)
        assert found.meta.tag[0].code == "SUBSETTED"

    def test_include(self, client: SyncFHIRClient) -> None:
        search = (
            client.resources("Observation").search(_id="p1-tc").include("Observation", "subject")
        )
        entries = search.fetch_raw().entry
        modes = {(e.resource.id, e.search.mode) for e in entries}
        assert modes == {("p1-tc", "match"), ("p1", "include")}
        assert ids(search.fetch()) == ["p1-tc"]

    def test_include_of_one_target_type(self, client: SyncFHIRClient) -> None:
        patients = client.resources("Patient").search(_id="p1")
        search = patients.include("Patient", "general-practitioner", "Practitioner")
        assert {e.resource.id for e in search.fetch_raw().entry} == {"p1", "dr1"}

    def test_revinclude(self, client: SyncFHIRClient) -> None:
        search = client.resources("Patient").search(_id="p2").revinclude("Observation", "subject")
        modes = {(e.resource.id, e.search.mode) for e in search.fetch_raw().entry}
        assert modes == {("p2", "match"), ("p2-tc", "include")}

    @pytest.mark.parametrize(
        "query",
        [{"subject__Patient__family": "Otherone"}, {"patient__identifier": "MRN-p2"}],
        ids=str,
    )
    def test_chain(self, client: SyncFHIRClient, query: dict[str, str]) -> None:
        assert ids(client.resources("Observation").search(**query).fetch()) == ["p2-tc"]

    def test_has(self, client: SyncFHIRClient) -> None:
        patients = client.resources("Patient")
        assert ids(patients.has("Observation", "patient", code="2085-9").fetch()) == ["p1"]
        assert patients.has("Observation", "patient", code="1-1").fetch() == []

    def test_post_search_with_its_parameters_in_the_address(self, client: SyncFHIRClient) -> None:
        found = client.resources("Patient").execute("_search", params={"identifier": "MRN-p2"})
        assert [e.resource.id for e in found.entry] == ["p2"]

    def test_a_mistyped_parameter_is_an_error_and_never_everything(
        self, client: SyncFHIRClient
    ) -> None:
        with pytest.raises(OperationOutcome, match="nmae"):
            client.resources("Patient").search(nmae="x").fetch()


class TestOperations:
    def test_everything(self, client: SyncFHIRClient) -> None:
        found = client.reference("Patient", "p1").execute("$everything", method="get")
        entries = [e.resource for e in found.entry if e.resource.resourceType != "Provenance"]
        kept = {(resource.resourceType, resource.id) for resource in entries}
        own = {(r["resourceType"], r["id"]) for r in fhir.complete_record("p1")}
        assert kept == own | {("Practitioner", "dr1")}

    def test_validate(self, client: SyncFHIRClient) -> None:
        good = client.resource("Patient", **fhir.patient("new"))
        bad = client.resource("Patient", **(fhir.patient("new") | {"gender": "lady"}))
        assert good.is_valid() and not bad.is_valid()
        with pytest.raises(OperationOutcome, match=r"Patient\.gender"):
            bad.is_valid(raise_exception=True)
        with pytest.raises(ResourceNotFound):
            client.get("Patient", "new")


class TestHistory:
    @pytest.fixture
    def patient(self, client: SyncFHIRClient) -> Any:
        """With three versions, the last one a deletion."""
        mine = client.reference("Patient", "p2").to_resource()
        mine["gender"] = "other"
        mine.save().delete()
        return mine

    def test_newest_first(self, patient: Any) -> None:
        entries = patient.execute("_history", method="get").entry
        assert [e.request.method for e in entries] == ["DELETE", "PUT", "PUT"]
        assert [e.resource.gender for e in entries[1:]] == ["other", "male"]

    def test_a_version(self, client: SyncFHIRClient, patient: Any) -> None:
        assert client.execute("Patient/p2/_history/1", "get")["gender"] == "male"

    def test_count(self, patient: Any) -> None:
        page = patient.execute("_history", method="get", params={"_count": 2})
        assert [e.response.etag for e in page.entry] == ['W/"3"', 'W/"2"']

    def test_since(self, patient: Any) -> None:
        changed = patient.execute("_history", method="get").entry[1].response.lastModified
        page = patient.execute("_history", method="get", params={"_since": changed})
        assert [e.response.etag for e in page.entry] == ['W/"3"', 'W/"2"']
        none = patient.execute("_history", method="get", params={"_since": "2100-01-01T00:00:00Z"})
        assert none.total == 0
