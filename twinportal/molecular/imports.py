"""Interaction networks and drug-target tables: brought in whole or not at all, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from models_engine.catalogue.treatment.network.interactome import Interactome, read_interactome
from models_engine.catalogue.treatment.network.targets import DrugTargets, read_targets
from twinportal.molecular.models import DrugTargetTable, ImportedTable, InteractionNetwork
from twinportal.molecular.stored_text import (
    check_text,
    delimiter_of,
    has_column,
    header_of,
    packed,
    streamed,
    unpacked,
)

# of a file, packed or not
MOST_BYTES = 200 * 2**20
PAIR = ("source", "target")
DRUG = ("drug", "name", "gene", "action")
STATUS = "status"
Row = TypeVar("Row", bound=ImportedTable)
Table = TypeVar("Table", Interactome, DrugTargets)


@dataclass(frozen=True)
class Given:
    """What is said of a file that is imported. NetworkError where something is not said."""

    file_name: str
    name: str
    system: GeneSystem
    source: str
    licence: str

    def __post_init__(self) -> None:
        for field, most in (("name", 80), ("source", 400), ("licence", 200)):
            text = getattr(self, field)
            if not text.strip() or len(text) > most:
                raise NetworkError(f"the {field} has 1 to {most} characters")


def import_network(
    content: bytes, given: Given, *, columns: Sequence[str] = PAIR, now: datetime
) -> tuple[InteractionNetwork, bool]:
    """The stored network, and whether it is new. NetworkError names the lines at fault."""
    check_text(content, most=MOST_BYTES)
    delimiter = delimiter_of(header_of(content))
    with streamed(content) as text:
        network = read_interactome(text, given.system, (columns[0], columns[1]), delimiter)
    counts = {
        "genes": len(network.genes),
        "interactions": network.interactions,
        "rows": network.rows_read,
        "self_loops": network.self_loops,
        "repeated": network.repeated,
        "outside": len(network.outside),
        "largest_is_unique": network.largest_is_unique,
    }
    with streamed(content) as text:
        packed_text = packed(text, delimiter, columns, PAIR, "interaction network")
    return _stored(InteractionNetwork, given, network.sha256, packed_text, counts, now)


def import_drug_targets(
    content: bytes, given: Given, *, columns: Sequence[str] = DRUG, now: datetime
) -> tuple[DrugTargetTable, bool]:
    """The same for drugs and their targets; a column `status` is kept where there is one."""
    check_text(content, most=MOST_BYTES)
    header = header_of(content)
    delimiter = delimiter_of(header)
    status = STATUS if has_column(header, STATUS) and STATUS not in columns else None
    drug, name, gene, action = columns
    with streamed(content) as text:
        table = read_targets(text, given.system, (drug, name, gene, action), delimiter, status)
    counts = {
        "drugs": len(table.names),
        "targets": sum(len(genes) for genes in table.actions.values()),
        "genes": len({gene for genes in table.actions.values() for gene in genes}),
        "repeated": table.repeated,
        "without_action": sum(
            not words for genes in table.actions.values() for words in genes.values()
        ),
        "unknown_actions": sorted(table.unknown_actions),
        "statuses": len(table.statuses),
    }
    extra = [STATUS] if status else []
    with streamed(content) as text:
        packed_text = packed(text, delimiter, [*columns, *extra], [*DRUG, *extra], "drug targets")
    return _stored(DrugTargetTable, given, table.sha256, packed_text, counts, now)


def network_of(row: InteractionNetwork) -> Interactome:
    """Read again, by the reader that checked it. NetworkError if it is not what was imported."""
    found = read_interactome(unpacked(row.content), GeneSystem[row.system.upper()])
    return _unchanged(row, found)


def drug_targets_of(row: DrugTargetTable) -> DrugTargets:
    status = STATUS if has_column(unpacked(row.content).readline(), STATUS) else None
    found = read_targets(
        unpacked(row.content), GeneSystem[row.system.upper()], status_column=status
    )
    return _unchanged(row, found)


def withdraw(row: ImportedTable, *, now: datetime) -> None:
    """Offer it no more; rankings that used it stay as they are."""
    type(row)._default_manager.filter(pk=row.pk).update(withdrawn_at=now)


def _unchanged(row: ImportedTable, found: Table) -> Table:
    if found.sha256 != row.sha256:
        raise NetworkError(f"{row} is not what was imported: its checksum differs")
    return found


@transaction.atomic
def _stored(
    kind: type[Row],
    given: Given,
    sha256: str,
    content: bytes,
    counts: Mapping[str, Any],
    now: datetime,
) -> tuple[Row, bool]:
    system = given.system.name.lower()
    known = kind._default_manager.filter(system=system, sha256=sha256).first()
    if known is not None:
        if known.withdrawn_at is not None:
            known.withdrawn_at = None
            known.save(update_fields=["withdrawn_at"])
        return known, False
    last = kind._default_manager.filter(name=given.name).aggregate(n=Max("version"))["n"] or 0
    return (
        kind._default_manager.create(
            name=given.name,
            version=last + 1,
            system=system,
            source=given.source,
            licence=given.licence,
            file_name=given.file_name[-200:],
            content=content,
            sha256=sha256,
            counts=dict(counts),
            imported_at=now,
        ),
        True,
    )
