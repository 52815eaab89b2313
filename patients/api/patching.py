"""JSON Patch: read the current version, change it, write it as an update of that very version."""

from patients.errors import FhirError
from patients.fhir import json_patch
from patients.fhir.outcome import Issue
from patients.models import Resource
from patients.selectors.resources import stored_resource, stored_version
from patients.services import conditionals, reception
from patients.services.interactions import Interaction


def patched(asked: Interaction, operations: list[dict]) -> Interaction:
    """The update that a patch amounts to; it fails with 412 if somebody is faster.

    `asked` names the resource by id or condition. FhirError 404, 410, 412 or 422.
    """
    fhir_id = asked.fhir_id or _found(asked)
    where = asked.at(asked.type)
    resource = stored_resource(Resource.objects.all(), asked.type, fhir_id)
    row = stored_version(resource) if resource else None
    if resource is None or row is None:
        words = f"{asked.type}/{fhir_id} is not known here"
        raise FhirError(404, [Issue("error", "not-found", words, asked.request("url"))])
    if not row.content:
        words = f"{asked.type}/{fhir_id} was deleted"
        raise FhirError(410, [Issue("error", "deleted", words, asked.request("url"))])
    raw = json_patch.apply(row.content, operations, where)
    return Interaction(
        "PUT",
        asked.type,
        fhir_id,
        resource=reception.parsed(raw),
        raw=raw,
        if_match=_condition(asked.if_match, row.version),
        where=asked.where,
    )


def _condition(given: str, version: int) -> str:
    """This very version, unless the client asks for others: then it hears of it."""
    own = f'W/"{version}"'
    return own if not given or given.strip() == "*" or f'"{version}"' in given else given


def _found(asked: Interaction) -> str:
    condition = conditionals.parse_condition(asked.type, asked.condition, asked.request("url"))
    ids = conditionals.find([condition])[condition]
    if len(ids) == 1:
        return ids[0]
    status, code = (412, "multiple-matches") if ids else (404, "not-found")
    words = f"'{condition.text}' matches {len(ids) or 'no'} resources; it must match exactly one"
    raise FhirError(status, [Issue("error", code, words, condition.expression)])
