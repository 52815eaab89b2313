"""What a ranking says, and everything that a page needs to show where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from models_engine.catalogue.treatment.network.pharmacology import Effect


@dataclass(frozen=True)
class CellType:
    """What was known of a cell type. `centrality` is its weight in the intercellular sum;
    `why_not` says why no drug could be judged in it, else None."""

    name: str
    centrality: float
    changed_in_network: int
    changed_outside: tuple[str, ...]
    not_significant: int
    module_size: int
    module_is_unique: bool
    why_not: str | None


@dataclass(frozen=True)
class TargetHit:
    """One target of a drug in one cell type. `steps` to the nearest changed gene, None outside the
    network; `log_fc`, `effect` of a target that is itself changed, else None; `centrality` in the
    module, else None."""

    gene: str
    actions: tuple[str, ...]
    steps: int | None
    log_fc: float | None
    effect: Effect | None
    centrality: float | None


@dataclass(frozen=True)
class Fit:
    """A drug in a cell type. `z`, `p`, `q` are None where the null has no spread.

    `q` is Benjamini and Hochberg's over the distinct sets of targets in this cell type: told, not a
    criterion of the method. `is_near`: distance < 1 and P < 0.05. All `targets`, also those outside
    the network, are listed where it is.
    """

    cell_type: str
    distance: float
    null_mean: float
    null_sd: float
    z: float | None
    p: float | None
    q: float | None
    is_near: bool
    counteracts: int
    mimics: int
    intracellular: float
    targets: tuple[TargetHit, ...]

    @property
    def is_candidate(self) -> bool:
        return self.is_near and self.counteracts > 0 and self.mimics == 0


@dataclass(frozen=True)
class Drug:
    """`intercellular`: summed over the cell types where it is a candidate; `intracellular`: mean over
    all cell types. `rank` is None for a drug that is a candidate nowhere."""

    drug: str
    name: str
    rank: float | None
    score: float | None
    intercellular: float
    intracellular: float
    fits: tuple[Fit, ...]
    targets_outside: tuple[str, ...]

    @property
    def carried_by(self) -> tuple[Fit, ...]:
        """The cell types that make it a candidate, with its targets there."""
        return tuple(fit for fit in self.fits if fit.is_candidate)


@dataclass(frozen=True)
class Provenance:
    """Enough to make the same ranking again; `inputs` holds the SHA-256 of what was read."""

    method_version: str
    seed: int
    draws: int
    smallest_bin: int
    bins: int
    genes: int
    interactions: int
    largest_is_unique: bool
    centralities_given: bool
    inputs: Mapping[str, str]
    labels: Mapping[str, str]
    numpy: str
    scipy: str


@dataclass(frozen=True)
class Ranking:
    """`ranked` by rank, then identifier; `others` were judged and are candidates nowhere;
    `not_judged` have no target in the network."""

    ranked: tuple[Drug, ...]
    others: tuple[Drug, ...]
    not_judged: tuple[str, ...]
    cell_types: tuple[CellType, ...]
    unknown_actions: tuple[str, ...]
    provenance: Provenance
