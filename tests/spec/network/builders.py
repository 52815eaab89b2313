"""Small inputs of the network ranking as the text that a site would import."""

from collections.abc import Iterable, Mapping, Sequence

from models_engine.catalogue.treatment.network.expression import Expression, read_expression
from models_engine.catalogue.treatment.network.identifiers import GeneSystem
from models_engine.catalogue.treatment.network.interactome import Interactome, read_interactome
from models_engine.catalogue.treatment.network.targets import DrugTargets, read_targets

SYMBOL = GeneSystem.SYMBOL


def network(pairs: Iterable[Sequence[str]]) -> Interactome:
    return read_interactome(["source\ttarget", *(f"{a}\t{b}" for a, b in pairs)], SYMBOL)


def targets(drugs: Mapping[str, Mapping[str, str]]) -> DrugTargets:
    rows = [f"{d}\tname of {d}\t{g}\t{a}" for d, genes in drugs.items() for g, a in genes.items()]
    return read_targets(["drug\tname\tgene\taction", *rows], SYMBOL)


def expression(cells: Mapping[str, Mapping[str, float]]) -> Expression:
    rows = [f"{c}\t{g}\t{fc!r}\t0.01" for c, genes in cells.items() for g, fc in genes.items()]
    return read_expression(["cell_type\tgene\tlog_fc\tadjusted_p", *rows], SYMBOL)
