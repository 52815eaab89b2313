"""What can go wrong at the FHIR door, as exceptions that carry an HTTP status and issues."""

from collections.abc import Mapping, Sequence
from typing import Any


class FhirError(Exception):
    """A refusal: `status` and the issues of its OperationOutcome. Stores nothing."""

    def __init__(
        self, status: int, issues: Sequence[Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {len(issues)} issue(s)")
        self.status = status
        self.issues = list(issues)
        self.headers = dict(headers or {})


class BulkJobFailed(Exception):
    """An import or export cannot go on, and trying again would not help. Its words have no PHI."""
