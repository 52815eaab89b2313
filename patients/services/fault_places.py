"""What the faults of a request are about: elements by their general paths, whoever's they are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from patients.fhir.element_paths import general_path
from patients.fhir.outcome import Issue, printable
from patients.services.interactions import Interaction

ENTRY = re.compile(r"(Bundle\.entry\[\d+\]\.resource)(?=\.|$)")
WRONG_CODE = "code-invalid"
# what more there is would only cost; the causes are of all
MOST_LISTED = 1000


def types_of(interactions: Iterable[Interaction]) -> Mapping[str, str]:
    """Where each stands in its bundle, and its type."""
    return {i.where: i.type for i in interactions}


def path_of(issue: Issue, types: Mapping[str, str]) -> str:
    """The element seen from its own resource, as "Observation.status" inside a bundle too.

    `types` as of `types_of`: made once, for a transaction has many faults.
    """
    match = ENTRY.match(issue.expression)
    if match is None or match[1] not in types:
        return general_path(issue.expression)
    return general_path(types[match[1]] + issue.expression[match.end() :])


def causes_of(issues: Iterable[Issue], interactions: Sequence[Interaction]) -> list[str]:
    """ "code element" of each fault, once: what many faulty resources have in common."""
    types = types_of(interactions)
    found = (cause(i.code, path_of(i, types)) for i in issues if is_fault(i))
    return sorted(set(found))


def cause(code: str, path: str) -> str:
    return f"{code} {path}".strip()


def is_fault(issue: Issue) -> bool:
    return issue.severity in ("fatal", "error")


def listed(issues: Sequence[Issue], interactions: Sequence[Interaction]) -> list[dict[str, Any]]:
    """The faults as they are kept: of a bundle's own entry from the resource's own type."""
    types = types_of(interactions)
    alone = interactions[0] if len(interactions) == 1 else None
    return [
        {
            "severity": issue.severity,
            "code": issue.code,
            "diagnostics": printable(issue.diagnostics),
            "expression": printable(_from_itself(issue.expression, alone)),
            "path": path_of(issue, types),
        }
        for issue in issues[:MOST_LISTED]
    ]


def _from_itself(expression: str, alone: Interaction | None) -> str:
    if alone is None or not alone.where or not expression.startswith(alone.where):
        return expression
    return alone.type + expression.removeprefix(alone.where)
