"""Centralities of the cell types of one expression set, from a table that comes with a run."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings

from models_engine.catalogue.treatment.network.cell_types import (
    centralities_of,
    read_centralities,
    read_interactions,
)
from models_engine.catalogue.treatment.network.identifiers import NetworkError, some
from twinportal.molecular.stored_text import delimiter_of, has_column, lines, text_of


@dataclass(frozen=True)
class Centralities:
    """A number for each cell type, and what it comes from."""

    values: Mapping[str, float]
    origin: Mapping[str, Any]


def centralities_from(content: bytes, file_name: str, cell_types: Collection[str]) -> Centralities:
    """Of a table `cell_type, centrality`, or `sender, receiver, ligand, activity`: the header tells.

    Raises NetworkError. A table of centralities has each cell type and no other. In one of
    interactions a cell type that takes no part has 0, and others than ours may take part: both are
    told.
    """
    text = text_of(content, most=settings.MOLECULAR_MAX_UPLOAD_BYTES)
    delimiter = delimiter_of(text)
    origin: dict[str, Any] = {
        "file": file_name[-200:],
        "sha256": sha256(text.encode()).hexdigest(),
    }
    if has_column(text, "centrality"):
        given = read_centralities(lines(text), delimiter=delimiter)
        if odd := sorted(set(given) ^ set(cell_types)):
            raise NetworkError(
                f"centralities: cell types in one of it and the data set only: {some(odd)}"
            )
        return Centralities(given, {**origin, "kind": "centralities"})
    if not has_column(text, "ligand"):
        raise NetworkError(
            "the header has neither 'centrality' (cell_type, centrality) nor 'ligand' "
            "(sender, receiver, ligand, activity)"
        )
    interactions = read_interactions(lines(text), delimiter=delimiter)
    found = centralities_of(interactions)
    if not set(found) & set(cell_types):
        raise NetworkError(
            f"cell type interactions: none of the data set's cell types takes part: "
            f"{some(sorted(cell_types))}"
        )
    return Centralities(
        {cell: found.get(cell, 0.0) for cell in sorted(cell_types)},
        {
            **origin,
            "kind": "interactions",
            "ligands": sum(interactions.counts.values()),
            "not_active": interactions.not_active,
            "without": sorted(set(cell_types) - set(found)),
            "others": sorted(set(found) - set(cell_types)),
        },
    )
