"""fhirpy reads and writes: what its users write must work here as it does elsewhere."""

import asyncio
from typing import Any

import pytest
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    ForbiddenError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)

from tests.clients.conftest import Door, MakeToken
from tests.factories import fhir

Json = dict[str, Any]
BY_MRN = {"identifier": f"{fhir.MRN}|MRN-p1"}


def client_of(door: Door, **headers: str) -> SyncFHIRClient:
    return SyncFHIRClient(door.url, f"Bearer {door.token}", headers)


@pytest.fixture
def client(door: Door) -> SyncFHIRClient:
    return client_of(door)


def new_patient(client: SyncFHIRClient, **changes: Any) -> Any:
    """A patient without an id, not yet saved."""
    content = fhir.patient() | changes
    return client.resource("Patient", **{k: v for k, v in content.items() if k not in OWN_KEYS})


OWN_KEYS = ("id", "resourceType")


class TestWriting:
    def test_create_then_read(self, client: SyncFHIRClient) -> None:
        made = new_patient(client).create()
        assert made.id and made.meta.versionId == "1"
        assert client.get("Patient", made.id) == dict(made)
        assert client.reference("Patient", made.id).to_resource().birthDate == "1966-05-04"

    def test_save_is_an_update_of_what_has_an_id(self, client: SyncFHIRClient) -> None:
        made = new_patient(client).create()
        made["gender"] = "other"
        made.save()
        assert made.meta.versionId == "2"
        assert client.get("Patient", made.id)["gender"] == "other"

    def test_save_with_an_id_of_ones_own_creates(self, client: SyncFHIRClient) -> None:
        client.resource("Patient", **fhir.patient()).save()
        assert client.get("Patient/p1")["meta"]["versionId"] == "1"

    def test_refresh_brings_what_another_has_changed(self, client: SyncFHIRClient) -> None:
        mine = new_patient(client).create()
        mine.refresh()
        client.resource("Patient", **(dict(mine) | {"gender": "other"})).save()
        assert mine.refresh().gender == "other"

    def test_a_stale_update_is_refused(self, client: SyncFHIRClient, door: Door) -> None:
        """fhirpy names every 412 so."""
        made = new_patient(client).create()
        made["gender"] = "other"
        made.save()
        with pytest.raises(MultipleResourcesFound):
            client_of(door, **{"If-Match": 'W/"1"'}).resource("Patient", **made).save()

    def test_json_patch(self, client: SyncFHIRClient, door: Door) -> None:
        made = new_patient(client).create()
        patching = client_of(door, **{"Content-Type": "application/json-patch+json"})
        change = [{"op": "replace", "path": "/gender", "value": "other"}]
        answer = patching.execute(made.reference, "patch", data=change)  # type: ignore[arg-type]
        assert (answer["gender"], answer["meta"]["versionId"]) == ("other", "2")

    def test_its_own_merge_patch_is_refused(self, client: SyncFHIRClient) -> None:
        """R4 has no merge patch; a silent half-change would be worse than a clear no."""
        made = new_patient(client).create()
        with pytest.raises(OperationOutcome) as refusal:
            client.patch(made.reference, gender="other")
        assert refusal.value.resource["issue"][0]["code"] == "not-supported"
        assert client.get(made.reference)["gender"] == "female"

    def test_delete(self, client: SyncFHIRClient) -> None:
        made = new_patient(client).create()
        made.delete()
        with pytest.raises(ResourceNotFound, match="deleted"):
            client.get(made.reference)

    def test_a_transaction(self, client: SyncFHIRClient) -> None:
        resources = [fhir.patient(), fhir.blood_pressure("bp", 140, 80)]
        resources[1]["subject"]["reference"] = "urn:uuid:Patient-p1"
        bundle = client.resource("Bundle", **fhir.transaction(resources, method="POST"))
        bundle.save()
        patient, bp = (e["response"]["location"].split("/fhir/")[1] for e in bundle.entry)
        stored = client.get("/".join(bp.split("/")[:2]))
        assert stored["subject"]["reference"] == "/".join(patient.split("/")[:2])


class TestConditions:
    def test_create_with_the_header(self, client: SyncFHIRClient, door: Door) -> None:
        query = f"identifier={BY_MRN['identifier']}"
        careful = client_of(door, **{"If-None-Exist": query})
        first, second = new_patient(careful).create(), new_patient(careful).create()
        assert first.id == second.id
        assert client.resources("Patient").fetch().__len__() == 1

    def test_get_or_create(self, client: SyncFHIRClient) -> None:
        """It puts the condition into the address of the POST."""
        known = client.resources("Patient").search(**BY_MRN)
        first, is_new = known.get_or_create(new_patient(client))
        again, is_newer = known.get_or_create(new_patient(client))
        assert (is_new, is_newer) == (True, False)
        assert first.id == again.id

    def test_update(self, client: SyncFHIRClient) -> None:
        known = client.resources("Patient").search(**BY_MRN)
        first, is_new = known.update(new_patient(client))
        again, is_newer = known.update(new_patient(client, gender="other"))
        assert (is_new, is_newer) == (True, False)
        assert (again.id, again.gender, again.meta.versionId) == (first.id, "other", "2")

    def test_update_of_more_than_one_is_refused(self, client: SyncFHIRClient) -> None:
        new_patient(client).create()
        new_patient(client).create()
        with pytest.raises(MultipleResourcesFound):
            client.resources("Patient").search(**BY_MRN).update(new_patient(client))

    def test_delete(self, client: SyncFHIRClient) -> None:
        made = new_patient(client).create()
        client.resources("Patient").search(**BY_MRN).delete()
        with pytest.raises(ResourceNotFound):
            client.get(made.reference)


class TestErrors:
    def test_never_heard_of(self, client: SyncFHIRClient) -> None:
        with pytest.raises(ResourceNotFound, match="not known here"):
            client.get("Patient", "nobody")

    def test_an_invalid_resource_tells_where(self, client: SyncFHIRClient) -> None:
        with pytest.raises(OperationOutcome) as refusal:
            new_patient(client, gender="lady", birthDate="1966-99-99").create()
        places = {e for issue in refusal.value.resource["issue"] for e in issue["expression"]}
        assert places == {"Patient.gender", "Patient.birthDate"}

    def test_without_a_token(self, door: Door) -> None:
        with pytest.raises(AuthorizationError):
            SyncFHIRClient(door.url).get("Patient", "p1")

    def test_outside_the_scope(self, ward: Door, make_token: MakeToken) -> None:
        reader = client_of(Door(ward.url, make_token("system/Patient.rs")))
        assert reader.get("Patient", "p1")["id"] == "p1"
        with pytest.raises(ForbiddenError):
            reader.get("Observation", "p1-tc")
        with pytest.raises(ForbiddenError):
            new_patient(reader).create()


def test_the_asynchronous_client(ward: Door) -> None:
    """Many requests at once over aiohttp, which speaks HTTP a little differently."""

    async def work() -> tuple[list[str], list[str]]:
        client = AsyncFHIRClient(ward.url, f"Bearer {ward.token}")
        made = [client.resource("Practitioner", **fhir.practitioner(f"n{i}")) for i in range(8)]
        await asyncio.gather(*(m.save() for m in made))
        with pytest.raises(ResourceNotFound):
            await client.get("Practitioner", "nobody")
        found = [p.id async for p in client.resources("Practitioner").limit(3)]
        return [m.meta.versionId for m in made], found

    versions, found = asyncio.run(work())
    assert versions == ["1"] * 8
    assert sorted(found) == sorted(["dr1", *(f"n{i}" for i in range(8))])
