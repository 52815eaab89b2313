"""Reads what a client says is to be imported: a Parameters resource, or the plain JSON manifest."""

from dataclasses import dataclass
from typing import Any

from patients.errors import FhirError
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue
from patients.fhir.validation import validate

Json = dict[str, Any]
FORMATS = {"application/fhir+ndjson", "application/ndjson", "ndjson"}
MEMBERS = ("inputFormat", "inputSource", "input")
INPUT_MEMBERS = ("type", "url")


@dataclass(frozen=True)
class Wanted:
    """One input; `type` is "" where the manifest does not say it."""

    url: str
    type: str
    where: str


def read_manifest(content: Json) -> list[Wanted]:
    """The inputs, in their order. FhirError 400 with every fault."""
    is_parameters = content.get("resourceType") == "Parameters"
    if "resourceType" in content and not is_parameters:
        words = "Send a Parameters resource, or a manifest with the member 'input'"
        raise _fault("invalid", words, "resourceType")
    if is_parameters and (faults := validate(content)):
        raise FhirError(400, faults)
    members = _of_parameters(content) if is_parameters else _of_plain(content)
    wanted: list[Wanted] = []
    for name, value, where in members:
        if name not in MEMBERS:
            raise _fault("not-supported", f"Nothing is known here of '{name[:60]}'", where)
        if name == "input":
            wanted.append(_input(value, where))
        elif name == "inputFormat" and value not in FORMATS:
            raise _fault("not-supported", "inputFormat is application/fhir+ndjson", where)
    if not wanted:
        raise _fault("required", "The manifest names no input", "")
    seen: set[str] = set()
    for one in wanted:
        if one.url in seen:
            raise _fault("duplicate", f"'{one.url[:100]}' is named twice", one.where)
        seen.add(one.url)
    return wanted


def _of_parameters(content: Json) -> list[tuple[str, Any, str]]:
    """Name, value or parts, and expression of each parameter."""
    listed = content.get("parameter", [])
    where = "Parameters.parameter"
    return [
        (str(one.get("name")), _value(one), f"{where}[{i}]")
        for i, one in enumerate(_objects(listed, where))
    ]


def _value(parameter: Json) -> Any:
    """Of one parameter; for one with parts, those by name."""
    if "part" in parameter:
        parts = _objects(parameter["part"], "Parameters.parameter.part")
        return {str(part.get("name")): _value(part) for part in parts}
    return next((v for k, v in parameter.items() if k.startswith("value")), None)


def _of_plain(content: Json) -> list[tuple[str, Any, str]]:
    inputs = _objects(content.get("input", []), "input")
    rest = [(name, value, name) for name, value in content.items() if name != "input"]
    return [*rest, *(("input", one, f"input[{i}]") for i, one in enumerate(inputs))]


def _objects(found: Any, where: str) -> list[Json]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _fault("structure", f"{where} is a list of objects", where)
    return found


def _input(found: Any, where: str) -> Wanted:
    if not isinstance(found, dict) or set(found) - set(INPUT_MEMBERS):
        raise _fault("structure", "An input has a 'url' and may have a 'type'", where)
    url, kind = found.get("url"), found.get("type", "")
    if not isinstance(url, str) or not url or len(url) > 1000:
        raise _fault("required", "An input has a 'url' of at most 1000 characters", where)
    if kind != "" and (not isinstance(kind, str) or kind not in resource_types()):
        raise _fault("value", f"'{str(kind)[:60]}' is not a resource type of FHIR R4", where)
    return Wanted(url, kind, where)


def _fault(code: str, words: str, where: str) -> FhirError:
    return FhirError(400, [Issue("error", code, words, where)])
