"""How fast are the pages that people open, for a clinician with a panel of 10,000?

A few synthetic patients go through the real door and the real pipeline; the rest of the panel are
copies of their rows (patient, care team, facts, runs, predictions, reasons, worklist), made by the
database. The real server answers, two workers, one client after the other as people do.
The floor of the same run is a bare Django view with ten queries and a page of the size of a
worklist. Beside it: memory of a web process, and what a first visit transfers.

    python benchmarks/pages.py --patients 10000 --requests 100
"""

import argparse
import gzip
import http.client
import os
import re
import statistics
import subprocess
import time
import urllib.parse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
from rig import prepare, server
from tqdm import tqdm

GOAL_SECONDS, GOAL_KB = 0.3, 300
NOW = datetime.now(UTC)
SAMPLE = 40
WARM = 10
DOCTOR = "bench-doctor"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OLD = "old_pk"


def columns(table: Any, **other: str) -> tuple[str, str]:
    """Names of all columns but the key, and the expressions of their copies."""
    names = [f.column for f in table._meta.concrete_fields if not f.primary_key]
    return ", ".join(names), ", ".join(other.get(name, f"o.{name}") for name in names)


def copy_panel(url: str, copies: int) -> None:
    """Every patient `copies` times more. Resources are shared but for each Patient."""
    from explain.models import Attribution
    from models_engine.models import ModelRun, Prediction
    from patients.models import CareTeamMember, Fact, Patient, Resource
    from twinportal.attention.models import Flag, WorklistEntry

    db = psycopg.connect(url)
    name = "concat(o.{}, '-', n.n)"

    def keyed(table: Any, joins: str, **other: str) -> None:
        """Copy with new keys, remembered in a table of old and new."""
        target = table._meta.db_table
        kept = f"new_{target}"
        db.execute(
            f"CREATE TEMP TABLE {kept} AS SELECT o.id AS {OLD}, n.n,"
            f" nextval(pg_get_serial_sequence('{target}', 'id')) AS id"
            f" FROM {target} o CROSS JOIN generate_series(1, {copies}) n(n) {joins}"
        )
        db.execute(f"CREATE INDEX ON {kept} ({OLD}, n)")
        db.execute(f"ANALYZE {kept}")
        names, values = columns(table, **other)
        db.execute(
            f"INSERT INTO {target} (id, {names}) SELECT n.id, {values} FROM {target} o"
            f" JOIN {kept} n ON n.{OLD} = o.id {_joined(table)}"
        )

    def _joined(table: Any) -> str:
        parts = []
        for field in table._meta.concrete_fields:
            related = field.related_model
            if related in made and not field.primary_key:
                kept = f"new_{related._meta.db_table}"
                how = "LEFT JOIN" if field.null else "JOIN"
                parts.append(
                    f"{how} {kept} j_{field.column}"
                    f" ON j_{field.column}.{OLD} = o.{field.column} AND j_{field.column}.n = n.n"
                )
        return " ".join(parts)

    def links(table: Any) -> dict[str, str]:
        return {
            f.column: f"j_{f.column}.id"
            for f in table._meta.concrete_fields
            if f.related_model in made and not f.primary_key
        }

    made: set[Any] = set()
    # the Patient resources get a twin each, everything else is the original's
    keyed(Resource, "WHERE o.type = 'Patient'", fhir_id=name.format("fhir_id"), patient_id="NULL")
    made = {Resource}
    keyed(
        Patient,
        "",
        public_id="gen_random_uuid()",
        fhir_id=name.format("fhir_id"),
        family=name.format("family"),
        name=name.format("name"),
        identifier_value=name.format("identifier_value"),
        search_text=name.format("search_text"),
        **links(Patient),
    )
    made = {Patient}
    for table in (CareTeamMember, Fact):
        names, values = columns(table, **links(table))
        db.execute(
            f"INSERT INTO {table._meta.db_table} ({names}) SELECT {values}"
            f" FROM {table._meta.db_table} o CROSS JOIN generate_series(1, {copies}) n(n)"
            f" {_joined(table)}"
        )
    for table in (ModelRun, Prediction, Attribution, Flag):
        keyed(table, "", **links(table))
        made.add(table)
    names, values = columns(WorklistEntry, **links(WorklistEntry))
    target = WorklistEntry._meta.db_table
    db.execute(
        f"INSERT INTO {target} (patient_id, {names}) SELECT p.id, {values} FROM {target} o"
        f" JOIN new_{Patient._meta.db_table} n ON n.{OLD} = o.patient_id"
        f" JOIN new_{Patient._meta.db_table} p ON p.{OLD} = o.patient_id AND p.n = n.n"
        f" {_joined(WorklistEntry)}"
    )
    db.commit()
    db.autocommit = True
    db.execute("ANALYZE")
    db.close()


def fill(url: str, patients: int) -> None:
    """A clinician with a panel of so many, and a patient with an account."""
    from django.contrib.auth import get_user_model

    from patients.models import CareTeamMember, Patient
    from patients.services.cohort import load_synthetic_cohort
    from twinportal import pipeline

    sample = min(SAMPLE, patients)
    with tqdm(total=sample, desc="Loading", unit=" patients") as bar:
        load_synthetic_cohort(sample, seed=7, now=NOW, progress=bar.update)
    keys = list(Patient.objects.values_list("pk", flat=True))
    CareTeamMember.objects.all().delete()
    CareTeamMember.objects.bulk_create(
        [CareTeamMember(patient_id=key, practitioner_id=DOCTOR, always=True) for key in keys]
    )
    pipeline.score_twins(keys, now=NOW)
    if patients > sample:
        copy_panel(url, patients // sample - 1)
    users = get_user_model().objects
    users.create_user("doctor", role="clinician", practitioner_id=DOCTOR)
    users.create_user("patient", role="patient", patient=Patient.objects.order_by("pk")[0])


def session(username: str) -> str:
    """The cookie of somebody who has signed in."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    browser = Client()
    user = get_user_model().objects.get(username=username)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


def addresses() -> dict[str, tuple[str, list[str]]]:
    """By page: who opens it, and some addresses of it."""
    from models_engine.models import Prediction
    from patients.models import Patient

    twins = list(Patient.objects.order_by("?")[:SAMPLE])
    shown = Prediction.objects.filter(patient__in=twins, status="current", value__isnull=False)
    one_each = shown.order_by("patient", "pk").distinct("patient").select_related("patient")
    last = Patient.objects.count() // 25
    return {
        "worklist, first page": ("doctor", ["/worklist/?sort=attention"]),
        "worklist, filtered": (
            "doctor",
            [
                "/worklist/?level=warning&p=10",
                "/worklist/?age=60-69&since=90",
                "/worklist/?since=never",
            ],
        ),
        "worklist, by name, last page": ("doctor", [f"/worklist/?sort=name&page={last}"]),
        "worklist, searched": ("doctor", ["/worklist/search/"]),
        "worklist, any news?": ("doctor", ["/worklist/news/?mark=1"]),
        "alerts and what became of them": ("doctor", ["/worklist/metrics/"]),
        "twin page": ("doctor", [f"/twins/{p.public_id}/" for p in twins]),
        "prediction page": (
            "doctor",
            [f"/twins/{p.patient.public_id}/predictions/{p.pk}/" for p in one_each],
        ),
        "patient's home": ("patient", ["/my/"]),
    }


def measure(port: int, cookie: str, paths: Sequence[str], number: int) -> list[float]:
    """Seconds of each answer; one client, one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    taken = []
    # the first ones warm both processes
    for at in range(number + WARM):
        path = paths[at % len(paths)]
        method, body, headers = "GET", None, {"Cookie": cookie}
        if path.endswith("/search/"):
            csrf = "a" * 32
            method, body = "POST", urllib.parse.urlencode({"q": "an", "csrfmiddlewaretoken": csrf})
            headers = {"Cookie": f"{cookie}; csrftoken={csrf}"} | FORM
        start = time.perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - start)
        if answer.status not in (200, 304):
            raise SystemExit(f"{path}: {answer.status}")
    connection.close()
    return taken[WARM:]


def first_visit(port: int, cookie: str, path: str) -> tuple[int, int]:
    """Bytes of a page with its styles, scripts and icon: as sent to a browser, and unpacked."""
    sent = whole = 0
    seen = {path}
    waiting = [path]
    while waiting:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", waiting[0], headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        sent += len(body)
        text = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
        whole += len(text)
        if waiting.pop(0) == path:
            found = re.findall(rb'(?:<script[^>]*src|<link[^>]*href)="(/static/[^"]+)"', text)
            waiting = sorted({part.decode() for part in found} - seen)
    return sent, whole


def memory_mb(parent: int) -> float:
    """The larger of the web processes, resident."""
    listed = subprocess.run(
        ["/bin/ps", "-o", "rss=", "--ppid", str(parent)], capture_output=True, text=True, check=True
    )
    return max(int(line) for line in listed.stdout.split()) / 1024


def master_of(port: int) -> int:
    """The gunicorn that listens there."""
    listed = subprocess.run(
        ["/bin/ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    for row in listed.stdout.splitlines():
        if f"127.0.0.1:{port}" in row and row.split()[1] == str(os.getpid()):
            return int(row.split()[0])
    raise SystemExit("the server is not there")


def line(name: str, seconds: Sequence[float], floor: float) -> bool:
    p50, p95 = (float(np.percentile(seconds, share)) for share in (50, 95))
    held = p95 < GOAL_SECONDS
    print(
        f"{name:<34}{1000 * p50:9.1f}{1000 * p95:9.1f}{p50 / floor:10.1f}",
        "" if held else "  MISSED",
    )
    return held


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--requests", type=int, default=40)
    options = parser.parse_args()
    url = prepare()
    fill(url, options.patients)
    report(options.requests)


def report(requests: int) -> None:
    """Everything that is printed, on the database as it is."""
    from patients.models import Patient

    with server("floor_view:application") as port:
        floor = measure(port, "", ["/ten"], requests)
    base = statistics.median(floor)
    print(f"{Patient.objects.count():,} patients in the panel; {requests} requests of each")
    print(f"{'':<34}{'p50 ms':>9}{'p95 ms':>9}{'of floor':>10}")
    line("bare Django view, 10 queries", floor, base)
    cookies = {name: session(name) for name in ("doctor", "patient")}
    with server() as port:
        held = [
            line(name, measure(port, cookies[who], paths, requests), base)
            for name, (who, paths) in addresses().items()
        ]
        print(f"goal, p95 below {1000 * GOAL_SECONDS:.0f} ms: {'held' if all(held) else 'MISSED'}")
        print(f"memory of a web process  {memory_mb(master_of(port)):6.0f} MB (goal: 200)")
        for name, path in (("doctor", "/worklist/?sort=attention"), ("patient", "/my/")):
            sent, whole = first_visit(port, cookies[name], path)
            print(
                f"first visit of the {name:<8} {sent / 1000:6.0f} kB sent, {whole / 1000:.0f} kB unpacked (goal: {GOAL_KB})"
            )


if __name__ == "__main__":
    main()
