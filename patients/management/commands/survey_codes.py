"""Count the codes that neither our tables nor a mapping reads, and show the most frequent."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from patients.services.code_survey import survey


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--most", type=int, default=20, help="how many to show")

    def handle(self, *args: Any, **options: Any) -> None:
        made = survey(now=timezone.now())
        rows = made.codes.order_by("-resources", "id")
        self.stdout.write(f"{rows.count()} unmapped codes, counted in {made.milliseconds} ms")
        for row in rows[: options["most"]]:
            self.stdout.write(
                f"{row.resources:>9} resources {row.patients:>7} patients  {row.type}"
                f"  {row.system}|{row.code}  {row.display}".rstrip()
            )
