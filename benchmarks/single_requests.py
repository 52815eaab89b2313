"""Single creates, reads, searches and $everything, beside a bare Django view of the same run."""

import http.client
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
import psycopg
from rig import server
from tqdm import tqdm

WRITERS, READERS = 8, 1
FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True)
class Measured:
    """Calls a second over all clients, and milliseconds of one call."""

    rate: float
    p50: float
    p95: float


def measure(port: int, bearer: str, calls: Sequence[Call], clients: int) -> Measured:
    """Every call once, shared out among the clients, each on a connection of its own."""
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": FHIR_JSON}

    def run(mine: Sequence[Call]) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        taken = []
        for call in mine:
            start = time.perf_counter()
            connection.request(call.method, call.path, call.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
            taken.append(time.perf_counter() - start)
            if answer.status not in (200, 201):
                raise SystemExit(f"{call.path} {answer.status}: {body[:400].decode()}")
        connection.close()
        return taken

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        lists = list(pool.map(lambda i: run(calls[i::clients]), range(clients)))
    seconds = time.perf_counter() - start
    times = sorted(t for one in lists for t in one)
    p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
    return Measured(len(times) / seconds, statistics.median(times) * 1000, p95 * 1000)


def fill(patients: int, seed: int) -> None:
    """More synthetic patients, through the same path as everything else."""
    from patients.services.cohort import load_synthetic_cohort

    with tqdm(total=patients, desc="Loading", unit=" patients") as bar:
        load_synthetic_cohort(
            patients, seed=seed, now=datetime(2026, 11, 1, tzinfo=UTC), progress=bar.update
        )


def observation(patient: str, number: int) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "2093-3"}]},
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": "2026-10-01T09:00:00Z",
            "valueQuantity": {
                "value": 150 + number % 100,
                "unit": "mg/dL",
                "system": "http://unitsofmeasure.org",
                "code": "mg/dL",
            },
        }
    )


def floors(url: str, number: int) -> dict[str, Measured]:
    """The bare view, with the same clients and bodies of the same size."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bench_rows")
        connection.execute("CREATE TABLE bench_rows (id serial PRIMARY KEY, content text)")
    body = observation("someone", 1)
    with server("floor_view:application") as port:
        writes = [Call("POST", "/write", body)] * number
        measure(port, "", writes[:50], WRITERS)
        create = measure(port, "", writes, WRITERS)
        reads = [Call("GET", f"/read/{1 + i}") for i in range(number)]
        return {"create": create, "read": measure(port, "", reads, READERS)}


def doors(port: int, bearer: str, number: int) -> dict[str, Measured]:
    """The same of the FHIR door, spread over the patients that are there."""
    from patients.models import Patient

    ids = list(Patient.objects.order_by("?").values_list("fhir_id", flat=True)[:number])
    some = [ids[i % len(ids)] for i in range(number)]
    calls = {
        "create": [
            Call("POST", "/fhir/Observation", observation(p, i)) for i, p in enumerate(some)
        ],
        "read": [Call("GET", f"/fhir/Patient/{p}") for p in some],
        "search": [Call("GET", f"/fhir/Observation?patient={p}&_sort=-date") for p in some],
        "patient by identifier and name": [
            Call("GET", f"/fhir/Patient?_id={p}&name=a&_count=5") for p in some
        ],
        "$everything": [Call("GET", f"/fhir/Patient/{p}/$everything") for p in some[: number // 4]],
    }
    found = {}
    for name, listed in calls.items():
        clients = WRITERS if name == "create" else READERS
        measure(port, bearer, listed[:20], clients)
        found[name] = measure(port, bearer, listed, clients)
    return found
