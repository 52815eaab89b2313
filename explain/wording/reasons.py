"""Reasons of an estimate in a patient's words: what one can work on apart from what one cannot.

They say what the estimate used, never what brings a disease about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explain.wording.language import gettext
from explain.wording.messages import REASONS_SHOWN, SMALLEST_REASON
from explain.wording.phrases import MEDICINES, Level, concept_words

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """`name` as in a sentence ("your blood pressure"), and which way it moved the estimate."""

    name: str
    raises: bool


@dataclass(frozen=True)
class Reasons:
    """The largest of each kind. A medicine marks a treated condition: it is no advice of any kind."""

    can_change: tuple[Reason, ...]
    cannot_change: tuple[Reason, ...]
    medicines: tuple[Reason, ...]

    @property
    def any(self) -> bool:
        return bool(self.can_change or self.cannot_change or self.medicines)


def reasons(contributions: Sequence[Row], level: Level) -> Reasons:
    """Stored contributions (probability) that are large enough to be told, largest first."""
    shown = sorted(
        (row for row in contributions if abs(row["contribution"]) >= SMALLEST_REASON),
        key=lambda row: -abs(row["contribution"]),
    )
    medicines = [row for row in shown if row["concept"] in MEDICINES]
    others = [row for row in shown if row["concept"] not in MEDICINES]
    return Reasons(
        _told([row for row in others if row["modifiable"]], level),
        _told([row for row in others if not row["modifiable"]], level),
        _told(medicines, level),
    )


def _told(rows: Sequence[Row], level: Level) -> tuple[Reason, ...]:
    """Each name once; what has no patient words is not named."""
    found: dict[str, Reason] = {}
    for row in rows:
        if words := concept_words(row["concept"], level):
            found.setdefault(words.name, Reason(words.name, row["contribution"] > 0))
    return tuple(found.values())[:REASONS_SHOWN]


def uncertain_reasons(level: Level) -> str:
    """Said where the order of the reasons hangs on the people one is compared with."""
    return {
        "plain": gettext("We are not sure which of these counts most for you."),
        "standard": gettext("We are not sure which of these reasons counts most for you."),
        "detailed": gettext(
            "These reasons are uncertain: their order changes with the people compared with."
        ),
    }[level]
