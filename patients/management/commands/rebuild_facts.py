from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from patients.models import Resource
from patients.services.rebuild import rebuild_facts


class Command(BaseCommand):
    help = "Project the facts of every stored resource anew; twins that differ become stale."

    def handle(self, *args: Any, **options: Any) -> None:
        total = Resource.objects.filter(patient__isnull=False, deleted=False).count()
        with tqdm(total=total, desc="Rebuilding facts", unit=" resources") as bar:
            changed = rebuild_facts(now=timezone.now(), progress=lambda n: bar.update(n))
        self.stdout.write(f"{len(changed)} twins changed and are marked stale")
