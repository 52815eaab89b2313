"""A plain JSON schema of R4, as HL7's fhir.schema.json is: a second opinion for tests.

It knows names, lists, primitives by R4's own expressions, required codes and required elements
that are no primitives; and nothing of choices, references, invariants, narrative or emptiness.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs

from patients.fhir.definitions import Element, binding, elements, resource_types

# R4, datatypes.html; \\s as Rust reads it
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_YEAR = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_DAY = r"(0[1-9]|[1-2][0-9]|3[0-1])"
_EXPRESSIONS = {
    "base64Binary": r"(\s*([0-9a-zA-Z\+/=]){4}\s*)+",
    "canonical": r"\S*",
    "code": r"[^\s]+(\s[^\s]+)*",
    "date": rf"{_YEAR}(-(0[1-9]|1[0-2])(-{_DAY})?)?",
    "dateTime": rf"{_YEAR}(-(0[1-9]|1[0-2])(-{_DAY}(T{_CLOCK}{_ZONE})?)?)?",
    "id": r"[A-Za-z0-9\-\.]{1,64}",
    "instant": rf"{_YEAR}-(0[1-9]|1[0-2])-{_DAY}T{_CLOCK}{_ZONE}",
    "markdown": r"\s*(\S|\s)*",
    "oid": r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+",
    "string": r"[ \r\n\t\S]+",
    "time": _CLOCK,
    "uri": r"\S*",
    "url": r"\S*",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "xhtml": r"(.|\s)*",
}
_OTHERS: dict[str, Any] = {
    "boolean": {"type": "boolean"},
    "decimal": {"type": "number"},
    "integer": {"type": "integer"},
    "positiveInt": {"type": "integer", "minimum": 1},
    "unsignedInt": {"type": "integer", "minimum": 0},
}


@cache
def plainly_valid(type_name: str) -> Callable[[Any], bool]:
    """The compiled schema of one resource type; resources inside are objects to it."""
    definitions: dict[str, Any] = {}
    _define(type_name, definitions)
    schema = {"$ref": f"#/definitions/{type_name}", "definitions": definitions}
    return jsonschema_rs.Draft4Validator(schema).is_valid


def _define(type_name: str, definitions: dict[str, Any]) -> None:
    if type_name in definitions:
        return
    properties: dict[str, Any] = {}
    definitions[type_name] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    known = elements(type_name).values()
    required = [e.name for e in known if e.required and not (e.choice or e.is_primitive)]
    if type_name in resource_types():
        properties["resourceType"] = {"enum": [type_name]}
        required.append("resourceType")
    if required:
        definitions[type_name]["required"] = required
    for element in known:
        properties[element.name] = _listed(element, _type(element, definitions))
        if element.is_primitive:
            _define("Element", definitions)
            beside = _listed(element, {"$ref": "#/definitions/Element"})
            properties[f"_{element.name}"] = beside


def _listed(element: Element, schema: Any) -> Any:
    return {"type": "array", "items": schema} if element.is_list else schema


def _type(element: Element, definitions: dict[str, Any]) -> Any:
    if element.type == "Resource":
        return {"type": "object"}
    if not element.is_primitive:
        _define(element.type, definitions)
        return {"$ref": f"#/definitions/{element.type}"}
    if element.binding:
        return {
            "enum": sorted(code for codes in binding(element.binding).values() for code in codes)
        }
    if element.type in _OTHERS:
        return _OTHERS[element.type]
    return {"type": "string", "pattern": f"^{_EXPRESSIONS[element.type]}$"}
