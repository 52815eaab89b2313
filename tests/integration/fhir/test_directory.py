"""Practitioners and places that every bundle creates again: one each, for clients that say so."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from oauth2_provider.models import Application

from patients.models import ClientProfile, Patient, Resource
from tests.factories import fhir
from tests.factories.people import signed_in
from tests.integration.fhir.calls import post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
NPI, TAX = "http://hl7.org/fhir/sid/us-npi", "urn:tax"
ROLE: Json = {"resourceType": "PractitionerRole", "id": "role"}
PLACE: Json = {"resourceType": "Location", "id": "place", "name": "Ward"}
CLINIC: Json = {"resourceType": "Organization", "id": "clinic", "name": "Clinic"}
TYPES = ["Practitioner", "Organization", "Location", "PractitionerRole"]


@pytest.fixture
def matching(ehr: Client) -> Client:
    """An EHR whose profile says match_directory."""
    application = Application.objects.get()
    ClientProfile.objects.create(application=application, match_directory=True)
    return ehr


def known_as(resource: Json, *pairs: tuple[str, str], **more: str) -> Json:
    return resource | {"identifier": [{"system": s, "value": v} | more for s, v in pairs]}


def directory(number: str = "7") -> list[Json]:
    kinds = (fhir.practitioner(), CLINIC, PLACE, ROLE)
    return [known_as(resource, (NPI, number)) for resource in kinds]


def visit(who: str, resources: list[Json]) -> Json:
    """A patient's bundle as Synthea writes them: everything is created, all references are urns."""
    person = fhir.patient(who)
    person["generalPractitioner"] = [{"reference": f"urn:uuid:Practitioner-{resources[0]['id']}"}]
    return fhir.transaction([*resources, person], method="POST")


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [entry["response"]["status"][:3] for entry in answer.json()["entry"]]


def count(type_name: str) -> int:
    return Resource.objects.filter(type=type_name, deleted=False).count()


class TestTransactions:
    def test_what_has_the_identifier_is_meant(self, matching: Client) -> None:
        first = post(matching, "", visit("p1", directory()))
        assert statuses(first) == ["201"] * 5
        second = post(matching, "", visit("p2", directory()))
        assert statuses(second) == ["200"] * 4 + ["201"]
        assert [count(name) for name in TYPES] == [1] * 4
        places = [e["response"]["location"] for e in first.json()["entry"]]
        assert [e["response"]["location"] for e in second.json()["entry"]][:4] == places[:4]
        doctor = Resource.objects.get(type="Practitioner").fhir_id
        for person in Patient.objects.all():
            assert person.care_team.get().practitioner_id == doctor
            stored = matching.get(f"/fhir/Patient/{person.fhir_id}").json()
            assert stored["generalPractitioner"] == [{"reference": f"Practitioner/{doctor}"}]

    def test_without_the_setting_a_create_creates(self, ehr: Client) -> None:
        for who in ("p1", "p2"):
            assert statuses(post(ehr, "", visit(who, directory()))) == ["201"] * 5
        assert [count(name) for name in TYPES] == [2] * 4

    def test_with_and_without_if_none_exist_are_the_same_thing(self, matching: Client) -> None:
        asked = visit("p1", directory())
        for entry in asked["entry"][:4]:
            entry["request"]["ifNoneExist"] = f"identifier={NPI}|7"
        assert statuses(post(matching, "", asked)) == ["201"] * 5
        assert statuses(post(matching, "", visit("p2", directory()))) == ["200"] * 4 + ["201"]
        asked["entry"][4]["request"]["ifNoneExist"] = f"identifier={fhir.MRN}|MRN-p1"
        assert statuses(post(matching, "", asked)) == ["200"] * 5

    def test_conditional_references_lead_to_what_matched(self, matching: Client) -> None:
        post(matching, "", visit("p1", directory()))
        bundle = visit("p2", directory())
        person = bundle["entry"][4]["resource"]
        person["generalPractitioner"] = [{"reference": f"Practitioner?identifier={NPI}|7"}]
        assert statuses(post(matching, "", bundle)) == ["200"] * 4 + ["201"]
        doctor = Resource.objects.get(type="Practitioner").fhir_id
        teams = {p.care_team.get().practitioner_id for p in Patient.objects.all()}
        assert teams == {doctor}

    def test_one_bundle_may_name_it_twice(self, matching: Client) -> None:
        twice = [*directory(), known_as(fhir.practitioner("again"), (NPI, "7"))]
        bundle = visit("p1", twice)
        bundle["entry"][5]["resource"]["generalPractitioner"] = [
            {"reference": "urn:uuid:Practitioner-again"}
        ]
        answer = post(matching, "", bundle)
        assert statuses(answer) == ["201"] * 4 + ["200", "201"]
        assert count("Practitioner") == 1
        made = Resource.objects.get(type="Practitioner").fhir_id
        assert Patient.objects.get().care_team.get().practitioner_id == made

    def test_a_refused_bundle_leaves_nothing_and_may_come_again(self, matching: Client) -> None:
        post(matching, "", visit("p1", directory()))
        bundle = visit("p2", directory())
        lost = fhir.quantity("q", "2093-3", 200, "mg/dL", subject="nobody")
        refused = post(matching, "", bundle | {"entry": [*bundle["entry"], {
            "resource": lost, "request": {"method": "POST", "url": "Observation"}}]})  # fmt: skip
        assert refused.status_code == 422
        assert statuses(post(matching, "", bundle)) == ["200"] * 4 + ["201"]

    def test_statements_do_not_grow_with_the_directory(self, matching: Client) -> None:
        def statements(who: str, numbers: range) -> int:
            made = [
                known_as(fhir.practitioner(f"{who}{n}"), (NPI, str(n)), (TAX, f"t{n}"))
                for n in numbers
            ]
            with CaptureQueriesContext(connection) as captured:
                statuses(post(matching, "", visit(who, made)))
            return len(captured)

        new = statements("a", range(10)), statements("b", range(10, 200))
        assert new[0] == new[1]
        known = statements("c", range(10)), statements("d", range(200))
        assert known[0] == known[1] <= new[0]
        mixed = statements("e", range(195, 205)), statements("f", range(205 - 20, 205 + 80))
        assert mixed[0] == mixed[1]
        assert count("Practitioner") == 285


class TestWho:
    def test_never_a_patient(self, matching: Client) -> None:
        for _ in range(2):
            assert statuses(post(matching, "", visit("p1", directory())))[4] == "201"
        assert Patient.objects.count() == 2

    def test_a_single_create_answers_with_what_is_there(self, matching: Client) -> None:
        made = post(matching, "/Practitioner", known_as(fhir.practitioner(), (NPI, "7")))
        again = known_as(fhir.practitioner("other"), (NPI, "7")) | {"active": True}
        answer = post(matching, "/Practitioner", again)
        assert (made.status_code, answer.status_code) == (201, 200)
        assert answer.json() == made.json()
        assert answer.headers["Location"] == made.headers["Location"]

    def test_an_update_is_no_create(self, matching: Client) -> None:
        put(matching, known_as(fhir.practitioner("a"), (NPI, "7")))
        assert put(matching, known_as(fhir.practitioner("b"), (NPI, "7"))).status_code == 201
        assert count("Practitioner") == 2

    def test_of_two_that_have_it_the_first_is_meant(self, matching: Client) -> None:
        for fhir_id in ("b", "a"):
            put(matching, known_as(fhir.practitioner(fhir_id), (NPI, "7")))
        answer = post(matching, "/Practitioner", known_as(fhir.practitioner(), (NPI, "7")))
        assert (answer.status_code, answer.json()["id"]) == (200, "a")

    def test_who_asks_for_one_is_told_of_two(self, matching: Client) -> None:
        for fhir_id in ("b", "a"):
            put(matching, known_as(fhir.practitioner(fhir_id), (NPI, "7")))
        doctor = known_as(fhir.practitioner(), (NPI, "7"))
        asked = {"If-None-Exist": f"identifier={NPI}|7"}
        assert post(matching, "/Practitioner", doctor, **asked).status_code == 412

    def test_any_of_the_identifiers_will_do(self, matching: Client) -> None:
        put(matching, known_as(CLINIC | {"id": "o"}, (NPI, "7"), (TAX, "1")))
        for pairs in ([(TAX, "1")], [("urn:own", "x"), (NPI, "7")]):
            assert post(matching, "/Organization", known_as(CLINIC, *pairs)).json()["id"] == "o"

    def test_a_shared_tax_number_makes_two_clinics_no_one(self, matching: Client) -> None:
        put(matching, known_as(CLINIC | {"id": "o"}, (NPI, "7"), (TAX, "1")))
        other = known_as(CLINIC, (NPI, "8"), (TAX, "1"))
        assert post(matching, "/Organization", other).status_code == 201
        both = fhir.transaction(
            [known_as(CLINIC | {"id": n}, (NPI, n), (TAX, "2")) for n in ("20", "21")],
            method="POST",
        )
        assert statuses(post(matching, "", both)) == ["201", "201"]

    @pytest.mark.parametrize(
        "identifier",
        [
            [],
            [{"value": "7"}],
            [{"system": NPI}],
            [{"system": NPI, "value": "7", "use": "old"}],
            [{"system": NPI, "value": "7" * 600}],
        ],
    )
    def test_what_says_nothing_certain_is_no_match(
        self, matching: Client, identifier: list[Json]
    ) -> None:
        doctor = fhir.practitioner() | ({"identifier": identifier} if identifier else {})
        for _ in range(2):
            assert post(matching, "/Practitioner", doctor).status_code == 201

    def test_other_types_and_systems_are_others(self, matching: Client) -> None:
        put(matching, known_as(CLINIC, (NPI, "7")))
        put(matching, known_as(fhir.practitioner(), ("urn:other", "7")))
        answer = post(matching, "/Practitioner", known_as(fhir.practitioner(), (NPI, "7")))
        assert answer.status_code == 201

    def test_what_was_deleted_is_not_there(self, matching: Client) -> None:
        put(matching, known_as(fhir.practitioner("gone"), (NPI, "7")))
        matching.delete("/fhir/Practitioner/gone")
        answer = post(matching, "/Practitioner", known_as(fhir.practitioner(), (NPI, "7")))
        assert answer.status_code == 201

    @pytest.mark.parametrize("url", ["Practitioner/gone", f"Practitioner?identifier={NPI}|7"])
    @pytest.mark.parametrize("is_there", [True, False])
    def test_what_this_very_bundle_deletes_is_not_meant(
        self, matching: Client, url: str, is_there: bool
    ) -> None:
        if is_there:
            put(matching, known_as(fhir.practitioner("gone"), (NPI, "7")))
        bundle = visit("p1", directory())
        bundle["entry"].insert(0, {"request": {"method": "DELETE", "url": url}})
        assert statuses(post(matching, "", bundle)) == ["204"] + ["201"] * 5
        made = Resource.objects.get(type="Practitioner", deleted=False).fhir_id
        assert made != "gone"
        assert Patient.objects.get().care_team.get().practitioner_id == made

    def test_a_batch_is_no_different(self, matching: Client) -> None:
        doctors = [known_as(fhir.practitioner(f"d{n}"), (NPI, str(n % 3))) for n in range(6)]
        batch = fhir.transaction(doctors, method="POST") | {"type": "batch"}
        assert sorted(statuses(post(matching, "", batch))) == ["200"] * 3 + ["201"] * 3
        assert statuses(post(matching, "", batch)) == ["200"] * 6
        assert count("Practitioner") == 3


@pytest.mark.django_db(transaction=True)
def test_bundles_that_race_make_one(matching: Client) -> None:
    token = matching.defaults["HTTP_AUTHORIZATION"]

    def push(number: int) -> int:
        client = Client(headers={"Authorization": token})
        try:
            found = directory() if number % 2 else directory()[::-1]
            found.sort(key=lambda r: r["resourceType"] != "Practitioner")
            return int(post(client, "", visit(f"p{number}", found)).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(push, range(16))) == {200}
    assert [count(name) for name in TYPES] == [1] * 4
    assert Patient.objects.count() == 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for who in ("p1", "p2"):
        (tmp_path / f"{who}.json").write_text(json.dumps(visit(who, directory())))
    lines = [json.dumps({k: v for k, v in r.items() if k != "id"}) for r in directory() * 2]
    (tmp_path / "rows.ndjson").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize(("options", "each"), [({}, 1), ({"match_directory": False}, 4)])
def test_imported_files_match_unless_told_not_to(
    folder: Path, options: dict[str, bool], each: int
) -> None:
    call_command("import_fhir", str(folder), stdout=StringIO(), **options)
    assert [count(name) for name in TYPES] == [each] * 4


def test_the_steward_sets_it(django_user_model: Any, ehr: Client) -> None:
    steward: Callable[..., Any] = signed_in(
        django_user_model.objects.create_superuser("steward", password="x")
    ).post
    form = {"application": Application.objects.get().pk, "match_directory": "on"}
    assert steward(reverse("admin:patients_clientprofile_add"), form).status_code == 302
    assert ClientProfile.objects.get().match_directory
