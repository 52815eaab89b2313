"""An import says what was true when it began: what was sent later stays, and so does the order of
its lines.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import ImportFault, QuarantinedResource
from patients.services import bulk_import
from patients.services.quarantine_replay import replay, replay_due
from tests.factories import fhir
from tests.integration.fhir.calls import post, put
from tests.integration.fhir.importing import (
    imported,
    job_of,
    ndjson,
    outcomes,
    send_files,
    send_lines,
    status,
    work_off,
)
from tests.integration.fhir.test_sending_order import values, weight
from tests.integration.fhir.tolerant import make_tolerant, push_patient, rule

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.BULK_DIR = tmp_path / "bulk"


@pytest.fixture
def strict(ehr: Client) -> Client:
    push_patient(ehr)
    return ehr


@pytest.fixture
def tolerant(strict: Client) -> Client:
    make_tolerant()
    return strict


def odd(value: float, fhir_id: str = "o1", subject: str = "p1") -> Json:
    return weight(value, fhir_id, subject) | {"status": "done"}


def run() -> int:
    return replay_due(now=timezone.now() + timedelta(seconds=1))


def ends_at(ehr: Client, *lines: Json) -> list[float]:
    """What is stored as o1 after an import of these lines and all replays."""
    imported(ehr, send_lines(ehr, ndjson(lines)))
    push_patient(ehr, "late")
    run()
    return values(fhir_id="o1")


class TestWhatIsSentMeanwhile:
    def test_stays(self, strict: Client) -> None:
        put(strict, weight(40, "o1"))
        answer = send_lines(strict, ndjson([weight(50, "o1"), weight(60, "o2")]))
        put(strict, weight(90, "o1"))
        (found,) = imported(strict, answer)
        (issue,) = found["issue"]
        assert issue["code"] == "conflict"
        words = "Observation/o1 was written after this import began; the newer is kept"
        assert issue["diagnostics"].endswith(f": {words}")
        assert issue["expression"] == ["Observation"]
        assert values() == [90, 60]

    def test_stays_deleted(self, strict: Client) -> None:
        put(strict, weight(40, "o1"))
        answer = send_lines(strict, ndjson([weight(50, "o1")]))
        strict.delete("/fhir/Observation/o1")
        assert len(imported(strict, answer)) == 1
        assert values() == []
        assert strict.get("/fhir/Observation/o1").status_code == 410

    def test_is_said_again(self, strict: Client) -> None:
        put(strict, weight(90, "o1"))
        answer = send_lines(strict, ndjson([weight(50, "o1")]))
        assert put(strict, weight(90, "o1")).status_code == 200
        assert len(imported(strict, answer)) == 1
        assert values() == [90]

    def test_before_it_is_replaced(self, strict: Client) -> None:
        put(strict, weight(90, "o1"))
        assert not imported(strict, send_lines(strict, ndjson([weight(50, "o1")])))
        assert values() == [50]

    def test_is_replaced_by_what_is_sent_after_it(self, strict: Client) -> None:
        imported(strict, send_lines(strict, ndjson([weight(50, "o1")])))
        put(strict, weight(90, "o1"))
        imported(strict, send_lines(strict, ndjson([weight(60, "o1")])))
        assert values() == [60]

    def test_is_counted_as_rejected_and_not_kept_apart(self, tolerant: Client) -> None:
        answer = send_lines(tolerant, ndjson([weight(50, "o1"), weight(60, "o2")]))
        put(tolerant, weight(90, "o1"))
        job = job_of(answer)
        work_off(job)
        assert status(tolerant, job).status_code == 200
        assert len(outcomes(tolerant, job)) == 1
        file = job.files.get(role="input")
        assert (file.count, file.rejected) == (1, 1)
        assert not QuarantinedResource.objects.exists()
        assert not ImportFault.objects.filter(waiting=True).exists()

    def test_a_create_is_no_update(self, strict: Client) -> None:
        answer = send_lines(strict, ndjson([weight(50, number="A")]))
        assert post(strict, "/Observation", weight(90, number="A")).status_code == 201
        assert not imported(strict, answer)
        assert values() == [90, 50]

    @pytest.mark.parametrize("line", [weight(50, "o1", "late"), odd(50)])
    def test_of_a_line_that_is_kept(self, tolerant: Client, line: Json) -> None:
        answer = send_lines(tolerant, ndjson([line]))
        put(tolerant, weight(90, "o1"))
        imported(tolerant, answer)
        push_patient(tolerant, "late")
        rule()
        run()
        assert values() == [90]
        assert not QuarantinedResource.objects.exclude(state="superseded")

    def test_when_a_line_has_been_tried_for_the_last_time(
        self, tolerant: Client, settings: Any
    ) -> None:
        job = job_of(send_lines(tolerant, ndjson([weight(50, "o1", "late")])))
        job.state = "running"
        job.save()
        for _ in range(2):
            assert not bulk_import.step(job, settings.BULK_DIR / str(job.public_id))
        put(tolerant, weight(90, "o1"))
        work_off(job)
        push_patient(tolerant, "late")
        run()
        assert values() == [90]
        assert QuarantinedResource.objects.get().state == "superseded"

    def test_of_the_same_that_waits_already(self, tolerant: Client) -> None:
        """The import does not make it older than it is."""
        answer = send_lines(tolerant, ndjson([weight(50, "o1", "late")]))
        put(tolerant, weight(50, "o1", "late"))
        before = QuarantinedResource.objects.get().last_received_at
        imported(tolerant, answer)
        item = QuarantinedResource.objects.get()
        assert (item.times, item.last_received_at) == (2, before)


class TestLinesOfOneImport:
    @pytest.mark.parametrize("first", ["odd", "of a later patient"])
    def test_a_valid_later_line_wins(self, tolerant: Client, first: str) -> None:
        rule()
        line = odd(50) if first == "odd" else weight(50, "o1", "late")
        assert ends_at(tolerant, line, weight(90, "o1")) == [90]

    @pytest.mark.parametrize("last", ["odd", "of a later patient"])
    def test_a_faulty_later_line_wins_in_the_end(self, tolerant: Client, last: str) -> None:
        rule()
        line = odd(80) if last == "odd" else weight(80, "o1", "late")
        assert ends_at(tolerant, weight(50, "o1"), line) == [80]

    def test_two_faulty_lines_and_a_valid_one_between(self, tolerant: Client) -> None:
        rule()
        assert ends_at(tolerant, odd(50), weight(60, "o1"), odd(70)) == [70]

    def test_two_that_are_stored(self, strict: Client) -> None:
        assert ends_at(strict, weight(50, "o1"), weight(60, "o1"), weight(70, "o1")) == [70]

    def test_one_that_is_said_again(self, tolerant: Client) -> None:
        put(tolerant, weight(90, "o1"))
        rule()
        assert ends_at(tolerant, odd(50), weight(90, "o1")) == [90]

    def test_in_two_files(self, tolerant: Client) -> None:
        rule()
        files = [("a.ndjson", ndjson([odd(50)])), ("b.ndjson", ndjson([weight(90, "o1")]))]
        imported(tolerant, send_files(tolerant, *files))
        run()
        assert values() == [90]

    def test_in_steps(self, tolerant: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        rule()
        monkeypatch.setattr("patients.services.bulk_import_text.MOST_LINES", 1)
        assert ends_at(tolerant, odd(50), weight(90, "o1")) == [90]

    def test_a_line_that_waits_for_a_later_file_and_a_corrected_one_behind_it(
        self, tolerant: Client, tmp_path: Path, settings: Any
    ) -> None:
        """The correction is tried while the import goes on; the line before it comes last."""
        rule()
        lines = [weight(50, "o1", "mate"), odd(90), fhir.quantity("x", "1", 1, "kg", status="?")]
        job = job_of(send_lines(tolerant, ndjson(lines)))
        job.state = "running"
        job.save()
        assert not bulk_import.step(job, settings.BULK_DIR / str(job.public_id))
        assert replay(QuarantinedResource.objects.get(fhir_id="o1").pk, by="7", now=timezone.now())
        assert values() == [90]
        push_patient(tolerant, "mate")
        work_off(job)
        assert job.state == "complete"
        assert values() == [90]
        words = [o["issue"][0]["diagnostics"] for o in outcomes(tolerant, job)]
        assert any("after a correction" in one for one in words)


def test_a_kept_line_says_when_it_was_sent(tolerant: Client) -> None:
    answer = send_lines(tolerant, ndjson([odd(50)]))
    job = job_of(answer)
    imported(tolerant, answer)
    item = QuarantinedResource.objects.get()
    assert item.received_at == item.last_received_at == job.created_at
    assert json.loads(item.content)["status"] == "done"
