"""Take today's monitoring snapshot of every model, or freeze the reference for drift."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from twinportal import monitoring


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--set-reference",
            action="store_true",
            help="make what stands now the reference of all models, or of those named",
        )
        parser.add_argument("models", nargs="*", help="ids, with --set-reference")

    def handle(self, *args: Any, **options: Any) -> None:
        now, started = timezone.now(), time.monotonic()
        if options["models"] and not options["set_reference"]:
            raise CommandError("A snapshot is of all models; ids go with --set-reference.")
        if options["set_reference"]:
            try:
                number = monitoring.freeze(
                    options["models"], actor_kind="system", actor="command", now=now
                )
            except KeyError as error:
                raise CommandError(f"There is no registered model {error}.") from None
            self.stdout.write(f"{number} references set; snapshots taken anew.")
        else:
            number = monitoring.take(now=now)
            self.stdout.write(f"{number} models, {time.monotonic() - started:.1f} s.")
