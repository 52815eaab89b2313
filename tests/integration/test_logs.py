"""What is logged: one line for each request, and nothing of any patient."""

import io
import json
import logging
import logging.config
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.conf import settings as product
from django.db import connection
from django.test import Client
from oauth2_provider.models import AccessToken, Application

from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import clinician, signed_in
from tests.integration.conftest import Worker, wait_until
from tests.integration.fhir.calls import post, put
from tests.integration.real_server import Door, RealServer
from twinportal.tasks import refresh_twin

Json = dict[str, Any]
FAMILY, NUMBER, FHIR_ID, VALUE = "Zyxwvutname", "mrn-7359146", "pid-8264519", "whisperedvalue"
SECRETS = (FAMILY, NUMBER, FHIR_ID, VALUE)
RENAME = "ALTER TABLE patients_resource RENAME COLUMN tokens TO was_tokens"
# as a unique index says it when two create the same
BUSY = """
    CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'is there already: %', NEW USING ERRCODE = '23505'; END $$;
    CREATE TRIGGER busy BEFORE UPDATE ON patients_resource FOR EACH ROW EXECUTE FUNCTION busy();
"""
NOT_BUSY = "DROP TRIGGER busy ON patients_resource; DROP FUNCTION busy();"
FIELDS = {
    *("at", "level", "logger", "request_id", "message"),
    *("client", "method", "route", "status", "ms", "bytes"),
}


def person() -> Json:
    made = fhir.patient(FHIR_ID, family=FAMILY)
    made["identifier"] = [{"system": "urn:x", "value": NUMBER}]
    return made


class Written:
    """What a handler as the settings have it writes."""

    def __init__(self, form: str) -> None:
        self.stream = io.StringIO()
        configurator = logging.config.DictConfigurator(product.LOGGING)  # type: ignore[attr-defined]
        self.handler = logging.StreamHandler(self.stream)
        formatter = configurator.configure_formatter(dict(product.LOGGING["formatters"][form]))
        self.handler.setFormatter(formatter)
        for known in product.LOGGING["filters"].values():
            self.handler.addFilter(configurator.configure_filter(dict(known)))

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[Json]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def requests(self) -> list[Json]:
        return [line for line in self.lines if line["logger"] == "twinportal.access"]


@pytest.fixture
def written_in() -> Iterator[Callable[[str], Written]]:
    root, made = logging.getLogger(), []

    def begin(form: str) -> Written:
        written = Written(form)
        made.append(written)
        root.addHandler(written.handler)
        return written

    yield begin
    for each in made:
        root.removeHandler(each.handler)


@pytest.fixture
def written(written_in: Callable[[str], Written]) -> Written:
    return written_in("json")


@pytest.mark.django_db
class TestTheLineOfARequest:
    def test_it_says_what_it_should(self, ehr_client: Client, written: Written) -> None:
        answer = put(ehr_client, person(), **{"X-Request-ID": "asked-1"})
        (line,) = written.requests
        assert set(line) == FIELDS
        assert line["client"].startswith("client ")
        assert (line["method"], line["status"]) == ("PUT", 201)
        assert line["route"] == "/fhir/Patient/<fhir_id>"
        assert (line["request_id"], line["bytes"]) == ("asked-1", len(answer.content))
        assert line["ms"] >= 0

    @pytest.mark.parametrize(
        ("path", "route"),
        [
            ("/fhir", "/fhir/"),
            ("/fhir/metadata", "/fhir/metadata"),
            ("/fhir/Patient?name=x", "/fhir/Patient"),
            ("/fhir/Patient/1/_history/2", "/fhir/Patient/<fhir_id>/_history/<version>"),
            ("/fhir/Patient/1/$everything", "/fhir/Patient/<fhir_id>/$everything"),
            ("/fhir/Zyxwvutname/1", "/fhir/<type_name>/<fhir_id>"),
            ("/fhir/a/b/c/Zyxwvutname", "/fhir/-"),
            ("/no/such/Zyxwvutname", "-"),
            ("/healthz", "/healthz"),
        ],
    )
    def test_its_route_is_a_pattern(
        self, client: Client, written: Written, path: str, route: str
    ) -> None:
        client.get(path)
        assert [line["route"] for line in written.requests] == [route]

    def test_it_knows_who(self, ehr_client: Client, client: Client, written: Written) -> None:
        person = clinician("dr1")
        signed_in(person).get("/")
        client.get("/fhir/Patient")
        assert {line["client"] for line in written.requests} >= {f"user {person.pk}", "-"}


def provoke(ehr: Client) -> list[int]:
    """Each kind of error, with what nobody may read in it wherever it can be."""
    put(ehr, person())
    wrong = person() | {"gender": VALUE}
    other = person() | {"active": False}
    query = quote(f"{FAMILY}|{NUMBER}")
    answers = [
        post(ehr, "/Patient", b'{"resourceType":"Patient","x":"%s' % FAMILY.encode()),
        ehr.get(f"/fhir/Patient?{FAMILY}={query}"),
        ehr.get(f"/fhir/Patient?name={FAMILY}&identifier={NUMBER}"),
        ehr.get(f"/fhir/Patient/{FHIR_ID}-not"),
        ehr.get(f"/fhir/{FAMILY}/{FHIR_ID}"),
        ehr.get(f"/fhir/Patient/{FHIR_ID}/{NUMBER}/{VALUE}"),
        ehr.get(f"/{FHIR_ID}/{FAMILY}?q={VALUE}"),
        put(ehr, other, **{"If-Match": 'W/"7"'}),
        put(ehr, wrong),
        ehr.patch(f"/fhir/Patient/{FHIR_ID}", VALUE, content_type="application/json-patch+json"),
        Client().get(f"/fhir/Patient/{FHIR_ID}", headers={"Authorization": f"Bearer {VALUE}"}),
        Client(enforce_csrf_checks=True).post(f"/accounts/login/?next=/{FHIR_ID}", {"a": VALUE}),
        Client().get(f"/healthz?{VALUE}", headers={"Host": f"{VALUE}.example"}),
    ]
    return [answer.status_code for answer in [*answers, lost_race(ehr)]]


def lost_race(ehr: Client) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(BUSY)
        answer = put(ehr, person() | {"active": True})
        cursor.execute(NOT_BUSY)
    return answer


def provoke_a_crash(ehr: Client) -> list[int]:
    """An error of the database, whose message quotes the statement."""
    page = signed_in(clinician("dr1"))
    page.raise_request_exception = ehr.raise_request_exception = False
    public_id = Patient.objects.get().public_id
    with connection.cursor() as cursor:
        cursor.execute(RENAME)
    found = [
        ehr.get(f"/fhir/Patient/{FHIR_ID}?_format=json").status_code,
        post(ehr, "", fhir.transaction([person()]) | {"type": "batch"}).status_code,
        page.get(f"/clinician/patients/{public_id}/?q={VALUE}").status_code,
    ]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["json", "text"])
def test_no_error_of_any_kind_says_anything_of_a_patient(
    ehr_client: Client, written_in: Callable[[str], Written], form: str
) -> None:
    written = written_in(form)
    seen = provoke(ehr_client)
    assert {200, 400, 401, 403, 404, 409, 412, 422} <= set(seen)
    assert 500 in provoke_a_crash(ehr_client)
    assert "unhandled ProgrammingError" in written.text
    assert "patients/api" in written.text  # the places that the error came through
    for secret in SECRETS:
        assert secret not in written.text
    assert "was_tokens" not in written.text and "SELECT" not in written.text


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["json", "text"])
def test_an_exception_of_a_page_is_told_without_its_words(
    written_in: Callable[[str], Written], form: str
) -> None:
    written = written_in(form)
    extra = {"request": FHIR_ID, "status_code": 500}
    try:
        raise ValueError(FAMILY)
    except ValueError:
        logging.getLogger("anything").exception("it failed")
        logging.getLogger("django.request").exception("%s: %s", "x", FHIR_ID, extra=extra)
    text = written.text
    assert "ValueError" in text and "test_logs.py" in text and "answered 500" in text
    assert FAMILY not in text and FHIR_ID not in text


@pytest.fixture
def server(db: None, tmp_path: Path) -> Iterator[RealServer]:
    given = {"LOG_FORMAT": "json", "REDIS_URL": product.REDIS_URL, "FHIR_RATE": "40/d"}
    made = RealServer(workers=2, log=tmp_path / "log", **given)
    yield made
    made.kill()


@pytest.fixture
def told(server: RealServer) -> Callable[[], list[Json]]:
    """The server's lines; all are JSON."""

    def read() -> list[Json]:
        return [json.loads(line) for line in server.log.read_text().splitlines()]

    return read


@pytest.fixture
def door(ehr_client: Client, server: RealServer) -> Door:
    token = ehr_client.defaults["HTTP_AUTHORIZATION"].split()[1]
    # a number that no earlier run has used: the counters outlive the database
    made = Application.objects.create(
        pk=uuid4().int % 2**62,
        name="Counted",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    AccessToken.objects.update(application=made)
    return Door(server.port, token)


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
class TestTheRealServer:
    def test_its_processes_count_together(self, door: Door, told: Callable[[], list[Json]]) -> None:
        with ThreadPoolExecutor(4) as pool:
            path = f"/Patient?name={FAMILY}&_count=1"
            statuses = list(pool.map(lambda _: door.send("GET", path).status, range(60)))
        assert (statuses.count(200), statuses.count(429)) == (40, 20)
        assert door.send("PUT", f"/Patient/{FHIR_ID}", person()).status == 429
        routes = ("/fhir/Patient", "/fhir/Patient/<fhir_id>")
        wait_until(lambda: sum(line.get("route") in routes for line in told()) == 61, "61 lines")

    def test_what_it_refuses_by_itself_is_not_quoted(
        self, server: RealServer, told: Callable[[], list[Json]]
    ) -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
            raw.sendall(f"GET /{FHIR_ID} {FAMILY}/{VALUE}\r\nX\r\n\r\n".encode())
            assert b" 400 " in raw.recv(1000)
        words = "a request that the web server could not serve"
        wait_until(lambda: any(line["message"] == words for line in told()), words)
        for secret in SECRETS:
            assert secret not in server.log.read_text()


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_a_task_that_fails_is_told_without_its_arguments(
    start_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    start_worker(log=log, LOG_FORMAT="json")
    refresh_twin.delay(FAMILY)
    wait_until(lambda: "refresh_twin" in log.read_text(), "a line about the task")
    text = log.read_text()
    (line,) = [json.loads(each) for each in text.splitlines() if "refresh_twin" in each]
    assert line["logger"] == "celery.app.trace"
    assert line["message"].startswith("task twinportal.tasks.refresh_twin ")
    assert FAMILY not in text, text
