"""Our verdict beside two others: fhir.resources.R4B, and a plain JSON schema.

Whenever one of them differs from ours, every fault named must be of a kind that the table of
that judge explains; a kind without an explanation is a fault of ours, or news about the judge.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from patients.fhir.definitions import resource_types
from patients.fhir.json_codec import FhirSyntaxError, loads
from patients.fhir.validation import validate
from tests.unit.patients.fhir.examples import Json
from tests.unit.patients.fhir.faults import FAULTS
from tests.unit.patients.fhir.faults_of_meaning import FAULTS_OF_MEANING
from tests.unit.patients.fhir.mutations import always_the_same
from tests.unit.patients.fhir.plain_schema import plainly_valid
from tests.unit.patients.fhir.r4_cases import ALLOWED
from tests.unit.patients.fhir.r4_forbidden_cases import FORBIDDEN
from tests.unit.patients.fhir.test_real_data import BOM, files, lines

ARCHIVE = "fhir-test-resources.tar.xz"
# words of our diagnostics, by kind; the first that is found counts
KINDS = {
    "invariant": r"\((?!dom-|ref-)[a-z]+-[0-9a-z]+\)$",
    "contained": r"\((dom|ref)-\d\)$|a contained resource needs an id|: used by \d+ of them",
    "empty": r"an empty (element|list) is not allowed",
    "null": r"null is not allowed|null on both sides|not null|length differs",
    "empty text": r"an empty string is not allowed",
    "kind of value": r"(a string|a number|a whole number|true or false) is expected",
    "required code": r"is not one of|is not in the value set|a coding is needed",
    "reference": r"is not Type/id|points at |is not a resource type of R4|is not [A-Z]\w+$",
    "narrative": r"narrative",
    "form of text": r"white space|control char|media type|'urn:'|up to 64|lower-case|base64|digits",
    "date": r"is not a date|has a time|an instant|needs its|hh:mm:ss",
    "range of a number": r"is not between",
    "attribute": r"\._(id|url): unknown element",
    "odd member": r"\.(resourceType|fhir_comments): (unknown|required) element",
    "choice": r"only one of|is missing; send",
    "required": r"required element is missing",
}
# judge: kind that it does not see, and why
BLIND = {
    "R4B": {
        "invariant": "it has no FHIRPath",
        "contained": "it looks at one element at a time",
        "empty": "{} and [] are values to it",
        "null": "None is no value to it",
        "kind of value": "it turns text into numbers and Booleans, and numbers into text",
        "required code": "it has no value sets",
        "reference": "Reference.reference is any text to it",
        "narrative": "Narrative.div is any text to it",
        "form of text": "its expressions for text are not anchored, or wider",
        "attribute": "it lets every primitive have extensions",
        "range of a number": "a decimal point and many digits are nothing special to it",
        "empty text": "its expressions for URIs may match nothing",
        "odd member": "its models have a resourceType each, and DSTU2's comments",
    },
    "schema": {
        "invariant": "HL7's schema has none",
        "contained": "it looks at one element at a time",
        "empty": "{} and [] are values to it",
        "null": "a list of null is a list of nothing to it",
        "kind of value": "1.0 is not told from 1",
        "required code": "it knows codes, not Codings",
        "reference": "Reference.reference is any text to it",
        "narrative": "Narrative.div is any text to it",
        "date": "it has no calendar",
        "form of text": "R4's expressions are wider than R4's text",
        "empty text": "R4's expressions for URIs may match nothing",
        "attribute": "it lets every primitive have extensions",
        "odd member": "what has no resourceType is no resource to it",
        "choice": "HL7's schema does not exclude one value[x] by another, nor require one",
        "required": "HL7's schema requires no primitives, which may be extensions alone",
        "range of a number": "HL7's schema has no upper bounds",
    },
}
# judge and a case made by hand that it judges wrongly, and why
MISJUDGED = {
    ("R4B", "extension in place of an extension's value"): "it forbids _value[x] there",
    ("R4B", "value and extension of two types"): "it does not count _value[x] as a value[x]",
    ("schema", "nulls beside values"): "HL7's schema has no null in a list",
    ("schema", "nulls on one side"): "HL7's schema has no null in a list",
}
# remade in R4B
OTHER_IN_R4B = {"Evidence", "EvidenceVariable"}


def r4b(resource: Json) -> str | None:
    """What R4B has against a resource, "" for nothing; None where it has no such type."""
    if resource["resourceType"] in OTHER_IN_R4B:
        return None
    try:
        model = get_fhir_model_class(resource["resourceType"])
    except (LookupError, ValueError):
        return None
    try:
        model.model_validate(resource)
    except (ValueError, LookupError, TypeError, AttributeError) as fault:  # it trips over some
        return repr(fault)
    return ""


def schema(resource: Json) -> str | None:
    """The same of the plain schema, which has no words; resources inside one by one."""
    types = [(_type_of(each), each) for each in with_inner(resource)]
    passed = all(name in resource_types() and plainly_valid(name)(each) for name, each in types)
    return "" if passed else "refused"


JUDGES: dict[str, Callable[[Json], str | None]] = {"R4B": r4b, "schema": schema}


def with_inner(node: Any, *, is_resource: bool = True) -> Iterator[Json]:
    """A resource and all those in it."""
    if isinstance(node, dict):
        if is_resource and "resourceType" in node:
            yield node
        for name, value in node.items():
            yield from with_inner(value, is_resource=name in ("contained", "resource", "outcome"))
    elif isinstance(node, list):
        for value in node:
            yield from with_inner(value, is_resource=is_resource)


def _type_of(node: Json) -> str:
    return str(node.get("resourceType"))


def kind_of_fault(text: str) -> str:
    return next((kind for kind, words in KINDS.items() if re.search(words, text)), text)


def unexplained(judge: str, resource: Json) -> list[str]:
    """Kinds of faults that the other has no excuse not to see, or its own that we do not."""
    if _type_of(resource) not in resource_types():
        return []
    ours = [issue.diagnostics for issue in validate(resource)]
    other = JUDGES[judge](resource)
    if other is None or bool(ours) == bool(other):
        return []
    if other:
        return [other]
    return [kind for kind in map(kind_of_fault, ours) if kind not in BLIND[judge]]


@pytest.fixture(scope="module")
def official() -> list[tuple[str, Json]]:
    """HL7's R4 examples as other servers keep them, and resources made after them."""
    found = [(name, line) for name, line in lines(ARCHIVE, "g10")]
    for name, raw in files(ARCHIVE, ".json", "ms-fhir-tests"):
        try:
            content = loads(raw.removeprefix(BOM))
        except FhirSyntaxError:
            continue
        if isinstance(content, dict):
            found.append((name, content))
    return found


@pytest.mark.parametrize("judge", JUDGES)
def test_official_examples_are_judged_alike_or_it_is_said_why(official, judge):
    assert len(official) > 700
    found = {name: kinds for name, each in official if (kinds := unexplained(judge, each))}
    assert found == {}


@pytest.mark.parametrize("judge", JUDGES)
def test_small_changes_are_judged_alike_or_it_is_said_why(judge):
    found = [(kinds, r) for r in always_the_same(2000) if (kinds := unexplained(judge, r))]
    assert found == []


@pytest.mark.parametrize("judge", JUDGES)
def test_cases_made_by_hand_are_judged_alike_or_it_is_said_why(judge):
    cases = {
        **ALLOWED,
        **{name: resource for name, (resource, _) in FORBIDDEN.items()},
        **{fault.name: fault.resource for fault in (*FAULTS, *FAULTS_OF_MEANING)},
    }
    found = {name for name, each in cases.items() if unexplained(judge, each)}
    assert found == {name for who, name in MISJUDGED if who == judge}
