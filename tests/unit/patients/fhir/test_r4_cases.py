"""Resources on both sides of R4's border, judged by both readings."""

import pytest

from patients.fhir.validation import _is_certainly_valid, explain, validate
from tests.unit.patients.fhir.r4_cases import ALLOWED
from tests.unit.patients.fhir.r4_forbidden_cases import FORBIDDEN


@pytest.mark.parametrize("name", ALLOWED)
def test_what_r4_allows_passes(name):
    resource = ALLOWED[name]
    assert validate(resource) == []
    assert explain(resource, resource["resourceType"]) == []


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_r4_forbids_is_named(name):
    resource, where = FORBIDDEN[name]
    assert where in {issue.expression for issue in validate(resource)}
    assert not _is_certainly_valid(resource)
