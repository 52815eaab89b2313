"""Resource -> facts: what a FHIR resource says, coded, unit-checked, and marked when doubtful."""

from patients.record.drafts import FactDraft, Json, Resolve


def project(resource: Json, *, resolve: Resolve | None = None) -> list[FactDraft]:
    """The facts of one resource, in document order; empty for a type that is not interpreted.

    Pure and total: the same content gives the same drafts, and an odd one gives fewer, marked.
    `resolve` looks up what the resource refers to (`depends_on`); an unresolved Medication makes
    the fact `unclassified` until the resource is projected again.
    """
    return []


def depends_on(resource: Json) -> tuple[str, ...]:
    """The references whose content `project` would read through `resolve`."""
    return ()
