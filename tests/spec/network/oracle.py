"""A second, slow ranking from the description alone: dictionaries, loops and no array library.

It shares with the product only the random genes, which are handed to it.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence

Graph = dict[str, set[str]]
Draws = list[list[str]]


def largest_component(pairs: Sequence[tuple[str, str]]) -> Graph:
    graph: Graph = {}
    for one, other in pairs:
        if one != other:
            graph.setdefault(one, set()).add(other)
            graph.setdefault(other, set()).add(one)
    return {gene: graph[gene] for gene in _largest(graph)}


def _largest(graph: Graph) -> set[str]:
    best: set[str] = set()
    for start in sorted(graph):
        found = set(distances(graph, start))
        if len(found) > len(best):
            best = found
    return best


def distances(graph: Graph, start: str) -> dict[str, int]:
    steps = {start: 0}
    queue = deque([start])
    while queue:
        gene = queue.popleft()
        for neighbour in graph[gene]:
            if neighbour not in steps:
                steps[neighbour] = steps[gene] + 1
                queue.append(neighbour)
    return steps


def closest(graph: Graph, targets: Sequence[str], genes: Sequence[str]) -> float:
    total = 0
    for target in targets:
        steps = distances(graph, target)
        total += min(steps[gene] for gene in genes)
    return total / len(targets)


def bins(graph: Graph, smallest: int) -> list[set[str]]:
    made: list[set[str]] = []
    open_bin: set[str] = set()
    for degree in sorted({len(graph[gene]) for gene in graph}):
        open_bin |= {gene for gene in graph if len(graph[gene]) == degree}
        if len(open_bin) >= smallest:
            made.append(open_bin)
            open_bin = set()
    if open_bin:
        if made:
            made[-1] |= open_bin
        else:
            made.append(open_bin)
    return made


def centrality(graph: Graph, genes: Sequence[str]) -> dict[str, float]:
    """By power iteration on the adjacency matrix plus the identity."""
    induced = {gene: graph[gene] & set(genes) for gene in genes}
    inside = _largest(induced)
    if len(inside) < 3:
        return {}
    values = dict.fromkeys(inside, 1.0)
    for _ in range(1500):
        stepped = {g: values[g] + sum(values[n] for n in induced[g]) for g in inside}
        top = max(stepped.values())
        values = {g: v / top for g, v in stepped.items()}
    return values


def ranking(
    pairs: Sequence[tuple[str, str]],
    drugs: Mapping[str, Mapping[str, str]],
    cells: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
    random_of: Callable[[Sequence[str], bool], Draws],
) -> dict[str, tuple[float, float, float, float]]:
    """(intercellular, intracellular, score, rank) of each candidate.

    `random_of(genes, are_targets)` gives the random genes in the place of these.
    """
    graph = largest_component(pairs)
    sums: dict[str, float] = {}
    means: dict[str, float] = {}
    for drug, actions in drugs.items():
        targets = [gene for gene in actions if gene in graph]
        if not targets:
            continue
        for cell, changes in cells.items():
            genes = [gene for gene in changes if gene in graph]
            if not genes:
                continue
            value = closest(graph, targets, genes)
            null = [
                closest(graph, t, g)
                for t, g in zip(random_of(targets, True), random_of(genes, False), strict=True)
            ]
            mean = sum(null) / len(null)
            sd = math.sqrt(sum((d - mean) ** 2 for d in null) / (len(null) - 1))
            p = 0.5 * math.erfc(-(value - mean) / sd / math.sqrt(2)) if sd > 1e-12 else 1.0
            signs = [
                {"agonist": 1, "inhibitor": -1, "": 0}[action] * math.copysign(1, changes[gene])
                for gene, action in actions.items()
                if gene in changes
            ]
            if value < 1 and p < 0.05 and -1 in signs and 1 not in signs:
                sums[drug] = sums.get(drug, 0.0) + weights[cell]
            held = centrality(graph, genes)
            central = [held[gene] for gene in targets if gene in held]
            score = math.prod(central) ** (1 / len(central)) if central else 0.0
            means[drug] = means.get(drug, 0.0) + score / len(cells)
    scores = {drug: sums[drug] + 0.1 * means[drug] for drug in sums}
    return {
        drug: (
            sums[drug],
            means[drug],
            score,
            # ranks of equals are averaged: those above, and half of the others beside it
            1
            + sum(s > score + 1e-9 for s in scores.values())
            + (sum(abs(s - score) <= 1e-9 for s in scores.values()) - 1) / 2,
        )
        for drug, score in scores.items()
    }
