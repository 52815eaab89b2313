"""HL7's invariants of the types that are stored only: each one kept and broken."""

import pytest

from patients.fhir.definitions import table
from patients.fhir.invariants_stated import holds
from patients.fhir.rules import OUR_RULES, STATED_RULES
from tests.unit.patients.fhir.test_invariants import CASES as CASES_OF_OURS

PARTS = {"part": [{"name": "a"}]}
ONE, TWO = {"code": "a"}, {"code": "b"}
ROOT = {"id": "Patient", "path": "Patient", "definition": "d", "min": 0, "max": "*", "base": {}}
ACTIVE = {**ROOT, "id": "Patient.active", "path": "Patient.active"}


def snapshot(*elements: dict, **members: object) -> dict:
    return {
        "type": "Patient",
        "kind": "resource",
        "snapshot": {"element": list(elements)},
        **members,
    }


def differential(*elements: dict, **members: object) -> dict:
    return {
        "type": "Patient",
        "kind": "resource",
        "differential": {"element": list(elements)},
        **members,
    }


CASES = [
    # type, key, kept, broken
    ("Appointment", "app-2", {"status": "proposed"}, {"start": "2024"}),
    ("Appointment", "app-3", {"status": "waitlist"}, {"status": "booked"}),
    ("Appointment", "app-4", {"status": "noshow", "cancelationReason": {}}, {"status": "booked", "cancelationReason": {}}),
    ("Appointment.participant", "app-1", {"actor": {}}, {"status": "accepted"}),
    ("AppointmentResponse", "apr-1", {"participantType": [{}]}, {"comment": "x"}),
    ("CapabilityStatement", "cpb-1", {"document": [{}]}, {"kind": "instance"}),
    ("CapabilityStatement", "cpb-2", {"description": "x"}, {"kind": "instance"}),
    ("CapabilityStatement", "cpb-3", {"kind": "instance", "messaging": [{"endpoint": [{}]}]}, {"kind": "capability", "messaging": [{"endpoint": [{}]}]}),
    ("CapabilityStatement", "cpb-7", {"document": [{"profile": "a", "mode": "x"}, {"profile": "a", "mode": "y"}]}, {"document": [{"profile": "a", "mode": "x"}] * 2}),
    ("CapabilityStatement", "cpb-14", {"kind": "instance", "implementation": {}}, {"kind": "instance"}),
    ("CapabilityStatement", "cpb-15", {"kind": "capability", "software": {}}, {"kind": "capability", "software": {}, "implementation": {}}),
    ("CapabilityStatement", "cpb-16", {"kind": "requirements"}, {"kind": "requirements", "software": {}}),
    ("CapabilityStatement.rest", "cpb-9", {"resource": [{"type": "A"}, {"type": "B"}]}, {"resource": [{"type": "A"}, {"type": "A"}]}),
    ("CapabilityStatement.rest.resource", "cpb-12", {"searchParam": [{"name": "a"}, {"name": "b"}]}, {"searchParam": [{"name": "a"}, {"name": "a"}]}),
    ("CodeSystem", "csd-1", {"concept": [{**ONE, "concept": [TWO]}]}, {"concept": [{**ONE, "concept": [ONE]}]}),
    ("Composition.section", "cmp-1", {"text": {}}, {"title": "x"}),
    ("Composition.section", "cmp-2", {"emptyReason": {}}, {"emptyReason": {}, "entry": [{}]}),
    ("ConceptMap.group.element.target", "cmd-1", {"equivalence": "narrower", "comment": "x"}, {"equivalence": "narrower"}),
    ("ConceptMap.group.unmapped", "cmd-2", {"mode": "fixed", "code": "x"}, {"mode": "fixed"}),
    ("ConceptMap.group.unmapped", "cmd-3", {"mode": "other-map", "url": "x"}, {"mode": "other-map"}),
    ("CoverageEligibilityResponse.insurance.item", "ces-1", {"category": {}}, {"category": {}, "productOrService": {}}),
    ("DataRequirement.codeFilter", "drq-1", {"path": "x"}, {"path": "x", "searchParam": "x"}),
    ("DataRequirement.dateFilter", "drq-2", {"searchParam": "x"}, {}),
    ("ElementDefinition", "eld-2", {"min": 1, "max": "2"}, {"min": 2, "max": "1"}),
    ("ElementDefinition", "eld-3", {"max": "*"}, {"max": "many"}),
    ("ElementDefinition", "eld-5", {"contentReference": "#x"}, {"contentReference": "#x", "fixedString": "x"}),
    ("ElementDefinition", "eld-6", {"fixedCode": "x", "type": [ONE]}, {"fixedCode": "x", "type": [ONE, TWO]}),
    ("ElementDefinition", "eld-7", {"patternCode": "x", "type": [ONE]}, {"patternCode": "x", "type": [ONE, TWO]}),
    ("ElementDefinition", "eld-8", {"fixedCode": "x"}, {"fixedCode": "x", "patternCode": "x"}),
    ("ElementDefinition", "eld-13", {"type": [ONE, TWO]}, {"type": [ONE, ONE]}),
    ("ElementDefinition", "eld-14", {"constraint": [{"key": "a"}, {"key": "b"}]}, {"constraint": [{"key": "a"}, {"key": "a"}]}),
    ("ElementDefinition", "eld-15", {"meaningWhenMissing": "x"}, {"meaningWhenMissing": "x", "defaultValueCode": "x"}),
    ("ElementDefinition", "eld-16", {"sliceName": "a/b[x]"}, {"sliceName": "a b"}),
    ("ElementDefinition", "eld-18", {"isModifier": True, "isModifierReason": "x"}, {"isModifier": True}),
    ("ElementDefinition", "eld-19", {"path": "Patient.deceased[x]"}, {"path": "Patient.a b"}),
    ("ElementDefinition", "eld-22", {"sliceIsConstraining": True, "sliceName": "x"}, {"sliceIsConstraining": True}),
    ("ElementDefinition.binding", "eld-12", {"valueSet": "urn:x"}, {"valueSet": "x"}),
    ("ElementDefinition.slicing", "eld-1", {"description": "x"}, {"rules": "open"}),
    ("ElementDefinition.type", "eld-4", {"code": "Reference", "aggregation": ["bundled"]}, {"code": "string", "aggregation": ["bundled"]}),
    ("ElementDefinition.type", "eld-17", {"code": "canonical", "targetProfile": ["x"]}, {"code": "string", "targetProfile": ["x"]}),
    ("ImmunizationRecommendation.recommendation", "imr-1", {"targetDisease": {}}, {"date": "2024"}),
    ("ImplementationGuide", "ig-2", {"fhirVersion": ["4.0.1"], "definition": {"resource": [{"fhirVersion": ["4.0.1"]}]}}, {"fhirVersion": ["4.0.1"], "definition": {"resource": [{"fhirVersion": ["3.0.1"]}]}}),
    ("ImplementationGuide.definition", "ig-1", {"resource": [{"groupingId": "a"}], "grouping": [{"id": "a"}]}, {"resource": [{"groupingId": "a"}], "grouping": [{"id": "b"}]}),
    ("InsurancePlan", "ipn-1", {"name": "x"}, {"status": "active"}),
    ("Linkage", "lnk-1", {"item": [{}, {}]}, {"item": [{}]}),
    ("List", "lst-1", {"emptyReason": {}}, {"emptyReason": {}, "entry": [{}]}),
    ("List", "lst-2", {"mode": "changes", "entry": [{"deleted": True}]}, {"mode": "working", "entry": [{"deleted": True}]}),
    ("List", "lst-3", {"mode": "working", "entry": [{"date": "2024"}]}, {"mode": "snapshot", "entry": [{"date": "2024"}]}),
    ("Measure", "mea-1", {"group": [{"stratifier": [{"code": {}}]}]}, {"group": [{"stratifier": [{"code": {}, "component": [{}]}]}]}),
    ("MeasureReport", "mrp-1", {"type": "summary", "group": [{}]}, {"type": "data-collection", "group": [{}]}),
    ("MeasureReport", "mrp-2", {"group": [{"stratifier": [{"stratum": [{"value": {}}]}]}]}, {"group": [{"stratifier": [{"stratum": [{}]}]}]}),
    ("MessageDefinition.focus", "md-1", {"max": "1"}, {"max": "0"}),
    ("NamingSystem", "nsd-1", {"kind": "root", "uniqueId": [{"type": "oid"}]}, {"kind": "root", "uniqueId": [{"type": "uuid"}]}),
    ("NamingSystem", "nsd-2", {"uniqueId": [{"type": "a", "preferred": True}, {"type": "a"}]}, {"uniqueId": [{"type": "a", "preferred": True}] * 2}),
    ("OperationDefinition.parameter", "opd-1", {"type": "string"}, {"name": "x"}),
    ("OperationDefinition.parameter", "opd-2", {"searchType": "date", "type": "string"}, {"searchType": "date", "type": "code"}),
    ("OperationDefinition.parameter", "opd-3", {"targetProfile": ["x"], "type": "Reference"}, {"targetProfile": ["x"], "type": "code"}),
    ("Parameters.parameter", "inv-1", {"valueString": "x"}, {"name": "x"}),
    ("Parameters.parameter", "inv-1", PARTS, {**PARTS, "valueString": "x"}),
    ("Parameters.parameter", "inv-1", {"resource": {}}, {"resource": {}, "valueString": "x"}),
    ("Questionnaire", "que-2", {"item": [{"linkId": "1", "item": [{"linkId": "2"}]}]}, {"item": [{"linkId": "1", "item": [{"linkId": "1"}]}]}),
    ("Questionnaire.item", "que-1", {"type": "group", "item": [{}]}, {"type": "group"}),
    ("Questionnaire.item", "que-1", {"type": "display"}, {"type": "display", "item": [{}]}),
    ("Questionnaire.item", "que-3", {"type": "string", "code": [{}]}, {"type": "display", "code": [{}]}),
    ("Questionnaire.item", "que-4", {"answerValueSet": "x"}, {"answerValueSet": "x", "answerOption": [{}]}),
    ("Questionnaire.item", "que-5", {"type": "choice", "answerValueSet": "x"}, {"type": "boolean", "answerValueSet": "x"}),
    ("Questionnaire.item", "que-6", {"type": "string", "required": True}, {"type": "display", "required": True}),
    ("Questionnaire.item", "que-8", {"type": "string", "initial": [{}]}, {"type": "group", "initial": [{}]}),
    ("Questionnaire.item", "que-9", {"type": "string", "readOnly": True}, {"type": "display", "readOnly": True}),
    ("Questionnaire.item", "que-10", {"type": "text", "maxLength": 5}, {"type": "date", "maxLength": 5}),
    ("Questionnaire.item", "que-11", {"initial": [{}]}, {"initial": [{}], "answerOption": [{}]}),
    ("Questionnaire.item", "que-12", {"enableWhen": [{}, {}, {}], "enableBehavior": "all"}, {"enableWhen": [{}, {}, {}]}),
    ("Questionnaire.item", "que-13", {"repeats": True, "initial": [{}, {}]}, {"initial": [{}, {}]}),
    ("Questionnaire.item.enableWhen", "que-7", {"operator": "exists", "answerBoolean": True}, {"operator": "exists", "answerString": "x"}),
    ("RequestGroup.action", "rqg-1", {"action": [{}]}, {"action": [{}], "resource": {}}),
    ("SearchParameter", "spd-1", {"xpath": "x", "xpathUsage": "normal"}, {"xpath": "x"}),
    ("SearchParameter", "spd-2", {"type": "reference", "chain": ["x"]}, {"type": "token", "chain": ["x"]}),
    ("StructureDefinition", "sdf-1", snapshot(ROOT, ACTIVE), snapshot(ROOT, ACTIVE, ACTIVE)),
    ("StructureDefinition", "sdf-4", {"abstract": True}, {"abstract": False}),
    ("StructureDefinition", "sdf-5", {"type": "Extension", "context": [{}]}, {"type": "Extension", "derivation": "constraint"}),
    ("StructureDefinition", "sdf-6", differential(ROOT), {"type": "Patient"}),
    ("StructureDefinition", "sdf-8", snapshot(ROOT, ACTIVE), snapshot(ROOT, {**ACTIVE, "path": "Person.active"})),
    ("StructureDefinition", "sdf-8a", differential(ROOT, ACTIVE), differential({**ROOT, "path": "Person"})),
    ("StructureDefinition", "sdf-9", snapshot(ROOT), snapshot({**ROOT, "label": "x"})),
    ("StructureDefinition", "sdf-11", snapshot(ROOT), snapshot(ROOT, type="Person")),
    ("StructureDefinition", "sdf-14", snapshot(ROOT), snapshot({"path": "Patient"})),
    ("StructureDefinition", "sdf-15", snapshot(ROOT), snapshot({**ROOT, "type": [ONE]})),
    ("StructureDefinition", "sdf-15a", differential(ROOT), differential({**ROOT, "type": [ONE]})),
    ("StructureDefinition", "sdf-16", snapshot(ROOT, ACTIVE), snapshot(ROOT, ROOT)),
    ("StructureDefinition", "sdf-17", differential(ROOT, ACTIVE), differential(ROOT, ROOT)),
    ("StructureDefinition", "sdf-18", {"type": "Extension", "contextInvariant": ["x"]}, {"type": "Patient", "contextInvariant": ["x"]}),
    ("StructureDefinition", "sdf-19", snapshot(ROOT, url="http://hl7.org/fhir/StructureDefinition/x"), snapshot({**ROOT, "type": [{"code": "a-b"}]}, url="http://hl7.org/fhir/StructureDefinition/x")),
    ("StructureDefinition", "sdf-21", differential({**ROOT, "defaultValueCode": "x"}, derivation="specialization"), differential({**ROOT, "defaultValueCode": "x"}, derivation="constraint")),
    ("StructureDefinition", "sdf-22", snapshot(ROOT, url="http://hl7.org/fhir/StructureDefinition/x"), snapshot({**ROOT, "defaultValueCode": "x"}, url="http://hl7.org/fhir/StructureDefinition/x")),
    ("StructureDefinition", "sdf-23", snapshot(ROOT), snapshot({**ROOT, "sliceName": "x"})),
    ("StructureDefinition.differential", "sdf-20", {"element": [ROOT]}, {"element": [{**ROOT, "slicing": {}}]}),
    ("StructureDefinition.mapping", "sdf-2", {"uri": "x"}, {"identity": "x"}),
    ("StructureDefinition.snapshot", "sdf-3", {"element": [ROOT]}, {"element": [{"path": "Patient"}]}),
    ("StructureDefinition.snapshot", "sdf-8b", {"element": [ROOT]}, {"element": [{"path": "Patient"}]}),
    ("StructureDefinition.snapshot", "sdf-10", {"element": [{"binding": {"valueSet": "x"}}]}, {"element": [{"binding": {"strength": "required"}}]}),
    ("StructureMap.group.rule.target", "smp-1", {"element": "x", "context": "y"}, {"element": "x"}),
    ("StructureMap.group.rule.target", "smp-2", {"context": "y", "contextType": "type"}, {"context": "y"}),
    ("TerminologyCapabilities", "tcp-2", {"description": "x"}, {"kind": "instance"}),
    ("TerminologyCapabilities", "tcp-3", {"kind": "instance", "implementation": {}}, {"kind": "instance"}),
    ("TerminologyCapabilities", "tcp-4", {"kind": "capability", "software": {}}, {"kind": "capability"}),
    ("TerminologyCapabilities", "tcp-5", {"kind": "requirements"}, {"kind": "requirements", "software": {}}),
    ("TerminologyCapabilities.codeSystem", "tcp-1", {"version": [ONE, TWO]}, {"version": [ONE, {"isDefault": True}]}),
    ("TestReport.setup.action", "inv-1", {"operation": {}}, {"operation": {}, "assert": {}}),
    ("TestReport.test.action", "inv-2", {"assert": {}}, {"id": "x"}),
    ("TestScript.metadata", "tst-4", {"capability": [{"required": True}]}, {"capability": [{"description": "x"}]}),
    ("TestScript.setup.action", "tst-1", {"assert": {}}, {"operation": {}, "assert": {}}),
    ("TestScript.setup.action.assert", "tst-5", {"path": "x"}, {"path": "x", "expression": "x"}),
    ("TestScript.setup.action.assert", "tst-10", {"compareToSourceId": "x", "compareToSourcePath": "x"}, {"compareToSourceId": "x"}),
    ("TestScript.setup.action.assert", "tst-12", {"response": "okay", "direction": "response"}, {"response": "okay", "direction": "request"}),
    ("TestScript.setup.action.operation", "tst-7", {"url": "x"}, {"url": "x", "params": "x"}),
    ("TestScript.teardown.action", "tst-9", {"operation": {"url": "x"}}, {"operation": {"method": "get"}}),
    ("TestScript.test.action", "tst-2", {"operation": {"url": "x"}}, {"id": "x"}),
    ("TestScript.test.action", "tst-6", {"assert": {"path": "x"}}, {"assert": {"path": "x", "minimumId": "x"}}),
    ("TestScript.test.action", "tst-8", {"operation": {"type": {"code": "search"}}}, {"operation": {"type": {"code": "read"}}}),
    ("TestScript.test.action", "tst-11", {"assert": {"path": "x"}}, {"assert": {"compareToSourcePath": "x"}}),
    ("TestScript.test.action", "tst-13", {"assert": {"direction": "request"}}, {"assert": {"direction": "request", "response": "okay"}}),
    ("TestScript.variable", "tst-3", {"path": "x", "expression": "x"}, {"path": "x", "expression": "x", "headerField": "x"}),
    ("TriggerDefinition", "trd-1", {"data": [{}]}, {"data": [{}], "timingDate": "2024"}),
    ("TriggerDefinition", "trd-2", {"condition": {}, "data": [{}]}, {"condition": {}}),
    ("TriggerDefinition", "trd-3", {"type": "named-event", "name": "x"}, {"type": "data-added"}),
    ("ValueSet.compose.include", "vsd-1", {"valueSet": ["x"]}, {"version": "1"}),
    ("ValueSet.compose.include", "vsd-2", {"system": "x", "filter": [{}]}, {"filter": [{}]}),
    ("ValueSet.compose.include", "vsd-3", {"concept": [{}]}, {"concept": [{}], "filter": [{}]}),
    ("ValueSet.expansion.contains", "vsd-6", {"display": "x"}, {"system": "x"}),
    ("ValueSet.expansion.contains", "vsd-9", {"abstract": True}, {"display": "x"}),
    ("ValueSet.expansion.contains", "vsd-10", {"system": "x", "code": "y"}, {"code": "y"}),
]  # fmt: skip
# of what HL7 states about the types that have functions of ours; why the two part
NOT_UNDERSTOOD = {"bdl-11", "bdl-12", "ras-2", "rng-2", "tim-9"}
OF_PARTIAL_DATES = {"inv-1", "mdd-1", "per-1"}
OF_PROSE = {"bdl-abs", "bdl-id", "bdl-url", "ext-core", "ext-url"}
ON_EMPTY_LISTS = {"con-1", "con-2", "grp-1", "prr-1", "qrs-1", "rat-1"}


@pytest.mark.parametrize(("type_name", "key", "kept", "broken"), CASES)
def test_a_stated_rule_is_kept_and_broken(type_name, key, kept, broken):
    (rule,) = (rule for rule in STATED_RULES[type_name] if rule.key == key)
    assert not list(rule.offenders(kept))
    assert list(rule.offenders(broken)) == [""]


def test_what_cannot_be_asked_is_not_broken():
    (rule,) = (rule for rule in STATED_RULES["ElementDefinition"] if rule.key == "eld-2")
    assert not list(rule.offenders({"min": "x", "max": "2"}))


def test_every_stated_rule_has_a_case():
    stated = {(name, rule.key) for name, rules in STATED_RULES.items() for rule in rules}
    assert stated == {(name, key) for name, key, _, _ in CASES}


def stated(key: str) -> list[tuple[str, str]]:
    """Type and expression of each statement of a key that has a function of ours."""
    return [
        (name, expression)
        for name, rules in OUR_RULES.items()
        for other, _, expression in table("constraints").get(name, ())
        if key == other and key in {rule.key for rule in rules}
    ]


@pytest.mark.parametrize(("key", "kept", "broken"), CASES_OF_OURS)
def test_a_function_of_ours_says_what_hl7_states(key, kept, broken):
    if key in NOT_UNDERSTOOD | OF_PARTIAL_DATES | ON_EMPTY_LISTS:
        return
    for name, expression in stated(key):
        assert holds(name, expression, kept)
        assert not holds(name, expression, broken)


def test_every_function_of_ours_has_a_statement():
    ours = {rule.key for rules in OUR_RULES.values() for rule in rules}
    # the table has no profiles, and of rules of every element none; the others are R4's prose
    assert {key for key in ours if not stated(key)} == {"ext-1", "sqty-1"} | OF_PROSE
