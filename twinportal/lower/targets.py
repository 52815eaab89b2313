"""What somebody may aim at: below the threshold of a category, some points less, as low as it goes."""

from dataclasses import dataclass

from explain.attribution.counterfactual import below, fewer
from explain.wording.numbers import percent
from models_engine.catalogue.contract import Outcome

POINTS = (1, 2, 3, 5, 10)
LOWEST = "lowest"


@dataclass(frozen=True)
class Target:
    """`code` stands in the address; `limit` as `find_lowering` reads it."""

    code: str
    label: str
    limit: float | None

    @property
    def goal(self) -> str:
        """In the middle of a sentence."""
        return self.label[0].lower() + self.label[1:]


def targets_for(outcome: Outcome, before: float) -> tuple[Target, ...]:
    """What may be aimed at from this probability, the nearest category first."""
    found = []
    for under, band in zip(outcome.bands, outcome.bands[1:], strict=False):
        if band.low <= before:
            label = f"Below {percent(band.low)} ({under.label.lower()})"
            found.append(Target(f"under-{band.code}", label, below(band.low)))
    found.reverse()
    for n in POINTS:
        if n / 100 < before:
            words = f"At least {n} point{'s' if n > 1 else ''} lower"
            found.append(Target(f"by-{n}", words, fewer(before, n / 100)))
    return (*found, Target(LOWEST, "As low as it goes", None))


def target_of(code: str, offered: tuple[Target, ...]) -> Target:
    """The one that was asked for, else the first: the next category down, or a point less."""
    return next((one for one in offered if one.code == code), offered[0])
