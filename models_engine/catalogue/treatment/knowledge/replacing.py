"""What it means that a row of a later folder stands in the place of an earlier one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

# the gravest first; of tiers the last: 4 speaks against, 1 puts first
_RANKS: Mapping[str, tuple[Any, ...]] = {
    "severity": ("X", "D", "C"),
    "action": ("avoid", "reduce", "full", "caution", "usual"),
    "tier": (4, 3, 2, 1),
}
# a warning of fewer medicines, or a medicine of fewer names, classes and codes, speaks less often
_LISTS = ("applies_to", "other", "allergen", "classes", "atc", "aliases", "ingredients")
# whom, or at which dose, a row speaks of: another text may be fewer people, which is not worked out
_LIMITS = (
    "when",
    "requires",
    "measure",
    "low",
    "high",
    "daily_mg",
    "over_daily_mg",
    "third",
    "reaction",
    "gene",
    "phenotype",
    "allele",
    "function",
    "activity",
    "rxnorm",
)
# a "no" for a "yes" is one question or one finding less
_FLAGS = ("asks", "duplicates")
_WORDS_ALONE = ("reviewed", "says", "population", "source", "plain")


@dataclass(frozen=True)
class Replacement:
    """`before` is the row of an earlier folder, `after` the one that is read in its place."""

    table: str
    before: Any
    after: Any

    @property
    def changes(self) -> tuple[str, ...]:
        """The columns that differ, each with both values where they are no mere words."""
        return tuple(
            name
            if name in _WORDS_ALONE
            else f"{name} {_text(getattr(self.before, name))} -> {_text(getattr(self.after, name))}"
            for name in self._differing()
        )

    @property
    def weakenings(self) -> tuple[str, ...]:
        """What speaks less, or perhaps less, against a medicine than before. Empty where nothing."""
        return tuple(self._weakenings())

    def _differing(self) -> Iterator[str]:
        for field in fields(self.after):
            if getattr(self.before, field.name) != getattr(self.after, field.name):
                yield field.name

    def _weakenings(self) -> Iterator[str]:
        for name in self._differing():
            before, after = getattr(self.before, name), getattr(self.after, name)
            told = f"{_text(before)} -> {_text(after)}"
            if name in _RANKS:
                ranks = _RANKS[name]
                if ranks.index(after) > ranks.index(before):
                    yield f"{name} lowered: {told}"
            elif name in _LISTS:
                if lost := [str(one) for one in before if one not in after]:
                    yield f"{name} without {', '.join(lost)}"
            elif name in _FLAGS:
                if before:
                    yield f"{name}: {told}"
            elif name in _LIMITS:
                yield f"{name} changed, which may weaken it: {told}"

    def __str__(self) -> str:
        return f"{self.table}: {self.after.id}: {'; '.join(self.changes) or 'the same'}"


@dataclass(frozen=True)
class FolderRead:
    """What one folder brought: rows by table, and those that stand in the place of others."""

    folder: Path
    rows: Mapping[str, int]
    replacements: tuple[Replacement, ...]

    @property
    def replaced(self) -> Mapping[str, int]:
        """How many rows of each table stand in the place of others."""
        names = [one.table for one in self.replacements]
        return {name: names.count(name) for name in self.rows}


def _text(value: Any) -> str:
    if value is None or value == "" or value == ():
        return "(nothing)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(getattr(value, "text", value)) or "(nothing)"
