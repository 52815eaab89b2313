"""A last look at what we write: nothing leaves that an R4 reader would refuse.

`fhir.resources` is slow to import, so it is imported when first used; its R4B is nearest to R4,
its root is R5 and never used.
"""

from typing import Any

from patients.fhir.validation import validate

Json = dict[str, Any]


def checked(resource: Json) -> Json:
    """The resource unchanged. Raises ValueError, with the faults, for what is not valid R4."""
    from fhir.resources.R4B import get_fhir_model_class

    issues = validate(resource)
    if issues:
        raise ValueError("; ".join(issue.diagnostics for issue in issues))
    # pydantic's ValidationError is a ValueError
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return resource
