"""A JSON schema for each type that accepts only what is certainly valid.

It is HL7's schema made stricter from the element tables: required elements of every kind, one
value[x], reference targets, required bindings, calendar dates, no empties, invariants. Where a
rule cannot be said in JSON schema, the schema refuses the whole case (a null in a list, a code
from elsewhere beside the required one); then `element_walk`, which is exact, decides. So a
resource that passes here is valid, and one that does not may be.

Draft 4 is meant: there 1.0 is not an integer, as in FHIR.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs

from patients.fhir.definitions import PRIMITIVES, Element, binding, elements, resource_types
from patients.fhir.fast_keywords import LocalKeyword, RuleKeyword
from patients.fhir.narrative import is_safe_narrative
from patients.fhir.primitives import INTEGERS, PATTERNS
from patients.fhir.rules import RULES

Schema = dict[str, Any]
# Extension.value[x] can be of 50 types; of those that are rarely sent the walk takes care
_EXTENSION_TYPES = PRIMITIVES | {
    "Address",
    "CodeableConcept",
    "Coding",
    "Identifier",
    "Period",
    "Quantity",
    "Range",
    "Reference",
}


@cache
def certainly_valid(type_name: str, *, has_contained: bool = False) -> Callable[[Any], bool]:
    """The compiled check of one resource type; compiling takes some milliseconds.

    Only `has_contained` lets "#id" references pass: to what fast_keywords.local_types_told() says meanwhile.
    """
    schema = _Builder(has_contained).schema(type_name)
    validator = jsonschema_rs.Draft4Validator(
        schema,
        formats={"narrative": is_safe_narrative},
        validate_formats=True,
        keywords={"rule": RuleKeyword, "local": LocalKeyword},
        pattern_options=jsonschema_rs.RegexOptions(),
    )
    return validator.is_valid


class _Builder:
    """Collects the definitions that one resource type reaches."""

    def __init__(self, has_contained: bool) -> None:
        self.has_contained = has_contained
        self.definitions: dict[str, Schema] = {}

    def schema(self, type_name: str) -> Schema:
        root = self.object(type_name)
        root["properties"]["resourceType"] = {"enum": [type_name]}
        root["required"] = sorted({*root.get("required", ()), "resourceType"})
        return {**root, "definitions": self.definitions}

    def object(self, type_name: str) -> Schema:
        """The schema of a resource, a data type or a nested element."""
        properties: dict[str, Schema] = {}
        required, groups = [], dict[str, list[Element]]()
        for element in elements(type_name).values():
            if type_name == "Extension" and element.choice:
                if element.type not in _EXTENSION_TYPES:
                    continue
            elif element.choice:
                groups.setdefault(element.choice, []).append(element)
            elif element.required:
                required.append(element.name)
            properties[element.name] = self.value(element)
            # beside a list there is one of the same length, which the walk compares
            if element.is_extensible and element.name != "id" and not element.is_list:
                properties[f"_{element.name}"] = self.ref("Element")
        schema: Schema = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "minProperties": 1,
        }
        if required:
            schema["required"] = required
        if type_name not in resource_types():
            # an element that has nothing but an id is empty
            schema["dependencies"] = {"id": {"minProperties": 2}}
        for group in groups.values():
            _exclude_each_other(schema, group)
        if type_name not in resource_types():
            _add_rules(schema, type_name)
        return schema

    def value(self, element: Element) -> Schema:
        if element.type == "Resource":
            # resources inside are for their own schemas
            return self.listed(element, {"type": "object"})
        return self.listed(element, self.single(element))

    def listed(self, element: Element, schema: Schema) -> Schema:
        return {"type": "array", "minItems": 1, "items": schema} if element.is_list else schema

    def single(self, element: Element) -> Schema:
        if element.is_primitive:
            return self.primitive(element)
        if element.type == "Reference":
            return self.ref("Reference", "-".join(element.targets), self.reference, element.targets)
        if element.binding:
            return self.ref(element.type, element.binding, self.bound, element)
        if element.profile in RULES:
            return self.ref(element.type, element.profile, self.profiled, element)
        return self.ref(element.type)

    def primitive(self, element: Element) -> Schema:
        if element.binding:
            codes = binding(element.binding).values()
            return {"enum": sorted({code for listed in codes for code in listed})}
        if element.type not in _PRIMITIVES:
            name = element.form or element.type
            pattern = {"type": "string", "pattern": f"^(?:{PATTERNS[name]})$"}
            return self.ref(name.replace(" ", "-"), "", lambda: pattern)
        return _PRIMITIVES[element.type]

    def ref(
        self,
        type_name: str,
        variant: str = "",
        make: Callable[..., Schema] | None = None,
        *arguments: Any,
    ) -> Schema:
        """A pointer to a definition, which is made when first asked for."""
        name = f"{type_name}:{variant}" if variant else type_name
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = make(*arguments) if make else self.object(type_name)
        return {"$ref": f"#/definitions/{name.replace('/', '~1')}"}

    def reference(self, targets: tuple[str, ...]) -> Schema:
        """A Reference whose literal is of an allowed type; contained ones where there are any."""
        schema = self.object("Reference")
        names = "|".join(targets or sorted(resource_types()))
        tail = r"(?:/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?|\?[^#\x00-\x20]+)"
        literal = rf"(?:https?://[^?#\x00-\x20]+/)?(?:{names}){tail}"
        pattern = rf"^(?:urn:(?:uuid|oid):[0-9A-Za-z.-]+|{literal})$"
        schema["properties"]["reference"] = {"type": "string", "pattern": pattern}
        if self.has_contained:
            local = {"pattern": "^#[A-Za-z0-9.-]{1,64}$", "local": list(targets)}
            either = [{"pattern": pattern}, local if targets else {"pattern": local["pattern"]}]
            schema["properties"]["reference"] = {"type": "string", "anyOf": either}
        # a type must agree with the reference, which is not for JSON schema
        del schema["properties"]["type"]
        return schema

    def bound(self, element: Element) -> Schema:
        """A CodeableConcept with codes of its required value set only."""
        coding = self.object("Coding")
        systems = binding(element.binding).items()
        coding["required"] = ["system", "code"]
        coding["anyOf"] = [
            {"properties": {"system": {"enum": [system]}, "code": {"enum": sorted(codes)}}}
            for system, codes in systems
        ]
        concept = self.object("CodeableConcept")
        concept["properties"]["coding"] = {"type": "array", "minItems": 1, "items": coding}
        concept["required"] = ["coding"]
        return concept

    def profiled(self, element: Element) -> Schema:
        """A Quantity that is a SimpleQuantity, an extension with an absolute URL."""
        schema = self.object(element.type)
        _add_rules(schema, element.profile)
        return schema


_PRIMITIVES: dict[str, Schema] = {
    "boolean": {"type": "boolean"},
    "decimal": {"type": "number"},
    "xhtml": {"type": "string", "format": "narrative"},
    **{
        name: {"type": "integer", "minimum": low, "maximum": high}
        for name, (low, high) in INTEGERS.items()
    },
}


def _exclude_each_other(schema: Schema, group: list[Element]) -> None:
    """At most one of value[x], exactly one where it is required."""
    names = [element.name for element in group]
    dependencies = schema.setdefault("dependencies", {})
    for name in names:
        others = [{"required": [other]} for other in names if other != name]
        dependencies[name] = {"not": {"anyOf": others}} if others else {}
        # so that "_valueString" excludes the others too; alone it is for the walk
        dependencies[f"_{name}"] = [name]
    if group[0].required:
        schema.setdefault("allOf", []).append({"anyOf": [{"required": [name]} for name in names]})


def _add_rules(schema: Schema, type_name: str) -> None:
    for invariant in RULES.get(type_name, ()):
        said = (
            {"rule": [type_name, invariant.key]} if invariant.schema is None else invariant.schema
        )
        schema.setdefault("allOf", []).append(said)
