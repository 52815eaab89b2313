import os
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from patients.services.fhir_files import files_under
from patients.services.garbage import collect_rarely
from patients.services.import_run import ImportRun
from patients.services.interruption import stopped_by_interrupt

MOST_WORKERS = 4
# what a shell says of a command that ^C ended
INTERRUPTED = 130


class Command(BaseCommand):
    help = "Import FHIR R4 files: bundles, folders, NDJSON; .gz, .bz2 and .xz too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--report", type=Path, help="write what was rejected to this file")
        parser.add_argument(
            "--tolerant", action="store_true", help="end with success though something was rejected"
        )
        parser.add_argument(
            "--match-directory",
            action=BooleanOptionalAction,
            default=True,
            help="a Practitioner, Organization, Location or PractitionerRole that is created again "
            "with an identifier that is here already is the one that is here (default: yes)",
        )
        parser.add_argument(
            "--workers",
            type=int,
            default=min(len(os.sched_getaffinity(0)), MOST_WORKERS),
            help="processes that store files side by side (default: %(default)s, the processors, "
            f"at most {MOST_WORKERS}); with 1, versions of one resource keep the files' order",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        missing = [str(path) for path in options["paths"] if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {', '.join(missing)}")
        if options["workers"] < 1:
            raise CommandError("--workers is 1 or more")
        files = files_under(options["paths"])
        if not files:
            raise CommandError("No .json or .ndjson file there (also .gz, .bz2, .xz)")
        collect_rarely()
        done = ImportRun(options["workers"], options["match_directory"])
        self._run(done, files)
        self._report(done, options["report"])
        if done.stop.is_set():
            words = "Stopped. What is counted above is stored, and nothing else"
            raise CommandError(words, returncode=INTERRUPTED)
        if done.rejected and not options["tolerant"]:
            raise CommandError(f"{len(done.rejected)} portions were rejected; they are not stored")

    def _run(self, done: ImportRun, files: list[Path]) -> None:
        read: dict[Path, int] = {}
        total = sum(path.stat().st_size for path in files)
        with tqdm(total=total, desc="Importing", unit="B", unit_scale=True) as bar:

            def progress(path: Path, position: int) -> None:
                bar.update(max(position - read.get(path, 0), 0))
                read[path] = max(position, read.get(path, 0))

            with stopped_by_interrupt(done.stop):
                done.run(files, progress)

    def _report(self, done: ImportRun, report: Path | None) -> None:
        for name, count in sorted(done.counts.items()):
            self.stdout.write(f"{count:>9,}  {name}")
        self.stdout.write(f"{done.counts.total():>9,}  in all")
        lines = [str(fault) for faults in done.rejected for fault in faults]
        for line in lines:
            self.stderr.write(line)
        if report is not None:
            report.write_text("".join(f"{line}\n" for line in lines))
