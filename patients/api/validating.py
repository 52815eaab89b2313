"""`$validate`: the verdict that a write would get, with a second opinion; stores nothing."""

from typing import Any

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.fhir.second_opinion import second_opinion
from patients.fhir.validation import validate
from patients.services import reception

BASE = "http://hl7.org/fhir/StructureDefinition"
MODES = ("", "create", "update", "delete", "profile")


def verdict(body: bytes, type_name: str, fhir_id: str, query: dict[str, str]) -> list[Issue]:
    """Issues of the resource in `body`, which may come in a Parameters with mode and profile.

    FhirError 400 when there is nothing that could be judged.
    """
    content = reception.parsed(body) if body else {"resourceType": "Parameters"}
    mode, profiles = query.get("mode", ""), [query["profile"]] if "profile" in query else []
    resource = content
    if content.get("resourceType") == "Parameters" and type_name != "Parameters":
        resource, mode, profiles = _unpacked(content, mode, profiles)
    if mode not in MODES:
        raise FhirError(400, [Issue("error", "value", f"mode is one of {', '.join(MODES[1:])}")])
    issues = [
        Issue("error", "not-supported", f"Profiles are not checked here: {profile[:200]}")
        for profile in profiles
        # R4's own definition of the type is what everything is checked against
        if profile != f"{BASE}/{type_name}"
    ]
    if mode == "delete":
        return issues
    if resource.get("resourceType") != type_name:
        words = f"resourceType is {str(resource.get('resourceType'))[:60]!r}, not {type_name}"
        return [*issues, Issue("error", "invalid", words, "resourceType")]
    if mode == "update" and not resource.get("id"):
        issues.append(Issue("error", "required", "an update needs an id", f"{type_name}.id"))
    if fhir_id and resource.get("id", fhir_id) != fhir_id:
        words = f"id is not {fhir_id!r}, as the address says"
        issues.append(Issue("error", "invalid", words, f"{type_name}.id"))
    faults = validate(resource)
    return [*issues, *(faults or second_opinion(resource))]


def _unpacked(content: Any, mode: str, profiles: list[str]) -> tuple[Any, str, list[str]]:
    resource: Any = None
    parameters = content.get("parameter", [])
    for parameter in parameters if isinstance(parameters, list) else []:
        match parameter.get("name") if isinstance(parameter, dict) else "":
            case "resource":
                resource = parameter.get("resource")
            case "mode":
                mode = str(parameter.get("valueCode", ""))
            case "profile":
                profiles = [*profiles, str(parameter.get("valueUri", ""))]
    if not isinstance(resource, dict):
        if mode == "delete":
            return {}, mode, profiles
        words = "Parameters need one named 'resource' with the resource to judge"
        raise FhirError(400, [Issue("error", "required", words, "Parameters.parameter")])
    return resource, mode, profiles
