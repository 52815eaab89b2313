"""The exact walk over a resource: slower than the fast schema, and with words for every fault."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from patients.fhir.definitions import Element, binding, elements, resource_types
from patients.fhir.narrative import narrative_fault
from patients.fhir.outcome import Issue, error
from patients.fhir.primitives import kind_of, primitive_fault, quoted
from patients.fhir.references import parse_reference
from patients.fhir.rules import RULES

Json = dict[str, Any]
# lists of codes longer than this are named, not listed
_MOST_CODES_SHOWN = 20
# beyond these a resource is noise, and telling more would only cost
_MOST_FAULTS = 500
_MOST_HINTS = 20
_DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/"


@dataclass
class Walk:
    """Collects the faults of one resource, the resources inside it left out."""

    # type of each contained resource by its id, and of the resource itself by ""
    local: Mapping[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    inner: list[tuple[str, Any]] = field(default_factory=list)
    unknown: int = 0

    def fault(self, code: str, path: str, text: str) -> None:
        """Note a fault of the element at `path`."""
        if len(self.issues) < _MOST_FAULTS:
            self.issues.append(error(code, f"{path}: {text}", path))

    def resource(self, resource: Json, path: str, profile: str = "") -> None:
        """Walk a resource of a known type; `inner` gets what it contains."""
        self._object(resource, resource["resourceType"], path, is_resource=True, profile=profile)

    def _object(
        self,
        node: Any,
        type_name: str,
        path: str,
        *,
        is_resource: bool = False,
        has_value: bool = False,
        profile: str = "",
    ) -> None:
        if not isinstance(node, dict):
            self.fault("structure", path, f"an object is expected, not {kind_of(node)}")
            return
        if not is_resource and not node.keys() - {"id"} and not (has_value and node):
            self.fault("structure", path, "an empty element is not allowed; leave it out")
            return
        known = elements(type_name)
        for name, value in node.items():
            if name == "resourceType" and is_resource:
                continue
            element = known.get(name.removeprefix("_"))
            if element is None or (name[0] == "_" and not element.is_extensible):
                self._unknown(name, known, path)
            elif name[0] == "_":
                self._extended(value, element, f"{path}.{name}", node.get(element.name))
            else:
                self._member(node, value, element, f"{path}.{name}")
        self._required(node, known, path)
        self._rules(node, type_name, path)
        self._rules(node, profile, path)

    def _unknown(self, name: str, known: dict[str, Element], path: str) -> None:
        self.unknown += 1
        near = get_close_matches(name, known, n=1) if self.unknown <= _MOST_HINTS else ()
        hint = f"; did you mean '{near[0]}'?" if near else ""
        self.fault("structure", f"{path}.{name[:64]}", f"unknown element{hint}")

    def _required(self, node: Json, known: dict[str, Element], path: str) -> None:
        groups: dict[str, list[Element]] = {}
        for name, element in known.items():
            if element.choice:
                groups.setdefault(element.choice, []).append(element)
            elif element.required and name not in node and f"_{name}" not in node:
                self.fault("required", f"{path}.{name}", "required element is missing")
        for choice, group in groups.items():
            found = [e.name for e in group if e.name in node or f"_{e.name}" in node]
            if len(found) > 1:
                text = f"only one of {', '.join(found)} is allowed"
                self.fault("structure", f"{path}.{choice}", text)
            elif not found and group[0].required:
                names = [element.name for element in group]
                listed = ", ".join(names) if len(names) <= _MOST_CODES_SHOWN else f"{choice}[x]"
                text = f"required element is missing; send {listed}"
                self.fault("required", f"{path}.{choice}", text)

    def _member(self, node: Json, value: Any, element: Element, path: str) -> None:
        if not element.is_list:
            if isinstance(value, list):
                self.fault("structure", path, "one value is expected, not a list")
            else:
                self._value(value, element, path)
            return
        if not isinstance(value, list):
            self.fault("structure", path, f"a list is expected, not {kind_of(value)}")
            return
        if not value:
            self.fault("structure", path, "an empty list is not allowed; leave it out")
        beside = node.get(f"_{element.name}")
        for i, item in enumerate(value):
            if item is None and element.is_primitive and _has_item(beside, i):
                continue
            self._value(item, element, f"{path}[{i}]")

    def _value(self, value: Any, element: Element, path: str) -> None:
        if value is None:
            self.fault("structure", path, "null is not allowed; leave the element out")
        elif element.is_primitive:
            self._primitive(value, element, path)
        elif element.type == "Resource":
            self.inner.append((path, value))
        else:
            before = len(self.issues)
            self._object(value, element.type, path, profile=element.profile)
            if len(self.issues) == before:
                self._meaning(value, element, path)

    def _primitive(self, value: Any, element: Element, path: str) -> None:
        text = primitive_fault(element.form or element.type, value)
        if text is None and element.type == "xhtml":
            text = narrative_fault(value)
        if text is not None:
            self.fault("value" if element.type != "xhtml" else "invalid", path, text)
        elif element.binding:
            codes = {code for listed in binding(element.binding).values() for code in listed}
            if value not in codes:
                self.fault(
                    "code-invalid", path, f"{quoted(value)} is not {_one_of(codes, element)}"
                )

    def _extended(self, value: Any, element: Element, path: str, beside: Any) -> None:
        """The "_name" beside a primitive: its id and extensions, or a list of them.

        Beside a value it may be an id alone; without one it would say nothing.
        """
        if not element.is_list:
            self._object(value, "Element", path, has_value=beside is not None)
        elif not isinstance(value, list) or not value:
            self.fault("structure", path, f"a list is expected, not {kind_of(value)}")
        elif isinstance(beside, list) and len(beside) != len(value):
            self.fault("structure", path, f"its length differs from that of '{element.name}'")
        else:
            for i, item in enumerate(value):
                if item is not None:
                    has_value = _has_item(beside, i)
                    self._object(item, "Element", f"{path}[{i}]", has_value=has_value)
                elif not _has_item(beside, i):
                    self.fault("structure", f"{path}[{i}]", "null on both sides is not allowed")

    def _meaning(self, value: Json, element: Element, path: str) -> None:
        """Bindings of concepts and targets of references."""
        if element.type == "Reference":
            for where, text in reference_faults(value, element.targets, self.local):
                self.fault("value", f"{path}.{where}", text)
        elif element.binding:
            codings, systems = value.get("coding", []), binding(element.binding)
            if not any(c.get("code") in systems.get(c.get("system", ""), ()) for c in codings):
                codes = {code for listed in systems.values() for code in listed}
                text = f"a coding is needed that is {_one_of(codes, element)}"
                self.fault("code-invalid", path, f"{text} of {' or '.join(systems)}")

    def _rules(self, node: Json, type_name: str, path: str) -> None:
        for rule in RULES.get(type_name, ()):
            try:
                offenders = list(rule.offenders(node))
            except (TypeError, AttributeError, KeyError, ValueError):
                continue  # a member is malformed, which has been said by now
            for where in offenders:
                place = f"{path}.{where}" if where else path
                self.fault("invariant", place, f"{rule.says} ({rule.key})")


def reference_faults(
    value: Json, targets: tuple[str, ...], local: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Member and words for what is wrong with a Reference that may point at `targets`.

    `local` has the types behind "#" and "#id".
    """
    allowed = targets or tuple(sorted(resource_types()))
    kind = value.get("type")
    if kind is not None:
        kind = kind.removeprefix(_DEFINITIONS)
    if kind is not None and kind not in allowed and ":" not in kind:
        yield "type", f"{quoted(kind)} is not {_named(targets)}"
    text = value.get("reference")
    if text is None:
        return
    parsed = parse_reference(text)
    points_at = local.get(parsed.id, "") if parsed.kind == "contained" else parsed.type
    if parsed.kind == "unknown":
        yield "reference", f"{quoted(text)} is not Type/id, a URL, urn:uuid:, or #id"
    elif points_at and points_at not in allowed:
        yield "reference", f"{quoted(text)} points at {points_at}, which is not {_named(targets)}"
    elif kind in resource_types() and points_at and points_at != kind:
        yield "reference", f"{quoted(text)} points at {points_at}, but its type says {kind[:40]}"


def _named(targets: tuple[str, ...]) -> str:
    if not targets:
        return "a resource type of R4"
    return targets[0] if len(targets) == 1 else f"one of {', '.join(targets)}"


def _one_of(codes: set[str], element: Element) -> str:
    if len(codes) > _MOST_CODES_SHOWN:
        return f"in the value set {element.binding}"
    return f"one of {', '.join(sorted(codes))}"


def _has_item(items: Any, index: int) -> bool:
    return isinstance(items, list) and index < len(items) and items[index] is not None
