from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from patients.errors import FhirError
from patients.services import ingest, reception
from patients.services.file_import import Portion, Rejected, files_under, portions
from patients.services.interactions import Sender


class Command(BaseCommand):
    help = "Import FHIR R4 files: bundles, folders, NDJSON; .gz, .bz2 and .xz too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--report", type=Path, help="write what was rejected to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = [str(path) for path in options["paths"] if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {', '.join(missing)}")
        files = files_under(options["paths"])
        if not files:
            raise CommandError("No .json or .ndjson file there (also .gz, .bz2, .xz)")
        counts: Counter[str] = Counter()
        waiting: list[Portion] = []
        rejected: list[Rejected] = []
        for path in tqdm(files, desc="Importing", unit=" files"):
            for portion in portions(path):
                outcome = _take(portion, counts)
                if isinstance(outcome, Portion):
                    waiting.append(outcome)
                elif outcome is not None:
                    rejected.append(outcome)
        # what refers to a resource of a later file goes in now
        rejected += _retry(waiting, counts)
        self._report(counts, rejected, options["report"])

    def _report(self, counts: Counter[str], rejected: list[Rejected], report: Path | None) -> None:
        for name, count in sorted(counts.items()):
            self.stdout.write(f"{count:>9,}  {name}")
        self.stdout.write(f"{sum(counts.values()):>9,}  in all")
        lines = [str(one) for one in rejected]
        for line in lines:
            self.stderr.write(line)
        if report is not None:
            report.write_text("".join(f"{line}\n" for line in lines))
        if rejected:
            raise CommandError(f"{len(rejected)} portions were rejected; nothing of them is stored")


def _take(portion: Portion | Rejected, counts: Counter[str]) -> Portion | Rejected | None:
    """None when it went in, the portion itself when it should be tried again later."""
    if isinstance(portion, Rejected):
        return portion
    try:
        _store(portion, counts)
    except FhirError as error:
        if all(issue.code == "not-found" for issue in error.issues):
            return portion
        return Rejected(portion.path, portion.line, tuple(error.issues))
    return None


def _retry(waiting: list[Portion], counts: Counter[str]) -> list[Rejected]:
    rejected = []
    for portion in waiting:
        try:
            _store(portion, counts)
        except FhirError as error:
            rejected.append(Rejected(portion.path, portion.line, tuple(error.issues)))
    return rejected


def _store(portion: Portion, counts: Counter[str]) -> None:
    interactions = list(portion.interactions)
    reception.check(interactions)
    sender = Sender(source=f"import {portion.path.name}"[:200])
    ingest.process(interactions, sender=sender, now=timezone.now())
    counts.update(interaction.type for interaction in interactions)
