"""How fast does an export write, beside a bare COPY of the same texts?

The store is our own cohort's. An export of the whole system and one of all patients run to their
end by slices, as a worker does them: from the first page on, without the second or so in which
they wait for a fixed moment. The floor is `COPY (SELECT content ...) TO STDOUT` into a file, in the
same run and on the same server. The files are checked: as many lines as the store has resources.

    python benchmarks/bulk.py --patients 300
"""

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from rig import prepare, timed, token

FLOOR = """
    COPY (SELECT v.content FROM patients_resource r
          JOIN patients_resourceversion v ON v.resource_id = r.id AND v.version = r.version
          WHERE NOT r.deleted ORDER BY r.type, r.id) TO STDOUT
"""
TIMES = 3


def fill(patients: int) -> int:
    """Store a cohort; how many resources that makes."""
    from patients.models import Resource
    from patients.services.cohort import load_synthetic_cohort

    load_synthetic_cohort(patients, seed=1, now=datetime.now(UTC), progress=lambda: None)
    return Resource.objects.count()


def copy(url: str, path: Path) -> None:
    with psycopg.connect(url) as connection, path.open("wb") as file:
        with connection.cursor().copy(FLOOR) as stream:
            for block in stream:
                file.write(block)
        os.fsync(file.fileno())


def export(level: str) -> tuple[float, int]:
    """Seconds from the first page to the end, and lines."""
    from oauth2_provider.models import Application

    from patients.fhir.definitions import resource_types
    from patients.models import BulkJob
    from patients.services import bulk_export, bulk_jobs
    from patients.services.bulk_export_members import compartment_types
    from patients.services.bulk_export_moment import moment_of

    now = datetime.now(UTC)
    types = compartment_types() if level == "Patient" else resource_types()
    asked = {"level": level, "group": "", "types": sorted(types - {"AuditEvent"}), "since": None}
    job = bulk_jobs.begin(
        "export",
        now=now,
        application_id=Application.objects.get().pk,
        scopes="system/*.rs",
        request_url="",
        base_url="",
        parameters=asked | {"elements": [], "patients": []},
        transaction_time=moment_of(now),
    )
    while "todo" not in job.parameters:
        bulk_export.step(job, bulk_jobs.folder(job))
    start = time.perf_counter()
    while bulk_jobs.work(job.pk):
        pass
    seconds = time.perf_counter() - start
    job.refresh_from_db()
    assert job.state == BulkJob.State.COMPLETE, job.error
    return seconds, sum(file.count for file in job.files.all())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=300)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ["TWINPORTAL_BULK_DIR"] = folder
        url = prepare()
        token()
        stored = fill(asked.patients)
        path = Path(folder) / "floor"
        floor = min(timed(lambda: copy(url, path)) for _ in range(TIMES))
        size = path.stat().st_size / 1024**2
        print(f"{stored} resources, {size:.1f} MiB as COPY writes them")
        print(f"bare COPY     {stored / floor:10.0f} resources/s")
        for level in ("system", "Patient"):
            seconds, lines = min(export(level) for _ in range(TIMES))
            assert level == "Patient" or lines == stored, (lines, stored)
            ratio = (lines / seconds) / (stored / floor)
            print(f"export {level:7}{lines / seconds:10.0f} resources/s   {ratio:.2f} of COPY")


if __name__ == "__main__":
    main()
