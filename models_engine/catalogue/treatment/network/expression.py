"""Differentially expressed genes of each cell type, with the direction of their change."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from models_engine.catalogue.treatment.network.tables import Faults, digest, gene_fault, rows

SIGNIFICANT = 0.05
# more than these name cells rather than kinds of them, and no page could be read
MOST_CELL_TYPES = 200
MOST_OF_A_NAME = 200


@dataclass(frozen=True)
class Expression:
    """`changes[cell type][gene]`: log fold change (not 0) of the genes with adjusted P < 0.05.

    A cell type whose genes are all above the limit is there with no gene.
    """

    system: GeneSystem
    changes: Mapping[str, Mapping[str, float]]
    not_significant: Mapping[str, int]
    sha256: str


def read_expression(
    lines: Iterable[str],
    system: GeneSystem,
    columns: tuple[str, str, str, str] = ("cell_type", "gene", "log_fc", "adjusted_p"),
    delimiter: str = "\t",
) -> Expression:
    """Of a table with one gene of one cell type a row.

    Raises NetworkError: a gene twice in a cell type, a P outside 0 to 1, a fold change that is no
    finite number or, in a significant gene, 0 (it has no direction), no significant gene at all, more
    than 200 cell types, or one whose name has more than 200 characters.
    """
    table = "differential expression"
    faults = Faults(table)
    kinds: set[str] = set()
    seen: dict[tuple[str, str], int] = {}
    changes: dict[str, dict[str, float]] = {}
    above: dict[str, int] = {}
    for line, (cell, gene, fold, p) in rows(lines, columns, table, delimiter):
        fault = _cell_type_fault(cell) or gene_fault(gene, system)
        if fault:
            faults.add(line, fault)
            continue
        kinds.add(cell)
        if len(kinds) > MOST_CELL_TYPES:
            raise NetworkError(
                f"{table}: line {line}: more than {MOST_CELL_TYPES} cell types; "
                "is the column of cell types the one of cells?"
            )
        first = seen.setdefault((cell, gene), line)
        if first != line:
            faults.add(line, f"{gene} of {cell} stands in line {first} already")
            continue
        change, adjusted = _number(fold), _number(p)
        if change is None:
            faults.add(line, f"{gene} of {cell}: fold change {fold!r} is no finite number")
        elif adjusted is None or not 0 <= adjusted <= 1:
            faults.add(line, f"{gene} of {cell}: adjusted P {p!r} is not between 0 and 1")
        elif adjusted >= SIGNIFICANT:
            changes.setdefault(cell, {})
            above[cell] = above.get(cell, 0) + 1
        elif change == 0:
            faults.add(line, f"{gene} of {cell}: significant, but its fold change is 0")
        else:
            changes.setdefault(cell, {})[gene] = change
    faults.refuse_any()
    if not any(changes.values()):
        raise NetworkError(f"{table}: no gene with an adjusted P below {SIGNIFICANT}")
    return Expression(
        system=system,
        changes=changes,
        not_significant={cell: above.get(cell, 0) for cell in changes},
        sha256=digest(
            [f"{cell}\t{gene}\t{fc!r}" for cell, fcs in changes.items() for gene, fc in fcs.items()]
            + [f"{cell}\t\t" for cell in changes]
        ),
    )


def _cell_type_fault(cell: str) -> str | None:
    if not cell:
        return "no cell type"
    if len(cell) > MOST_OF_A_NAME:
        return f"a cell type of {len(cell):,} characters, {MOST_OF_A_NAME} at most"
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
