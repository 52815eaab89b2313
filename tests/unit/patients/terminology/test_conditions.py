import pytest

from patients.terminology.codings import code_in
from patients.terminology.conditions import (
    CONDITIONS,
    FOR_PRESCRIBING,
    PERSISTING,
    condition_codes_of,
    condition_of,
)


@pytest.mark.parametrize(
    ("system", "code", "concepts", "detail"),
    [
        # anchors
        ("snomed", "44054006", ["diabetes_type_2"], ""),
        ("snomed", "46635009", ["diabetes_type_1"], ""),
        ("snomed", "15777000", ["prediabetes"], ""),
        ("snomed", "38341003", ["hypertension"], ""),
        ("snomed", "59621000", ["hypertension"], ""),
        ("snomed", "84114007", ["heart_failure"], ""),
        ("snomed", "88805009", ["heart_failure"], ""),
        ("snomed", "49436004", ["atrial_fibrillation"], ""),
        ("snomed", "53741008", ["coronary_heart_disease"], ""),
        ("snomed", "22298006", ["myocardial_infarction", "coronary_heart_disease"], ""),
        ("snomed", "230690007", ["stroke"], ""),
        ("snomed", "400047006", ["peripheral_artery_disease"], ""),
        ("snomed", "709044004", ["ckd"], ""),
        ("snomed", "431855005", ["ckd"], "G1"),
        ("snomed", "431856006", ["ckd"], "G2"),
        ("snomed", "433144002", ["ckd"], "G3"),
        ("snomed", "431857002", ["ckd"], "G4"),
        ("snomed", "433146000", ["ckd"], "G5"),
        ("snomed", "13645005", ["copd"], ""),
        ("snomed", "69896004", ["rheumatoid_arthritis"], ""),
        ("snomed", "55464009", ["sle"], ""),
        ("snomed", "37796009", ["migraine"], ""),
        ("snomed", "77386006", ["pregnancy"], ""),
        # complications say which disease they are of
        ("snomed", "422034002", ["diabetes_type_2"], ""),
        ("snomed", "368581000119106", ["diabetes_type_2"], ""),
        ("snomed", "127013003", ["diabetes_other", "ckd"], ""),
        # history and procedures
        ("snomed", "399211009", ["myocardial_infarction", "coronary_heart_disease"], ""),
        ("snomed", "232717009", ["coronary_heart_disease"], ""),
        # ICD-10-CM: the longest listed ancestor decides
        ("icd10cm", "E11.9", ["diabetes_type_2"], ""),
        ("icd10cm", "E11.22", ["diabetes_type_2", "ckd"], ""),
        ("icd10cm", "E10.65", ["diabetes_type_1"], ""),
        ("icd10cm", "O24.410", ["gestational_diabetes", "pregnancy"], ""),
        ("icd10cm", "I10", ["hypertension"], ""),
        ("icd10cm", "I11.0", ["hypertension", "heart_failure"], ""),
        ("icd10cm", "I13.10", ["hypertension", "ckd"], ""),
        ("icd10cm", "I25.2", ["myocardial_infarction", "coronary_heart_disease"], ""),
        ("icd10cm", "I25.10", ["coronary_heart_disease"], ""),
        ("icd10cm", "I48.11", ["atrial_fibrillation"], ""),
        ("icd10cm", "N18.32", ["ckd"], "G3b"),
        ("icd10cm", "N18.6", ["ckd", "end_stage_renal_disease"], "G5"),
        ("icd10cm", "Z99.2", ["dialysis"], ""),
        # what the outpatient scores ask for
        ("snomed", "266257000", ["tia"], ""),
        ("icd10cm", "G45.9", ["tia"], ""),
        ("icd10cm", "I74.3", ["systemic_embolism"], ""),
        ("icd10cm", "I70.0", ["aortic_atherosclerosis"], ""),
        ("icd10cm", "I61.9", ["stroke", "major_bleeding", "intracranial_haemorrhage"], ""),
        ("icd10cm", "I69.151", ["stroke", "intracranial_haemorrhage"], ""),
        ("icd10cm", "I63.9", ["stroke", "ischaemic_stroke"], ""),
        ("icd10cm", "I69.354", ["stroke", "ischaemic_stroke"], ""),
        (
            "icd10cm",
            "K25.4",
            ["major_bleeding", "gastrointestinal_bleeding", "peptic_ulcer"],
            "",
        ),
        ("icd10cm", "K92.2", ["major_bleeding", "gastrointestinal_bleeding"], ""),
        ("icd10cm", "K74.60", ["cirrhosis", "chronic_liver_disease"], ""),
        ("icd10cm", "K70.31", ["cirrhosis", "chronic_liver_disease"], ""),
        ("icd10cm", "B18.2", ["chronic_liver_disease"], ""),
        ("icd10cm", "F10.20", ["alcohol_use_disorder"], ""),
        ("icd10cm", "E11.621", ["diabetes_type_2", "foot_ulcer"], ""),
        ("icd10cm", "Z89.512", ["lower_limb_amputation"], ""),
        ("icd10cm", "H54.0X33", ["blindness"], ""),
        # what prescribing rules ask for
        ("snomed", "703272007", ["heart_failure", "hfref"], ""),
        ("icd10cm", "I50.22", ["heart_failure", "hfref"], ""),
        ("icd10cm", "I50.33", ["heart_failure", "hfpef"], ""),
        ("icd10cm", "I50.9", ["heart_failure"], ""),
        (
            "icd10cm",
            "I21.4",
            ["myocardial_infarction", "coronary_heart_disease", "acute_coronary_syndrome"],
            "",
        ),
        ("icd10cm", "I20.0", ["coronary_heart_disease", "acute_coronary_syndrome"], ""),
        ("icd10cm", "I20.8", ["coronary_heart_disease"], ""),
        ("icd10cm", "Z95.5", ["coronary_heart_disease", "pci_stent"], ""),
        ("snomed", "36969009", ["pci_stent", "coronary_heart_disease"], ""),
        ("icd10cm", "Z95.2", ["mechanical_heart_valve"], "kind_not_stated"),
        ("icd10cm", "T78.3XXA", ["angioedema"], ""),
        ("icd10cm", "K25.9", ["peptic_ulcer"], ""),  # an ulcer is no bleeding
        ("icd10cm", "E11.10", ["diabetes_type_2", "diabetic_ketoacidosis"], ""),
        ("icd10cm", "E11.641", ["diabetes_type_2", "severe_hypoglycaemia"], ""),
        ("icd10cm", "E11.649", ["diabetes_type_2"], ""),  # hypoglycaemia without coma
        ("icd10cm", "I95.1", ["orthostatic_hypotension"], ""),
        ("icd10cm", "I95.9", ["hypotension"], ""),
        ("icd10cm", "M80.051A", ["fracture_fragility", "osteoporosis"], ""),
        ("icd10cm", "N04.9", ["nephrotic_syndrome", "proteinuria"], ""),
        ("icd10cm", "C73", ["thyroid_cancer"], ""),  # which may be medullary, or not
        ("icd10cm", "E31.22", ["medullary_thyroid_carcinoma"], ""),
        # WHO ICD-10 has codes of its own
        ("icd10", "J46", ["asthma"], ""),
        ("icd10", "E14.9", ["diabetes_other"], ""),
        ("icd10", "I64", ["stroke"], ""),
    ],
)
def test_what_a_code_says(system, code, concepts, detail):
    found = condition_of(code_in(system, code))
    assert [concept.id for concept in found.concepts] == concepts
    assert found.detail == detail


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("snomed", "444814009"),  # viral sinusitis
        ("icd10cm", "G45.4"),  # transient global amnesia is no TIA
        ("icd10cm", "K76.0"),  # nor fatty liver chronic liver disease
        ("icd10cm", "I44.0"),  # a first-degree block stops no medicine
        ("icd10cm", "W19.XXXA"),  # one accident is not "falls"
        ("icd10cm", "I48.92"),  # atrial flutter is not fibrillation
        ("icd10cm", "R73.09"),
        ("icd10cm", "E14"),  # not in the clinical modification
        ("icd10", "E08"),
        ("loinc", "2160-0"),
    ],
)
def test_what_is_not_listed_is_not_guessed(system, code):
    assert condition_of(code_in(system, code)) is None


def test_what_stays_in_the_history():
    assert {"myocardial_infarction", "diabetes_type_2", "ckd", "stroke"} <= PERSISTING
    assert not {"pregnancy", "dialysis", "prediabetes", "hypertension"} & PERSISTING


def test_implied_concepts_exist():
    assert {name for c in CONDITIONS.values() for name in c.implies} <= set(CONDITIONS)


def test_every_concept_of_the_prescribing_rules_is_stated_by_codes_of_both_kinds():
    kinds = {c: {code.name[:5] for code, _, _ in condition_codes_of(c)} for c in FOR_PRESCRIBING}

    assert {c for c, found in kinds.items() if not found} == set()
    only_one = {c for c, found in kinds.items() if found != {"snome", "icd10"}}
    # no code of SNOMED CT that we are sure of says that a valve is a prosthesis
    assert only_one == {"mechanical_heart_valve"}
