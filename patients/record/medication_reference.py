"""The Medication that a request, statement, administration or dispense refers to."""

from patients.record.drafts import Resolve
from patients.record.elements import Json, child, children, text


def medication_referred_to(resource: Json, resolve: Resolve | None) -> tuple[Json | None, str]:
    """The Medication, contained or resolved; None where it is not here. How the reference is shown."""
    pointer = child(resource, "medicationReference")
    reference = text(pointer, "reference")
    found = _contained(resource, reference) if reference.startswith("#") else None
    if found is None and resolve is not None and reference:
        found = resolve(reference)
    return found, text(pointer, "display") or reference


def _contained(resource: Json, reference: str) -> Json | None:
    wanted = reference.removeprefix("#")
    return next((c for c in children(resource, "contained") if text(c, "id") == wanted), None)
