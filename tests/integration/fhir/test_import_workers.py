"""`import_fhir --workers 2`: the same store and the same report as with one, whatever dies."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from patients.models import CareTeamMember, Fact, Patient, Resource
from patients.services.file_import import Task, import_file
from patients.services.import_lanes import Lanes
from patients.services.interruption import Stop
from tests.factories import fhir
from tests.integration.conftest import ROOT, database_url, wait_until
from tests.integration.fhir.calls import sent

pytestmark = pytest.mark.django_db(transaction=True)
Json = dict[str, Any]
NPI = "urn:npi"
MANY = 8_000


def import_fhir(folder: Path, workers: int, **options: Any) -> tuple[str, str, int]:
    """Output, faults, and how it ended."""
    out, err = StringIO(), StringIO()
    try:
        call_command("import_fhir", str(folder), workers=workers, stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), error.returncode
    return out.getvalue(), err.getvalue(), 0


def doctor(number: int) -> Json:
    return fhir.practitioner(f"d{number}") | {"identifier": [{"system": NPI, "value": str(number)}]}


def with_everything(folder: Path) -> None:
    """Directories, NDJSON by type, bundles that refer to them, and faults of every kind."""
    doctors = fhir.transaction([doctor(n) for n in range(3)])
    (folder / "z-practitionerInformation1.json").write_text(json.dumps(doctors))
    people = [fhir.patient(f"n{n}") for n in range(5)]
    (folder / "Patient.ndjson").write_text("\n".join(map(json.dumps, people)))
    rows = [fhir.quantity(f"q{n}", "2093-3", 200, "mg/dL", subject=f"n{n}") for n in range(5)]
    rows += [rows[0] | {"id": "wrong", "status": "finished"}]
    rows += [rows[0] | {"id": "lost", "subject": {"reference": "Patient/nobody"}}]
    (folder / "Observation.ndjson").write_text("\n".join(map(json.dumps, rows)))
    for number in range(6):
        person = fhir.patient(f"b{number}")
        seen_by = f"Practitioner?identifier={NPI}|{number % 3}"
        person["generalPractitioner"] = [{"reference": seen_by}]
        pressure = fhir.blood_pressure(f"bp{number}", 140, 80, subject=f"b{number}")
        text = json.dumps(fhir.transaction([person, pressure]))
        (folder / f"bundle{number}.json").write_text(text)
    early = fhir.quantity("early", "2093-3", 200, "mg/dL", subject="b5")
    (folder / "a-early.json").write_text(json.dumps(early))
    (folder / "broken.json").write_text("{broken")


def stored() -> list[tuple[Any, ...]]:
    resources = sent().values_list("type", "fhir_id", "version", "content_hash")
    facts = Fact.objects.values_list("patient__fhir_id", "concept", "value", "resource_fhir_id")
    team = CareTeamMember.objects.values_list("patient__fhir_id", "practitioner_id")
    return [*sorted(resources), *sorted(facts), *sorted(team)]


def test_two_processes_store_and_say_what_one_does(tmp_path: Path) -> None:
    with_everything(tmp_path)
    reports = {n: tmp_path / f"{n}.txt" for n in (1, 2)}
    one = import_fhir(tmp_path, 1, report=reports[1])
    content = stored()
    Patient.objects.all().delete()
    Resource.objects.all().delete()
    assert import_fhir(tmp_path, 2, report=reports[2]) == one
    assert stored() == content
    assert reports[2].read_text() == reports[1].read_text() == one[1]
    assert Patient.objects.count() == 11 and one[2] == 1
    places = [line.split(":")[0].rpartition("/")[2] for line in one[1].splitlines()]
    assert places == ["Observation.ndjson"] * 2 + ["broken.json"]


def test_what_waits_for_another_file_goes_in(tmp_path: Path) -> None:
    """Each bundle needs what the one after it makes."""
    for number in range(5):
        person = doctor(number)
        if number < 4:
            role = fhir.practitioner("x") | {
                "resourceType": "PractitionerRole",
                "id": f"r{number}",
                "practitioner": {"reference": f"Practitioner?identifier={NPI}|{number + 1}"},
            }
            del role["name"]
        made = [person] if number == 4 else [person, role]
        (tmp_path / f"{number}.json").write_text(json.dumps(fhir.transaction(made)))
    out, err, code = import_fhir(tmp_path, 2)
    assert (err, code) == ("", 0) and "9  in all" in out


def test_files_that_make_the_same_practitioner_make_one(tmp_path: Path) -> None:
    for number in range(12):
        person = fhir.patient(f"p{number}")
        person["generalPractitioner"] = [{"reference": "urn:uuid:Practitioner-d7"}]
        text = json.dumps(fhir.transaction([doctor(7), person], method="POST"))
        (tmp_path / f"{number}.json").write_text(text)
    out, err, code = import_fhir(tmp_path, 2)
    assert (err, code) == ("", 0) and "24  in all" in out
    assert Resource.objects.filter(type="Practitioner").count() == 1
    assert CareTeamMember.objects.values("practitioner_id").distinct().count() == 1


BREAK = """
    CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {how}; END $$;
    CREATE TRIGGER break_it BEFORE INSERT ON patients_resource
    FOR EACH ROW WHEN (NEW.fhir_id = 'b') EXECUTE FUNCTION break_it();
"""
MEND = "DROP TRIGGER break_it ON patients_resource; DROP FUNCTION break_it()"


@pytest.fixture(
    params=["RAISE EXCEPTION 'no'", "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW"]
)
def broken_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """One that takes no resource called b: it says so, or breaks the connection."""
    with connection.cursor() as cursor:
        cursor.execute(BREAK.format(how=request.param))
    yield
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(MEND)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_nobody_foresaw_costs_one_file(
    tmp_path: Path, broken_database: None, workers: int
) -> None:
    for name in "abcd":
        text = json.dumps(fhir.transaction([fhir.patient(name), doctor(1) | {"id": f"d{name}"}]))
        (tmp_path / f"{name}.json").write_text(text)
    _, err, code = import_fhir(tmp_path, workers)
    (said,) = err.splitlines()
    assert code == 1 and said.startswith(f"{tmp_path / 'b.json'}:1: -: an error of this server")
    assert set(Patient.objects.values_list("fhir_id", flat=True)) == {"a", "c", "d"}


def test_whatever_else_fails_is_said_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(fhir.patient("a")))

    def broken(position: int) -> None:
        raise ValueError(position)

    outcome = import_file(Task(tmp_path / "a.json"), progress=broken)
    ((fault,),) = outcome.rejected.values()
    assert "ValueError" in fault.issue.diagnostics and "may be stored" in fault.issue.diagnostics


def test_a_lane_goes_on_after_its_process_died_with_nothing_to_do(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.json").write_text(json.dumps(fhir.patient(name)))

    def store(lanes: Lanes, name: str) -> int:
        (outcome,) = lanes.run([Task(tmp_path / f"{name}.json")], lambda path, position: None)
        return outcome.counts.total()

    with Lanes(1, Stop()) as lanes:
        assert store(lanes, "a") == 1
        (process,) = active_children()
        process.kill()
        process.join()
        store(lanes, "b")  # lost, if this was quicker than the news of the death
        assert store(lanes, "c") == 1
    assert not active_children()


class Run:
    """The command as a process of its own, and the processes that it starts."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "manage.py", "import_fhir", str(folder)]
        environment = os.environ | {"TWINPORTAL_MODE": "test", "DATABASE_URL": database_url()}
        environment["DJANGO_SETTINGS_MODULE"] = "twinportal.settings"
        self.process = subprocess.Popen(
            [*command, "--workers", "2"],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lanes(self) -> list[int]:
        """Process ids of those that store."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        said = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
        return [child for child, command in said.items() if b"spawn_main" in command]

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Run]]:
    """Two large files, and a run that has begun to store both."""
    runs: list[Run] = []
    for name in ("a", "b"):
        lines = (json.dumps(fhir.patient(f"{name}{n}")) for n in range(MANY))
        (tmp_path / f"{name}.ndjson").write_text("\n".join(lines))

    def begun() -> bool:
        return all(Patient.objects.filter(fhir_id=f"{name}0").exists() for name in ("a", "b"))

    def starter() -> Run:
        runs.append(Run(tmp_path))
        wait_until(begun, "both files are being stored")
        return runs[-1]

    yield starter
    for run in runs:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()


def test_a_killed_process_is_said_and_the_other_file_goes_in(
    tmp_path: Path, start: Callable[[], Run]
) -> None:
    run = start()
    os.kill(run.lanes()[0], signal.SIGKILL)
    code, _, err = run.end()
    said = [line for line in err.splitlines() if "was killed or ran out of memory" in line]
    assert code == 1 and len(said) == 1 and "Traceback" not in err
    counts = {n: Patient.objects.filter(fhir_id__startswith=n).count() for n in ("a", "b")}
    (lost,) = (name for name in counts if f"{tmp_path / name}.ndjson:1:" in said[0])
    assert counts.pop(lost) < MANY
    assert list(counts.values()) == [MANY]


def test_an_interrupt_ends_it_in_order(start: Callable[[], Run]) -> None:
    run = start()
    os.killpg(run.process.pid, signal.SIGINT)
    code, out, err = run.end()
    assert code == 130 and "Traceback" not in err and "Stopped" in err
    assert f"{Patient.objects.count():,}  Patient" in out
    assert Patient.objects.count() < 2 * MANY


def test_nobody_outlives_a_killed_parent(start: Callable[[], Run]) -> None:
    run = start()
    lanes = run.lanes()
    os.kill(run.process.pid, signal.SIGKILL)
    run.end()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in lanes), "they are gone")
