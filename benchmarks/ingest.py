"""How fast do transaction bundles go in, beside a bare COPY of the same resources?

A gunicorn with two workers and four clients that push bundles over HTTP: validated, versioned,
search-indexed, projected into facts, twins marked, committed. The floor is COPY of every resource
into one jsonb table, a transaction a bundle, in the same run and on the same server.

The bundles are Synthea's where the data room has them (TWINPORTAL_DATA), else our own cohort's,
whose resources are a fifth of the size: COPY likes that better than we do.

    python benchmarks/ingest.py --bundles 40
    python benchmarks/ingest.py --folder ~/synthea      # bundles of your own
    python benchmarks/ingest.py --cohort                # our own
"""

import argparse
import http.client
import io
import os
import secrets
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DATABASE = "twinportal_bench"
ARCHIVE = "synthea-smart-2019.tar.xz"
CLIENTS = 4
PATIENCE_SECONDS = 30


def prepare() -> str:
    """An empty database on the embedded (or given) server; returns its URL."""
    from twinportal import embedded

    os.environ.setdefault("TWINPORTAL_MODE", "test")
    embedded.ensure_environment()
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    os.environ["DATABASE_URL"] = f"{server}/{DATABASE}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "twinportal.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return os.environ["DATABASE_URL"]


def token() -> str:
    from oauth2_provider.models import AccessToken, Application

    application = Application.objects.create(
        name="Benchmark",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    made = AccessToken.objects.create(
        application=application,
        token=secrets.token_urlsafe(32),
        expires=datetime.now(UTC) + timedelta(hours=4),
        scope="system/*.rs system/*.cud",
    )
    return str(made.token)


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


@contextmanager
def server() -> Iterator[int]:
    """gunicorn as production runs it; yields its port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "twinportal.wsgi:application", "--preload"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    quiet = os.environ | {"PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=quiet)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


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
    rows = [[orjson.dumps(e["resource"]) for e in orjson.loads(b)["entry"]] for b in bundles]
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_copy (content jsonb)")
        connection.commit()
        for resources in rows:
            with connection.cursor().copy("COPY bench_copy (content) FROM STDIN") as stream:
                for resource in resources:
                    stream.write_row([resource.decode()])
            connection.commit()


def import_files(bundles: list[bytes]) -> None:
    """Bundles as files, read by the command in this process."""
    from django.core.management import call_command

    with TemporaryDirectory() as folder:
        for i, bundle in enumerate(bundles):
            (Path(folder) / f"{i:05d}.json").write_bytes(bundle)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            call_command("import_fhir", folder)


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def for_another_patient(bundle: bytes) -> bytes:
    """The same bundle under ids of its own."""
    text = bundle
    for entry in orjson.loads(bundle)["entry"]:
        fhir_id = entry["resource"]["id"].encode()
        text = text.replace(b'"%s"' % fhir_id, b'"x-%s"' % fhir_id)
        text = text.replace(b'/%s"' % fhir_id, b'/x-%s"' % fhir_id)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundles", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="transaction bundles, one a .json file")
    parser.add_argument("--cohort", action="store_true", help="our own synthetic cohort")
    options = parser.parse_args()
    url = prepare()
    first, bundles = load(options.folder, options.bundles, options.cohort)
    bearer = token()
    count = sum(len(orjson.loads(b)["entry"]) for b in bundles)
    with server() as port:
        if first is not None:
            push(port, bearer, [first])
        push_all(port, bearer, bundles[:2])  # both workers have their tables loaded
        seconds = {
            "bare COPY (floor)": timed(lambda: bare_copy(url, bundles)),
            "transactions over HTTP": timed(lambda: push_all(port, bearer, bundles)),
            "the same again": timed(lambda: push_all(port, bearer, bundles)),
        }
    others = [for_another_patient(b) for b in bundles]
    seconds["import_fhir"] = timed(lambda: import_files(others))
    floor = seconds["bare COPY (floor)"]
    print(f"{len(bundles)} bundles, {count:,} resources, {CLIENTS} clients")
    for name, taken in seconds.items():
        print(f"{name:<24}{count / taken:>10,.0f} resources/s   ratio {floor / taken:5.2f}")


if __name__ == "__main__":
    main()
