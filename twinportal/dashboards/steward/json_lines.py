"""JSON text as lines to read, each with the element that it is about; numbers as they were sent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

INDENT = "  "


class Number(str):
    """A number's own text: 405.70 stays 405.70."""


@dataclass(frozen=True)
class Line:
    """`path` as in an issue's expression; `is_faulty` where a fault names it."""

    path: str
    text: str
    is_faulty: bool = False


def lines_of(text: str, root: str, faulty: set[str]) -> list[Line]:
    """The lines of a resource of the type `root`; `text` is JSON."""
    content = json.loads(text, parse_float=Number, parse_int=Number)
    return [Line(path, words, path in faulty) for path, words in _lines(content, root, "", "", "")]


def _lines(node: Any, path: str, depth: str, before: str, after: str) -> Iterator[tuple[str, str]]:
    opening, closing = ("{", "}") if isinstance(node, dict) else ("[", "]")
    if not isinstance(node, dict | list):
        shown = node if isinstance(node, Number) else json.dumps(node, ensure_ascii=False)
        yield path, f"{depth}{before}{shown}{after}"
        return
    if not node:
        yield path, f"{depth}{before}{opening}{closing}{after}"
        return
    yield path, f"{depth}{before}{opening}"
    for place, (inner, label, value) in enumerate(_members(node, path)):
        comma = "," if place < len(node) - 1 else ""
        yield from _lines(value, inner, depth + INDENT, label, comma)
    # the bracket that closes is not what a fault is about
    yield "", f"{depth}{closing}{after}"


def _members(node: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield f"{path}.{name}", f"{json.dumps(name, ensure_ascii=False)}: ", value
    else:
        for place, value in enumerate(node):
            yield f"{path}[{place}]", "", value
