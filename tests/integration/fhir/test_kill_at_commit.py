"""A server killed at any moment: what it acknowledged is there, what it did not is whole or absent.

The web server is a process of its own that is killed with SIGKILL, or whose database sessions are
ended, before, in and after its COMMIT and at moments of chance.
"""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client

from patients.models import (
    AuditEvent,
    CareTeamMember,
    Fact,
    Resource,
    ResourceVersion,
    StaleTwin,
)
from tests.factories import fhir
from tests.integration.conftest import database_url, wait_until
from tests.integration.fhir.consistency import disagreements
from tests.integration.real_server import (
    NAME,
    Door,
    RealServer,
    Unanswered,
    sessions,
    terminate_sessions,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
Json = dict[str, Any]
CLIENTS, ROUNDS, SEED = 5, 2, 20261001
# one writer waits here, inside its COMMIT, for whoever holds the lock
GATE = 991
GATE_AT_COMMIT = f"""
    CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON patients_resource
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
"""
NO_GATE = "DROP TRIGGER gate ON patients_resource; DROP FUNCTION wait_at_commit();"


@dataclass(frozen=True)
class Push:
    """The `number`th transaction of a client: updates, creates, a conditional create, a deletion."""

    client: int
    number: int

    @property
    def patient(self) -> str:
        return f"p{self.client}"

    @property
    def identifier(self) -> str:
        return f"{self.patient}-lab-{self.number}"

    def pressure(self, number: int) -> str:
        return f"{self.patient}-bp-{number}"

    @property
    def bundle(self) -> Json:
        who, n = self.patient, self.number
        family, doctor = f"Push{n:03}", f"dr{n}"
        bundle = fhir.transaction(
            [
                fhir.patient(who, family=family, practitioner=doctor),
                fhir.practitioner(doctor) if n == 0 else fhir.practitioner(f"{who}-{doctor}"),
                fhir.blood_pressure(self.pressure(n), 120 + n % 60, 80, subject=who),
            ]
        )
        lab = fhir.quantity("", "2093-3", 150 + n, "mg/dL", subject=who)
        del lab["id"]
        lab["identifier"] = [{"system": fhir.MRN, "value": self.identifier}]
        asked = f"identifier={fhir.MRN}|{self.identifier}"
        request = {"method": "POST", "url": "Observation", "ifNoneExist": asked}
        bundle["entry"].append({"resource": lab, "request": request})
        if n > 1:
            gone = {"method": "DELETE", "url": f"Observation/{self.pressure(n - 1)}"}
            bundle["entry"].append({"request": gone})
        return bundle

    def parts(self) -> list[bool]:
        """Of everything that this push writes, whether it is there."""
        n = self.number
        texts = ResourceVersion.objects.filter(
            resource__type="Patient", resource__fhir_id=self.patient
        )
        found = [
            texts.filter(content__contains=f"Push{n:03}").exists(),
            _exists("Observation", self.pressure(n)),
            Fact.objects.filter(raw_value=str(150 + n), patient__fhir_id=self.patient).exists(),
            self._labs().count() == 1,
        ]
        if n > 1:
            before = Resource.objects.filter(type="Observation", fhir_id=self.pressure(n - 1))
            found.append(before.get().deleted)
        return found

    def _labs(self) -> Any:
        token = f"identifier\x1f{fhir.MRN}|{self.identifier}"
        return Resource.objects.filter(type="Observation", tokens__contains=[token])


def _exists(kind: str, fhir_id: str) -> bool:
    return Resource.objects.filter(type=kind, fhir_id=fhir_id).exists()


@dataclass
class Log:
    """What the clients know. `pending` came to no good end: nobody knows what became of it."""

    acknowledged: list[Push] = field(default_factory=list)
    pending: list[Push] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def push(self, door: Door, push: Push) -> bool:
        """Whether it was acknowledged."""
        try:
            status = door.send("POST", "", push.bundle).status
        except Unanswered:
            self.pending.append(push)
            return False
        self.statuses.add(status)
        (self.acknowledged if status == 200 else self.pending).append(push)
        return status == 200


@pytest.fixture
def server(ehr: Client) -> Iterator[RealServer]:
    running = RealServer()
    yield running
    running.kill()
    # a test database with somebody in it cannot be dropped
    wait_until(lambda: sessions() == 0, "the server's sessions end")


@pytest.fixture
def door(server: RealServer, ehr: Client) -> Door:
    return Door(server.port, ehr.defaults["HTTP_AUTHORIZATION"].split()[1])


@contextmanager
def gate_at_commit() -> Iterator[None]:
    """Whoever stores a resource waits inside the COMMIT for as long as this lasts."""
    with connection.cursor() as cursor:
        cursor.execute(GATE_AT_COMMIT)
    try:
        with psycopg.connect(database_url(), autocommit=True) as keeper:
            keeper.execute("SELECT pg_advisory_lock(%s)", [GATE])
            yield
        wait_until(nobody_writes, "who waited is through")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(NO_GATE)


@contextmanager
def locked(table: type[Model]) -> Iterator[None]:
    """Whoever writes to this table waits for as long as this lasts."""
    with psycopg.connect(database_url()) as keeper:
        keeper.execute(f"LOCK TABLE {table._meta.db_table} IN SHARE MODE")
        yield


def somebody_waits() -> bool:
    """Whether a session of the server waits for a lock."""
    with psycopg.connect(database_url()) as other:
        row = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
            " AND wait_event_type = 'Lock'",
            [NAME],
        ).fetchone()
    return bool(row and row[0])


def nobody_writes() -> bool:
    """A session outlives its client until its statement ends, and may even commit."""
    return sessions("active") + sessions("idle in transaction%") == 0


def check(log: Log) -> None:
    """The store agrees with what the clients know, and with itself."""
    wait_until(nobody_writes, "the sessions of the dead end")
    for push in log.acknowledged:
        assert all(push.parts()), f"{push} was acknowledged: {push.parts()}"
    for push in log.pending:
        assert len(set(push.parts())) == 1, f"half of {push}: {push.parts()}"
    assert disagreements() == []


def repeat(door: Door, log: Log) -> None:
    """Send again what was not acknowledged; what was stored after all gets no new version."""
    pending, log.pending = log.pending, []
    for push in pending:
        was_there, before = all(push.parts()), ResourceVersion.objects.count()
        assert log.push(door, push), f"{push} again"
        assert not was_there or ResourceVersion.objects.count() == before
    check(log)


def push_while(
    door: Door,
    log: Log,
    push: Push,
    waiting: AbstractContextManager[None],
    harm: Callable[[], None],
) -> None:
    """Do harm to the server while this push waits in the midst of its transaction."""
    with ThreadPoolExecutor(1) as pool, waiting:
        answer = pool.submit(log.push, door, push)
        wait_until(somebody_waits, "the push waits")
        harm()
        assert not answer.result(), "it cannot be acknowledged"


def test_killed_between_two_statements(server: RealServer, door: Door) -> None:
    log = Log()
    assert log.push(door, Push(0, 0))
    for number, table in enumerate([Fact, CareTeamMember, StaleTwin, AuditEvent], 1):
        push_while(door, log, Push(0, number), locked(table), server.kill_workers)
        check(log)
        repeat(door, log)


def test_killed_inside_the_commit(server: RealServer, door: Door) -> None:
    """PostgreSQL ends a COMMIT that it was asked for, though nobody is there to hear of it."""
    log = Log()
    assert log.push(door, Push(0, 0))
    push_while(door, log, Push(0, 1), gate_at_commit(), server.kill)
    check(log)
    assert all(Push(0, 1).parts())
    server.start()
    repeat(door, log)


def test_the_session_ends_inside_the_commit(server: RealServer, door: Door) -> None:
    log = Log()
    assert log.push(door, Push(0, 0))
    push_while(door, log, Push(0, 1), gate_at_commit(), terminate_sessions)
    check(log)
    assert not any(Push(0, 1).parts())
    repeat(door, log)


@dataclass
class Load:
    """Clients that push until they are told to stop, or until one push is not acknowledged."""

    door: Door
    log: Log
    stopped: Event = field(default_factory=Event)

    @contextmanager
    def running(self, pushes: int) -> Iterator[None]:
        """From when so many more pushes are acknowledged; afterwards all clients have stopped."""
        wanted = len(self.log.acknowledged) + pushes
        self.stopped.clear()
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(self._push_on, client) for client in range(CLIENTS)]
            try:
                wait_until(
                    lambda: len(self.log.acknowledged) >= wanted or all(c.done() for c in clients),
                    "the clients push",
                )
                yield
            finally:
                self.stopped.set()
        for client in clients:
            client.result()

    def _push_on(self, client: int) -> None:
        number = sum(push.client == client for push in self.log.acknowledged)
        while not self.stopped.is_set() and self.log.push(self.door, Push(client, number)):
            number += 1


@pytest.mark.parametrize("harm", ["kill_workers", "kill", "terminate_sessions"])
def test_at_moments_of_chance_under_load(server: RealServer, door: Door, harm: str) -> None:
    chance = random.Random(f"{SEED} {harm}")
    load = Load(door, Log())
    harms = {"kill_workers": server.kill_workers, "kill": server.kill}
    for _ in range(ROUNDS):
        with load.running(chance.randint(1, 2 * CLIENTS)):
            time.sleep(chance.uniform(0, 0.05))
            harms.get(harm, terminate_sessions)()
        check(load.log)
        if harm == "kill":
            server.start()
        repeat(door, load.log)
    assert load.log.statuses <= {200, 409, 500}
    assert Resource.objects.filter(type="Patient").count() == CLIENTS
