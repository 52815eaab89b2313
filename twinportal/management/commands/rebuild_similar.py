from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from patients.models import Patient
from twinportal.similar import services


class Command(BaseCommand):
    help = (
        "Make the vectors of past twins anew, by which people alike are found. With"
        " TWINPORTAL_SIMILAR=off: delete them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        with tqdm(total=Patient.objects.count(), desc="Past twins", unit=" twins") as bar:
            for size in services.rebuild(timezone.now()):
                done += size
                bar.update(size)
        if services.is_on():
            self.stdout.write(f"{done:,} twins read.")
        else:
            self.stdout.write("TWINPORTAL_SIMILAR is off: every vector is deleted.")
