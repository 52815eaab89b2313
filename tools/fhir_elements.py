"""Element tables: for every type, its elements with type, cardinality, binding and targets.

Element: [name, min, many, type, extra]. `many` is 1 for a list. A choice appears once per type
under its JSON names (valueQuantity, ...) with extra.choice naming the group. A nested element's
type is its path ("Observation.component").
"""

from fhir_corrections import corrected
from fhir_definitions import Definitions

SKIPPED_TYPES = {"Element", "BackboneElement", "Resource", "DomainResource"}
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
PROFILE = "http://hl7.org/fhir/StructureDefinition/"
# bound to BCP 13, which lists no codes but has a form; elsewhere R4 itself writes "xml" and "json"
MEDIA_TYPES = {"Attachment.contentType", "Binary.contentType"}
SYSTEM_STRING = "http://hl7.org/fhirpath/System.String"


def element_tables(definitions: Definitions) -> tuple[dict, dict]:
    """(types, bindings). A key of `types` with a capital and no dot is a resource or data type."""
    types: dict[str, list] = {}
    bindings: dict[str, dict] = {}
    for name, structure in sorted(definitions.structures.items()):
        is_plain = structure.get("derivation") == "specialization" or name == "Element"
        if structure["kind"] == "primitive-type" or not is_plain:
            continue
        if structure["abstract"]:
            continue
        if structure["kind"] == "resource" and name not in definitions.resource_types():
            continue
        elements = structure["snapshot"]["element"]
        paths = {e["path"] for e in elements}
        nested = {p.rsplit(".", 1)[0] for p in paths if "." in p}
        for owner in sorted(nested):
            types[owner] = [
                row
                for e in elements
                if "." in e["path"] and e["path"].rsplit(".", 1)[0] == owner
                for row in _rows(e, nested, definitions, bindings)
            ]
    types = corrected(types)
    types["$resources"] = definitions.resource_types()
    return types, dict(sorted(bindings.items()))


def _rows(element: dict, nested: set, definitions: Definitions, bindings: dict) -> list[list]:
    path, name = element["path"], element["path"].rsplit(".", 1)[1]
    many = int(element["max"] != "1")
    if element["max"] == "0":
        return []
    if "contentReference" in element:
        return [_row(name, element, many, element["contentReference"].removeprefix("#"), {})]
    rows = []
    for kind in element["type"]:
        code = _code(kind)
        extra: dict = {}
        json_name = name
        if name.endswith("[x]"):
            json_name = name[:-3] + code[0].upper() + code[1:]
            extra["choice"] = name[:-3]
        if path in nested:
            code = path
        elif name == "id" and definitions.structures.get(path[:-3], {}).get("kind") == "resource":
            code = "id"
        targets = sorted(t.removeprefix(PROFILE) for t in kind.get("targetProfile", ()))
        if code == "Reference" and targets and targets != ["Resource"]:
            extra["targets"] = targets
        if kind.get("profile"):
            extra["profile"] = kind["profile"][0].removeprefix(PROFILE)
        binding = element.get("binding", {})
        if binding.get("strength") == "required" and code in ("code", "Coding", "CodeableConcept"):
            url = binding.get("valueSet", "").partition("|")[0]
            codes = definitions.value_set(url)
            if path in MEDIA_TYPES:
                extra["form"] = "media type"
            elif codes:
                key = url.removeprefix("http://hl7.org/fhir/ValueSet/")
                bindings[key] = codes
                extra["binding"] = key
        rows.append(_row(json_name, element, many, code, extra))
    return rows


def _row(name: str, element: dict, many: int, code: str, extra: dict) -> list:
    row = [name, element["min"], many, code]
    return [*row, extra] if extra else row


def _code(kind: dict) -> str:
    for extension in kind.get("extension", []):
        if extension["url"] == FHIR_TYPE:
            return extension.get("valueUrl") or extension["valueUri"]
    return "string" if kind["code"] == SYSTEM_STRING else kind["code"]
