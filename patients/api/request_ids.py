"""The id of the request that is being answered, for logs and for what its client is told.

An OperationOutcome has it in `meta.source`, as the Provenance of an ingest does: R4 has that
element for "what made this". It is no `id`, which would be that of a stored resource.
"""

import contextvars
from collections.abc import Iterable
from typing import Any

from patients.fhir.outcome import Issue, operation_outcome

request_id_var: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome that names its request."""
    made = operation_outcome(issues)
    if request_id := request_id_var.get():
        made["meta"] = {"source": f"urn:twinportal:request:{request_id}"}
    return made
