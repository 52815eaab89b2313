"""What a drug does to its targets, and whether that counteracts the change of expression.

`agonist`, `inducer`, `antagonist` and `inhibitor` are the actions of the method [S]. The other words
are those of DrugCentral's target table, sorted by our judgement [J]. Words in neither list, among
them "partial agonist", "modulator" and "substrate", say nothing certain and count as unknown.
"""

from collections.abc import Iterable
from enum import IntEnum

RAISING = frozenset({"agonist", "inducer"})
LOWERING = frozenset({"antagonist", "inhibitor"})
RAISING_BY_JUDGEMENT = frozenset(
    {"activator", "opener", "positive allosteric modulator", "positive modulator"}
)
LOWERING_BY_JUDGEMENT = frozenset(
    {"allosteric antagonist", "blocker", "inverse agonist", "negative allosteric modulator"}
)


class Effect(IntEnum):
    """On one differentially expressed target."""

    MIMICS = -1
    UNKNOWN = 0
    COUNTERACTS = 1


def direction(action: str) -> int:
    """+1 raises its target's activity, -1 lowers it, 0 not known."""
    word = " ".join(action.lower().split())
    if word in RAISING or word in RAISING_BY_JUDGEMENT:
        return 1
    if word in LOWERING or word in LOWERING_BY_JUDGEMENT:
        return -1
    return 0


def effect_on(actions: Iterable[str], log_fold_change: float) -> Effect:
    """Of a drug with these actions on a gene with this change (not 0).

    Where one action counteracts and another mimics, it mimics: who is unsure must not recommend [J].
    """
    up = 1 if log_fold_change > 0 else -1
    effects = {-up * direction(action) for action in actions}
    if -1 in effects:
        return Effect.MIMICS
    return Effect.COUNTERACTS if 1 in effects else Effect.UNKNOWN
