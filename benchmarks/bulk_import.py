"""How fast does `$import` take NDJSON in, beside a bare COPY of the same lines?

A gunicorn that takes the files by upload, and one Celery worker of the bulk queue that stores them
as production does: validated, versioned, search-indexed, projected into facts, audited, its
position committed every 500 lines. Measured from the request until the status says that it is
done. The floor is COPY of every line into one jsonb column, a commit every 500 lines, in the same
run and on the same server.

The lines are Synthea's where the data room has them (TWINPORTAL_DATA), else our own cohort's.

    python benchmarks/bulk_import.py --lines 20000
    python benchmarks/bulk_import.py --cohort --bad 10   # our own, every tenth line is refused
"""

import argparse
import gzip
import http.client
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from rig import ROOT, copy_rows, prepare, server, timed, token

ARCHIVE = "synthea-smart-2019-ndjson.tar"
KINDS = ("Organization", "Practitioner", "Patient", "Encounter", "Condition", "Observation")
BATCH = 500
BOUNDARY = "between-the-parts"
PATIENCE_SECONDS = 1800
Files = dict[str, list[bytes]]


def load(lines: int, cohort: bool) -> Files:
    """Lines by type, of whole patients or of whole types as far as they go."""
    archive = Path(os.environ.get("TWINPORTAL_DATA", ROOT.parent / "shared" / "data")) / ARCHIVE
    if cohort or not archive.exists():
        return first_lines(own_cohort(), lines)
    return first_lines(synthea(archive), lines)


def first_lines(found: Iterator[tuple[str, bytes]], count: int) -> Files:
    files: Files = {}
    for kind, line in islice(found, count):
        files.setdefault(kind, []).append(line)
    return files


def synthea(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for kind in KINDS:
            stream = tar.extractfile(f"smart-2019-615pt/{kind}.ndjson.gz")
            assert stream is not None
            with gzip.open(stream) as unpacked:
                yield from ((kind, line.rstrip(b"\n")) for line in unpacked)


def own_cohort() -> Iterator[tuple[str, bytes]]:
    from patients.synthetic.generate import generate, infrastructure_bundle

    made = generate(100_000, seed=1, as_of=datetime(2026, 11, 1, tzinfo=UTC))
    for bundle in chain([infrastructure_bundle(1)], made):
        for entry in bundle["entry"]:
            yield entry["resource"]["resourceType"], orjson.dumps(entry["resource"])


def spoilt(files: Files, every: int) -> Files:
    """Each so many lines have a status that R4 does not know."""
    if not every:
        return files
    number = 0
    made: Files = {}
    for kind, lines in files.items():
        for line in lines:
            number += 1
            if number % every == 0 and kind == "Observation":
                line = orjson.dumps(orjson.loads(line) | {"status": "finished"})
            made.setdefault(kind, []).append(line)
    return made


@contextmanager
def worker() -> Iterator[None]:
    """As production runs it; ready when the warm-up has gone through."""
    command = [sys.executable, "-m", "celery", "-A", "twinportal.celery", "worker"]
    command += ["--concurrency", "1", "--queues", "bulk", "--loglevel", "ERROR"]
    quiet = os.environ | {"PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"], cwd=ROOT, env=quiet
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def body_of(files: Files) -> bytes:
    parts = []
    for kind, lines in files.items():
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{kind}.ndjson"'
        )
        parts.append(f"{head}\r\n\r\n".encode() + b"\n".join(lines) + b"\n\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def ask(
    port: int, bearer: str, method: str, path: str, body: bytes = b""
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {
        "Authorization": f"Bearer {bearer}",
        "Prefer": "respond-async",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.content = answer.read()  # type: ignore[attr-defined]
    return answer


def bulk_import(port: int, bearer: str, files: Files) -> tuple[int, int]:
    """Stored and rejected, once the status says that all is done."""
    begun = ask(port, bearer, "POST", "/fhir/$import", body_of(files))
    assert begun.status == 202, begun.content  # type: ignore[attr-defined]
    where = "/fhir" + str(begun.headers["Content-Location"]).partition("/fhir")[2]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = ask(port, bearer, "GET", where)
        if answer.status == 200:
            found = json.loads(answer.content)  # type: ignore[attr-defined]
            stored = sum(entry["count"] for entry in found["output"])
            return stored, sum(entry["count"] for entry in found["error"])
        assert answer.status == 202, answer.content  # type: ignore[attr-defined]
        time.sleep(0.05)
    raise TimeoutError(where)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--cohort", action="store_true", help="our own synthetic cohort")
    parser.add_argument("--bad", type=int, default=0, help="every so many lines one is refused")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ["TWINPORTAL_BULK_DIR"] = folder
        url = prepare()
        bearer = token()
        files = spoilt(load(options.lines, options.cohort), options.bad)
        lines = [line for listed in files.values() for line in listed]
        batches = [lines[start : start + BATCH] for start in range(0, len(lines), BATCH)]
        with server() as port, worker():
            bulk_import(
                port,
                bearer,
                {"Organization": [b'{"resourceType":"Organization","id":"w","name":"Warm-up"}']},
            )
            floor = timed(lambda: copy_rows(url, batches))
            start = time.perf_counter()
            stored, rejected = bulk_import(port, bearer, files)
            taken = time.perf_counter() - start
            start = time.perf_counter()
            bulk_import(port, bearer, files)
            again = time.perf_counter() - start
    print(
        f"{len(lines):,} lines, {sum(map(len, lines)) / 1e6:.0f} MB: {stored:,} stored, {rejected:,} rejected"
    )
    for name, seconds in (
        ("bare COPY (floor)", floor),
        ("$import", taken),
        ("the same again", again),
    ):
        rate = len(lines) / seconds
        print(f"{name:<20}{rate:>10,.0f} resources/s   ratio {floor / seconds:5.2f}")


if __name__ == "__main__":
    main()
