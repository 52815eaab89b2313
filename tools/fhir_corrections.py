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
# the package narrows it to what servers send; R4 takes a whole resource there
RESOURCES_IN_R4 = {"Bundle.entry.response": {"outcome"}}
REQUIRED_IN_R4 = {"EvidenceVariable": {"characteristic"}}
# value sets that HL7 takes whole from elsewhere: ISO 4217, with codes that R4 lists as withdrawn since
LISTED_ELSEWHERE = {
    "http://hl7.org/fhir/ValueSet/currencies": {
        "urn:iso:std:iso:4217": """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN
BYR BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR
FJD FKP GBP GEL GGP GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD
JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRO
MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SPL SRD SSP STD STN SVC SYP SZL THB TJS TMT TND TOP
TRY TTD TVD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VEF VES VND VUV WST XAF XAG XAU XBA XBB XBC
XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWL
"""
    },
}
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
        whole = RESOURCES_IN_R4.get(owner, ())
        kept = [[*row[:3], "Resource", *row[4:]] if row[0] in whole else row for row in kept]
        choices = DEFINITIONS_IN_R4.get(owner, ())
        kept = [_as_definition(row) if row[0] in choices else row for row in kept]
        found[owner] = kept + MISSING_IN_THE_PACKAGE.get(owner, [])
    return found


def _as_definition(row: list) -> list:
    name, _, is_list, kind, *extra = row
    return [name, 1, is_list, kind, {**(extra[0] if extra else {}), **_DEFINITION}]
