"""How fast do transaction bundles go in, beside a bare COPY of the same resources?

A gunicorn with two workers and four clients that push bundles over HTTP: validated, versioned,
search-indexed, projected into facts, twins marked, committed. Then the same as files, stored by
one process and by as many as import_fhir starts of itself. The floor is COPY of every resource
into one jsonb table, a transaction a bundle, in the same run and on the same server.

The bundles are Synthea's where the data room has them (TWINPORTAL_DATA), else our own cohort's,
whose resources are a fifth of the size: COPY likes that better than we do.

Single creates (8 clients), reads, searches and $everything (one client) are measured beside a
bare Django view that does one INSERT or one SELECT, at each size of the store.

    python benchmarks/ingest.py --bundles 40
    python benchmarks/ingest.py --patients 1000,10000   # make bench-ingest: ten minutes
    python benchmarks/ingest.py --folder ~/synthea      # bundles of your own
    python benchmarks/ingest.py --cohort                # our own
"""

import argparse
import http.client
import io
import os
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from rig import ROOT, copy_rows, prepare, server, timed, token
from single_requests import Measured, doors, fill, floors

ARCHIVE = "synthea-smart-2019.tar.xz"
CLIENTS = 4
MOST_WORKERS = 4


def load(folder: Path | None, bundles: int, cohort: bool) -> tuple[bytes | None, list[bytes]]:
    """What must go in first, and the bundles to measure."""
    archive = Path(os.environ.get("TWINPORTAL_DATA", ROOT.parent / "shared" / "data")) / ARCHIVE
    if folder is None and not cohort and archive.exists():
        return None, list(islice(synthea(archive), bundles))
    if folder is not None:
        paths = [p for p in sorted(folder.glob("*.json")) if not p.name.startswith("0-")]
        return None, [with_fixed_ids(p.read_bytes()) for p in paths[:bundles]]
    from patients.synthetic.generate import generate, infrastructure_bundle

    made = generate(bundles, seed=1, as_of=datetime(2026, 11, 1, tzinfo=UTC))
    return orjson.dumps(infrastructure_bundle(1)), [orjson.dumps(b) for b in made]


def synthea(archive: Path) -> Iterator[bytes]:
    """Patients' bundles, in the order of the archive."""
    with tarfile.open(archive) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.name.endswith(".json") else None
            if stream is not None and "Information" not in member.name:
                yield with_fixed_ids(stream.read())


def with_fixed_ids(bundle: bytes) -> bytes:
    """Updates of named resources instead of creates, so that the bundle can be pushed again."""
    content = orjson.loads(bundle)
    for entry in content["entry"]:
        resource = entry["resource"]
        resource["id"] = entry["fullUrl"].removeprefix("urn:uuid:")
        entry["request"] = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
    return orjson.dumps(content)


def push(port: int, bearer: str, bundles: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/fhir+json"}
    for bundle in bundles:
        connection.request("POST", "/fhir", bundle, headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {body[:600].decode()}")
    connection.close()


def push_all(port: int, bearer: str, bundles: list[bytes]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda i: push(port, bearer, bundles[i::CLIENTS]), range(CLIENTS)))


def bare_copy(url: str, bundles: list[bytes]) -> None:
    """The floor: parsing not counted, one jsonb column, a commit a bundle."""
    copy_rows(
        url, [[orjson.dumps(e["resource"]) for e in orjson.loads(b)["entry"]] for b in bundles]
    )


def import_files(bundles: list[bytes], workers: int) -> float:
    """Seconds for bundles as files, by the command as it is used: with the start of its processes,
    without the writing of the files.
    """
    from django.core.management import call_command

    with TemporaryDirectory() as folder:
        for i, bundle in enumerate(bundles):
            (Path(folder) / f"{i:05d}.json").write_bytes(bundle)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return timed(lambda: call_command("import_fhir", folder, workers=workers))


def for_another_patient(bundle: bytes) -> bytes:
    """The same bundle under ids of its own."""
    text = bundle
    for entry in orjson.loads(bundle)["entry"]:
        fhir_id = entry["resource"]["id"].encode()
        text = text.replace(b'"%s"' % fhir_id, b'"x-%s"' % fhir_id)
        text = text.replace(b'/%s"' % fhir_id, b'/x-%s"' % fhir_id)
    return text


def bulk(url: str, bearer: str, first: bytes | None, bundles: list[bytes]) -> None:
    """Transactions, the same again, and files, as ratios to bare COPY."""
    count = sum(len(orjson.loads(b)["entry"]) for b in bundles)
    with server() as port:
        if first is not None:
            push(port, bearer, [first])
        push_all(port, bearer, bundles[:4])  # both workers have their tables loaded
        seconds = {
            "bare COPY (floor)": timed(lambda: bare_copy(url, bundles)),
            "transactions over HTTP": timed(lambda: push_all(port, bearer, bundles)),
            "the same again": timed(lambda: push_all(port, bearer, bundles)),
        }
    others = bundles
    for workers in sorted({1, min(len(os.sched_getaffinity(0)), MOST_WORKERS)}):
        others = [for_another_patient(b) for b in others]
        seconds[f"import_fhir --workers {workers}"] = import_files(others, workers)
    floor = seconds["bare COPY (floor)"]
    print(f"{len(bundles)} bundles, {count:,} resources, {CLIENTS} clients")
    for name, taken in seconds.items():
        print(f"{name:<26}{count / taken:>10,.0f} resources/s   ratio {floor / taken:5.2f}")


def single(url: str, bearer: str, sizes: list[int], number: int) -> None:
    """Single requests at each size of the store, beside a bare Django view."""
    bare = floors(url, number)
    for name, measured in bare.items():
        print(line(f"bare view: {name} (floor)", measured))
    before: dict[str, Measured] = {}
    patients = 0
    for size in sizes:
        fill(size - patients, seed=size)
        patients = size
        with server() as port:
            found = doors(port, bearer, number)
        for name, measured in found.items():
            notes = []
            if name in bare:
                notes.append(f"ratio {measured.rate / bare[name].rate:5.2f}")
            if name in before:
                notes.append(f"growth {measured.p50 / before[name].p50:5.2f}")
            print(line(f"{size:,} patients: {name}", measured), *notes)
        before = found


def line(name: str, measured: Measured) -> str:
    rate, p50, p95 = measured.rate, measured.p50, measured.p95
    return f"{name:<48}{rate:>8,.0f}/s   p50 {p50:6.1f} ms   p95 {p95:6.1f} ms  "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundles", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="transaction bundles, one a .json file")
    parser.add_argument("--cohort", action="store_true", help="our own synthetic cohort")
    parser.add_argument(
        "--patients", default="100,300", help="sizes of the store for single requests, rising"
    )
    parser.add_argument("--requests", type=int, default=400, help="of each kind of single request")
    options = parser.parse_args()
    url = prepare()
    bearer = token()
    first, bundles = load(options.folder, options.bundles, options.cohort)
    bulk(url, bearer, first, bundles)
    single(url, bearer, [int(size) for size in options.patients.split(",")], options.requests)


if __name__ == "__main__":
    main()
