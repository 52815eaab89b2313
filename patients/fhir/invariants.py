"""Error invariants: HL7's rules that go beyond the shape of an element.

Every check sees an element whose structure is sound. Rules of data types are in
invariants_types, of resources in invariants_resources, of bundles in invariants_bundle.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Invariant:
    """A rule of one type: HL7's key, what it says, and the paths inside that break it.

    `schema` is the same in JSON schema, or stricter, for the fast path; None where there is no
    such thing.
    """

    key: str
    says: str
    offenders: Callable[[Json], Iterable[str]]
    schema: Json | None = None


def rule(
    key: str, says: str, holds: Callable[[Json], bool], schema: Json | None = None
) -> Invariant:
    """A rule that the whole element keeps or breaks."""
    return Invariant(key, says, lambda node: () if holds(node) else ("",), schema)


def at_least_one(key: str, *names: str) -> Invariant:
    """One of these members must be there."""
    says = f"at least one of {', '.join(names)} is needed"
    schema = {"anyOf": [{"required": [name]} for name in names]}
    return rule(key, says, lambda node: any(present(node, name) for name in names), schema)


def not_both(key: str, first: str, second: str) -> Invariant:
    """Two members that exclude each other."""
    says = f"{first} and {second} exclude each other"
    schema = None if "[x]" in first + second else {"not": {"required": [first, second]}}
    return rule(
        key, says, lambda node: not (present(node, first) and present(node, second)), schema
    )


def needs(key: str, first: str, second: str) -> Invariant:
    """A member that must not stand without another."""
    says = f"{first} needs {second}"
    schema = None if "[x]" in first + second else {"dependencies": {first: [second]}}
    return rule(key, says, lambda node: not present(node, first) or present(node, second), schema)


def present(node: Json, name: str) -> bool:
    """Whether the member is there, if only as an extension; "value[x]" is any of its types."""
    if name.endswith("[x]"):
        stem = name[:-3]
        names = (member.removeprefix("_") for member in node)
        return any(n.startswith(stem) and n[len(stem) : len(stem) + 1].isupper() for n in names)
    return name in node or f"_{name}" in node
