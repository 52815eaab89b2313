"""Small hand-made tables, and people for them. What the rows say is made up unless a test says so."""

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from models_engine.catalogue.treatment.knowledge.loading import Knowledge, columns, read_knowledge
from models_engine.catalogue.treatment.knowledge.schema import TABLES
from models_engine.catalogue.treatment.person import Reading, Reference, Taken, TreatmentPerson

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
Rows = list[dict[str, str]]
SOURCED = {"says": "Says so.", "evidence": "J", "reviewed": "2026-11-21"}
DEFAULTS: Mapping[str, dict[str, str]] = {
    "classes": {"plain_label": "a kind", "duplicates": "yes"},
    "ingredients": {"evidence": "J"},
    "contraindications": {**SOURCED, "kind": "condition", "severity": "X", "plain": "Not for you."},
    "dosing": {**SOURCED, "measure": "egfr", "action": "reduce", "plain": "A smaller dose."},
    "interactions": {**SOURCED, "severity": "D", "plain": "Not together."},
    "allergies": {**SOURCED, "severity": "X", "plain": "You had a reaction."},
    "pharmacogenomics": {**SOURCED, "severity": "D", "plain": "Your genes matter."},
    "deprescribing": {**SOURCED, "severity": "D", "plain": "Talk about it.", "how": "Slowly."},
    "options": {
        **SOURCED,
        "indication": "hypertension",
        "label": "An option",
        "plain_label": "a pill",
        "dose": "once",
        "route": "oral",
        "every": "day",
        "cost": "low",
    },
    "outcomes": {**SOURCED, "kind": "event", "weight": "1", "label": "It", "plain_label": "it"},
    "sources": {
        "citation": "Somebody, somewhere.",
        "opened_at": "https://example.org",
        "quote": "so it is",
        "opened_on": "2026-11-21",
    },
}
CLASSES: Rows = [
    {"id": "acei", "label": "ACE inhibitor", "atc": "C09A C09B"},
    {"id": "arb", "label": "ARB", "atc": "C09C"},
    {"id": "raas", "label": "Renin-angiotensin inhibitor", "atc": "C09", "duplicates": "no"},
    {"id": "diuretic", "label": "Diuretic", "atc": "C03", "duplicates": "no"},
    {"id": "nsaid", "label": "NSAID", "atc": "M01A"},
    {"id": "statin", "label": "Statin", "atc": "C10AA"},
    {"id": "doac", "label": "DOAC", "atc": "B01AF"},
    {"id": "penicillin", "label": "Penicillin", "atc": "J01C", "duplicates": "no"},
    {"id": "benzodiazepine", "label": "Benzodiazepine", "atc": "N05BA"},
    {"id": "opioid", "label": "Opioid", "atc": "N02A"},
]
INGREDIENTS: Rows = [
    {"id": "lisinopril", "classes": "acei", "atc": "C09AA03", "rxnorm": "29046"},
    {"id": "enalapril", "classes": "acei", "atc": "C09AA02"},
    {"id": "losartan", "classes": "arb", "atc": "C09CA01"},
    {"id": "hydrochlorothiazide", "aliases": "hctz", "atc": "C03AA03"},
    {"id": "ibuprofen", "atc": "M01AE01"},
    {"id": "naproxen", "atc": "M01AE02"},
    {"id": "simvastatin", "atc": "C10AA01"},
    {"id": "clarithromycin", "atc": "J01FA09"},
    {"id": "apixaban", "atc": "B01AF02"},
    {"id": "metformin", "atc": "A10BA02"},
    {"id": "amoxicillin", "atc": "J01CA04"},
    {"id": "cefalexin", "aliases": "cephalexin", "atc": "J01DB01"},
    {"id": "diazepam", "atc": "N05BA01"},
    {"id": "morphine", "atc": "N02AA01"},
]


def write_tables(folder: Path, **tables: Rows) -> Path:
    """CSV files of the rows; what a row leaves out is filled in. A table without a row has none."""
    for name, rows in tables.items():
        if not rows:
            continue
        wanted = columns(TABLES[name])
        (folder / name).mkdir(parents=True, exist_ok=True)
        with (folder / name / "made.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, wanted, restval="")
            writer.writeheader()
            defaults = DEFAULTS.get(name, {})
            writer.writerows(
                {**defaults, "id": f"{name}_{number}", "label": "A label", **row}
                if "label" in wanted
                else {**defaults, "id": f"{name}_{number}", **row}
                for number, row in enumerate(rows)
            )
    return folder


def knowledge_of(folder: Path, **tables: Rows) -> Knowledge:
    """The tables with the classes and ingredients above."""
    given: dict[str, Rows] = {"classes": CLASSES, "ingredients": INGREDIENTS, **tables}
    return read_knowledge(write_tables(folder, **given))


def reference(number: int = 1, kind: str = "Observation") -> Reference:
    return kind, str(number), 1


def reading(value: float, unit: str = "", day: str = "2026-11-01", number: int = 1) -> Reading:
    return Reading(value, unit, date.fromisoformat(day), reference(number))


def taken(*ingredients: str, **more: Any) -> Taken:
    """A medicine of the record with its classes, as the tables above have them."""
    classes: set[str] = set()
    for row in INGREDIENTS:
        if row["id"] in ingredients:
            classes |= {
                one["id"]
                for one in CLASSES
                if any(row["atc"].startswith(atc) for atc in one["atc"].split())
            }
    given: dict[str, Any] = {
        "label": "/".join(ingredients),
        "ingredients": ingredients,
        "classes": frozenset(classes),
        "references": (reference(len(ingredients), "MedicationRequest"),),
    }
    return Taken(**(given | more))


def person(**more: Any) -> TreatmentPerson:
    """A man of 60 about whom allergies are recorded: none."""
    given: dict[str, Any] = {
        "as_of": NOW,
        "age": 60,
        "sex": "male",
        "allergies_recorded": True,
    }
    return TreatmentPerson(**(given | more))
