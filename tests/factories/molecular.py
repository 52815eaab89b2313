"""A small network, drugs and expression whose ranking is known: texts as a site would import them."""

import random
from datetime import UTC, datetime

from models_engine.catalogue.treatment.network.identifiers import GeneSystem
from twinportal.molecular import imports
from twinportal.molecular.models import DrugTargetTable, InteractionNetwork

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GENES = 400
CHANGED = tuple(f"G{i}" for i in range(0, 80, 10))


def network_text() -> str:
    """A ring of 400 genes with 400 chords, so that every gene has some steps to go."""
    rng = random.Random(5)
    pairs = {(i, (i + 1) % GENES) for i in range(GENES)}
    while len(pairs) < 2 * GENES:
        pairs.add((rng.randrange(GENES), rng.randrange(GENES)))
    return "source\ttarget\n" + "".join(f"G{a}\tG{b}\n" for a, b in sorted(pairs))


def drugs_text() -> str:
    """HELPS lowers what is raised in T cells; HARMS raises it; BOTH lowers one and raises another;
    FAR is near nothing; OUT has no target in the network."""
    rows = [
        ("HELPS", "Helpful", "G0", "inhibitor", "approved"),
        ("HARMS", "Harmful", "G0", "agonist", "approved"),
        ("BOTH", "Two-edged", "G0", "inhibitor", "approved"),
        ("BOTH", "Two-edged", "G10", "agonist", "approved"),
        ("VAGUE", "Vague", "G0", "binder", "investigational"),
        ("FAR", "Faraway", "G205", "inhibitor", "approved"),
        ("OUT", "Outside", "X1", "inhibitor", "approved"),
        ("WIDE", "Wide", "G20", "inhibitor", ""),
    ]
    head = "drug\tname\tgene\taction\tstatus\n"
    return head + "".join("\t".join(row) + "\n" for row in rows)


def expression_text(separator: str = "\t", more: str = "") -> str:
    """Two cell types: in T cells G0 is raised, in B cells it is lowered and G20 raised."""
    rows = [("cell_type", "gene", "log_fc", "adjusted_p")]
    rows += [("T cell", gene, "1.5", "0.001") for gene in CHANGED]
    rows += [("B cell", "G0", "-1.0", "0.01"), ("B cell", "G20", "2.0", "0.01")]
    rows += [("B cell", "X9", "1.0", "0.01"), ("B cell", "G3", "1.0", "0.5")]
    return "".join(separator.join(row) + "\n" for row in rows) + more


CENTRALITIES = "cell_type,centrality\nT cell,0.9\nB cell,0.4\n"
INTERACTIONS = (
    "sender,receiver,ligand,activity\nT cell,B cell,TNF,0.1\nT cell,B cell,IL6,0.2\n"
    "B cell,Mast cell,IL4,0.1\nMast cell,T cell,IL13,-0.1\n"
)


def given(name: str, system: GeneSystem = GeneSystem.SYMBOL) -> imports.Given:
    return imports.Given(f"{name}.tsv", name, system, "made up for tests", "CC0")


def import_both() -> tuple[InteractionNetwork, DrugTargetTable]:
    network, _ = imports.import_network(network_text().encode(), given("toy network"), now=NOW)
    drugs, _ = imports.import_drug_targets(drugs_text().encode(), given("toy drugs"), now=NOW)
    return network, drugs
