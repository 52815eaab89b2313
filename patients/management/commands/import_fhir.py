from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from patients.services.fhir_files import files_under
from patients.services.file_import import FileImport
from patients.services.garbage import collect_rarely


class Command(BaseCommand):
    help = "Import FHIR R4 files: bundles, folders, NDJSON; .gz, .bz2 and .xz too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--report", type=Path, help="write what was rejected to this file")
        parser.add_argument(
            "--tolerant", action="store_true", help="end with success though something was rejected"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        missing = [str(path) for path in options["paths"] if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {', '.join(missing)}")
        files = files_under(options["paths"])
        if not files:
            raise CommandError("No .json or .ndjson file there (also .gz, .bz2, .xz)")
        collect_rarely()
        done = FileImport()
        read: dict[Path, int] = {}
        total = sum(path.stat().st_size for path in files)
        with tqdm(total=total, desc="Importing", unit="B", unit_scale=True) as bar:

            def progress(path: Path, position: int) -> None:
                bar.update(position - read.get(path, 0))
                read[path] = position

            done.run(files, progress)
        self._report(done, options["report"])
        if done.rejected and not options["tolerant"]:
            raise CommandError(
                f"{len(done.rejected)} portions were rejected; none of them is stored"
            )

    def _report(self, done: FileImport, report: Path | None) -> None:
        for name, count in sorted(done.counts.items()):
            self.stdout.write(f"{count:>9,}  {name}")
        self.stdout.write(f"{done.counts.total():>9,}  in all")
        lines = [str(one) for one in done.rejected]
        for line in lines:
            self.stderr.write(line)
        if report is not None:
            report.write_text("".join(f"{line}\n" for line in lines))
