"""Rank drugs by the scDrugPrio method: who comes near the changed genes and counteracts them, where.

Written from the description of the method; no code of that package (GPL-3) is used.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from models_engine.catalogue.treatment.network.centrality import Module, disease_module, of_targets
from models_engine.catalogue.treatment.network.distance import closest, steps_to_nearest
from models_engine.catalogue.treatment.network.expression import Expression
from models_engine.catalogue.treatment.network.identifiers import NetworkError, some
from models_engine.catalogue.treatment.network.interactome import Interactome
from models_engine.catalogue.treatment.network.null import (
    DRAWS,
    GENES_OF_DISEASE,
    SMALLEST_BIN,
    TARGETS_OF_DRUG,
    Bins,
    bins_by_degree,
    draw,
    moments,
)
from models_engine.catalogue.treatment.network.pharmacology import Effect, effect_on
from models_engine.catalogue.treatment.network.results import (
    CellType,
    Drug,
    Fit,
    Provenance,
    Ranking,
    TargetHit,
)
from models_engine.catalogue.treatment.network.scoring import final_scores, ranks, z_and_p
from models_engine.catalogue.treatment.network.targets import DrugTargets

METHOD_VERSION = "1"
NEARER_THAN = 1.0
SIGNIFICANT = 0.05
TargetSet = tuple[int, ...]
Proximity = tuple[float, float, float, float | None, float | None, float | None]


@dataclass(frozen=True)
class Settings:
    """`seed` 0 to 2**32 - 1, `draws` at least 2, `smallest_bin` at least 1 (ValueError)."""

    seed: int
    draws: int = DRAWS
    smallest_bin: int = SMALLEST_BIN

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32 or self.draws < 2 or self.smallest_bin < 1:
            raise ValueError(f"settings out of range: {self}")


def rank_drugs(
    network: Interactome,
    drugs: DrugTargets,
    expression: Expression,
    settings: Settings,
    centralities: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ranking:
    """The ranking, with all it rests on.

    `centralities` weigh the cell types (finite, not negative, each cell type and no other); without
    them each counts 1, and the result says so. `labels` are the caller's names and versions of the
    inputs. `progress` is told (cell types done, of how many). Raises NetworkError.
    """
    weights = _weights(expression, centralities)
    _same_system(network, drugs, expression)
    targets = {
        drug: tuple(sorted(network.place[gene] for gene in genes if gene in network.place))
        for drug, genes in drugs.actions.items()
    }
    judged = sorted(drug for drug, places in targets.items() if places)
    if not judged:
        raise NetworkError(f"no target of any drug is in the network: {some(sorted(targets))}")
    changed = {
        cell: np.array(sorted(network.place[g] for g in genes if g in network.place), dtype=np.intp)
        for cell, genes in sorted(expression.changes.items())
    }
    if not any(len(genes) for genes in changed.values()):
        raise NetworkError("no changed gene of any cell type is in the network")

    bins = bins_by_degree(network.degrees, settings.smallest_bin)
    sets = sorted({targets[drug] for drug in judged})
    random_targets = _random_targets(bins, sets, settings)
    modules = {cell: disease_module(network.adjacency, g) for cell, g in changed.items()}
    fits: dict[str, list[Fit]] = {drug: [] for drug in judged}
    for done, (cell, genes) in enumerate(changed.items(), start=1):
        if len(genes):
            steps = steps_to_nearest(network.adjacency, [genes])[:, 0]
            near = _proximity(network, bins, genes, steps, sets, random_targets, settings)
            for drug in judged:
                fits[drug].append(
                    _fit(
                        network,
                        cell,
                        expression.changes[cell],
                        drugs.actions[drug],
                        targets[drug],
                        near[targets[drug]],
                        modules[cell],
                        steps,
                    )
                )
        if progress is not None:
            progress(done, len(changed))
    scored = [
        _drug(network, drugs, drug, tuple(fits[drug]), weights, len(changed)) for drug in judged
    ]
    return Ranking(
        ranked=_ranked([drug for drug in scored if drug.carried_by]),
        others=tuple(drug for drug in scored if not drug.carried_by),
        not_judged=tuple(sorted(set(targets) - set(judged))),
        cell_types=tuple(
            _cell_type(network, expression, cell, weights[cell], modules[cell]) for cell in changed
        ),
        unknown_actions=tuple(sorted(drugs.unknown_actions)),
        provenance=Provenance(
            method_version=METHOD_VERSION,
            seed=settings.seed,
            draws=settings.draws,
            smallest_bin=settings.smallest_bin,
            bins=len(bins.members),
            genes=len(network.genes),
            interactions=network.interactions,
            largest_is_unique=network.largest_is_unique,
            centralities_given=centralities is not None,
            inputs={
                "network": network.sha256,
                "drug targets": drugs.sha256,
                "expression": expression.sha256,
            },
            labels=dict(labels or {}),
            numpy=np.__version__,
            scipy=scipy.__version__,
        ),
    )


def _weights(
    expression: Expression, centralities: Mapping[str, float] | None
) -> Mapping[str, float]:
    if centralities is None:
        return dict.fromkeys(expression.changes, 1.0)
    if odd := sorted(set(centralities) ^ set(expression.changes)):
        raise NetworkError(f"cell types in one of centralities and expression only: {some(odd)}")
    if wrong := sorted(c for c, v in centralities.items() if not math.isfinite(v) or v < 0):
        raise NetworkError(f"centralities that are negative or not finite: {some(wrong)}")
    return dict(centralities)


def _same_system(network: Interactome, drugs: DrugTargets, expression: Expression) -> None:
    systems = {"drug targets": drugs.system, "expression": expression.system}
    for table, system in systems.items():
        if system is not network.system:
            raise NetworkError(
                f"{table} name genes by {system.name}, the network by {network.system.name}"
            )


def _random_targets(
    bins: Bins, sets: list[TargetSet], settings: Settings
) -> Mapping[TargetSet, NDArray[np.int32]]:
    """(draws, targets) for each set; sets of the same degrees share theirs."""
    by_profile: dict[tuple[int, ...], NDArray[np.int32]] = {}
    random: dict[TargetSet, NDArray[np.int32]] = {}
    for places in sets:
        profile = bins.profile(np.array(places, dtype=np.intp))
        if profile not in by_profile:
            by_profile[profile] = draw(
                bins, profile, settings.draws, settings.seed, TARGETS_OF_DRUG
            )
        random[places] = by_profile[profile]
    return random


def _proximity(
    network: Interactome,
    bins: Bins,
    genes: NDArray[np.intp],
    steps: NDArray[np.uint8],
    sets: list[TargetSet],
    random_targets: Mapping[TargetSet, NDArray[np.int32]],
    settings: Settings,
) -> Mapping[TargetSet, Proximity]:
    """Distance, null mean and SD, z, P and q of every distinct set of targets."""
    random_genes = draw(bins, bins.profile(genes), settings.draws, settings.seed, GENES_OF_DISEASE)
    random_steps = steps_to_nearest(network.adjacency, list(random_genes))
    nulls: dict[int, tuple[float, float]] = {}
    rows = []
    for places in sets:
        drawn = random_targets[places]
        if id(drawn) not in nulls:  # sets of the same degrees share one array
            nulls[id(drawn)] = moments(random_steps, drawn)
        distance = closest(steps, np.array(places, dtype=np.intp))
        rows.append((distance, *nulls[id(drawn)], z_and_p(distance, *nulls[id(drawn)])))
    tested = [row[3][1] for row in rows if row[3] is not None]
    adjusted = iter(false_discovery_control(tested).tolist() if tested else [])
    return {
        places: (
            (distance, mean, sd, *found, next(adjusted))
            if found is not None
            else (distance, mean, sd, None, None, None)
        )
        for places, (distance, mean, sd, found) in zip(sets, rows, strict=True)
    }


def _fit(
    network: Interactome,
    cell: str,
    changes: Mapping[str, float],
    actions: Mapping[str, frozenset[str]],
    places: TargetSet,
    near: Proximity,
    module: Module,
    steps: NDArray[np.uint8],
) -> Fit:
    distance, mean, sd, z, p, q = near
    is_near = distance < NEARER_THAN and p is not None and p < SIGNIFICANT
    hits = tuple(
        TargetHit(
            gene=gene,
            actions=tuple(sorted(actions[gene])),
            steps=int(steps[place]) if place is not None else None,
            log_fc=changes.get(gene),
            effect=effect_on(actions[gene], changes[gene]) if gene in changes else None,
            centrality=module.centrality.get(place) if place is not None else None,
        )
        # what a drug does to a changed gene needs no network: those outside it count too [J]
        for gene in sorted(actions)
        for place in (network.place.get(gene),)
    )
    effects = [hit.effect for hit in hits]
    return Fit(
        cell_type=cell,
        distance=distance,
        null_mean=mean,
        null_sd=sd,
        z=z,
        p=p,
        q=q,
        is_near=is_near,
        counteracts=effects.count(Effect.COUNTERACTS),
        mimics=effects.count(Effect.MIMICS),
        intracellular=of_targets(module, places),
        targets=hits if is_near else (),
    )


def _drug(
    network: Interactome,
    drugs: DrugTargets,
    drug: str,
    fits: tuple[Fit, ...],
    weights: Mapping[str, float],
    cell_types: int,
) -> Drug:
    return Drug(
        drug=drug,
        name=drugs.names[drug],
        rank=None,
        score=None,
        intercellular=math.fsum(weights[fit.cell_type] for fit in fits if fit.is_candidate),
        # a cell type in which nothing could be judged counts 0
        intracellular=math.fsum(fit.intracellular for fit in fits) / cell_types,
        fits=fits,
        targets_outside=tuple(sorted(g for g in drugs.actions[drug] if g not in network.place)),
    )


def _ranked(candidates: list[Drug]) -> tuple[Drug, ...]:
    if not candidates:
        return ()
    scores = final_scores(
        [drug.intercellular for drug in candidates], [drug.intracellular for drug in candidates]
    )
    placed = [
        Drug(**{**vars(drug), "rank": float(rank), "score": float(score)})
        for drug, rank, score in zip(candidates, ranks(scores), scores, strict=True)
    ]
    return tuple(sorted(placed, key=lambda drug: (drug.rank, drug.drug)))


def _cell_type(
    network: Interactome, expression: Expression, cell: str, centrality: float, module: Module
) -> CellType:
    genes = expression.changes[cell]
    outside = tuple(sorted(gene for gene in genes if gene not in network.place))
    inside = len(genes) - len(outside)
    why_not = None
    if not genes:
        why_not = "no significantly changed gene"
    elif not inside:
        why_not = "none of its changed genes is in the network"
    return CellType(
        name=cell,
        centrality=centrality,
        changed_in_network=inside,
        changed_outside=outside,
        not_significant=expression.not_significant[cell],
        module_size=len(module.centrality),
        module_is_unique=module.is_unique,
        why_not=why_not,
    )
