"""Resource -> facts: what a FHIR resource says, coded, unit-checked, and marked when doubtful."""

from collections.abc import Iterator

from patients.record.allergy_facts import allergy_facts
from patients.record.condition_facts import condition_facts, procedure_facts
from patients.record.drafts import FactDraft, Json, Resolve
from patients.record.elements import text
from patients.record.encounter_facts import encounter_facts, hospital_procedure_facts
from patients.record.genotypes import genotype_facts
from patients.record.medication_facts import medication_facts
from patients.record.modifiers import modified, unknown_modifier
from patients.record.observation_facts import observation_facts
from patients.terminology.meanings import NO_MEANINGS, LocalMeanings


def _procedure(resource: Json, meanings: LocalMeanings) -> Iterator[FactDraft]:
    yield from procedure_facts(resource, meanings)
    yield from hospital_procedure_facts(resource)


def _observation(resource: Json, meanings: LocalMeanings) -> Iterator[FactDraft]:
    yield from observation_facts(resource, meanings)
    yield from genotype_facts(resource)


_CODED = {
    "Observation": _observation,
    "Condition": condition_facts,
    "Procedure": _procedure,
}
# nothing to map: an allergy warns whatever its code is, and an encounter speaks in HL7's own codes
_UNMAPPED = {
    "AllergyIntolerance": allergy_facts,
    "Encounter": encounter_facts,
}
_MEDICATIONS = {
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
}
INTERPRETED = frozenset(_CODED) | frozenset(_UNMAPPED) | _MEDICATIONS


def project(
    resource: Json, *, resolve: Resolve | None = None, meanings: LocalMeanings = NO_MEANINGS
) -> list[FactDraft]:
    """The facts of one resource, in document order; empty for a type that is not interpreted.

    Pure and total: the same content gives the same drafts, and odd content gives fewer, marked,
    never an exception. `resolve` looks up a `medicationReference`; while it gives None the fact is
    `unclassified`, so a Medication that arrives later means: project its dependants again.
    `meanings` is what data stewards have mapped beside our own tables. What a modifier extension
    changes is `modified`, and never used.
    """
    found = _drafts(resource, resolve, meanings)
    reason = unknown_modifier(resource) if found else ""
    return [modified(draft, reason) for draft in found] if reason else found


def _drafts(resource: Json, resolve: Resolve | None, meanings: LocalMeanings) -> list[FactDraft]:
    resource_type = text(resource, "resourceType")
    if resource_type in _MEDICATIONS:
        return list(medication_facts(resource, resolve and _unmodified(resolve), meanings))
    if resource_type in _CODED:
        return list(_CODED[resource_type](resource, meanings))
    if resource_type in _UNMAPPED:
        return list(_UNMAPPED[resource_type](resource))
    return []


def _unmodified(resolve: Resolve) -> Resolve:
    """A Medication that something unknown changes tells nobody what is taken."""

    def found(reference: str) -> Json | None:
        content = resolve(reference)
        return None if content is not None and unknown_modifier(content) else content

    return found
