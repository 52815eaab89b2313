"""The codes that the cohort speaks: LOINC, SNOMED CT, ICD-10-CM, RxNorm, from `tables/*.csv`.

Every RxNorm code occurs in the supplied Synthea data or in CPIC's drug table; the `source` column
says where. The other codes are the ones of the terminology room, under one display each.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"

BP_PANEL = ("85354-9", "Blood pressure panel with all children optional")
SMOKING_STATUS = ("72166-2", "Tobacco smoking status")
SMOKING_ANSWERS = {
    "current": ("449868002", "Smokes tobacco daily"),
    "former": ("8517006", "Ex-smoker"),
    "never": ("266919005", "Never smoked tobacco"),
    "unknown": ("266927001", "Tobacco smoking consumption unknown"),
}
NO_KNOWN_ALLERGY = ("716186003", "No known allergy")
VACCINES = {
    "influenza": ("140", "Influenza, seasonal, injectable, preservative free"),
    "pneumococcal": ("133", "Pneumococcal conjugate PCV 13"),
}
ENCOUNTER_TYPES = {
    "check_up": ("185349003", "Encounter for check up"),
    "follow_up": ("390906007", "Follow-up encounter"),
    "emergency": ("50849002", "Emergency room admission"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measurement is called on the wire, its UCUM unit and how many decimals are sent."""

    key: str
    concept: str
    loinc: str
    display: str
    ucum: str
    unit: str
    decimals: int
    category: str


@dataclass(frozen=True, slots=True)
class Disease:
    """A condition in SNOMED CT and ICD-10-CM; `concept` is empty where no model asks for it."""

    key: str
    concept: str
    snomed: str
    snomed_display: str
    icd10cm: str
    icd10cm_display: str


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug as ordered, and what it does: None where it does nothing to that quantity.

    `amount` of `unit` (tablet or mg) `times_a_day`; None where the dosage is in words only.
    """

    key: str
    rxnorm: str
    display: str
    dosage: str
    amount: float | None
    unit: str
    times_a_day: float | None
    classes: frozenset[str]
    bp_dose: str
    ldl_percent: float | None
    hba1c_drop: float | None
    weight_kg: float
    heart_rate: float


@dataclass(frozen=True, slots=True)
class Allergen:
    key: str
    snomed: str
    display: str
    category: str
    criticality: str


def table(name: str) -> list[dict[str, str]]:
    """The rows of `tables/<name>.csv`."""
    source = files("patients.synthetic") / "tables" / f"{name}.csv"
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _drug(row: dict[str, str]) -> Drug:
    return Drug(
        row["key"],
        row["rxnorm"],
        row["display"],
        row["dosage"],
        _number(row["amount"]),
        row["unit"],
        _number(row["times_a_day"]),
        frozenset(row["classes"].split()),
        row["bp_dose"],
        _number(row["ldl_percent"]),
        _number(row["hba1c_drop"]),
        float(row["weight_kg"]),
        float(row["heart_rate"]),
    )


MEASURED: Mapping[str, Measured] = {
    row["key"]: Measured(**{**row, "decimals": int(row["decimals"])})  # type: ignore[arg-type]
    for row in table("measurements")
}
DISEASES: Mapping[str, Disease] = {row["key"]: Disease(**row) for row in table("conditions")}
DRUGS: Mapping[str, Drug] = {row["key"]: _drug(row) for row in table("medications")}
ALLERGENS: Mapping[str, Allergen] = {row["key"]: Allergen(**row) for row in table("allergies")}
