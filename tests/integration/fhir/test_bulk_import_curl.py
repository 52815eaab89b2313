"""`$import` as an integrator uses it: curl, a real web server, a real worker."""

import gzip
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken

from patients.models import BulkJob, Resource
from tests.factories import fhir
from tests.integration.conftest import Worker
from tests.integration.fhir.calls import sent
from tests.integration.fhir.importing import ndjson
from tests.integration.real_server import RealServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]
Json = dict[str, Any]
# as in docs/integration.md
WALK_THROUGH = r"""
# two files, one of them packed
curl -s -D answer.txt -H "Authorization: Bearer $TOKEN" -H 'Prefer: respond-async' \
     -F 'file=@Patient.ndjson' -F 'file=@Observation.ndjson.gz' "$FHIR/\$import"
STATUS=$(sed -n 's/^Content-Location: *//ip' answer.txt | tr -d '\r')

# 202 while it runs, with the progress in X-Progress; 200 when it is done
until [ "$(curl -s -o manifest.json -D progress.txt -w '%{http_code}' \
           -H "Authorization: Bearer $TOKEN" "$STATUS")" = 200 ]; do
  grep -i '^X-Progress' progress.txt; sleep 0.5
done
cat manifest.json

# what was refused: one OperationOutcome a line
curl -s -H "Authorization: Bearer $TOKEN" "$STATUS/errors.ndjson" > errors.ndjson
"""


@pytest.fixture
def server(settings: Any, tmp_path: Path, ehr_client: Client) -> Iterator[RealServer]:
    folder = str(tmp_path / "bulk")
    settings.BULK_DIR = folder
    running = RealServer(TWINPORTAL_BULK_DIR=folder, REDIS_URL=settings.REDIS_URL)
    yield running
    running.kill()


def shell(script: str, server: RealServer, folder: Path) -> str:
    environment = os.environ | {
        "FHIR": f"http://127.0.0.1:{server.port}/fhir",
        "TOKEN": str(AccessToken.objects.get().token),
    }
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_the_walk_through(
    server: RealServer, start_worker: Callable[..., Worker], tmp_path: Path, settings: Any
) -> None:
    person, *rest = fhir.complete_record()
    wrong = fhir.quantity("wrong", "2093-3", 5, "mmol/L", status="finished")
    observations = ndjson([*rest, wrong])
    (tmp_path / "Patient.ndjson").write_bytes(ndjson([person]))
    (tmp_path / "Observation.ndjson.gz").write_bytes(gzip.compress(observations))
    start_worker(queues="bulk", TWINPORTAL_BULK_DIR=str(settings.BULK_DIR))
    shell(WALK_THROUGH, server, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert [(o["type"], o["count"]) for o in manifest["output"]] == [
        ("Observation", 6),
        ("Patient", 1),
    ]
    assert sent().count() == 7
    (line,) = (tmp_path / "errors.ndjson").read_text().splitlines()
    (issue,) = json.loads(line)["issue"]
    place = re.match(r"Observation.ndjson, line (\d+), byte (\d+): ", issue["diagnostics"])
    assert place is not None and int(place[1]) == 7
    # the byte leads to the line, as `tail -c +$((BYTE + 1)) | head -1` would
    there = observations[int(place[2]) :].splitlines()[0]
    assert json.loads(there)["id"] == "wrong"


CODE = "curl -s -o answer.json -w '%{http_code}' -H 'Prefer: respond-async' "


def test_refusals_arrive_though_much_was_being_sent(server: RealServer, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b" " * 40_000_000)
    assert shell(f'{CODE} -F file=@a.ndjson "$FHIR/\\$import"', server, tmp_path) == "401"
    script = f"""{CODE} -H "Authorization: Bearer $TOKEN" -F file=@a.ndjson \
        -H 'Content-Type: text/plain' "$FHIR/\\$import" """
    assert shell(script, server, tmp_path) == "415"
    assert not BulkJob.objects.exists()


def test_a_large_upload_is_never_in_memory(server: RealServer, tmp_path: Path) -> None:
    def most_memory() -> int:
        return max(
            int(found[1])
            for process in server.processes_that_serve()
            if (
                found := re.search(
                    r"VmHWM:\s*(\d+)", Path(f"/proc/{process.pid}/status").read_text()
                )
            )
        )

    before = most_memory()
    row = b" " * 999_999 + b"\n"
    with (tmp_path / "a.ndjson").open("wb") as file:
        for _ in range(300):
            file.write(row)
        # what has no line at all is refused
        file.write(b"{}")
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(row * 200, 1))
    auth = '-H "Authorization: Bearer $TOKEN"'
    for body in (
        "-F file=@a.ndjson -F file=@b.ndjson.gz",
        "-H 'Transfer-Encoding: chunked' -F file=@a.ndjson",
        "-H 'Content-Type: application/fhir+ndjson' -T a.ndjson -X POST",
    ):
        assert shell(f'{CODE} {auth} {body} "$FHIR/\\$import"', server, tmp_path) == "202", body
    assert most_memory() - before < 60_000, "kilobytes"
    sizes = sorted(f.size for job in BulkJob.objects.all() for f in job.files.all())
    assert sizes == [200_000_000, 300_000_002, 300_000_002, 300_000_002]
    assert not Resource.objects.exists()
