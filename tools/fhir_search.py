"""Search and compartment tables: element paths by their JSON names, from HL7's expressions."""

import re

from fhir_definitions import Definitions

PARAMETERS = {
    "token": "identifier code category status clinical-status verification-status combo-code "
    "component-code intent lifecycle-status type class vaccine-code gender active role specialty",
    "reference": "patient subject encounter context medication performer participant practitioner "
    "requester author source organization service-provider location general-practitioner link "
    "target agent beneficiary payor part-of based-on result specimen has-member derived-from "
    "diagnosis goal care-team condition prescription request member",
    "date": "date authoredon effective effective-time whenhandedover onset-date abatement-date "
    "recorded-date birthdate death-date recorded authored occurrence start-date target-date "
    "collected period issued identified",
    "string": "name family given",
    "quantity": "value-quantity",
}
# names of people and places; elsewhere "name" is a title nobody looks records up by
NAMED = ("Patient", "Practitioner", "RelatedPerson", "Organization", "Location")
# the first of these that a type's compartment rule names is whose record it is part of
OWNERS = ("patient", "subject", "beneficiary", "individual", "policy-holder", "subscriber")
CAST = re.compile(r"^\(?(?P<path>[\w.]+?)( as |\.as\()(?P<type>\w+)\)$")
MANY_TARGETS = 100
IS_PATIENT = ".where(resolve() is Patient)"


def search_table(definitions: Definitions, elements: dict) -> dict:
    """Type to parameter to {"type", "paths", "targets"}; a path is "a.b:LeafType".

    Targets are ["*"] where any resource may be meant.
    """
    table: dict = {}
    for name in definitions.resource_types():
        parameters = {}
        for parameter in definitions.search_parameters:
            if name not in parameter["base"] or not is_served(parameter, name):
                continue
            paths = paths_of(parameter, name, elements)
            if paths:
                row = {"type": parameter["type"], "definition": parameter["url"], "paths": paths}
                if parameter["type"] == "reference":
                    row["targets"] = targets_of(parameter, name, paths, elements)
                parameters[parameter["code"]] = row
        if parameters:
            table[name] = dict(sorted(parameters.items()))
    return table


def is_served(parameter: dict, name: str) -> bool:
    kind = parameter["type"]
    if kind == "string" and name not in NAMED:
        return False
    return parameter["code"] in PARAMETERS.get(kind, "").split()


def compartment_table(definitions: Definitions, elements: dict) -> dict:
    """Type to the paths of the Patient whose record it belongs to."""
    table = {}
    rules = {r["code"]: r.get("param", []) for r in definitions.compartment["resource"]}
    # outside HL7's compartment, yet an implanted device tells as much as a condition does, and
    # so do guidance and a contract about one patient
    for name in ("Contract", "Device", "GuidanceResponse"):
        rules[name] = ["patient"]
    for name in definitions.resource_types():
        for code in OWNERS:
            parameter = next(
                (
                    p
                    for p in definitions.search_parameters
                    if p["code"] == code and name in p["base"] and p["type"] == "reference"
                ),
                None,
            )
            # some rules name only a role ("actor", "subject") of which "patient" is the patient's
            named = code in rules.get(name, ()) or (code == "patient" and rules.get(name))
            if parameter and named:
                found = paths_of(parameter, name, elements)
                table.setdefault(name, []).extend(p for p in found if p not in table.get(name, []))
    return table


def paths_of(parameter: dict, name: str, elements: dict) -> list[str]:
    found = []
    for expression in map(str.strip, parameter["expression"].split("|")):
        cast = CAST.match(expression)
        plain = cast["path"] if cast else expression
        steps = plain.removesuffix(IS_PATIENT).split(".")
        if steps[0] != name:
            continue
        for path, leaf in resolve(name, steps[1:], elements):
            if cast and leaf != cast["type"]:
                continue
            found.append(f"{path}:{leaf}")
    return found


def targets_of(parameter: dict, name: str, paths: list[str], elements: dict) -> list[str]:
    """Resource types that the parameter's elements may point at."""
    found: set[str] = set()
    for path in paths:
        owner, steps = name, path.partition(":")[0].split(".")
        for step in steps[:-1]:
            owner = next(row[3] for row in elements[owner] if row[0] == step)
        row = next(row for row in elements[owner] if row[0] == steps[-1])
        found |= set((row[4] if len(row) > 4 else {}).get("targets", parameter["target"]))
    targets = sorted(found & set(parameter["target"]))
    return ["*"] if len(targets) > MANY_TARGETS else targets


def resolve(owner: str, steps: list[str], elements: dict) -> list[tuple[str, str]]:
    """JSON paths and leaf types; a choice becomes one path for each of its types."""
    found = []
    for row in elements[owner]:
        extra = row[4] if len(row) > 4 else {}
        if steps[0] not in (row[0], extra.get("choice")):
            continue
        if len(steps) == 1:
            found.append((row[0], row[3]))
        elif row[3] in elements:
            found += [(f"{row[0]}.{p}", leaf) for p, leaf in resolve(row[3], steps[1:], elements)]
    return found
