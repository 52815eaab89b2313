"""Constraint table: HL7's invariants of severity "error", as FHIRPath, by the type they belong to."""

from fhir_definitions import Definitions

# of every element, resource or reference, and the narrative's: kept by other means
ELSEWHERE = {"dom-2", "dom-3", "dom-4", "dom-5", "ele-1", "ext-1", "ref-1", "txt-1", "txt-2"}
# needs another resource
UNDECIDABLE = {"ctm-1"}
# never fail as they are written: eld-11 asks whether there is an answer, not which, and the others
# compare with codes of a system called "something"
IDLE = {"eld-11", "ppc-2", "ppc-3", "ppc-4", "ppc-5"}
# of a later version
NOT_OF_R4 = {"evv-1"}
LEFT_OUT = ELSEWHERE | UNDECIDABLE | IDLE | NOT_OF_R4


def constraint_table(definitions: Definitions, elements: dict) -> dict:
    """Type, or path of a nested element, to rows of key, words and expression."""
    table: dict = {}
    for _, structure in sorted(definitions.structures.items()):
        if structure.get("derivation") == "constraint":  # Quantity's profiles
            continue
        for element in structure["snapshot"]["element"]:
            for constraint in element.get("constraint", ()):
                if constraint["severity"] != "error" or constraint["key"] in LEFT_OUT:
                    continue
                owner, expression = _placed(element["path"], constraint["expression"], elements)
                if owner in elements:
                    row = [constraint["key"], constraint["human"], expression]
                    table.setdefault(owner, []).append(row)
    return dict(sorted(table.items()))


def _placed(path: str, expression: str, elements: dict) -> tuple[str, str]:
    """The type to ask, and what: of a member with no type of its own its owner is asked.

    So is the resource where the expression looks up to it.
    """
    owner, _, member = path.rpartition(".")
    if not owner or (path in elements and "%resource" not in expression):
        return path, expression
    return owner, f"{member.removesuffix('[x]')}.all({expression})"
