"""Error invariants as HL7 states them, for types that are stored and not interpreted.

Those that have a function of ours, which is quicker, are not among them.
"""

from collections.abc import Callable, Iterable
from functools import cache

from patients.fhir.definitions import table
from patients.fhir.fhirpath import compiled
from patients.fhir.fhirpath_nodes import Node
from patients.fhir.invariants import Invariant, Json


def stated_rules(but: set[str]) -> dict[str, tuple[Invariant, ...]]:
    """Invariants by type, `but` those of these keys left out."""
    found = {
        type_name: tuple(
            Invariant(key, says, _offenders(type_name, expression))
            for key, says, expression in rows
            if f"{type_name} {key}" not in but
        )
        for type_name, rows in table("constraints").items()
    }
    return {type_name: rules for type_name, rules in found.items() if rules}


def holds(type_name: str, expression: str, value: Json) -> bool:
    """Whether a constraint holds for an element of this type; expressions are compiled once."""
    node = Node(value, type_name)
    return _question(expression)(node, node)


_question = cache(compiled)


def _offenders(type_name: str, expression: str) -> Callable[[Json], Iterable[str]]:
    def offenders(node: Json) -> Iterable[str]:
        try:
            return () if holds(type_name, expression, node) else ("",)
        except (TypeError, ValueError):
            return ()  # of a malformed member it cannot be asked, and that has its own fault

    return offenders
