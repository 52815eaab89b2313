"""Literacy levels, and sentences of one meaning at every level in the reader's language.

Plain is for somebody who reads with effort; standard for most; detailed uses clinical terms.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from explain.wording.language import gettext
from explain.wording.language import gettext_noop as N_

Level = Literal["plain", "standard", "detailed"]
LEVELS: tuple[Level, ...] = ("plain", "standard", "detailed")


class ByLevel(Mapping[Level, str]):
    """A sentence at each level, marked with `gettext_noop` and translated when it is looked up."""

    def __init__(self, texts: Mapping[Level, str]) -> None:
        self._texts = dict(texts)

    def __getitem__(self, level: Level) -> str:
        return gettext(self._texts[level])

    def __iter__(self) -> Iterator[Level]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class ListByLevel(Mapping[Level, tuple[str, ...]]):
    """The same of several sentences."""

    def __init__(self, texts: Mapping[Level, tuple[str, ...]]) -> None:
        self._texts = dict(texts)

    def __getitem__(self, level: Level) -> tuple[str, ...]:
        return tuple(gettext(text) for text in self._texts[level])

    def __iter__(self) -> Iterator[Level]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


LEVEL_NAMES = ByLevel(
    {"plain": N_("Simple"), "standard": N_("Standard"), "detailed": N_("Detailed")}
)
