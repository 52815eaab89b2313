"""Drugs with the genes of their targets and what they do there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from models_engine.catalogue.treatment.network.pharmacology import direction
from models_engine.catalogue.treatment.network.tables import Faults, digest, gene_fault, rows

SEPARATORS = ("|", ";")


@dataclass(frozen=True)
class DrugTargets:
    """`actions[drug][gene]`: the stated actions, maybe none; `names[drug]`: as first written.

    `statuses[drug]`: what the table says of its approval, where it says so.
    """

    system: GeneSystem
    actions: Mapping[str, Mapping[str, frozenset[str]]]
    names: Mapping[str, str]
    repeated: int
    unknown_actions: frozenset[str]
    statuses: Mapping[str, str]
    sha256: str


def read_targets(
    lines: Iterable[str],
    system: GeneSystem,
    columns: tuple[str, str, str, str] = ("drug", "name", "gene", "action"),
    delimiter: str = "\t",
    status_column: str | None = None,
) -> DrugTargets:
    """Of a table with one drug and target a row; several actions stand between "|" or ";".

    Rows of the same drug and gene are joined and counted. Raises NetworkError, also where one drug
    has two names or two statuses: two drugs under one identifier would be ranked as one.
    """
    table = "drug targets"
    faults = Faults(table)
    found: dict[str, dict[str, frozenset[str]]] = {}
    names: dict[str, str] = {}
    statuses: dict[str, str] = {}
    repeated = 0
    wanted = (*columns, status_column) if status_column else columns
    for line, (drug, name, gene, action, *status) in rows(lines, wanted, table, delimiter):
        if not drug:
            faults.add(line, "no drug")
            continue
        if fault := gene_fault(gene, system):
            faults.add(line, f"{drug}: {fault}")
            continue
        if names.setdefault(drug, name) != name:
            faults.add(line, f"{drug} is called {name!r} here and {names[drug]!r} before")
            continue
        said = " ".join(status)
        if statuses.setdefault(drug, said) != said:
            faults.add(line, f"{drug} has status {said!r} here and {statuses[drug]!r} before")
            continue
        targets = found.setdefault(drug, {})
        repeated += gene in targets
        targets[gene] = targets.get(gene, frozenset()) | _words(action)
    faults.refuse_any()
    if not found:
        raise NetworkError(f"{table}: no row")
    stated = frozenset(w for targets in found.values() for words in targets.values() for w in words)
    return DrugTargets(
        system=system,
        actions=found,
        names=names,
        repeated=repeated,
        unknown_actions=frozenset(word for word in stated if direction(word) == 0),
        statuses={drug: said for drug, said in statuses.items() if said},
        sha256=digest(
            [
                f"{drug}\t{names[drug]}\t{gene}\t{'|'.join(sorted(words))}"
                for drug, targets in found.items()
                for gene, words in targets.items()
            ]
            + [f"{drug}\t{said}" for drug, said in statuses.items() if said]
        ),
    )


def _words(action: str) -> frozenset[str]:
    for separator in SEPARATORS:
        action = action.replace(separator, "\n")
    return frozenset(" ".join(w.lower().split()) for w in action.split("\n") if w.strip())
