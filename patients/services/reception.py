"""Turns what came over the wire into checked interactions: every fault at once, nothing stored."""

import uuid
from collections.abc import Sequence

from patients.errors import FhirError
from patients.fhir import json_codec
from patients.fhir.bundle import Entry
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue
from patients.fhir.validation import validate
from patients.services.interactions import Interaction, Json, Method
from patients.services.server_written import OWN_SYSTEM, OWN_TYPES, claims_to_be_ours


def known_type(type_name: str) -> None:
    """FhirError 404 for what is no R4 resource type."""
    if type_name not in resource_types():
        words = f"'{type_name}' is not a resource type of FHIR R4"
        raise FhirError(404, [Issue("error", "not-supported", words)])


def parsed(raw: bytes) -> Json:
    """The JSON object in `raw`. FhirError 400 with line and column when it is none."""
    try:
        content = json_codec.loads(raw)
    except json_codec.FhirSyntaxError as error:
        raise FhirError(400, [Issue("error", "structure", str(error))]) from error
    if not isinstance(content, dict):
        words = "The body must be one JSON object with a resourceType"
        raise FhirError(400, [Issue("error", "structure", words)])
    return content


def read_parameters(body: bytes) -> Json:
    """The valid Parameters in the body of an operation; empty ones for no body. FhirError 400."""
    if not body:
        return {"resourceType": "Parameters"}
    content = parsed(body)
    if content.get("resourceType") != "Parameters":
        raise FhirError(400, [Issue("error", "invalid", "Send Parameters, or no body")])
    # some clients send an empty list where they have nothing to ask for
    if content.get("parameter") == []:
        del content["parameter"]
    if faults := validate(content):
        raise FhirError(400, faults)
    return content


def checked_interaction(
    method: Method,
    type_name: str,
    fhir_id: str,
    raw: bytes,
    **conditions: str,
) -> Interaction:
    """One interaction outside a bundle, with its preconditions. FhirError 400, 403 or 422."""
    interaction = read_interaction(method, type_name, fhir_id, raw, **conditions)
    check([interaction])
    return interaction


def read_interaction(
    method: Method, type_name: str, fhir_id: str, raw: bytes, **conditions: str
) -> Interaction:
    """The same, not yet validated. FhirError 400."""
    interaction = Interaction(method, type_name, fhir_id, raw=raw.strip(), **conditions)  # type: ignore[arg-type]
    if method != "DELETE":
        interaction.resource = parsed(raw)
    return interaction


def entry_interaction(entry: Entry) -> Interaction:
    """The write that a bundle's entry asks for; a PATCH as the update that it will be."""
    return Interaction(
        method=entry.method if entry.method != "PATCH" else "PUT",  # type: ignore[arg-type]
        type=entry.url_type,
        fhir_id=entry.url_id,
        resource=entry.resource,
        raw=entry.raw,
        if_none_exist=entry.if_none_exist,
        condition=entry.url_query,
        if_match=entry.if_match,
        if_none_match=entry.if_none_match,
        full_url=entry.full_url,
        where=f"{entry.path}.resource",
    )


def check(interactions: Sequence[Interaction]) -> None:
    """Validate all; give new resources their ids. FhirError with every fault of every entry."""
    issues: list[Issue] = []
    statuses: set[int] = set()
    for interaction in interactions:
        found = _faults(interaction)
        issues += [
            Issue(i.severity, i.code, i.diagnostics, interaction.at(i.expression)) for i in found
        ]
        if found:
            statuses.add(403 if any(i.code == "forbidden" for i in found) else 422)
        if interaction.method == "POST":
            interaction.fhir_id = str(uuid.uuid4())
    if issues:
        raise FhirError(max(statuses), issues)


def _faults(interaction: Interaction) -> list[Issue]:
    if interaction.type in OWN_TYPES:
        words = f"{interaction.type} is written by this server only"
        return [Issue("error", "forbidden", words, interaction.type)]
    resource = interaction.resource
    if resource is None:
        return []
    given = resource.get("resourceType")
    if given != interaction.type:
        words = f"resourceType is {given!r}; this address takes {interaction.type}"
        return [Issue("error", "invalid", words, "resourceType")]
    if claims_to_be_ours(resource):
        words = f"identifiers and tags of {OWN_SYSTEM} are given by this server only"
        return [Issue("error", "forbidden", words, interaction.type)]
    faults = validate(resource)
    by_id = interaction.method == "PUT" and not interaction.condition
    if by_id and resource.get("id") != interaction.fhir_id:
        given = repr(resource["id"]) if "id" in resource else "missing"
        words = f"id is {given}; the address says {interaction.fhir_id!r}"
        faults.append(Issue("error", "invalid", words, f"{interaction.type}.id"))
    return faults
