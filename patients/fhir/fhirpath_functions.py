"""Functions and operators of FHIRPath on collections (lists of nodes); [] is "no answer"."""

import re
from collections.abc import Callable
from typing import Any

from patients.fhir.fhirpath_nodes import Node

Nodes = list[Node]
TRUE = [Node(True, "boolean")]
FALSE = [Node(False, "boolean")]


def answer(value: bool | None) -> Nodes:
    """A Boolean as a collection."""
    return [] if value is None else TRUE if value else FALSE


def truth(nodes: Nodes) -> bool | None:
    """A collection as a Boolean: any single thing that is no Boolean counts as true."""
    if len(nodes) > 1:
        raise ValueError("one value is expected")
    return None if not nodes else nodes[0].value is not False


def equal(left: Nodes, right: Nodes) -> bool | None:
    if not left or not right:
        return None
    return [n.value for n in left] == [n.value for n in right]


def is_distinct(nodes: Nodes) -> bool:
    return len(_distinct(nodes)) == len(nodes)


def union(left: Nodes, right: Nodes) -> Nodes:
    return _distinct([*left, *right])


def intersect(left: Nodes, right: Nodes) -> Nodes:
    others = [n.value for n in right]
    return _distinct([n for n in left if n.value in others])


def _distinct(nodes: Nodes) -> Nodes:
    seen: list[Any] = []
    quick: set[str] = set()
    found = []
    for node in nodes:
        if isinstance(node.value, str):
            if node.value in quick:
                continue
            quick.add(node.value)
        elif node.value in seen:
            continue
        else:
            seen.append(node.value)
        found.append(node)
    return found


def is_type(nodes: Nodes, name: str) -> bool | None:
    """Boolean and boolean are the same to an invariant."""
    return nodes[0].type_name.lower() == name.lower() if len(nodes) == 1 else None


def text_of(nodes: Nodes) -> str | None:
    """The string of a collection of at most one."""
    if len(nodes) > 1:
        raise ValueError("one value is expected")
    return None if not nodes or nodes[0].value is None else str(nodes[0].value)


def on_text(ask: Callable[[str, str], bool]) -> Callable[[Nodes, Nodes], Nodes]:
    """A question about two strings; no answer when there is none of either."""

    def asked(nodes: Nodes, argument: Nodes) -> Nodes:
        text, other = text_of(nodes), text_of(argument)
        return [] if text is None or other is None else answer(ask(text, other))

    return asked


def to_integer(nodes: Nodes) -> Nodes:
    text = text_of(nodes) or ""
    return [Node(int(text), "integer")] if re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII) else []


def to_string(nodes: Nodes) -> Nodes:
    text = text_of(nodes)
    return [] if text is None else [Node(text, "string")]


# without arguments
PLAIN: dict[str, Callable[[Nodes], Nodes]] = {
    "children": lambda nodes: [child for node in nodes for child in node.children()],
    "count": lambda nodes: [Node(len(nodes), "integer")],
    "descendants": lambda nodes: [d for node in nodes for d in node.descendants()],
    "empty": lambda nodes: answer(not nodes),
    "first": lambda nodes: nodes[:1],
    "hasValue": lambda nodes: answer(len(nodes) == 1 and nodes[0].value is not None),
    "isDistinct": lambda nodes: answer(is_distinct(nodes)),
    "not": lambda nodes: answer(None if truth(nodes) is None else not truth(nodes)),
    "tail": lambda nodes: nodes[1:],
    "toInteger": to_integer,
    "toString": to_string,
}
# with one argument, evaluated where the call stands
ON_ARGUMENT: dict[str, Callable[[Nodes, Nodes], Nodes]] = {
    "combine": lambda nodes, other: [*nodes, *other],
    "contains": on_text(lambda text, other: other in text),
    "intersect": intersect,
    # whole, as HL7's own expressions mean it
    "matches": on_text(lambda text, pattern: re.fullmatch(pattern, text) is not None),
    "startsWith": on_text(str.startswith),
}


def replace_matches(nodes: Nodes, pattern: Nodes, by: Nodes) -> Nodes:
    text = text_of(nodes)
    if text is None:
        return []
    return [Node(re.sub(text_of(pattern) or "", text_of(by) or "", text), "string")]


def both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


def differ(left: bool | None, right: bool | None) -> bool | None:
    return None if left is None or right is None else left != right


def implies(left: bool | None, right: bool | None) -> bool | None:
    return either(None if left is None else not left, right)


LOGIC: dict[str, Callable[[bool | None, bool | None], bool | None]] = {
    "and": both,
    "implies": implies,
    "or": either,
    "xor": differ,
}


def compare(operator: str, left: Nodes, right: Nodes) -> bool | None:
    """Order of numbers; that of partial dates is not for here."""
    if len(left) != 1 or len(right) != 1:
        return None
    low, high = left[0].value, right[0].value
    if low is None or high is None:
        return None
    return bool(_ORDER[operator](low, high))


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda low, high: low < high,
    "<=": lambda low, high: low <= high,
    ">": lambda low, high: low > high,
    ">=": lambda low, high: low >= high,
}
