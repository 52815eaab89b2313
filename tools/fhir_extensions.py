"""Extension table: the values that each of R4's own extensions may have.

A row is a list of types, or for a complex extension an object: the url of a part to its least
number, its greatest (0 for no limit) and its types. Where extensions may be used is left out.
"""

from fhir_definitions import Definitions
from fhir_elements import PROFILE


def extension_table(definitions: Definitions) -> dict:
    table = {}
    for definition in definitions.read("extension-definitions.json"):
        elements = definition["snapshot"]["element"]
        by_id = {e["id"]: e for e in elements}
        if by_id["Extension.value[x]"]["max"] != "0":
            table[definition["url"].removeprefix(PROFILE)] = _types(by_id["Extension.value[x]"])
            continue
        parts = {}
        for name, element in by_id.items():
            if name.count(".") == 1 and name.startswith("Extension.extension:"):
                value = by_id[f"{name}.value[x]"]
                least, most = element["min"], int(element["max"].replace("*", "0"))
                url = by_id[f"{name}.url"]["fixedUri"]
                parts[url] = [least, most, _types(value) if value["max"] != "0" else []]
        table[definition["url"].removeprefix(PROFILE)] = parts
    return dict(sorted(table.items()))


def _types(value: dict) -> list[str]:
    return sorted(kind["code"][0].upper() + kind["code"][1:] for kind in value["type"])
