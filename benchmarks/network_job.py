"""How long does a network ranking take as a job of a twin, and how much memory has its worker?

Imported, attached, asked for and done as in production: tables in PostgreSQL, a message in Redis, one
Celery worker of the queue `molecular`, the result stored. On a real interaction network with real
drugs and targets; expression is made up (genes drawn at random from the network). The floor, in the
same run and in a process of its own, is the ranking alone of the same texts, without any portal.

    python benchmarks/network_job.py --network <hetio-dag_protein-interactions.txt.gz> \\
        --targets <drugcentral_targets.tsv> --nodes <hetionet-v1.0-nodes.tsv>

DrugCentral's table names targets by Entrez, the network by symbol too: the nodes' names join them.
"""

import argparse
import csv
import gzip
import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rig import ROOT, prepare

SEED = 20
PATIENCE_SECONDS = 1800
HEAD = "cell_type\tgene\tlog_fc\tadjusted_p\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--nodes", type=Path, required=True)
    parser.add_argument("--cell-types", type=int, default=10)
    parser.add_argument("--changed", type=int, default=300, help="genes of each cell type")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.floor:
        print(json.dumps(floor(options.floor, options.draws)))
        return
    with TemporaryDirectory() as folder:
        texts = made(options, Path(folder))
        below = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--floor", folder],
            check=True,
            capture_output=True,
            text=True,
        )
        report(options, texts, json.loads(below.stdout), job(options, texts))


def made(options: argparse.Namespace, folder: Path) -> dict[str, bytes]:
    """The three texts, also as files for the floor."""
    with gzip.open(options.network, "rt", encoding="utf-8") as lines:
        pairs = [
            (row["source_symbol"], row["target_symbol"])
            for row in csv.DictReader(lines, delimiter="\t")
        ]
    with options.nodes.open(encoding="utf-8") as lines:
        symbols = {
            row["id"].removeprefix("Gene::"): row["name"]
            for row in csv.DictReader(lines, delimiter="\t")
            if row["kind"] == "Gene"
        }
    drugs = io.StringIO("drug\tname\tgene\taction\n")
    drugs.seek(0, io.SEEK_END)
    unnamed = 0
    with options.targets.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            symbol = symbols.get(row["GeneID"])
            unnamed += symbol is None
            if symbol is not None:
                fields = (row["drugbank_id"], row["drugbank_name"], symbol, row["actions"].lower())
                drugs.write("\t".join(fields) + "\n")
    genes = sorted({gene for pair in pairs for gene in pair})
    rng = np.random.default_rng(SEED)
    expression = HEAD + "".join(
        f"cell type {cell}\t{gene}\t{rng.choice((-1.0, 1.0))}\t0.01\n"
        for cell in range(options.cell_types)
        for gene in rng.choice(genes, options.changed, replace=False)
    )
    texts = {
        "network": ("source\ttarget\n" + "".join(f"{a}\t{b}\n" for a, b in pairs)).encode(),
        "drugs": drugs.getvalue().encode(),
        "expression": expression.encode(),
    }
    for name, content in texts.items():
        (folder / name).write_bytes(content)
    print(f"targets whose gene no node names: {unnamed}")
    return texts


def floor(folder: Path, draws: int) -> dict[str, Any]:
    """The ranking alone."""
    from models_engine.catalogue.treatment.network.expression import read_expression
    from models_engine.catalogue.treatment.network.identifiers import GeneSystem
    from models_engine.catalogue.treatment.network.interactome import read_interactome
    from models_engine.catalogue.treatment.network.ranking import Settings, rank_drugs
    from models_engine.catalogue.treatment.network.targets import read_targets

    begun = time.perf_counter()
    found = rank_drugs(
        read_interactome(io.StringIO((folder / "network").read_text()), GeneSystem.SYMBOL),
        read_targets(io.StringIO((folder / "drugs").read_text()), GeneSystem.SYMBOL),
        read_expression(io.StringIO((folder / "expression").read_text()), GeneSystem.SYMBOL),
        Settings(seed=SEED, draws=draws),
    )
    return {
        "seconds": time.perf_counter() - begun,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "ranked": [drug.drug for drug in found.ranked],
    }


def job(options: argparse.Namespace, texts: dict[str, bytes]) -> dict[str, Any]:
    """From the click to the stored result, with a worker that is there already."""
    prepare()
    from django.utils import timezone

    from models_engine.catalogue.treatment.network.identifiers import GeneSystem
    from patients.models import Patient, Resource
    from twinportal.accounts.models import User
    from twinportal.molecular import expression, imports, runs
    from twinportal.molecular.models import ExpressionSet, RankingRun

    now = timezone.now()
    whose = Resource.objects.create(type="Patient", fhir_id="bench", last_updated=now)
    patient = Patient.objects.create(resource=whose, fhir_id="bench")
    user = User.objects.create_user("bench", role="clinician", practitioner_id="bench")
    given = imports.Given("bench", "bench", GeneSystem.SYMBOL, "see the benchmark", "CC BY 4.0")
    begun = time.perf_counter()
    network, _ = imports.import_network(texts["network"], given, now=now)
    imported = time.perf_counter() - begun
    drugs, _ = imports.import_drug_targets(texts["drugs"], given, now=now)
    row, _ = expression.add(
        patient=patient,
        content=texts["expression"],
        file_name="bench",
        name="bench",
        system=GeneSystem.SYMBOL,
        sampled_on=None,
        origin=ExpressionSet.Origin.UPLOAD,
        by=user,
        now=now,
    )
    chosen: dict[str, Any] = {"expression": row, "network": network, "drugs": drugs, "by": user}
    with worker():
        # the first one of a worker loads its libraries
        for seed, draws in ((SEED + 1, 100), (SEED, options.draws)):
            begun = time.perf_counter()
            asked, _ = runs.ask(
                **chosen, centralities=None, seed=seed, draws=draws, now=timezone.now()
            )
            while asked.is_open:
                if time.perf_counter() - begun > PATIENCE_SECONDS:
                    sys.exit("the ranking does not end")
                time.sleep(0.05)
                asked = RankingRun.objects.get(pk=asked.pk)
            wall = time.perf_counter() - begun
    if asked.state != "done":
        sys.exit(f"the ranking {asked.state}: {asked.error}")
    return {
        "import": imported,
        "wall": wall,
        "seconds": asked.seconds,
        "peak": asked.peak_mib,
        "is_whole": asked.result["memory_is_of_the_run"],
        "ranked": [drug["drug"] for drug in asked.result["ranked"]],
        "near": len(asked.result["near"]),
        "judged": asked.result["judged"],
        "not_judged": len(asked.result["not_judged"]),
        "network": network.counts,
        "drugs": drugs.counts,
        "result_bytes": len(json.dumps(asked.result)),
        "table_bytes": len(asked.table),
        "stored": len(network.content),
    }


@contextmanager
def worker() -> Iterator[None]:
    """One process of the queue, as the bulk worker of production has it."""
    command = [sys.executable, "-m", "celery", "-A", "twinportal.celery", "worker"]
    command += ["--concurrency", "1", "--queues", "molecular", "--loglevel", "ERROR"]
    command += ["--without-gossip", "--without-mingle"]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    quiet = os.environ | one_thread | {"PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, cwd=ROOT, env=quiet, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def report(
    options: argparse.Namespace,
    texts: dict[str, bytes],
    below: dict[str, Any],
    above: dict[str, Any],
) -> None:
    size = above["network"]
    print(
        f"network: {size['genes']:,} genes, {size['interactions']:,} interactions in the largest "
        f"component; {len(texts['network']) / 2**20:.1f} MiB of text, "
        f"{above['stored'] / 2**20:.1f} MiB stored; imported in {above['import']:.2f} s"
    )
    print(
        f"drugs: {above['drugs']['drugs']:,} with {above['drugs']['targets']:,} targets; "
        f"{above['judged']:,} judged, {above['not_judged']:,} without a target in the network"
    )
    print(
        f"made up: {options.cell_types} cell types of {options.changed} genes; "
        f"{options.draws:,} draws; {len(above['ranked'])} candidates, {above['near']} more near"
    )
    print(f"floor, the ranking alone: {below['seconds']:.2f} s; peak {below['peak']:.0f} MiB")
    print(
        f"job, from the click to the result: {above['wall']:.2f} s, "
        f"{above['wall'] / below['seconds']:.2f} of the floor; in the worker "
        f"{above['seconds']:.2f} s; peak {above['peak']:.0f} MiB"
        f"{'' if above['is_whole'] else ' of its whole life'}, "
        f"{above['peak'] / below['peak']:.2f} of the floor's"
    )
    print(
        f"stored: {above['result_bytes'] / 2**10:,.0f} KiB for the page, "
        f"{above['table_bytes'] / 2**10:,.0f} KiB the whole table"
    )
    if below["ranked"] != above["ranked"]:
        sys.exit("THE JOB RANKED OTHERWISE THAN THE METHOD ALONE")


if __name__ == "__main__":
    main()
