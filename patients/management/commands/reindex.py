from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from patients.models import Resource
from patients.services.reindex import reindex


class Command(BaseCommand):
    help = "Make the search index of every stored resource anew; needed after some upgrades."

    def handle(self, *args: Any, **options: Any) -> None:
        total = Resource.objects.filter(deleted=False).count()
        with tqdm(total=total, desc="Indexing", unit=" resources") as bar:
            changed = reindex(progress=bar.update)
        self.stdout.write(f"{changed} resources were indexed otherwise before")
