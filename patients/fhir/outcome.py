"""OperationOutcome: what was wrong, each fault with the element it is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Severity = Literal["fatal", "error", "warning", "information"]
Json = dict[str, Any]
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Issue:
    """One fault. `expression` is FHIRPath naming the element, e.g. "Observation.status".

    `code` is from the value set issue-type. Diagnostics name elements and what is expected of
    them; they quote at most a short piece of what was sent.
    """

    severity: Severity
    code: str
    diagnostics: str
    expression: str = ""

    def at(self, path: str) -> "Issue":
        """The same fault seen from a container: the resource's type is replaced by `path`.

        >>> Issue("error", "value", "", "Observation.status").at("Bundle.entry[3].resource").expression
        'Bundle.entry[3].resource.status'
        """
        _, dot, rest = self.expression.partition(".")
        return replace(self, expression=f"{path}{dot}{rest}")


def error(code: str, diagnostics: str, expression: str = "") -> Issue:
    """A fault that refuses what was sent."""
    return Issue("error", code, diagnostics, expression)


def operation_outcome(issues: Iterable[Issue]) -> Json:
    """The resource as a dict. R4 wants at least one issue: none becomes "all is well"."""
    listed = [_issue(issue) for issue in issues]
    if not listed:
        listed = [_issue(Issue("information", "informational", "No faults found"))]
    return {"resourceType": "OperationOutcome", "issue": listed}


def _issue(issue: Issue) -> Json:
    element: Json = {"severity": issue.severity, "code": issue.code}
    if issue.diagnostics:
        element["diagnostics"] = printable(issue.diagnostics)
    if issue.expression:
        element["expression"] = [printable(issue.expression)]
    return element


def printable(text: str) -> str:
    """What was sent may be quoted, and R4's texts have no control characters."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
