"""How much of each FHIR data set goes in, by file and over HTTP, and why the rest does not.

    python tools/count_data_sets.py path/to/archives
    python tools/count_data_sets.py path/to/archives --sample 60   # files over HTTP, of each set
    python tools/count_data_sets.py path/to/archives --only mimic --output -

Each archive (.tar, .tar.xz) with FHIR in it is unpacked for the while and read into an empty
database twice: by what `import_fhir` runs, then by a client that pushes bundles as they are, and
lines and single resources as batches, to a server as production runs it. The client sends first
what others refer to, and nothing twice.
"""

import argparse
import http.client
import json
import re
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
import rig

Json = dict[str, Any]
CLIENTS = 4
BATCH = 500
ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]\.?(resource)?\.?")
INDEX = re.compile(r"\[\d+\]")
WRITES = ("POST", "PUT", "DELETE", "PATCH")
# the most frequent reasons that the table shows for one way into one set
SHOWN = 60
HEAD = """# How much of each data set goes in

Written by `tools/count_data_sets.py`: every set of FHIR files of the data room, each into an empty
database, by `import_fhir` and over HTTP (a client with `match_directory`; bundles as they are,
lines and single resources as batches). "Given" counts bundle entries that write, lines and single
resources; "in" those that were stored or matched what was there; "in the store" the resources there
are at the end: what a set carries several times, as Synthea's practitioners and organisations, is
there once. A transaction is refused whole, so one fault may refuse many.
"""


@dataclass
class Count:
    """What became of one set on one way."""

    given: int = 0
    taken: int = 0
    stored: int = 0
    seconds: float = 0
    note: str = ""
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def fault(self, types: list[str], expression: str, code: str) -> None:
        """An element as the standard writes it: Observation.component.code."""
        match = ENTRY.match(expression)
        if match:
            index = int(match[1])
            kind = types[index] if index < len(types) else "?"
            inside = "." if match[2] else " (request) "
            rest = expression[match.end() :]
            expression = f"{kind}{inside}{rest}".removesuffix(".") if rest else kind
        elif len(types) == 1 and expression:
            head, dot, rest = expression.partition(".")
            expression = f"{types[0] if head == 'Bundle' and not dot else head}{dot}{rest}"
        self.reasons[INDEX.sub("", expression) or "(the whole)", code] += 1


def unpacked(archive: Path, folder: Path) -> list[Path]:
    from patients.services.fhir_files import files_under

    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return files_under([folder])


def is_bundle(content: object) -> bool:
    return isinstance(content, dict) and content.get("resourceType") == "Bundle"


@lru_cache(maxsize=4)
def contents(path: Path) -> tuple[Any, ...]:
    """A file's JSON values; None for what is no JSON."""
    from patients.services.fhir_files import NDJSON, _opened

    def loaded(text: bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            return None

    with _opened(path) as (stream, _):
        if NDJSON.intersection(path.suffixes):
            return tuple(loaded(line) for line in stream if line.strip())
        return (loaded(stream.read()),)


def writing_entries(bundle: Json) -> list[Json]:
    """Entries that change something; all of a collection do."""
    entries = [entry for entry in bundle.get("entry", []) if isinstance(entry, dict)]
    return [entry for entry in entries if entry.get("request", {}).get("method", "PUT") in WRITES]


def types_of(content: Any) -> list[str]:
    """The type of each entry, or of the one resource."""
    if not isinstance(content, dict):
        return ["(no JSON object)"]
    if not is_bundle(content):
        return [str(content.get("resourceType", "?"))]
    entries = content.get("entry", [])
    return [
        str((e.get("resource") or {}).get("resourceType") or "?") if isinstance(e, dict) else "?"
        for e in entries
    ]


def given_in(path: Path) -> int:
    return sum(len(writing_entries(c)) if is_bundle(c) else 1 for c in contents(path))


def in_store() -> int:
    from patients.models import Resource
    from patients.services.server_written import OWN_MARKS

    return Resource.objects.filter(deleted=False).exclude(tokens__overlap=OWN_MARKS).count()


def emptied() -> None:
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)


def by_import(files: list[Path]) -> Count:
    from patients.services.import_run import ImportRun

    emptied()
    count = Count(given=sum(given_in(path) for path in files))
    run = ImportRun(workers=2)
    start = time.monotonic()
    run.run(files)
    count.seconds = time.monotonic() - start
    count.taken, count.stored = run.counts.total(), in_store()
    for fault in (fault for faults in run.rejected for fault in faults):
        values = contents(fault.path)
        content = values[0] if len(values) == 1 else values[min(fault.line, len(values)) - 1]
        count.fault(types_of(content), fault.issue.expression, fault.issue.code)
    return count


class Client:
    """Pushes to one server, and counts what it says."""

    def __init__(self, port: int, bearer: str) -> None:
        self.port = port
        self.headers = {
            "Authorization": f"Bearer {bearer}",
            "Content-Type": "application/fhir+json",
            "Prefer": "return=minimal",
        }

    def push(self, content: Any, body: bytes) -> Count:
        count = Count()
        entries = content.get("entry", []) if is_bundle(content) else []
        count.given = len(writing_entries(content)) if is_bundle(content) else 1
        status, answer = self.post(body)
        types = types_of(content)
        if status != 200:
            for issue in answer.get("issue", []):
                expression = next(iter(issue.get("expression", [])), "")
                count.fault(types, expression, issue["code"])
            return count
        for index, (entry, told) in enumerate(zip(entries, answer["entry"], strict=True)):
            if entry.get("request", {}).get("method") not in WRITES:
                continue
            if told["response"]["status"][:1] == "2":
                count.taken += 1
                continue
            for issue in told["response"]["outcome"]["issue"]:
                expression = next(iter(issue.get("expression", [])), "")
                expression = expression or f"Bundle.entry[{index}].resource"
                count.fault(types, expression, issue["code"])
        return count

    def post(self, body: bytes) -> tuple[int, Json]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("POST", "/fhir", body, self.headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
        connection.close()
        return answer.status, found


def requests_of(paths: Iterable[Path]) -> Iterator[tuple[Any, bytes]]:
    """Bundles as they are; everything else by the batch."""
    loose: list[Json] = []
    for path in paths:
        for content in contents(path):
            if is_bundle(content) and content.get("type") in ("transaction", "batch"):
                yield content, json.dumps(content).encode()
            elif is_bundle(content):
                loose += [e["resource"] for e in writing_entries(content) if "resource" in e]
            elif isinstance(content, dict):
                loose.append(content)
            else:
                yield content, b"not JSON"
            while len(loose) >= BATCH:
                yield as_batch(loose[:BATCH])
                del loose[:BATCH]
    if loose:
        yield as_batch(loose)


def as_batch(resources: list[Json]) -> tuple[Json, bytes]:
    entries = []
    for resource in resources:
        kind, fhir_id = resource.get("resourceType", ""), resource.get("id")
        request = {"method": "PUT", "url": f"{kind}/{fhir_id}"} if fhir_id else {
            "method": "POST", "url": str(kind)}  # fmt: skip
        entries.append({"resource": resource, "request": request})
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    return bundle, json.dumps(bundle).encode()


def over_http(files: list[Path], sample: int) -> Count:
    """Stage after stage; the requests of a stage by some clients at once."""
    from oauth2_provider.models import Application

    from patients.models import ClientProfile
    from patients.services.fhir_files import stages

    emptied()
    bearer = rig.token()
    ClientProfile.objects.create(application=Application.objects.get(), match_directory=True)
    count, ordered = Count(), stages(files)
    largest = max(ordered, key=len)
    if sample and len(largest) > sample:
        kept = largest[:: -(-len(largest) // sample)]
        count.note = f"a sample: {len(kept)} of {len(largest)} files, each as far from the next"
        ordered = [kept if stage is largest else stage for stage in ordered]
    start = time.monotonic()
    with rig.server() as port, ThreadPoolExecutor(CLIENTS) as pool:
        client = Client(port, bearer)
        for stage in ordered:
            # as many as are in memory at once
            waiting = []
            for content, body in requests_of(stage):
                waiting.append(pool.submit(client.push, content, body))
                if len(waiting) >= 2 * CLIENTS:
                    add(count, waiting.pop(0).result())
            for future in waiting:
                add(count, future.result())
    count.seconds = time.monotonic() - start
    count.stored = in_store()
    return count


def add(total: Count, one: Count) -> None:
    total.given += one.given
    total.taken += one.taken
    total.reasons.update(one.reasons)


def table(counts: dict[str, dict[str, Count]]) -> str:
    lines = [HEAD, "| set | way | given | in | refused | in the store | |", "|---|---|---:|---:|---:|---:|---|"]  # fmt: skip
    for name, ways in counts.items():
        for way, c in ways.items():
            refused = c.given - c.taken
            lines.append(
                f"| {name} | {way} | {c.given:,} | {c.taken:,} | {refused:,} | {c.stored:,} "
                f"| {c.note} |"
            )
    for name, ways in counts.items():
        lines += reasons(name, ways)
    return "\n".join(lines) + "\n"


def reasons(name: str, ways: dict[str, Count]) -> list[str]:
    """Elements and codes of all faults of a set, by both ways beside each other."""
    found = Counter[tuple[str, str]]()
    for count in ways.values():
        found |= count.reasons
    if not found:
        return []
    lines = ["", f"## {name}", "", f"| element | code | {' | '.join(ways)} |"]
    lines.append(f"|---|---|{'---:|' * len(ways)}")
    ranked = sorted(found, key=lambda reason: (-found[reason], reason))
    for reason in ranked[:SHOWN]:
        numbers = " | ".join(f"{count.reasons[reason]:,}" for count in ways.values())
        lines.append(f"| {reason[0]} | {reason[1]} | {numbers} |")
    if len(ranked) > SHOWN:
        lines.append(f"\nand {len(ranked) - SHOWN} more.")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with the archives")
    parser.add_argument("--only", default="", help="sets whose name contains this")
    parser.add_argument("--sample", type=int, default=0, help="files over HTTP, of each set")
    parser.add_argument("--output", default=str(ROOT / "docs" / "data-sets.md"), help="- prints")
    options = parser.parse_args()
    rig.prepare()
    counts: dict[str, dict[str, Count]] = {}
    for archive in sorted(options.folder.glob("*.tar*")):
        name = archive.name.split(".tar")[0]
        if options.only not in name:
            continue
        with TemporaryDirectory() as folder:
            files = unpacked(archive, Path(folder))
            if not files:
                continue
            counts[name] = {"import_fhir": by_import(files)}
            print(name, counts[name]["import_fhir"], file=sys.stderr, flush=True)
            counts[name]["HTTP"] = over_http(files, options.sample)
            print(name, counts[name]["HTTP"], file=sys.stderr, flush=True)
            contents.cache_clear()
    text = table(counts)
    if options.output == "-":
        print(text)
    else:
        Path(options.output).write_text(text)


if __name__ == "__main__":
    main()
