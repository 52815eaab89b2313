"""FHIRPath on small elements: what HL7's invariants ask of it."""

import pytest

from patients.fhir.fhirpath import compiled
from patients.fhir.fhirpath_nodes import Node

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "_issued": {"extension": [{"url": "http://x", "valueCode": "unknown"}]},
    "code": {"coding": [{"code": "a"}, {"code": "b"}, {"code": "a"}], "text": "a.b"},
    "valueInteger": 7,
    "component": [{"code": {"coding": [{"code": "a"}]}}, {"code": {"text": "c"}}],
    "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1970"}],
}


def holds(expression: str) -> bool:
    node = Node(OBSERVATION, "Observation")
    return compiled(expression)(node, node)


@pytest.mark.parametrize(
    "expression",
    [
        "status = 'final' and subject.empty()",
        "Observation.status = 'final'",
        "value = 7 and value > 6.5 and value <= 7 and value >= 7",
        "value is integer",
        "issued.exists() and issued.hasValue().not()",
        "issued.extension.value = 'unknown'",
        "code.coding.code.isDistinct().not()",
        "code.coding.count() + component.count() = 5",
        "(code.coding.code | component.code.coding.code).count() = 2",
        "code.coding.first().code = 'a' and code.coding.tail().count() = 2",
        "code.coding.where(code = 'b').exists()",
        "code.coding.exists(code = 'b')",
        "component.code.all(text.exists() or coding.exists())",
        "component.select(code.text) = 'c'",
        "code.coding.intersect(component.code.coding).exists()",
        "'b' in code.coding.code and code.coding.code contains 'b'",
        "code.text.matches('a.b') and code.text.matches('a').not()",
        "code.text.startsWith('a.') and code.text.contains('.')",
        "code.text.replaceMatches('\\\\..*', '') & 'z' = 'az'",
        "code.text.toInteger().empty() and '12'.toInteger() = 12",
        "value.toString() = '7'",
        "iif(value = 7, status = 'final', false)",
        "iif(value = 8, true).empty()",
        "contained.birthDate = '1970' and contained.descendants().count() = 2",
        "children().where($this is Reference).empty()",
        "component.all(%resource.status = 'final' and %context.value = 7)",
        "status.trace('s').combine(status).count() = 2",
        "(subject = 'x').empty() and (true and subject.reference).empty()",
        "false implies subject.reference",
        "subject.reference implies true",
        "true xor false",
        "'it\\'s' != 'its'",
        "(subject.reference xor true).empty() and (subject.reference or false).empty()",
        "(subject < 3).empty() and (issued < '2000').empty() and (subject + 1).empty()",
        "subject.startsWith('a').empty() and subject.toString().empty()",
        "subject.replaceMatches('a', 'b').empty() and (subject in status).empty()",
    ],
)
def test_what_holds(expression):
    assert holds(expression)


@pytest.mark.parametrize("expression", ["status = 'x'", "subject.reference", "value < 7"])
def test_what_does_not_hold_or_has_no_answer(expression):
    assert not holds(expression)


@pytest.mark.parametrize("expression", ["code.coding.not()", "code.coding.code.startsWith('a')"])
def test_many_values_where_one_is_expected_are_no_answer_at_all(expression):
    with pytest.raises(ValueError, match="one value"):
        holds(expression)


@pytest.mark.parametrize(
    "expression",
    ["a.b(", "a ~ b", "a.resolve()", "a.exists(", "a b", "(a", "a.1", "a.where()(", "iif(a b)", ""],
)
def test_what_is_not_understood_is_refused_beforehand(expression):
    with pytest.raises((ValueError, TypeError)):
        compiled(expression)


def test_a_malformed_element_has_no_members():
    assert list(Node("x", "HumanName").children()) == []
    assert list(Node({"resourceType": 5}, "Resource").children()) == []
    assert [n.value for n in Node({"given": "x"}, "HumanName").children("given")] == []
    assert [n.value for n in Node({"given": [None, "x"]}, "HumanName").children("given")] == ["x"]
