"""Many at once: no duplicates, no lost versions, no half-stored requests."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from patients.models import Fact, Patient, ResourceVersion
from patients.services import ingest
from patients.services.interactions import Sender
from patients.services.reception import checked_interaction
from tests.factories import fhir
from tests.integration.fhir.calls import post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def in_threads(self, work: Callable[[int], int], n: int = 8) -> list[int]:
        def run(i: int) -> int:
            try:
                return work(i)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(n) as pool:
            return list(pool.map(run, range(n)))

    def test_racing_conditional_creates_make_one(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]

        def create(_: int) -> int:
            client = Client(headers={"Authorization": token})
            query = f"identifier={fhir.MRN}|MRN-p1"
            return post(client, "/Patient", fhir.patient(), **{"If-None-Exist": query}).status_code

        statuses = self.in_threads(create)
        assert sorted(statuses) == [200] * 7 + [201]
        assert Patient.objects.count() == 1

    def test_racing_updates_lose_no_version(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]
        put(ehr, fhir.patient())

        def update(i: int) -> int:
            client = Client(headers={"Authorization": token})
            resources = [fhir.patient(family=f"F{i}"), fhir.practitioner("d")]
            return post(
                client, "", fhir.transaction(resources if i % 2 else resources[::-1])
            ).status_code

        assert set(self.in_threads(update)) == {200}
        versions = ResourceVersion.objects.filter(resource__fhir_id="p1").order_by("version")
        assert [v.version for v in versions] == list(range(1, len(versions) + 1))
        assert len(versions) == 9

    def test_racing_first_updates_of_one_id_lose_nothing(self, ehr: Client) -> None:
        """Two creates of one id collide in the database; the loser starts again as an update."""
        token = ehr.defaults["HTTP_AUTHORIZATION"]

        def create(i: int) -> int:
            client = Client(headers={"Authorization": token})
            observation = fhir.blood_pressure("bp", 140 + i, 80)
            observation["subject"]["reference"] = "urn:uuid:Patient-p1"
            return post(client, "", fhir.transaction([fhir.patient(), observation])).status_code

        assert set(self.in_threads(create)) <= {200, 409}
        texts = ResourceVersion.objects.filter(resource__fhir_id="bp").order_by("version")
        assert [row.version for row in texts] == list(range(1, len(texts) + 1))
        assert all('"Patient/p1"' in row.content for row in texts)
        assert Patient.objects.count() == 1
        facts = Fact.objects.filter(resource_fhir_id="bp")
        assert {f.resource_version for f in facts} == {len(texts)} and len(facts) == 2

    def test_opposite_orders_do_not_deadlock(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]
        resources = [fhir.patient(f"p{i}") for i in range(6)]
        post(ehr, "", fhir.transaction(resources))

        def update(i: int) -> int:
            client = Client(headers={"Authorization": token})
            mine = [fhir.patient(f"p{n}", family=f"F{i}") for n in range(6)]
            mine += [fhir.quantity(f"q{n}", "2093-3", 200 + i, "mg/dL", subject=f"p{n}")
                     for n in range(6)]  # fmt: skip
            return post(client, "", fhir.transaction(mine if i % 2 else mine[::-1])).status_code

        assert set(self.in_threads(update)) == {200}

    def test_a_medication_that_changes_while_a_request_for_it_comes_in(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]
        put(ehr, fhir.patient())
        put(ehr, medication(fhir.ATORVASTATIN_INGREDIENT))
        written = Event()

        def change_slowly() -> None:
            with transaction.atomic():
                store(medication("197361"))
                written.set()
                time.sleep(0.5)

        def request() -> int:
            written.wait()
            client = Client(headers={"Authorization": token})
            return put(client, medication_request("r")).status_code

        works: list[Callable[[], Any]] = [change_slowly, request]
        self.in_threads(lambda i: works[i]() or 0, n=2)
        assert Fact.objects.get().concept == "antihypertensive"

    def test_the_loser_of_two_creates_becomes_an_update(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]
        created = Event()

        def create_slowly() -> int:
            with transaction.atomic():
                store(fhir.patient(family="First"))
                created.set()
                time.sleep(0.5)
            return 0

        def create_too() -> int:
            created.wait()
            client = Client(headers={"Authorization": token})
            observation = fhir.blood_pressure("bp", 140, 80)
            observation["subject"]["reference"] = "urn:uuid:Patient-p1"
            second = fhir.transaction([observation, fhir.patient(family="Second")])
            entries = post(client, "", second).json()["entry"]
            return int(entries[1]["response"]["etag"][3])

        works = [create_slowly, create_too]
        assert self.in_threads(lambda i: works[i](), n=2) == [0, 2]
        assert Patient.objects.get().family == "Second"
        stored = ehr.get("/fhir/Observation/bp").json()
        assert stored["subject"]["reference"] == "Patient/p1", "resolved anew, not left as a urn"

    def test_who_waits_too_long_is_told_to_come_again(self, ehr: Client) -> None:
        token = ehr.defaults["HTTP_AUTHORIZATION"]
        put(ehr, fhir.patient())
        locked, answered = Event(), Event()

        def hold() -> int:
            with transaction.atomic():
                store(fhir.patient(family="Slow"))
                locked.set()
                answered.wait(timeout=30)
            return 0

        def impatient() -> int:
            locked.wait()
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            client = Client(headers={"Authorization": token})
            answer = put(client, fhir.patient(family="Fast"))
            answered.set()
            assert answer.headers["Retry-After"] == "1"
            return int(answer.status_code)

        works = [hold, impatient]
        assert self.in_threads(lambda i: works[i](), n=2) == [0, 409]
        assert Patient.objects.get().family == "Slow"


def store(resource: Json) -> None:
    """Through the service, in the caller's transaction."""
    raw = json.dumps(resource).encode()
    change = checked_interaction("PUT", resource["resourceType"], resource["id"], raw)
    ingest.process([change], sender=Sender(source="test"), now=timezone.now())


def medication(code: str) -> Json:
    coding = {"system": fhir.RXNORM, "code": code}
    return {"resourceType": "Medication", "id": "m", "code": {"coding": [coding]}}


def medication_request(fhir_id: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": fhir_id,
        "status": "active",
        "intent": "order",
        "medicationReference": {"reference": "Medication/m"},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-01-01",
    }
