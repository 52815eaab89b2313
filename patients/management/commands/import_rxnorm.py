from argparse import ArgumentParser
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from patients.models import Resource
from patients.services.medications import DEPENDANTS
from patients.services.rxnorm_import import (
    ReleaseError,
    counted,
    load_release,
    project_medications_again,
)
from patients.terminology.rxnorm_drugs import Drugs, disagreements

MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Load a release of RxNorm (its ZIP archive, or the folder with RXNCONSO.RRF, RXNREL.RRF and"
        " RXNSAT.RRF): codes that our own table does not know are read by it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="DIR|ZIP")
        parser.add_argument(
            "--release", default="", help="what the release is called, where it does not say so"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.exists():
            raise CommandError(f"No such file or folder: {path}")
        now = timezone.now()
        try:
            loaded = load_release(path, name=options["release"], now=now)
        except ReleaseError as error:
            raise CommandError(str(error)) from error
        if loaded.drugs is None:
            self.stdout.write(f"{loaded.release.name} is in force already.")
        else:
            self.stdout.write(f"{loaded.release.name} is in force:")
            for line in counted(loaded.drugs):
                self.stdout.write(f"  {line}")
            self._disagreements(loaded.drugs)
        rows = Resource.objects.filter(type__in=DEPENDANTS, patient__isnull=False, deleted=False)
        with tqdm(total=rows.count(), desc="Projecting", unit=" resources") as bar:
            changed = project_medications_again(now=now, progress=lambda n: bar.update(n))
        self.stdout.write(f"{len(changed)} twins changed and are marked stale")

    def _disagreements(self, drugs: Drugs) -> None:
        found = disagreements(drugs)
        shown = list(islice(found, MOST_SHOWN))
        more = sum(1 for _ in found)
        if shown:
            total = len(shown) + more
            self.stdout.write(f"  {total} codes are read by our own table, which says otherwise:")
        for one in shown:
            ours, theirs = " / ".join(one.ours), " / ".join(one.theirs)
            self.stdout.write(f"    {one.rxcui} {one.name}: ours {ours}; release {theirs}")
        if more:
            self.stdout.write(f"    and {more} more")
