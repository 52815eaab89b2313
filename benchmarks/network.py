"""How long does a network ranking of real size take, and how much memory?

On a real interaction network, with drugs and changed genes that are made up: drawn at random from
the network, with as many targets for a drug as DrugCentral's table has on average. The floor, in
the same run, is scipy's bare breadth-first search, once for each random set of genes: it visits
every interaction once and does not even give the distances. Beside it stands the shortest call of
scipy that gives the same distances, and whether they are the same.

    python benchmarks/network.py --network <hetio-dag_protein-interactions.txt.gz>

Time and memory are of two processes of their own, one for each side.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csgraph

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from models_engine.catalogue.treatment.network.distance import steps_to_nearest
from models_engine.catalogue.treatment.network.expression import Expression, read_expression
from models_engine.catalogue.treatment.network.identifiers import GeneSystem
from models_engine.catalogue.treatment.network.interactome import Interactome, read_interactome
from models_engine.catalogue.treatment.network.null import (
    GENES_OF_DISEASE,
    bins_by_degree,
    draw,
)
from models_engine.catalogue.treatment.network.ranking import Settings, rank_drugs
from models_engine.catalogue.treatment.network.targets import DrugTargets, read_targets

NAME = "hetio-dag_protein-interactions.txt.gz"
SEED = 20
# targets and drugs of DrugCentral's table as used by Hetionet: 2,991 rows, 1,048 drugs
MEAN_TARGETS = 2.9
ACTIONS = ("inhibitor", "antagonist", "agonist", "")
COMPARED = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, default=Path(NAME))
    parser.add_argument("--drugs", type=int, default=1048)
    parser.add_argument("--cell-types", type=int, default=10)
    parser.add_argument("--changed", type=int, default=300, help="genes of each cell type")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--part", choices=("floor", "ranking"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.network.exists():
        sys.exit(
            f"This benchmark needs {NAME} (tab-separated, columns source_code and target_code with "
            f"HGNC identifiers), given by --network; {options.network} is not there."
        )
    if options.part:
        part = floor if options.part == "floor" else ranking
        print(json.dumps(part(options)))
        return
    below, above = measured("floor"), measured("ranking")
    report(options, below, above)


def measured(part: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, *sys.argv[1:], "--part", part],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report(options: argparse.Namespace, below: dict[str, Any], above: dict[str, Any]) -> None:
    print(
        f"network: {below['genes']:,} genes, {below['interactions']:,} interactions in the largest "
        f"component ({below['rows']:,} rows, {below['self_loops']:,} self-loops, "
        f"{below['repeated']:,} repeated)"
    )
    print(
        f"made up: {options.drugs:,} drugs ({above['sets']:,} sets of targets), "
        f"{options.cell_types} cell types of {options.changed} genes, {options.draws:,} draws, "
        f"{above['bins']} bins"
    )
    print(f"read the network: {above['read']:.2f} s")
    bare = below["bare"]
    print(f"floor, {options.draws:,} bare searches: {bare:.2f} s; peak {below['peak']:.0f} MiB")
    same = "the same distances" if below["same"] else "OTHER DISTANCES"
    print(
        f"distances to as many random sets: {above['search']:.2f} s, "
        f"{above['search'] / bare:.2f} of the floor; scipy's own for them "
        f"{below['scipy']:.2f} s, {below['scipy'] / bare:.2f} (of {COMPARED}, scaled; {same})"
    )
    print(
        f"the whole ranking: {above['rank']:.2f} s, "
        f"{above['rank'] / (bare * options.cell_types):.2f} of the floor for each cell type; "
        f"peak {above['peak']:.0f} MiB, {above['peak'] / below['peak']:.2f} of the floor's; "
        f"{above['ranked']} drugs ranked"
    )
    if not below["same"]:
        sys.exit(1)


def network_of(options: argparse.Namespace) -> Interactome:
    with gzip.open(options.network, "rt", encoding="utf-8") as lines:
        return read_interactome(lines, GeneSystem.HGNC, ("source_code", "target_code"))


def random_sets(network: Interactome, options: argparse.Namespace) -> list[Any]:
    bins = bins_by_degree(network.degrees)
    genes = np.random.default_rng(SEED).choice(len(network.genes), options.changed, replace=False)
    return list(draw(bins, bins.profile(genes), options.draws, SEED, GENES_OF_DISEASE))


def floor(options: argparse.Namespace) -> dict[str, Any]:
    network = network_of(options)
    sets = random_sets(network, options)
    graph = network.adjacency.astype(float)
    began = time.perf_counter()
    for genes in sets:
        csgraph.breadth_first_order(graph, genes[0], directed=True, return_predecessors=False)
    bare = time.perf_counter() - began
    peak = peak_mib()
    began = time.perf_counter()
    own = [
        csgraph.dijkstra(graph, indices=genes, unweighted=True, min_only=True)
        for genes in sets[:COMPARED]
    ]
    scipy_own = (time.perf_counter() - began) * len(sets) / len(own)
    ours = steps_to_nearest(network.adjacency, sets[:COMPARED])
    return {
        "genes": len(network.genes),
        "interactions": network.interactions,
        "rows": network.rows_read,
        "self_loops": network.self_loops,
        "repeated": network.repeated,
        "bare": bare,
        "scipy": scipy_own,
        "same": bool((np.array(own).T == ours).all()),
        "peak": peak,
    }


def ranking(options: argparse.Namespace) -> dict[str, Any]:
    began = time.perf_counter()
    network = network_of(options)
    read = time.perf_counter() - began
    sets = random_sets(network, options)
    began = time.perf_counter()
    steps_to_nearest(network.adjacency, sets)
    search = time.perf_counter() - began
    del sets
    drugs, expression = made_up(network, options)
    began = time.perf_counter()
    found = rank_drugs(network, drugs, expression, Settings(seed=SEED, draws=options.draws))
    rank = time.perf_counter() - began
    return {
        "read": read,
        "search": search,
        "rank": rank,
        "peak": peak_mib(),
        "bins": found.provenance.bins,
        "ranked": len(found.ranked),
        "sets": len({frozenset(genes) for genes in drugs.actions.values()}),
    }


def made_up(network: Interactome, options: argparse.Namespace) -> tuple[DrugTargets, Expression]:
    rng = np.random.default_rng(SEED)
    rows = ["drug\tname\tgene\taction"]
    for drug in range(options.drugs):
        count = rng.geometric(1 / MEAN_TARGETS)
        for gene in rng.choice(network.genes, count, replace=False):
            rows.append(f"drug {drug}\tmade up\t{gene}\t{rng.choice(ACTIONS)}")
    drugs = read_targets(rows, GeneSystem.HGNC)
    rows = ["cell_type\tgene\tlog_fc\tadjusted_p"]
    for cell in range(options.cell_types):
        for gene in rng.choice(network.genes, options.changed, replace=False):
            rows.append(f"cell type {cell}\t{gene}\t{rng.choice((-1.0, 1.0))}\t0.01")
    return drugs, read_expression(rows, GeneSystem.HGNC)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
