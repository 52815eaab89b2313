"""What the two import commands share."""

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from patients import audit
from twinportal.molecular.imports import MOST_BYTES, Given, withdraw
from twinportal.molecular.models import ImportedTable


class ImportCommand(BaseCommand):
    """Import one file, list what is there, or withdraw a version."""

    kind: type[ImportedTable]
    what = ""
    columns: tuple[str, ...] = ()
    store: Callable[..., tuple[ImportedTable, bool]]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="tab- or comma-separated, or .gz")
        parser.add_argument("--name", help="the next version under this name")
        parser.add_argument("--system", choices=[s.name.lower() for s in GeneSystem])
        parser.add_argument("--source", help="where it is from: citation, address, date")
        parser.add_argument("--licence")
        parser.add_argument(
            "--columns",
            default=",".join(self.columns),
            help="the file's names for %(default)s, in this order",
        )
        parser.add_argument("--list", action="store_true", help="what is there")
        parser.add_argument(
            "--withdraw", metavar="NAME:VERSION", help="offer it no more; rankings keep it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self._list()
        elif options["withdraw"]:
            self._withdraw(options["withdraw"])
        else:
            self._import(options)

    def _import(self, options: dict[str, Any]) -> None:
        lacking = [n for n in ("file", "name", "system", "source", "licence") if not options[n]]
        if lacking:
            raise CommandError(f"Give also: {', '.join(lacking)}")
        columns: Sequence[str] = [name.strip() for name in options["columns"].split(",")]
        if len(columns) != len(self.columns) or not all(columns):
            raise CommandError(f"--columns names {len(self.columns)} columns")
        path: Path = options["file"]
        try:
            if path.stat().st_size > MOST_BYTES:
                raise CommandError(f"{path} is larger than {MOST_BYTES / 2**20:,.0f} MiB")
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        try:
            given = Given(
                path.name,
                options["name"],
                GeneSystem[options["system"].upper()],
                options["source"],
                options["licence"],
            )
            row, is_new = self.store(content, given, columns=columns, now=timezone.now())
        except NetworkError as error:
            raise CommandError(f"{path}: {error}. Nothing was imported.") from error
        self._record("create" if is_new else "read", row)
        self.stdout.write(f"{'imported as' if is_new else 'there already:'} {row}")
        for name, value in row.counts.items():
            shown = ", ".join(value) or "none" if isinstance(value, list) else value
            self.stdout.write(f"  {name.replace('_', ' ')}: {shown}")
        self.stdout.write(f"  SHA-256: {row.sha256}")

    def _list(self) -> None:
        for row in self.kind._default_manager.defer("content").order_by("name", "version"):
            gone = f", withdrawn {row.withdrawn_at:%Y-%m-%d}" if row.withdrawn_at else ""
            self.stdout.write(
                f"{row} ({row.system}, {row.licence}, {row.imported_at:%Y-%m-%d}{gone}) "
                f"{row.sha256[:12]}"
            )

    def _withdraw(self, which: str) -> None:
        name, _, version = which.rpartition(":")
        rows = self.kind._default_manager.defer("content")
        row = rows.filter(name=name, version=int(version)).first() if version.isdecimal() else None
        if row is None:
            raise CommandError(f"There is no {self.what} {which}; --list shows what there is")
        withdraw(row, now=timezone.now())
        self._record("delete", row)
        self.stdout.write(f"{row} is not offered any more")

    def _record(self, action: str, row: ImportedTable) -> None:
        audit.record(
            actor_kind="system",
            actor=f"import_{self.what.replace(' ', '_')}",
            action=action,
            what=self.what,
            detail=f"{row.public_id} {row.sha256}",
        )
