"""Eight clients do everything at once to the same few resources; then every history is judged."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tests.factories import fhir
from tests.integration.conftest import wait_until
from tests.integration.fhir.consistency import disagreements
from tests.integration.fhir.history_checker import Kind, Operation, Version, faults
from tests.integration.real_server import Answer, Door, RealServer, sessions

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
Json = dict[str, Any]
CLIENTS, STEPS, SEED = 8, 60, 20261001
IDS = ["o0", "o1", "o2", "o3"]
JSON_PATCH = "application/json-patch+json"
# lost races, and conditions that do not hold any more
REFUSALS = {404, 409, 410, 412}


def observation(fhir_id: str, mark: str) -> Json:
    """One whose content can be told from every other's."""
    resource = fhir.quantity(fhir_id, "2093-3", 200, "mg/dL")
    del resource["valueQuantity"]
    return resource | {
        "identifier": [{"system": fhir.MRN, "value": fhir_id}],
        "valueString": mark,
        "note": [{"text": "begun"}],
    }


def content_of(resource: Json) -> str:
    return "+".join([resource["valueString"], *(note["text"] for note in resource["note"])])


def version_of(etag: str) -> int | None:
    return int(etag.split('"')[1]) if etag else None


@dataclass
class Sender:
    """One client: what it does next is up to chance, what it was told is in its log."""

    number: int
    door: Door
    log: list[Operation] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{SEED} {self.number}")
        self._marks = 0
        self._began = 0.0

    def run(self) -> None:
        steps = {
            self.update: 3,
            self.update_what_was_read: 4,
            self.conditional_update: 2,
            self.create: 1,
            self.patch: 4,
            self.delete: 1,
            self.read: 3,
            self.search: 3,
            self.transaction: 4,
        }
        for step in self.chance.choices(list(steps), list(steps.values()), k=STEPS):
            step()

    def update(self) -> None:
        self._put(f"/Observation/{(name := self._one())}", name)

    def conditional_update(self) -> None:
        name = self._one()
        self._put(f"/Observation?identifier={fhir.MRN}|{name}", name)

    def update_what_was_read(self) -> None:
        name = self._one()
        if version := self._read(name):
            self._put(f"/Observation/{name}", name, based_on=version)

    def create(self) -> None:
        resource = observation("", self._mark())
        del resource["id"], resource["identifier"]
        answer = self._send("POST", "/Observation", resource)
        if answer.status == 201:
            self._note("write", answer.content["id"], answer.version, content_of(resource))

    def patch(self) -> None:
        name, mark = self._one(), self._mark()
        operations = [{"op": "add", "path": "/note/-", "value": {"text": mark}}]
        answer = self._send("PATCH", f"/Observation/{name}", operations, JSON_PATCH)
        if answer.status == 200:
            content = content_of(answer.content)
            self._note("write", name, answer.version, content, adds=f"+{mark}")

    def delete(self) -> None:
        name = self._one()
        answer = self._send("DELETE", f"/Observation/{name}")
        if answer.status == 204 and answer.version:
            self._note("write", name, answer.version, None)

    def read(self) -> None:
        self._read(self._one())

    def search(self) -> None:
        wanted, group = self.chance.sample(IDS, 3), self._mark()
        answer = self._send("GET", f"/Observation?_id={','.join(wanted)}")
        found = {e["resource"]["id"]: e["resource"] for e in answer.content.get("entry", [])}
        for name in wanted:
            self._note_read(name, found.get(name), group=group)

    def transaction(self) -> None:
        """Two updates, perhaps a deletion, and a read of what was changed."""
        one, other, gone, read = self.chance.sample(IDS, 4)
        written = {name: observation(name, self._mark()) for name in (one, other)}
        bundle = fhir.transaction(list(written.values()))
        if self.chance.random() < 0.2:
            url = f"Observation/{gone}"
            bundle["entry"].append({"request": {"method": "DELETE", "url": url}})
        url = f"Observation/{self.chance.choice([one, read])}"
        bundle["entry"].append({"request": {"method": "GET", "url": url}})
        answer = self._send("POST", "", bundle)
        group = self._mark()
        for entry, told in zip(bundle["entry"], self._entries(answer, bundle), strict=True):
            self._note_entry(entry, told, group)

    @staticmethod
    def _entries(answer: Answer, bundle: Json) -> list[Json]:
        if answer.status == 200:
            return list(answer.content["entry"])
        return [{"response": {}} for _ in bundle["entry"]]

    def _note_entry(self, asked: Json, told: Json, group: str) -> None:
        method, name = asked["request"]["method"], asked["request"]["url"].split("/")[1]
        version = version_of(told["response"].get("etag", ""))
        if method == "PUT":
            self._note("write", name, version, content_of(asked["resource"]), group=group)
        elif method == "GET" and "status" in told["response"]:
            self._note_read(name, told.get("resource"))
        elif method == "DELETE" and version:
            self._note("write", name, version, None, group=group)

    def _put(self, path: str, name: str, based_on: int | None = None) -> None:
        resource = observation(name, self._mark())
        headers = {"If_Match": f'W/"{based_on}"'} if based_on else {}
        answer = self._send("PUT", path, resource, **headers)
        version = answer.version if answer.status in (200, 201) else None
        self._note("write", name, version, content_of(resource), based_on=based_on)

    def _read(self, name: str) -> int | None:
        answer = self._send("GET", f"/Observation/{name}")
        self._note_read(name, answer.content if answer.status == 200 else None)
        return answer.version if answer.status == 200 else None

    def _one(self) -> str:
        return self.chance.choice(IDS)

    def _mark(self) -> str:
        self._marks += 1
        return f"{self.number}-{self._marks}"

    def _send(self, method: str, path: str, *body: Any, **headers: str) -> Answer:
        self._began = time.monotonic()
        answer = self.door.send(method, path, *body, **headers)
        self._ended = time.monotonic()
        self.statuses[answer.status] += 1
        return answer

    def _note_read(self, name: str, resource: Json | None, group: str = "") -> None:
        version = int(resource["meta"]["versionId"]) if resource else None
        content = content_of(resource) if resource else None
        self._note("read", name, version, content, group=group)

    def _note(
        self, kind: Kind, name: str, version: int | None, content: str | None, **more: Any
    ) -> None:
        self.log.append(Operation(self._began, self._ended, kind, name, version, content, **more))


@pytest.fixture
def door(ehr: Client) -> Iterator[Door]:
    server = RealServer()
    yield Door(server.port, ehr.defaults["HTTP_AUTHORIZATION"].split()[1])
    server.kill()
    wait_until(lambda: sessions() == 0, "the server's sessions end")


def history(door: Door, fhir_id: str) -> list[Version]:
    """As the server tells it, newest first."""
    content = door.send("GET", f"/Observation/{fhir_id}/_history").content
    entries = content.get("entry", [])
    assert len(entries) == content["total"]
    return [_version(entry) for entry in entries]


def _version(entry: Json) -> Version:
    number = version_of(entry["response"]["etag"]) or 0
    moment = entry["response"]["lastModified"]
    at = datetime.fromisoformat(moment).timestamp()
    resource = entry.get("resource")
    return Version(number, content_of(resource) if resource else None, at)


def test_every_answer_fits_one_order_of_versions(door: Door) -> None:
    assert door.send("PUT", "/Patient/p1", fhir.patient()).status == 201
    senders = [Sender(number, door) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        for running in [pool.submit(sender.run) for sender in senders]:
            running.result()
    statuses = sum((sender.statuses for sender in senders), Counter[int]())
    assert set(statuses) <= {200, 201, 204, *REFUSALS}, statuses
    log = [operation for sender in senders for operation in sender.log]
    histories = {name: history(door, name) for name in {operation.resource for operation in log}}
    assert faults(log, histories) == []
    assert disagreements() == []
    for name, versions in histories.items():
        newest_first = [version.number for version in versions]
        assert newest_first == sorted(newest_first, reverse=True), name
    # a load in which nothing collided would prove nothing
    assert statuses[412] and statuses[410]
    assert any(o.adds for o in log) and any(o.based_on for o in log)
