"""What people type: free text without characters that deceive, and numbers of rows."""

from typing import Any
from unicodedata import category

from django import forms

# joiners hold families of emoji and letters of some scripts together; a mark turns nothing around
KEPT = frozenset("\u200c\u200d\u200e\u200f\u061c")
# controls and line separators: between two words they must not run them together
BETWEEN = frozenset(("Cc", "Zl", "Zp"))
# embeddings and isolates of direction and all else without a shape, halves, private characters
UNSEEN = frozenset(("Cf", "Cs", "Co"))
# no key of a table is longer; nor does int() take more than some thousand digits
MOST_DIGITS = 18


def typed_text(text: str) -> str:
    """Without unseen characters; lines stay lines. Empty where nothing of it can be seen."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = "\n".join("".join(_kept(c) for c in line).rstrip() for line in lines).strip()
    return "" if all(c in KEPT or c.isspace() for c in found) else found


def typed_line(text: str) -> str:
    """The same in one line, with single spaces."""
    return " ".join(typed_text(text).split())


def row_key(text: str) -> int | None:
    """A key of a row as a page sends it back; None for anything else."""
    if not (text.isascii() and text.isdigit()) or len(text) > MOST_DIGITS:
        return None
    return int(text)


class TypedField(forms.CharField):
    """A text field whose length is that of what is kept. `one_line`: no line breaks."""

    def __init__(self, *, one_line: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.one_line = one_line

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return typed_line(text) if self.one_line else typed_text(text)


def _kept(c: str) -> str:
    if c in KEPT:
        return c
    kind = category(c)
    if kind in BETWEEN:
        return " "
    return "" if kind in UNSEEN else c
