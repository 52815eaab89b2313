"""What is told of a patient on the worklist in one line, and how loudly (after CDS Hooks cards).

Nothing interrupts: even a critical card is a line of the list. Pure.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Level = Literal["info", "warning", "critical"]
LEVEL_WORDS: dict[Level, str] = {
    "info": "For information",
    "warning": "Warning",
    "critical": "Critical",
}
# of the CDS Hooks specification: "less than 140 characters"
SUMMARY_LENGTH = 140


@dataclass(frozen=True)
class Card:
    """One line. Raises ValueError unless it is short, names its source and, critical, its rule."""

    summary: str
    level: Level
    source: str
    rule_id: str = ""

    def __post_init__(self) -> None:
        if not self.summary.strip() or len(self.summary) >= SUMMARY_LENGTH:
            raise ValueError(f"Card {self.rule_id}: a summary below {SUMMARY_LENGTH} characters")
        if self.level not in get_args(Level):
            raise ValueError(f"Card {self.rule_id}: unknown level {self.level!r}")
        if not self.source.strip():
            raise ValueError(f"Card {self.rule_id}: no source is named")
        if self.level == "critical" and not self.rule_id.strip():
            raise ValueError("Card: what is critical names the rule that says so")

    @property
    def level_words(self) -> str:
        """The level in a word."""
        return LEVEL_WORDS[self.level]
