"""Which diagnosis a recorded condition is counted as."""

import pytest

from models_engine.catalogue.disease.vocabulary import families, label, tokens_of

ICD10, ICD10CM = "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"


def test_a_concept_of_the_tables_comes_first_whatever_its_code() -> None:
    codings = [(ICD10, "J44.9", "COPD, unspecified")]

    assert tokens_of(["copd"], codings) == ["concept:copd"]
    assert tokens_of(["myocardial_infarction", "coronary_heart_disease"], []) == [
        *("concept:myocardial_infarction", "concept:coronary_heart_disease")
    ]


@pytest.mark.parametrize(
    ("coding", "token"),
    [
        ((ICD10, "j45.9", ""), "icd10:J45"),
        ((ICD10CM, "J45.901", "Asthma"), "icd10:J45"),
        ((SNOMED, "195967001", "Asthma"), "snomed:195967001"),
        ((SNOMED, "195967001", "Asthma (disorder)"), "snomed:195967001"),
    ],
)
def test_a_standard_code_otherwise(coding: tuple[str, str, str], token: str) -> None:
    assert tokens_of([], [coding]) == [token]


@pytest.mark.parametrize(
    "coding",
    [
        (ICD10, "Z00.0", "General medical examination"),
        (ICD10, "O80", "Single spontaneous delivery"),
        (ICD10, "R51", "Headache"),
        (ICD10, "S72.0", "Fracture of neck of femur"),
        (SNOMED, "160903007", "Full-time employment (finding)"),
        (SNOMED, "314529007", "Medication review due (situation)"),
        ("http://hl7.org/fhir/sid/icd-9-cm", "250.00", "Diabetes"),
        ("urn:local", "J45", "Asthma"),
        ("", "", "asthma, as text"),
    ],
)
def test_what_is_no_disease_or_in_no_standard_code_is_not_counted(
    coding: tuple[str, str, str],
) -> None:
    assert tokens_of([], [coding]) == []


def test_icd_10_is_preferred_to_snomed_ct_and_pregnancy_is_left_out() -> None:
    both = [(SNOMED, "195967001", "Asthma"), (ICD10, "J45", "Asthma")]

    assert tokens_of([], both) == ["icd10:J45"]
    assert tokens_of(["pregnancy"], both) == []


def test_labels_name_a_category_by_its_code() -> None:
    assert label("concept:copd") == "COPD"
    assert label("icd10:J45", "Asthma, unspecified") == "ICD-10 J45 (such as Asthma, unspecified)"
    assert label("icd10:J45") == "ICD-10 J45"
    assert label("snomed:195967001", "Asthma") == "Asthma"
    assert label("snomed:195967001") == "SNOMED CT 195967001"


def test_types_of_diabetes_are_one_family() -> None:
    tokens = ("concept:copd", "concept:diabetes_other", "concept:diabetes_type_2")

    assert families(tokens) == [[1, 2]]
    assert families(tokens[:2]) == []


def test_a_finer_name_for_the_prescribing_rules_renames_no_diagnosis():
    asthma = ("http://hl7.org/fhir/sid/icd-10-cm", "J45.909", "Asthma")

    assert tokens_of(["asthma"], [asthma]) == tokens_of([], [asthma]) == ["icd10:J45"]
    assert tokens_of(["heart_failure", "hfref"], []) == ["concept:heart_failure"]
