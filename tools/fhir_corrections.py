"""Where the package departs from R4 4.0.1: its own elements and parts of later versions.

Found by comparing every type with the R4 models of the Python package fhirclient 4.4.0; names,
cardinalities and lists of all other elements agree.
"""

ADDED_BY_THE_PACKAGE = {
    "Binary": {"url"},
    "DeviceDefinition": {"bodySite", "classification"},
    "EvidenceVariable.characteristic": {
        "definitionByCombination",
        "definitionByTypeAndValue",
        "definitionId",
        "durationQuantity",
        "durationRange",
        "instancesQuantity",
        "instancesRange",
        "linkId",
        "note",
        "timeFromEvent",
    },
    "Meta": {"account", "accounts", "author", "compartment", "onBehalfOf", "project"},
    "ObservationDefinition": {"publisher"},
    "ResearchStudy": {
        "associatedParty",
        "classifier",
        "comparisonGroup",
        "descriptionSummary",
        "label",
        "name",
        "outcomeMeasure",
        "progressStatus",
        "recruitment",
        "region",
        "result",
        "studyDesign",
        "whyStopped",
    },
    "ResearchStudy.objective": {"description"},
}
_DEFINITION = {"choice": "definition"}
_EFFECTIVE = {"choice": "participantEffective"}
MISSING_IN_THE_PACKAGE = {
    "EvidenceVariable.characteristic": [
        ["definitionDataRequirement", 1, 0, "DataRequirement", _DEFINITION],
        ["definitionTriggerDefinition", 1, 0, "TriggerDefinition", _DEFINITION],
        ["usageContext", 0, 1, "UsageContext"],
        ["participantEffectiveDateTime", 0, 0, "dateTime", _EFFECTIVE],
        ["participantEffectivePeriod", 0, 0, "Period", _EFFECTIVE],
        ["participantEffectiveDuration", 0, 0, "Duration", _EFFECTIVE],
        ["participantEffectiveTiming", 0, 0, "Timing", _EFFECTIVE],
        ["timeFromStart", 0, 0, "Duration"],
        ["groupMeasure", 0, 0, "code"],
    ],
}
REQUIRED_IN_R4 = {"EvidenceVariable": {"characteristic"}}
# the package has these side by side; in R4 they are definition[x], exactly one of which is needed
DEFINITIONS_IN_R4 = {
    "EvidenceVariable.characteristic": {
        "definitionReference",
        "definitionCanonical",
        "definitionCodeableConcept",
        "definitionExpression",
    },
}


def corrected(types: dict[str, list]) -> dict[str, list]:
    """The element tables as R4 4.0.1 has them."""
    gone = {f"{owner}.{name}" for owner, names in ADDED_BY_THE_PACKAGE.items() for name in names}
    found = {}
    for owner, rows in types.items():
        if any(owner == path or owner.startswith(f"{path}.") for path in gone):
            continue
        kept = [row for row in rows if f"{owner}.{row[0]}" not in gone]
        required = REQUIRED_IN_R4.get(owner, ())
        kept = [[row[0], 1, *row[2:]] if row[0] in required else row for row in kept]
        choices = DEFINITIONS_IN_R4.get(owner, ())
        kept = [_as_definition(row) if row[0] in choices else row for row in kept]
        found[owner] = kept + MISSING_IN_THE_PACKAGE.get(owner, [])
    return found


def _as_definition(row: list) -> list:
    name, _, is_list, kind, *extra = row
    return [name, 1, is_list, kind, {**(extra[0] if extra else {}), **_DEFINITION}]
