"""Reads the definitions package: structures, code systems, value sets, search parameters."""

import json
from collections.abc import Iterator
from pathlib import Path

from fhir_corrections import LISTED_ELSEWHERE

LARGEST_VALUE_SET = 700


class Definitions:
    """The parts of the package that the tables are made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.structures = {
            r["name"]: r
            for name in ("profiles-types.json", "profiles-resources.json")
            for r in self.read(name)
            if r["resourceType"] == "StructureDefinition" and r["kind"] != "logical"
        }
        self.terminology = {
            r["url"]: r
            for name in ("valuesets.json", "v3-codesystems.json", "v2-tables.json")
            for r in self.read(name)
            if "url" in r
        }
        self.search_parameters = [
            r for r in self.read("search-parameters.json") if r.get("expression")
        ]
        self.compartment = json.loads((folder / "compartmentdefinition-patient.json").read_text())

    def read(self, name: str) -> Iterator[dict]:
        bundle = json.loads((self.folder / name).read_text())
        return (entry["resource"] for entry in bundle["entry"])

    def resource_types(self) -> list[str]:
        """Those of R4; the package has some of later versions too."""
        (of_r4,) = self.value_set("http://hl7.org/fhir/ValueSet/resource-types").values()
        return sorted(
            name
            for name, r in self.structures.items()
            if r["kind"] == "resource" and not r["abstract"] and name in of_r4
        )

    def value_set(self, url: str) -> dict[str, list[str]] | None:
        """System to codes; None for what is not enumerable here (MIME types, languages)."""
        listed = LISTED_ELSEWHERE.get(url.partition("|")[0])
        if listed:
            return {system: codes.split() for system, codes in listed.items()}
        resource = self.terminology.get(url.partition("|")[0])
        if resource is None or resource["resourceType"] != "ValueSet":
            return None
        found: dict[str, list[str]] = {}
        for include in resource["compose"]["include"]:
            part = self._include(include)
            if part is None:
                return None
            for system, codes in part.items():
                found.setdefault(system, []).extend(codes)
        for exclude in resource["compose"].get("exclude", []):
            gone = self._include(exclude) or {}
            found = {
                s: [c for c in codes if c not in gone.get(s, ())] for s, codes in found.items()
            }
        if sum(map(len, found.values())) > LARGEST_VALUE_SET:
            return None
        return {system: sorted(set(codes)) for system, codes in sorted(found.items())}

    def _include(self, include: dict) -> dict[str, list[str]] | None:
        if "valueSet" in include:
            merged: dict[str, list[str]] = {}
            for url in include["valueSet"]:
                part = self.value_set(url)
                if part is None:
                    return None
                for system, codes in part.items():
                    merged.setdefault(system, []).extend(codes)
            return merged
        system = include["system"]
        if "concept" in include:
            return {system: [concept["code"] for concept in include["concept"]]}
        code_system = self.terminology.get(system)
        if code_system is None or "concept" not in code_system:
            return None
        roots = code_system["concept"]
        for rule in include.get("filter", []):
            if rule["op"] != "is-a" or rule["property"] != "concept":
                return None
            roots = [c for c in _concepts(roots) if c["code"] == rule["value"]]
        return {system: [c["code"] for c in _concepts(roots) if not _is_abstract(c)]}


def _concepts(roots: list[dict]) -> Iterator[dict]:
    for concept in roots:
        yield concept
        yield from _concepts(concept.get("concept", []))


def _is_abstract(concept: dict) -> bool:
    """A heading that no resource may carry."""
    return any(
        p["code"] in ("abstract", "notSelectable") and p.get("valueBoolean")
        for p in concept.get("property", [])
    )
