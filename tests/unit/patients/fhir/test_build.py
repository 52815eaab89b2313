import pytest

from patients.fhir.build import checked
from tests.unit.patients.fhir import examples as ex


def test_what_we_write_is_looked_at():
    assert checked(ex.RISK) is ex.RISK


def test_a_fault_in_what_we_write_is_ours():
    with pytest.raises(ValueError, match=r"RiskAssessment.status: required element is missing"):
        checked(ex.changed(ex.RISK, status=None))
