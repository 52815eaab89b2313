from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models_engine.catalogue.treatment.knowledge.check import (
    REVIEW_MONTHS,
    Problem,
    counts,
    overdue,
    problems,
    unverified,
)
from models_engine.catalogue.treatment.knowledge.loading import (
    FOLDER,
    Knowledge,
    KnowledgeError,
    read_knowledge,
)
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.registry import registered
from models_engine.treatment_knowledge import own_folder
from patients.terminology.medications import listed_medications


class Command(BaseCommand):
    help = "Check the tables of treatment knowledge, count their rows and name what is unverified."
    # the tables are checked before there is a database or a secret
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--folder",
            action="append",
            type=Path,
            default=[],
            metavar="DIR",
            help="a folder of further tables, read after the committed ones; may be repeated",
        )
        parser.add_argument(
            "--months",
            type=float,
            default=REVIEW_MONTHS,
            help=f"rows that nobody reviewed for so long are named (default {REVIEW_MONTHS})",
        )
        parser.add_argument(
            "--unverified", action="store_true", help="name every row that no source was opened for"
        )

    def handle(
        self, *, folder: list[Path], months: float, unverified: bool, **options: Any
    ) -> None:
        found = self._read(folder)
        self._print_folders(found)
        self._print_counts(found)
        self._print_coverage(found)
        if unverified:
            self._print_unverified(found)
        outcomes = {key: {o.id for o in m.outcomes} for key, m in registered().items()}
        wrong: tuple[Problem, ...] = (
            *problems(found, outcomes),
            # the day of whoever calls
            *overdue(found, date.today(), months),  # noqa: DTZ011
        )
        for problem in wrong:
            self.stdout.write(f"{problem.level.upper():<8}{problem}")
        if wrong:
            raise CommandError(f"{len(wrong)} problems in the tables of treatment knowledge.")
        weaker = sum(1 for one in found.replacements if one.weakenings)
        said = f" {weaker} rows say less than those they replace: see above." if weaker else ""
        self.stdout.write(f"Every check passed.{said}")

    def _read(self, folders: list[Path]) -> Knowledge:
        own = own_folder()
        given = [FOLDER, *([own] if own else []), *folders]
        for one in given:
            if not one.is_dir():
                raise CommandError(f"{one} is no folder.")
        try:
            return read_knowledge(*given)
        except KnowledgeError as error:
            raise CommandError(str(error)) from error

    def _print_folders(self, found: Knowledge) -> None:
        for one in found.folders:
            total, replaced = sum(one.rows.values()), len(one.replacements)
            self.stdout.write(f"{one.folder}: {_brought(total, replaced)}")
            for table, number in one.rows.items():
                self.stdout.write(f"  {table:<20}{_brought(number, one.replaced[table])}")
        for row in found.replacements:
            self.stdout.write(f"REPLACED {row}")
            for text in row.weakenings:
                said = f"WARNING  {row.table}: {row.after.id}: {text}"
                self.stdout.write(self.style.WARNING(said))

    def _print_counts(self, found: Knowledge) -> None:
        for table, tags in counts(found).items():
            total = sum(tags.values())
            shown = ", ".join(f"{tag} {number}" for tag, number in tags.items() if tag)
            self.stdout.write(f"{table:<20}{total:>6}  {shown}".rstrip())

    def _print_coverage(self, found: Knowledge) -> None:
        index = index_of(found)
        names = {name for known in listed_medications().values() for name in known.ingredients}
        unknown = sorted(name for name in names if index.ingredient(name) is None)
        shown = f": {', '.join(unknown[:10])}" if unknown else ""
        more = " ..." if len(unknown) > 10 else ""
        self.stdout.write(
            f"Of {len(names)} ingredients that the record can name, {len(unknown)} are in no table"
            f"{shown}{more}"
        )

    def _print_unverified(self, found: Knowledge) -> None:
        for table, row in unverified(found):
            self.stdout.write(f"UNVERIFIED  {table}: {row.id}: {getattr(row, 'says', '')}".rstrip())


def _brought(rows: int, replaced: int) -> str:
    return f"{rows} rows read, {rows - replaced} added, {replaced} replaced"
