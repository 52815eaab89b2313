"""Merge two patients that are one person, take a merge back, or list who may be one person."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from patients import audit
from patients.errors import FhirError
from patients.models import Patient
from patients.selectors.identity import shared_identifiers
from patients.services import merge
from patients.services.interactions import Sender


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="?", help="id of the Patient that is replaced")
        parser.add_argument("target", nargs="?", help="id of the Patient that stays")
        parser.add_argument("--undo", action="store_true", help="take the merge of SOURCE back")
        parser.add_argument("--list", action="store_true", help="patients that share an identifier")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for identifier, ids in shared_identifiers():
                self.stdout.write(f"{identifier}: {', '.join(f'Patient/{i}' for i in ids)}")
            return
        source, target = options["source"], options["target"]
        if not source or bool(target) == options["undo"]:
            raise CommandError("Give SOURCE and TARGET, or SOURCE with --undo, or --list.")
        sender, now = Sender(source="merge_patients"), timezone.now()
        try:
            if options["undo"]:
                target = merge.separate(source, sender=sender, now=now)
            else:
                merge.merge(source, target, sender=sender, now=now)
        except FhirError as error:
            raise CommandError("; ".join(i.diagnostics for i in error.issues)) from error
        action = "separate" if options["undo"] else "merge"
        audit.record(
            actor_kind="system",
            actor="merge_patients",
            action=action,
            what="Patient",
            patient_ids=Patient.objects.filter(fhir_id__in=[source, target]).values_list(
                "pk", flat=True
            ),
            detail=f"Patient/{source} Patient/{target}",
        )
        done = "stands for itself again" if options["undo"] else f"is now part of Patient/{target}"
        self.stdout.write(f"Patient/{source} {done}.")
