"""The words of a FHIRPath expression."""

import re

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>[%$]?[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|!=|[=<>|&+.,()]))"
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


def tokens_of(expression: str) -> list[str]:
    """Strings, numbers, names and signs. Raises ValueError for anything else."""
    found, position = [], 0
    while expression[position:].strip():
        match = _TOKEN.match(expression, position)
        if match is None:
            raise ValueError(f"{expression!r}: not understood from {expression[position:]!r}")
        found.append(match[0].strip())
        position = match.end()
    return found


def unescaped(token: str) -> str:
    """What a quoted string says."""
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), token[1:-1])
