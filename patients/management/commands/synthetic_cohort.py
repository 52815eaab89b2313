from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand
from django.utils import timezone

from patients.synthetic.generate import generate, infrastructure_bundle


class Command(BaseCommand):
    help = "Write a synthetic cohort as FHIR R4 transaction bundles, one file a patient."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--patients", type=int, default=200)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--as-of", type=datetime.fromisoformat, default=None)
        parser.add_argument("--odd", action="store_true", help="with the oddities of real feeds")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        as_of = options["as_of"] or timezone.now()
        seed = options["seed"]
        bundles = generate(options["patients"], seed=seed, as_of=as_of, odd_values=options["odd"])
        # the name makes import_fhir load it first
        first = folder / "practitionerInformation.json"
        first.write_bytes(orjson.dumps(infrastructure_bundle(seed)))
        for number, bundle in enumerate(bundles, 1):
            (folder / f"patient-{number:05d}.json").write_bytes(orjson.dumps(bundle))
        self.stdout.write(f"{options['patients']} patients in {folder}")
