from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from patients.synthetic.generate import generate, infrastructure_bundle

# import_fhir loads what is called so before the patients
INFRASTRUCTURE = "practitionerInformation"


class Command(BaseCommand):
    help = (
        "Write a synthetic cohort as FHIR R4 transaction bundles: a file for each patient in a "
        "folder, or a line for each in one .ndjson file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a folder, or a file ending in .ndjson")
        parser.add_argument("--patients", type=int, default=200)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--as-of", type=date.fromisoformat, help="YYYY-MM-DD; today if left out"
        )
        parser.add_argument("--odd", action="store_true", help="with the oddities of real feeds")

    def handle(self, *args: Any, **options: Any) -> None:
        path, n, seed = options["path"], options["patients"], options["seed"]
        if n < 1:
            raise CommandError("--patients: at least 1")
        as_of = options["as_of"] or timezone.now()
        bundles = generate(n, seed=seed, as_of=as_of, odd_values=options["odd"])
        every = chain([infrastructure_bundle(seed)], tqdm(bundles, total=n, unit=" patients"))
        write = _write_lines if path.suffix == ".ndjson" else _write_files
        write(path, every)
        self.stdout.write(f"{n} patients in {path}")


def _write_lines(path: Path, bundles: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lines:
        for bundle in bundles:
            lines.write(orjson.dumps(bundle) + b"\n")


def _write_files(folder: Path, bundles: Iterable[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, bundle in enumerate(bundles):
        name = f"patient-{number:05d}" if number else INFRASTRUCTURE
        (folder / f"{name}.json").write_bytes(orjson.dumps(bundle))
