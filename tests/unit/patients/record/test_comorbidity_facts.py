"""An ICD-10 coded diagnosis says which Charlson comorbidity it is, or that it is none."""

import pytest

from patients.record.projection import project
from tests.unit.patients.record.builders import SNOMED, condition

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"


def comorbidities(resource):
    return [d for d in project(resource) if d.kind == "comorbidity"]


def coded(*pairs, **keywords):
    coding = [{"system": system, "code": code} for system, code in pairs]
    return condition(**keywords) | {"code": {"coding": coding}}


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([(ICD10, "I21.4")], ["charlson_mi"]),
        ([(ICD10CM, "I10")], ["charlson_none"]),
        ([(SNOMED, "22298006")], []),
        # coded twice: what either says counts once
        ([(SNOMED, "22298006"), (ICD10CM, "I21.4")], ["charlson_mi"]),
        ([(ICD10CM, "I21.4"), (ICD10, "I21.9")], ["charlson_mi"]),
        ([(ICD10CM, "E11.22"), (ICD10CM, "N18.3")], ["charlson_diabwc", "charlson_rend"]),
        ([(ICD10CM, "I10"), (ICD10CM, "N18.3")], ["charlson_rend"]),
    ],
)
def test_which_comorbidities(pairs, found):
    assert [d.concept for d in comorbidities(coded(*pairs))] == found


def test_a_refuted_diagnosis_feeds_nothing():
    refuted = comorbidities(coded((ICD10CM, "C50.9"), verification="refuted"))
    assert [d.quality for d in refuted] == ["inactive"]


def test_a_diagnosis_outside_our_other_tables_still_counts():
    drafts = list(project(coded((ICD10CM, "C50.911"))))
    assert {d.concept: d.quality for d in drafts} == {
        "condition_unclassified": "unclassified",
        "charlson_canc": "usable",
    }
