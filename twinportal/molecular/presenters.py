"""A ranking as its page shows it: strings, lists and a figure."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from twinportal.molecular.figure import Matrix, matrix
from twinportal.molecular.models import RankingRun

MOST_RANKED, MOST_NEAR, MOST_NAMES = 100, 50, 200
IN_FIGURE = 20
Q_LIMIT = 0.05
EFFECTS = {1: "counteracts the change", 0: "not known", -1: "adds to the change"}
Json = dict[str, Any]


def number(value: float | None, digits: int = 2) -> str:
    """With a true minus sign; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def chance(value: float | None) -> str:
    """A P or q with two significant digits."""
    if value is None:
        return "–"
    return "<0.0001" if value < 0.0001 else f"{value:.2g}"


@dataclass(frozen=True)
class TargetRow:
    gene: str
    actions: str
    change: str
    effect: str
    steps: str
    centrality: str
    is_worse: bool


@dataclass(frozen=True)
class FitRow:
    """A drug in a cell type."""

    cell_type: str
    distance: str
    z: str
    p: str
    q: str
    is_candidate: bool
    is_near: bool
    mimics: int
    counteracts: int
    targets: list[TargetRow]

    @property
    def verdict(self) -> str:
        if self.is_candidate:
            return "candidate"
        if self.mimics:
            return "adds to a change" if self.is_near else "not near; adds to a change"
        return "near, no known counteracting"


@dataclass(frozen=True)
class DrugRow:
    drug: str
    name: str
    status: str
    rank: str
    score: str
    intercellular: str
    intracellular: str
    targets_outside: list[str]
    fits: list[FitRow] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.name or self.drug

    @property
    def carried_by(self) -> list[FitRow]:
        return [fit for fit in self.fits if fit.is_candidate]

    @property
    def others(self) -> list[FitRow]:
        """Where it is near and no candidate, or adds to a change."""
        return [fit for fit in self.fits if not fit.is_candidate]

    @property
    def worse_in(self) -> list[str]:
        return [fit.cell_type for fit in self.fits if fit.mimics]


@dataclass(frozen=True)
class CellRow:
    name: str
    centrality: str
    changed: int
    outside: list[str]
    not_significant: int
    module_size: int
    module_is_unique: bool
    why_not: str


class RankingPage:
    """Of a run that is done."""

    def __init__(self, run: RankingRun) -> None:
        self.run = run
        self.result: Json = run.result or {}
        self.provenance: Json = self.result["provenance"]
        self.judged: int = self.result["judged"]
        self.not_judged: list[str] = self.result["not_judged"]
        self.unknown_actions: list[str] = self.result["unknown_actions"]
        self.count = len(self.result["ranked"])
        self.near_count = len(self.result["near"])

    @cached_property
    def ranked(self) -> list[DrugRow]:
        return [drug_row(drug) for drug in self.result["ranked"][:MOST_RANKED]]

    @cached_property
    def near(self) -> list[DrugRow]:
        """Drugs that are near in some cell type and a candidate in none; nearest first."""
        nearest = sorted(self.result["near"], key=_least_p)
        return [drug_row(drug) for drug in nearest[:MOST_NEAR]]

    @property
    def more_ranked(self) -> int:
        return max(self.count - MOST_RANKED, 0)

    @property
    def more_near(self) -> int:
        return max(self.near_count - MOST_NEAR, 0)

    @property
    def not_near(self) -> int:
        return self.judged - self.count - self.near_count

    @property
    def not_judged_shown(self) -> list[str]:
        return self.not_judged[:MOST_NAMES]

    @property
    def more_not_judged(self) -> int:
        return max(len(self.not_judged) - MOST_NAMES, 0)

    @cached_property
    def cell_types(self) -> list[CellRow]:
        return [
            CellRow(
                name=cell["name"],
                centrality=number(cell["centrality"], 3),
                changed=cell["changed_in_network"],
                outside=cell["changed_outside"],
                not_significant=cell["not_significant"],
                module_size=cell["module_size"],
                module_is_unique=cell["module_is_unique"],
                why_not=cell["why_not"] or "",
            )
            for cell in self.result["cell_types"]
        ]

    @cached_property
    def silent_cells(self) -> list[CellRow]:
        return [cell for cell in self.cell_types if cell.why_not]

    @cached_property
    def genes_outside(self) -> list[str]:
        return sorted({gene for cell in self.cell_types for gene in cell.outside})

    @property
    def with_statuses(self) -> bool:
        return any(drug["status"] for drug in (*self.result["ranked"], *self.result["near"]))

    @property
    def corrected(self) -> int:
        """Candidates that a cell type with a q below 0.05 carries."""
        return sum(
            any(f["is_candidate"] and f["q"] is not None and f["q"] < Q_LIMIT for f in d["fits"])
            for d in self.result["ranked"]
        )

    @property
    def inputs(self) -> list[tuple[str, str, str]]:
        """Name, what it is called, SHA-256."""
        labels: Json = self.provenance["labels"]
        return [(n, labels.get(n, ""), h) for n, h in self.provenance["inputs"].items()]

    @cached_property
    def figure(self) -> Matrix | None:
        """Of the first drugs, if there are any."""
        if not self.ranked:
            return None
        return matrix(
            [(d.label, self.result["ranked"][i]["fits"]) for i, d in enumerate(self.shown)],
            [cell.name for cell in self.cell_types if not cell.why_not],
        )

    @property
    def shown(self) -> list[DrugRow]:
        return self.ranked[:IN_FIGURE]

    @property
    def summary(self) -> str:
        first = f"; first {self.ranked[0].label}" if self.ranked else ""
        return (
            f"{self.count} of {self.judged} judged drugs are a candidate in at least one of "
            f"{len(self.cell_types)} cell types{first}."
        )


def drug_row(drug: Json) -> DrugRow:
    return DrugRow(
        drug=drug["drug"],
        name=drug["name"],
        status=drug["status"],
        rank="–" if drug["rank"] is None else f"{drug['rank']:g}",
        score=number(drug["score"], 3),
        intercellular=number(drug["intercellular"], 3),
        intracellular=number(drug["intracellular"], 3),
        targets_outside=drug["targets_outside"],
        fits=[_fit(fit) for fit in drug["fits"]],
    )


def _fit(fit: Json) -> FitRow:
    return FitRow(
        cell_type=fit["cell_type"],
        distance=number(fit["distance"]),
        z=number(fit["z"]),
        p=chance(fit["p"]),
        q=chance(fit["q"]),
        is_candidate=fit["is_candidate"],
        is_near=fit["is_near"],
        mimics=fit["mimics"],
        counteracts=fit["counteracts"],
        targets=[_target(target) for target in fit["targets"]],
    )


def _target(target: Json) -> TargetRow:
    change = target["log_fc"]
    way = "" if change is None else "raised, " if change > 0 else "lowered, "
    return TargetRow(
        gene=target["gene"],
        actions=", ".join(target["actions"]) or "not stated",
        change=f"{way}{number(change)}" if change is not None else "not changed",
        effect=EFFECTS[target["effect"]] if target["effect"] is not None else "–",
        steps="outside the network" if target["steps"] is None else str(target["steps"]),
        centrality=number(target["centrality"], 3),
        is_worse=target["effect"] == -1,
    )


def _least_p(drug: Json) -> tuple[float, str]:
    return min((fit["p"] for fit in drug["fits"] if fit["is_near"]), default=1.0), drug["drug"]
