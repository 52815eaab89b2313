"""The slow, exact look at JSON text: duplicate names and depth, with line and column.

Runs only where the fast reader in json_codec has become suspicious.
"""

import json
import re
from typing import NoReturn

from patients.errors import FhirError
from patients.fhir.outcome import Issue

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:]', re.DOTALL)


class FhirSyntaxError(FhirError):
    """The text is not JSON that we accept. `line` and `column` count from 1; 0 where unknown."""

    def __init__(self, message: str, *, line: int = 0, column: int = 0) -> None:
        where = f" (line {line}, column {column})" if line else ""
        super().__init__(400, [Issue("fatal", "structure", f"{message}{where}")])
        self.message, self.line, self.column = message, line, column

    def __str__(self) -> str:
        return str(self.issues[0].diagnostics)


def refuse(message: str, raw: bytes, offset: int) -> NoReturn:
    """Raise FhirSyntaxError for a byte offset into `raw`."""
    before = raw[:offset]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    raise FhirSyntaxError(message, line=before.count(b"\n") + 1, column=column)


def scan(raw: bytes, *, max_depth: int) -> None:
    """Refuse duplicate names in one object and nesting beyond `max_depth`.

    `raw` is known to be well-formed JSON.
    """
    names: list[set[str]] = []  # for each open bracket; a list's stays empty
    text = (0, b"")
    for match in _TOKEN.finditer(raw):
        token = match.group()
        if token[0] == 0x22:  # "
            text = (match.start(), token)
        elif token == b":":
            _add_name(names[-1], *text, raw)
        elif token in b"{[":
            names.append(set())
            if len(names) > max_depth:
                refuse(f"nested deeper than {max_depth} levels", raw, match.start())
        else:
            names.pop()


def _add_name(seen: set[str], offset: int, token: bytes, raw: bytes) -> None:
    name = json.loads(token)
    if name in seen:
        refuse(f"the name {name[:60]!r} appears twice in one object", raw, offset)
    seen.add(name)
