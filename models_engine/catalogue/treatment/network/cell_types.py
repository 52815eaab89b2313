"""How central each cell type is among the cell types: read from a table, or computed from their
interactions."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.treatment.network.identifiers import NetworkError, some
from models_engine.catalogue.treatment.network.tables import Faults, digest, rows

# relative; nearer than this the two largest eigenvalues are one, and the vector is any mixture
LEAST_GAP = 1e-9
MOST_CELL_TYPES = 1000


@dataclass(frozen=True)
class Interactions:
    """Ligands by which one cell type acts on another; those with an activity of 0 or less act not.

    `counts[(sender, receiver)]` is how many ligands; `cell_types` are all that were named, also
    those that no ligand of an activity above 0 joins.
    """

    counts: Mapping[tuple[str, str], int]
    cell_types: frozenset[str]
    not_active: int
    sha256: str


def read_centralities(
    lines: Iterable[str],
    columns: tuple[str, str] = ("cell_type", "centrality"),
    delimiter: str = "\t",
) -> Mapping[str, float]:
    """Of a table with one cell type a row. Raises NetworkError: a cell type twice, a centrality that
    is negative or no finite number, no row."""
    table = "centralities"
    faults = Faults(table)
    found: dict[str, float] = {}
    for line, (cell, text) in rows(lines, columns, table, delimiter):
        value = _number(text)
        if not cell:
            faults.add(line, "no cell type")
        elif cell in found:
            faults.add(line, f"{cell} stands there already")
        elif value is None or value < 0:
            faults.add(line, f"{cell}: {text!r} is no finite number of 0 or more")
        else:
            found[cell] = value
    faults.refuse_any()
    if not found:
        raise NetworkError(f"{table}: no row")
    return found


def read_interactions(
    lines: Iterable[str],
    columns: tuple[str, str, str, str] = ("sender", "receiver", "ligand", "activity"),
    delimiter: str = "\t",
) -> Interactions:
    """Of a table with one ligand between two cell types a row; `activity` as a correlation.

    Raises NetworkError: an activity outside -1 to 1, a ligand twice between the same two, and no
    activity above 0 at all.
    """
    table = "cell type interactions"
    faults = Faults(table)
    counts: dict[tuple[str, str], int] = {}
    seen: dict[tuple[str, str, str], int] = {}
    not_active = 0
    for line, (sender, receiver, ligand, text) in rows(lines, columns, table, delimiter):
        activity = _number(text)
        first = seen.setdefault((sender, receiver, ligand), line)
        if not (sender and receiver and ligand):
            faults.add(line, "no sender, receiver or ligand")
        elif first != line:
            faults.add(line, f"{ligand} from {sender} to {receiver} stands in line {first} already")
        elif activity is None or not -1 <= activity <= 1:
            faults.add(line, f"activity {text!r} is not between -1 and 1")
        elif activity > 0:
            counts[sender, receiver] = counts.get((sender, receiver), 0) + 1
        else:
            not_active += 1
    faults.refuse_any()
    if not counts:
        raise NetworkError(f"{table}: no ligand with an activity above 0")
    return Interactions(
        counts=counts,
        cell_types=frozenset(cell for key in seen for cell in key[:2]),
        not_active=not_active,
        sha256=digest(f"{s}\t{r}\t{n}" for (s, r), n in counts.items()),
    )


def centralities_of(interactions: Interactions) -> Mapping[str, float]:
    """Eigenvector centrality of each cell type, the largest 1.

    The program of the method asks CINNA for it, which calls igraph's `eigen_centrality` with its
    default: directions are not used, and each ligand is an edge of its own. What a cell type sends
    to itself counts once [J]. Raises NetworkError where two unconnected groups of cell types are
    equally strong, so that there is no one answer, and for more than 1,000 cell types.
    """
    cells = sorted(interactions.cell_types)
    if len(cells) > MOST_CELL_TYPES:
        raise NetworkError(f"more than {MOST_CELL_TYPES:,} cell types: {some(cells)}")
    place = {cell: i for i, cell in enumerate(cells)}
    adjacency = np.zeros((len(cells), len(cells)))
    for (sender, receiver), count in interactions.counts.items():
        one, other = place[sender], place[receiver]
        adjacency[one, other] += count
        if one != other:
            adjacency[other, one] += count
    values, vectors = np.linalg.eigh(adjacency)
    if len(values) > 1 and values[-1] - values[-2] <= LEAST_GAP * values[-1]:
        raise NetworkError(
            "cell type interactions: unconnected groups of cell types are equally strong; "
            "which one is central cannot be said"
        )
    leading = np.abs(vectors[:, -1])
    scaled = leading / leading.max()
    # what is left of rounding in cell types that the leading group does not reach
    scaled[scaled < LEAST_GAP] = 0.0
    return dict(zip(cells, scaled.tolist(), strict=True))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
