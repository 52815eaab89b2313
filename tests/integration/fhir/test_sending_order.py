"""What was sent last is what is stored, whatever waited in quarantine meanwhile and however long."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from patients.models import QuarantinedResource, Resource
from patients.services.quarantine_replay import replay_due
from tests.factories import fhir
from tests.integration.fhir.calls import post, put
from tests.integration.fhir.tolerant import (
    batch,
    make_tolerant,
    odd_value,
    push_patient,
    rule,
    the_item,
    transaction,
)

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
# F: faulty, V: valid, R: what was valid is said again, D: deleted
WORDS = [
    word
    for word in map("".join, product("FVRD", repeat=3))
    if "F" in word
    and word[0] in "FV"
    and ("R" not in word or word.index("R") > word.find("V") >= 0)
]


@pytest.fixture
def tolerant(ehr: Client) -> Client:
    push_patient(ehr)
    make_tolerant()
    return ehr


def run() -> int:
    return replay_due(now=timezone.now())


def weight(value: float, fhir_id: str = "", subject: str = "p1", number: str = "") -> Json:
    made = fhir.quantity(fhir_id or "x", "29463-7", value, "kg", subject=subject)
    if not fhir_id:
        del made["id"]
    if number:
        made["identifier"] = [{"system": "urn:lab", "value": number}]
    return made


def put_where(ehr: Client, content: Json, number: str, bar: str = "|") -> int:
    where = f"/fhir/Observation?identifier=urn:lab{bar}{number}"
    return ehr.put(where, json.dumps(content), content_type="application/json").status_code


def values(**chosen: Any) -> list[float]:
    """Those of the live observations, as they are stored."""
    rows = Resource.objects.filter(type="Observation", deleted=False, **chosen).order_by("pk")
    found = []
    for row in rows:
        content = json.loads(row.versions.get(version=row.version).content)
        found.append(content["valueQuantity"]["value"])
    return found


class OneResource:
    """Somebody who sends, in some way, one observation again and again; faulty: of a patient who
    is not here yet.
    """

    def __init__(self, ehr: Client, name: str) -> None:
        self.ehr, self.name, self.good = ehr, name, 0.0

    def send(self, letter: str, value: float) -> float:
        """One step; the value that is stored if all is done in this order, 0 for none."""
        if letter == "D":
            self.delete()
            return 0
        if letter == "F":
            self.write(value, self.name)
            return value
        # R: what was right is said again
        self.good = self.good if letter == "R" and self.good else value
        self.write(self.good, "p1")
        return self.good

    def stored(self) -> float:
        return (values(**self.found()) or [0])[0]

    def found(self) -> Json:
        return {"fhir_id": self.name}

    def write(self, value: float, subject: str) -> None:
        answer = put(self.ehr, weight(value, self.name, subject))
        assert answer.status_code < 300, answer.content

    def delete(self) -> None:
        assert self.ehr.delete(f"/fhir/Observation/{self.name}").status_code == 204


class InTransactions(OneResource):
    def write(self, value: float, subject: str) -> None:
        body = transaction(weight(value, self.name, subject), weight(1, f"{self.name}-2"))
        assert post(self.ehr, "", body).status_code < 300


class ByCondition(OneResource):
    def found(self) -> Json:
        return {"tokens__overlap": [f"identifier\x1furn:lab|{self.name}"]}

    def write(self, value: float, subject: str) -> None:
        content = weight(value, subject=subject, number=self.name)
        assert put_where(self.ehr, content, self.name) < 300

    def delete(self) -> None:
        """By id where the sender can know it."""
        rows = Resource.objects.filter(type="Observation", deleted=False, **self.found())
        address = f"?identifier=urn:lab|{self.name}"
        if row := rows.first():
            address = f"/{row.fhir_id}"
        assert self.ehr.delete(f"/fhir/Observation{address}").status_code == 204


class ByConditionOnly(ByCondition):
    def delete(self) -> None:
        address = f"/fhir/Observation?identifier=urn:lab|{self.name}"
        assert self.ehr.delete(address).status_code == 204


def sequences() -> Iterator[tuple[str, str, int]]:
    """A name, what is sent, and after how many steps the patient comes."""
    for number, (word, arrival) in enumerate(product(WORDS, (2, 3))):
        yield f"q{number}", word, arrival


@pytest.mark.parametrize("way", [OneResource, InTransactions, ByCondition, ByConditionOnly])
def test_every_order_ends_as_if_nothing_had_waited(
    tolerant: Client, way: type[OneResource]
) -> None:
    wrong = []
    for name, word, arrival in sequences():
        one, expected = way(tolerant, name), 0.0
        for step, letter in enumerate(word):
            if step == arrival:
                push_patient(tolerant, name)
                run()
            expected = one.send(letter, 50 + step)
        if arrival == len(word):
            push_patient(tolerant, name)
        run()
        if one.stored() != expected:
            wrong.append((word, arrival, one.stored(), expected))
    assert not wrong
    assert QuarantinedResource.objects.filter(state="stored").exists()


class TestCreates:
    def test_two_with_one_number_are_two(self, tolerant: Client) -> None:
        for value in (50, 90):
            assert post(tolerant, "/Observation", weight(value, "", "p9", "A")).status_code == 202
        push_patient(tolerant, "p9")
        run()
        assert values() == [50, 90]

    def test_whatever_the_order_of_the_replays(self, tolerant: Client) -> None:
        """The later is first: the earlier is neither dropped nor stored unasked."""
        for value in (50, 90):
            post(tolerant, "/Observation", weight(value, "", "p9", "A"))
        push_patient(tolerant, "p9")
        first, _ = QuarantinedResource.objects.order_by("pk")
        QuarantinedResource.objects.filter(pk=first.pk).update(retry_at=None)
        run()
        QuarantinedResource.objects.filter(pk=first.pk).update(retry_at=timezone.now())
        run()
        first.refresh_from_db()
        assert (first.state, values()) == ("waiting", [90])
        assert first.faults[0]["code"] == "duplicate"

    def test_one_and_then_a_conditional_update(self, tolerant: Client) -> None:
        post(tolerant, "/Observation", weight(50, "", "p9", "A"))
        put_where(tolerant, weight(90, "", "p9", "A"), "A")
        push_patient(tolerant, "p9")
        run()
        assert values() == [90]

    def test_a_condition_written_in_two_ways(self, tolerant: Client) -> None:
        put_where(tolerant, weight(50, "", "p9", "A"), "A")
        put_where(tolerant, weight(90, "", "p9", "A"), "A", bar="%7C")
        push_patient(tolerant, "p9")
        run()
        assert values() == [90]

    def test_what_is_live_was_sent_earlier(self, tolerant: Client) -> None:
        assert post(tolerant, "/Observation", weight(50, "", "p1", "A")).status_code == 201
        post(tolerant, "/Observation", weight(90, "", "p9", "A"))
        push_patient(tolerant, "p9")
        run()
        assert values() == [50, 90]

    def test_in_a_transaction(self, tolerant: Client) -> None:
        body = transaction(weight(50, "o1", "p9"))
        entry = {"resource": weight(60, "", "p9", "A"), "fullUrl": "urn:uuid:" + "1" * 8}
        body["entry"].append({**entry, "request": {"method": "POST", "url": "Observation"}})
        assert post(tolerant, "", body).status_code == 202
        post(tolerant, "/Observation", weight(90, "", "p1", "A"))
        push_patient(tolerant, "p9")
        run()
        item = the_item()
        assert (item.state, values()) == ("waiting", [90])
        assert item.faults[0]["expression"] == "Bundle.entry[1].resource.identifier"


class TestSaidAgain:
    def test_by_the_condition_that_waits(self, tolerant: Client) -> None:
        right = weight(90, "", "p1", "A")
        assert put_where(tolerant, right, "A") == 201
        assert put_where(tolerant, weight(50, "", "p9", "A"), "A") == 202
        assert put_where(tolerant, right, "A") == 200
        push_patient(tolerant, "p9")
        run()
        assert values() == [90]
        assert the_item().state == "superseded"

    def test_costs_nothing_where_nothing_waits(self, tolerant: Client) -> None:
        put(tolerant, weight(90, "o1"))
        assert put(tolerant, weight(90, "o1")).status_code == 200
        assert Resource.objects.get(fhir_id="o1").sent_at is None

    def test_by_a_deletion_of_what_is_gone(self, tolerant: Client) -> None:
        put(tolerant, weight(90, "o1", number="A"))
        tolerant.delete("/fhir/Observation/o1")
        # nothing has the number now, and the content names the id
        assert put_where(tolerant, weight(50, "o1", "p9", "A"), "A") == 202
        tolerant.delete("/fhir/Observation/o1")
        push_patient(tolerant, "p9")
        run()
        assert values() == []


class TestDeletions:
    @pytest.mark.parametrize("bar", ["|", "%7C"])
    def test_by_id_of_what_a_waiting_condition_means(self, tolerant: Client, bar: str) -> None:
        fhir_id = post(tolerant, "/Observation", weight(50, "", "p1", "A")).json()["id"]
        assert put_where(tolerant, weight(90, "", "p9", "A"), "A", bar) == 202
        assert put_where(tolerant, weight(91, "", "p9", "B"), "B", bar) == 202
        assert tolerant.delete(f"/fhir/Observation/{fhir_id}").status_code == 204
        push_patient(tolerant, "p9")
        run()
        # the other number is another observation
        assert values() == [91]
        ended = QuarantinedResource.objects.earliest("pk")
        assert (ended.state, ended.note) == (
            "superseded",
            "the resource was deleted after this was sent",
        )

    def test_in_a_waiting_transaction(self, tolerant: Client) -> None:
        fhir_id = post(tolerant, "/Observation", weight(50, "", "p1", "A")).json()["id"]
        body = transaction(weight(1, "o2", "p9"))
        request = {"method": "PUT", "url": "Observation?identifier=urn:lab|A"}
        body["entry"].append({"resource": weight(90, "", "p1", "A"), "request": request})
        assert post(tolerant, "", body).status_code == 202
        tolerant.delete(f"/fhir/Observation/{fhir_id}")
        assert the_item().state == "superseded"

    def test_what_is_written_without_deleting_asks_nothing_more(self, tolerant: Client) -> None:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            put(tolerant, weight(90, "o1"))
        assert not [q for q in asked if "patients_quarantinedresource" in q["sql"]]


class TestBatches:
    @pytest.mark.parametrize("method", ["PUT", "conditional PUT"])
    def test_the_last_of_two_entries_wins(self, tolerant: Client, method: str) -> None:
        body = batch(weight(60, "other"), odd_value("o1"), weight(90, "o1"))
        body["entry"][1]["resource"]["identifier"] = [{"system": "urn:lab", "value": "A"}]
        if method != "PUT":
            put(tolerant, weight(40, "o1", number="A"))
            body["entry"][1]["request"]["url"] = "Observation?identifier=urn:lab|A"
        answer = post(tolerant, "", body).json()
        assert [e["response"]["status"][:3] for e in answer["entry"]][1] == "202"
        rule()
        run()
        assert values(fhir_id="o1") == [90]
        assert the_item().state == "superseded"

    def test_a_faulty_last_entry_comes_later(self, tolerant: Client) -> None:
        post(tolerant, "", batch(weight(60, "other"), weight(90, "o1"), odd_value("o1")))
        rule()
        run()
        assert values(fhir_id="o1") == [80]

    def test_entries_that_touch_no_other_go_together(self, tolerant: Client) -> None:
        body = batch(weight(60, "a"), weight(61, "b"), weight(90, "o1"), weight(91, "o1"))
        assert post(tolerant, "", body).status_code == 200
        assert values() == [60, 61, 91]
        moments = Resource.objects.filter(fhir_id__in=["a", "b"]).values_list("last_updated")
        assert len(set(moments)) == 1
