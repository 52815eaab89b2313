"""SMART's fhirclient: typed models that refuse what is not R4 when they read our answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.fhirdate import FHIRDate
from fhirclient.models.observation import Observation
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.patient import Patient
from fhirclient.models.practitioner import Practitioner
from fhirclient.server import (
    FHIRNotFoundException,
    FHIRPermissionDeniedException,
    FHIRServer,
    FHIRUnauthorizedException,
)
from requests import HTTPError

from tests.clients.conftest import Door, MakeToken
from tests.factories import fhir

Connect = Callable[[Door], FHIRServer]
CHOLESTEROL = f"{fhir.LOINC}|2093-3"
REFUSALS = (
    FHIRNotFoundException,
    FHIRPermissionDeniedException,
    FHIRUnauthorizedException,
    HTTPError,
)


@pytest.fixture
def connect(door: Door) -> Iterator[Connect]:
    """Servers as the client sees them; without a token where the door has none."""
    opened: list[FHIRServer] = []

    def open_(given: Door) -> FHIRServer:
        auth = {"auth_type": "oauth2", "auth": {"access_token": given.token}}
        state = {"server": {"base_uri": f"{given.url}/"} | (auth if given.token else {})}
        opened.append(FHIRClient(state=state).server)
        return opened[-1]

    yield open_
    for server in opened:
        server.session.close()


@pytest.fixture
def server(connect: Connect, door: Door) -> FHIRServer:
    return connect(door)


def new_patient(**changes: Any) -> Patient:
    """A patient without an id, not yet sent."""
    content = fhir.patient() | changes
    del content["id"]
    return Patient(content)


def created(server: FHIRServer) -> Patient:
    """A patient of the server, bound to it."""
    made = Patient(new_patient().create(server))
    made.origin_server = server
    return made


def refused(action: Callable[[], Any]) -> tuple[int, OperationOutcome]:
    """The status and the typed OperationOutcome of what the server refuses."""
    with pytest.raises(REFUSALS) as refusal:
        action()
    response = refusal.value.response
    return response.status_code, OperationOutcome(response.json())


class TestWriting:
    def test_create_then_read(self, server: FHIRServer) -> None:
        made = created(server)
        assert made.meta.versionId == "1"
        found = Patient.read(made.id, server)
        assert found.as_json() == made.as_json()
        assert found.birthDate.date.isoformat() == "1966-05-04"
        assert found.meta.lastUpdated.datetime.tzinfo is not None

    def test_update_of_what_was_read(self, server: FHIRServer) -> None:
        found = Patient.read(created(server).id, server)
        found.gender = "other"
        found.birthDate = FHIRDate("1966-05")
        assert Patient(found.update()).meta.versionId == "2"
        again = Patient.read(found.id, server)
        assert (again.gender, again.birthDate.as_json()) == ("other", "1966-05")

    def test_update_creates_what_has_an_id_of_its_own(self, server: FHIRServer) -> None:
        Patient(fhir.patient("own")).update(server)
        assert Patient.read("own", server).meta.versionId == "1"

    def test_delete(self, server: FHIRServer) -> None:
        made = created(server)
        assert made.delete() is None
        status, outcome = refused(lambda: Patient.read(made.id, server))
        assert (status, outcome.issue[0].code) == (410, "deleted")

    def test_a_version(self, server: FHIRServer) -> None:
        made = created(server)
        made.gender = "other"
        made.update()
        assert Patient.read_from(f"{made.relativePath()}/_history/1", server).gender == "female"

    def test_history(self, server: FHIRServer) -> None:
        made = created(server)
        made.gender = "other"
        made.update()
        history = Bundle.read_from(f"{made.relativePath()}/_history", server)
        assert (history.type, history.total) == ("history", 2)
        assert [entry.resource.gender for entry in history.entry] == ["other", "female"]
        assert [entry.request.method for entry in history.entry] == ["PUT", "POST"]


class TestTransaction:
    def test_its_entries_find_each_other(self, server: FHIRServer) -> None:
        pressure = fhir.blood_pressure("bp", 140, 80)
        pressure["subject"]["reference"] = "urn:uuid:Patient-p1"
        bundle = Bundle(fhir.transaction([fhir.patient(), pressure], method="POST"))
        answer = Bundle(bundle.create(server))
        assert answer.type == "transaction-response"
        assert [entry.response.status for entry in answer.entry] == ["201 Created"] * 2
        patient, stored = (entry.response.location.split("/")[-3] for entry in answer.entry)
        found = Observation.read(stored, server)
        assert found.subject.reference == f"Patient/{patient}"
        assert [part.valueQuantity.value for part in found.component] == [140, 80]

    def test_all_or_nothing(self, server: FHIRServer) -> None:
        stray = fhir.quantity("stray", "2093-3", 180, "mg/dL", subject="nobody")
        bundle = Bundle(fhir.transaction([fhir.patient(), stray]))
        status, outcome = refused(lambda: bundle.create(server))
        assert (status, outcome.issue[0].severity) == (422, "error")
        assert "Bundle.entry[1].resource.subject" in outcome.issue[0].expression[0]
        with pytest.raises(FHIRNotFoundException):
            Patient.read("p1", server)

    def test_a_batch(self, server: FHIRServer) -> None:
        entries = [
            {"request": {"method": "PUT", "url": "Patient/p1"}, "resource": fhir.patient()},
            {"request": {"method": "GET", "url": "Patient/nobody"}},
        ]
        bundle = Bundle({"resourceType": "Bundle", "type": "batch", "entry": entries})
        answer = Bundle(bundle.create(server))
        assert [entry.response.status[:3] for entry in answer.entry] == ["201", "404"]
        assert answer.entry[1].response.outcome.issue[0].code == "not-found"


class TestSearch:
    @pytest.fixture
    def server(self, connect: Connect, ward: Door) -> FHIRServer:
        return connect(ward)

    def found(self, server: FHIRServer, model: Any, **query: Any) -> list[str]:
        struct = {name.replace("__", ":"): value for name, value in query.items()}
        return [resource.id for resource in model.where(struct).perform_resources_iter(server)]

    def test_parameters(self, server: FHIRServer) -> None:
        assert self.found(server, Observation, subject="Patient/p1", code=CHOLESTEROL) == ["p1-tc"]
        assert self.found(server, Patient, family="Otherone", gender="male") == ["p2"]
        assert self.found(server, Patient, birthdate="lt1960") == ["p2"]
        assert self.found(server, Patient, family="Nobody") == []

    def test_its_own_constructs(self, server: FHIRServer) -> None:
        either = {"$or": [CHOLESTEROL, f"{fhir.LOINC}|2085-9"]}
        both = self.found(server, Observation, code=either, patient="p1")
        assert sorted(both) == ["p1-hdl", "p1-tc"]
        between = {"$and": ["ge2019-01-01", "lt2020-01-01"]}
        assert self.found(server, Observation, date=between) == ["p2-tc"]
        chain = {"$type": "Patient", "family": "Otherone"}
        assert self.found(server, Observation, subject=chain) == ["p2-tc"]
        assert self.found(server, Patient, family={"$exact": "Otherone"}) == ["p2"]

    def test_every_page_once(self, server: FHIRServer) -> None:
        search = Observation.where({"patient": "p1", "_count": "4"})
        pages = list(search.perform_iter(server))
        assert [len(page.entry) for page in pages] == [4, 2]
        assert {page.total for page in pages} == {6}
        found = [entry.resource.id for page in pages for entry in page.entry]
        own = {r["id"] for r in fhir.complete_record("p1")[1:]}
        assert set(found) == own and len(found) == 6

    def test_include_and_revinclude(self, server: FHIRServer) -> None:
        search = Observation.where({"_id": "p1-tc"}).include("subject")
        assert [r.id for r in search.perform_resources_iter(server)] == ["p1-tc", "p1"]
        search = Patient.where({"_id": "p2"}).include("subject", Observation, reverse=True)
        kinds = [type(r) for r in search.perform_resources_iter(server)]
        assert kinds == [Patient, Observation]

    def test_a_subset_is_still_r4(self, server: FHIRServer) -> None:
        """Its models refuse a resource without what R4 demands."""
        search = Observation.where({"_id": "p1-tc", "_elements": "subject"})
        (found,) = search.perform_resources_iter(server)
        assert found.subject.reference == "Patient/p1"
        assert (found.status, found.effectiveDateTime) == ("final", None)

    def test_everything(self, server: FHIRServer) -> None:
        bundle = Bundle.read_from("Patient/p1/$everything", server)
        kinds = {type(entry.resource) for entry in bundle.entry}
        assert {Patient, Observation, Practitioner} <= kinds

    def test_a_mistyped_parameter(self, server: FHIRServer) -> None:
        status, outcome = refused(lambda: self.found(server, Patient, nmae="x"))
        assert (status, outcome.issue[0].expression) == (400, ["nmae"])


class TestErrors:
    def test_never_heard_of(self, server: FHIRServer) -> None:
        status, outcome = refused(lambda: Patient.read("nobody", server))
        assert (status, outcome.issue[0].code) == (404, "not-found")

    def test_what_its_models_let_pass(self, server: FHIRServer) -> None:
        wrong = new_patient(gender="lady", maritalStatus={"coding": [{"code": " "}]})
        status, outcome = refused(lambda: wrong.create(server))
        places = {place for issue in outcome.issue for place in issue.expression}
        assert status == 422
        assert places == {"Patient.gender", "Patient.maritalStatus.coding[0].code"}

    def test_without_a_token(self, connect: Connect, door: Door) -> None:
        stranger = connect(Door(door.url, ""))
        status, outcome = refused(lambda: Patient.read("p1", stranger))
        assert (status, outcome.issue[0].code) == (401, "login")

    def test_outside_the_scope(self, connect: Connect, ward: Door, make_token: MakeToken) -> None:
        reader = connect(Door(ward.url, make_token("system/Patient.rs")))
        assert Patient.read("p1", reader).id == "p1"
        status, outcome = refused(lambda: Observation.read("p1-tc", reader))
        assert (status, outcome.issue[0].code) == (403, "forbidden")
        assert refused(lambda: new_patient().create(reader))[0] == 403


def test_it_reads_what_we_claim(server: FHIRServer, connect: Connect, door: Door) -> None:
    """Its own way to begin: whoever has no token yet asks what is here."""
    statement = connect(Door(door.url, "")).capabilityStatement
    assert isinstance(statement, CapabilityStatement)
    assert statement.fhirVersion == "4.0.1"
    kinds = {resource.type for resource in statement.rest[0].resource}
    assert {"Patient", "Observation", "RiskAssessment"} <= kinds
