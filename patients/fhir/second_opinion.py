"""What `fhir.resources` says of a resource that we find valid; see docs/adr and FHIR R4B.

Its R4B differs from R4 in a few types, so that its doubts are warnings and ours is the verdict.
"""

from typing import Any

from patients.fhir.outcome import Issue

Json = dict[str, Any]
MOST = 20


def second_opinion(resource: Json) -> list[Issue]:
    """Warnings; [] where it agrees or does not know the type."""
    # slow to import, and most processes never ask
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    name = resource["resourceType"]
    try:
        model = get_fhir_model_class(name)
    except (LookupError, ValueError):
        return []  # a type of R4 that R4B dropped
    try:
        model.model_validate(resource)
    except ValidationError as fault:
        return [
            Issue(
                "warning",
                "informational",
                f"fhir.resources (R4B) doubts it: {error['msg'][:200]}",
                _expression(name, error["loc"]),
            )
            for error in fault.errors(include_input=False, include_url=False)[:MOST]
        ]
    return []


def _expression(name: str, location: tuple[int | str, ...]) -> str:
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return name + "".join(parts)
