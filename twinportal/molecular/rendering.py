"""A ranking as JSON for its page, and as a table of every drug in every cell type."""

import csv
import gzip
import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from models_engine.catalogue.treatment.network.results import Drug, Fit, Ranking

FORMAT = 1
COLUMNS = (
    "rank",
    "score",
    "drug",
    "name",
    "status",
    "cell_type",
    "distance",
    "null_mean",
    "null_sd",
    "z",
    "p",
    "q",
    "near",
    "counteracts",
    "mimics",
    "candidate",
    "intracellular",
    "why_not_judged",
)
# a spreadsheet takes text that begins so for a formula
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def result_of(ranking: Ranking, statuses: Mapping[str, str]) -> dict[str, Any]:
    """What the page shows: candidates, drugs that are near and none, and what was not judged.

    Of a drug are kept the cell types in which it is near or adds to a change; the others are in the
    table.
    """
    near = [drug for drug in ranking.others if any(fit.is_near for fit in drug.fits)]
    return {
        "format": FORMAT,
        "ranked": [_drug(drug, statuses) for drug in ranking.ranked],
        "near": [_drug(drug, statuses) for drug in near],
        "judged": len(ranking.ranked) + len(ranking.others),
        "not_judged": list(ranking.not_judged),
        "cell_types": [asdict(cell) for cell in ranking.cell_types],
        "unknown_actions": list(ranking.unknown_actions),
        "provenance": asdict(ranking.provenance),
    }


def _drug(drug: Drug, statuses: Mapping[str, str]) -> dict[str, Any]:
    return {
        "drug": drug.drug,
        "name": drug.name,
        "status": statuses.get(drug.drug, ""),
        "rank": drug.rank,
        "score": drug.score,
        "intercellular": drug.intercellular,
        "intracellular": drug.intracellular,
        "targets_outside": list(drug.targets_outside),
        "fits": [_fit(fit) for fit in drug.fits if fit.is_near or fit.mimics],
    }


def _fit(fit: Fit) -> dict[str, Any]:
    return {**asdict(fit), "is_candidate": fit.is_candidate}


def packed_table(ranking: Ranking, statuses: Mapping[str, str]) -> bytes:
    """CSV, gzip: a row for each judged drug in each cell type, and one for each not judged."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for drug in (*ranking.ranked, *ranking.others):
        head = [_number(drug.rank), _number(drug.score), _text(drug.drug), _text(drug.name)]
        head.append(_text(statuses.get(drug.drug, "")))
        for fit in drug.fits:
            numbers = (fit.distance, fit.null_mean, fit.null_sd, fit.z, fit.p, fit.q)
            row = [*head, _text(fit.cell_type), *map(_number, numbers), int(fit.is_near)]
            row += [fit.counteracts, fit.mimics, int(fit.is_candidate), _number(fit.intracellular)]
            writer.writerow([*row, ""])
    empty = [""] * (len(COLUMNS) - 6)
    for name in ranking.not_judged:
        why = "no target in the network"
        row = ["", "", _text(name), "", _text(statuses.get(name, "")), *empty, why]
        writer.writerow(row)
    return gzip.compress(out.getvalue().encode(), mtime=0)


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value
