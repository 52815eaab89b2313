"""The codes that the synthetic cohort uses. Where each is from is said beside it; none is made up.

LOINC and UCUM: the input catalogue of the concept tables. SNOMED CT: its anchors. RxNorm: codes
met in Synthea output (Apache-2.0), in CPIC's drug table (CC0), or in OHDSI's vocabulary.
"""

from typing import NamedTuple

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
OWN = "urn:twinportal:synthetic"


class Lab(NamedTuple):
    """A measurement: LOINC code, display, UCUM unit, decimals as a laboratory reports them."""

    code: str
    display: str
    unit: str
    decimals: int


LABS = {
    "total_cholesterol": Lab("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", 0),
    "hdl": Lab("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "mg/dL", 0),
    "ldl": Lab(
        "13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "mg/dL", 0
    ),
    "triglycerides": Lab("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL", 0),
    "hba1c": Lab("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 1),
    "creatinine": Lab("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 2),
    "egfr": Lab(
        "98979-8",
        "Glomerular filtration rate by Creatinine-based formula (CKD-EPI 2021)",
        "mL/min/{1.73_m2}",
        0,
    ),
    "acr": Lab("9318-7", "Albumin/Creatinine [Mass Ratio] in Urine", "mg/g", 0),
    "potassium": Lab("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 1),
    "sodium": Lab("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 0),
    "haemoglobin": Lab("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 1),
    "alt": Lab("1742-6", "Alanine aminotransferase [Enzymatic activity/volume]", "U/L", 0),
    "height": Lab("8302-2", "Body height", "cm", 0),
    "weight": Lab("29463-7", "Body weight", "kg", 1),
    "bmi": Lab("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2", 1),
    "heart_rate": Lab("8867-4", "Heart rate", "/min", 0),
}
VITAL_SIGNS = {"height", "weight", "bmi", "heart_rate"}
SMOKING = {
    "current": ("449868002", "Smokes tobacco daily"),
    "former": ("8517006", "Ex-smoker"),
    "never": ("266919005", "Never smoked tobacco"),
}


class Diagnosis(NamedTuple):
    """SNOMED CT and ICD-10-CM codes of one condition."""

    snomed: str
    display: str
    icd10: str


DIAGNOSES = {
    "prediabetes": Diagnosis("15777000", "Prediabetes", "R73.03"),
    "diabetes": Diagnosis("44054006", "Diabetes mellitus type 2", "E11.9"),
    "hypertension": Diagnosis("38341003", "Hypertensive disorder", "I10"),
    "ckd_3a": Diagnosis("433144002", "Chronic kidney disease stage 3", "N18.31"),
    "ckd_4": Diagnosis("431857002", "Chronic kidney disease stage 4", "N18.4"),
    "mi": Diagnosis("22298006", "Myocardial infarction", "I21.9"),
    "stroke": Diagnosis("230690007", "Cerebrovascular accident", "I63.9"),
    "heart_failure": Diagnosis("84114007", "Heart failure", "I50.9"),
    "af": Diagnosis("49436004", "Atrial fibrillation", "I48.91"),
    "copd": Diagnosis("13645005", "Chronic obstructive pulmonary disease", "J44.9"),
}


class Drug(NamedTuple):
    """RxNorm code, display, and where the code was seen."""

    code: str
    display: str
    seen_in: str


DRUGS = {
    "metformin": Drug(
        "860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet", "Synthea"
    ),
    "glimepiride": Drug("25789", "glimepiride", "CPIC"),
    "insulin": Drug(
        "106892",
        "insulin human, isophane 70 UNT/ML / Regular Insulin, Human 30 UNT/ML Injectable"
        " Suspension [Humulin]",
        "Synthea",
    ),
    "lisinopril": Drug("314076", "Lisinopril 10 MG Oral Tablet", "OHDSI vocabulary"),
    "amlodipine": Drug("197361", "Amlodipine 5 MG Oral Tablet", "Synthea"),
    "hydrochlorothiazide": Drug("316049", "Hydrochlorothiazide 25 MG", "Synthea"),
    "atorvastatin": Drug("83367", "atorvastatin", "CPIC"),
    "simvastatin": Drug("312961", "Simvastatin 20 MG Oral Tablet", "Synthea"),
    "metoprolol": Drug(
        "866414",
        "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]",
        "Synthea",
    ),
    "clopidogrel": Drug("309362", "Clopidogrel 75 MG Oral Tablet", "Synthea"),
    "warfarin": Drug("855332", "Warfarin Sodium 5 MG Oral Tablet", "Synthea"),
    "levothyroxine": Drug("966222", "Levothyroxine Sodium 0.075 MG Oral Tablet", "Synthea"),
}
ALLERGENS = {
    "penicillin": ("764146007", "Penicillin"),
    "peanut": ("762952008", "Peanut"),
    "latex": ("111088007", "Latex"),
}
NO_KNOWN_ALLERGY = ("716186003", "No known allergy")
