"""Small tables for rankings, with the published figures that the tests recompute by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models_engine.catalogue.treatment.knowledge.loading import Knowledge, read_knowledge
from models_engine.catalogue.treatment.person import Taken, TreatmentPerson
from models_engine.catalogue.treatment.ranking.baselines import TwinNumber
from models_engine.catalogue.treatment.ranking.rank import Subject, rank
from models_engine.catalogue.treatment.ranking.results import Candidate, Preferences, Ranking
from models_engine.catalogue.treatment.ranking.values import Today
from models_engine.catalogue.treatment.safety.finding import Finding, Level, Safety
from models_engine.catalogue.what_if.propagate import Person
from tests.unit.models_engine.catalogue.treatment import builders
from tests.unit.models_engine.catalogue.treatment.builders import SOURCED, Rows

CLASSES: Rows = [
    {"id": "statin", "label": "Statin", "atc": "C10AA"},
    {"id": "pcsk9", "label": "PCSK9 inhibitor"},
    {"id": "acei", "label": "ACE inhibitor"},
    {"id": "arb", "label": "ARB"},
    {"id": "arni", "label": "ARNI"},
    {"id": "mra", "label": "MRA"},
    {"id": "ccb_dhp", "label": "Calcium channel blocker"},
    {"id": "vka", "label": "Vitamin K antagonist"},
    {"id": "doac", "label": "DOAC"},
    {"id": "anticoagulant", "label": "Anticoagulant"},
    {"id": "sulfonylurea", "label": "Sulfonylurea"},
]
INGREDIENTS: Rows = [
    {"id": "atorvastatin", "classes": "statin"},
    {"id": "rosuvastatin", "classes": "statin"},
    {"id": "evolocumab", "classes": "pcsk9"},
    {"id": "lisinopril", "classes": "acei"},
    {"id": "enalapril", "classes": "acei"},
    {"id": "losartan", "classes": "arb"},
    {"id": "sacubitril", "classes": "arni"},
    {"id": "valsartan", "classes": "arb"},
    {"id": "spironolactone", "classes": "mra"},
    {"id": "amlodipine", "classes": "ccb_dhp"},
    {"id": "warfarin", "classes": "vka anticoagulant"},
    {"id": "apixaban", "classes": "doac anticoagulant"},
    {"id": "glipizide", "classes": "sulfonylurea"},
]
OUTCOMES: Rows = [
    {"id": "death", "models": "mortality:death"},
    {"id": "mace", "weight": "0.5", "models": "prevent:ascvd"},
    {"id": "stroke", "weight": "0.6", "models": "prevent:stroke"},
    {"id": "stroke_af", "weight": "0.6"},
    {"id": "cv_death_or_hf", "weight": "0.6"},
    {"id": "hf_hospitalisation", "weight": "0.3"},
    {"id": "major_bleeding", "weight": "0.4", "kind": "harm"},
    {"id": "cough", "weight": "0.02", "kind": "harm"},
    {"id": "ketoacidosis", "weight": "0.3", "kind": "harm"},
    {"id": "severe_hypoglycaemia", "weight": "0.2", "kind": "harm"},
    {"id": "hba1c", "weight": "0.01", "kind": "value"},
]
EFFECT = {**SOURCED, "indication": "any", "form": "hazard_ratio", "comparator": "placebo"}
HARM = {**SOURCED, "label": "A harm", "plain_label": "a harm", "form": "per_1000", "months": "12"}
BASELINE = {**SOURCED, "months": "12"}
RECOMMENDATION = {**SOURCED, "tier": "1"}
MONITORING = {**SOURCED, "test": "Potassium", "when": "after two weeks"}
DEFAULTS = {
    "event_effects": EFFECT,
    "harms": HARM,
    "baselines": BASELINE,
    "recommendations": RECOMMENDATION,
    "monitoring": MONITORING,
}
NUMBERS = {
    "prevent:ascvd": TwinNumber(0.15, 120.0),
    "prevent:stroke": TwinNumber(0.05, 120.0),
}


def knowledge_of(folder: Path, **tables: Rows) -> Knowledge:
    """The tables above and these."""
    given: dict[str, Rows] = {
        "classes": CLASSES,
        "ingredients": INGREDIENTS,
        "outcomes": OUTCOMES,
    }
    for name, rows in tables.items():
        given[name] = [{**DEFAULTS.get(name, {}), **row} for row in rows]
    return read_knowledge(builders.write_tables(folder, **given))


def option(key: str, ingredients: str, main_class: str = "", **more: str) -> dict[str, str]:
    """An option of hypertension, if nothing else is said."""
    return {"id": key, "ingredients": ingredients, "main_class": main_class, "label": key, **more}


def taken(*ingredients: str, daily_mg: float | None = None, **more: Any) -> Taken:
    """A medicine with the classes of its ingredients."""
    classes = {c for row in INGREDIENTS if row["id"] in ingredients for c in row["classes"].split()}
    return Taken("/".join(ingredients), ingredients, frozenset(classes), daily_mg, **more)


def who(*medicines: Taken, conditions: tuple[str, ...] = (), **more: Any) -> TreatmentPerson:
    """A man of 60."""
    recorded: Mapping[str, Any] = {c: (("Condition", c, 1),) for c in conditions}
    return builders.person(medicines=medicines, conditions=recorded, **more)


class Says:
    """Rules of safety that say one level of named ingredients, and what replaces what was asked."""

    def __init__(self, **levels: Level) -> None:
        self.levels = levels
        self.asked: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    def __call__(
        self,
        option_ingredients: tuple[str, ...],
        daily_mg: float | None,
        route: str,
        indication: str,
        person: TreatmentPerson,
        knowledge: Knowledge,
        *,
        replaces: tuple[Taken, ...] = (),
    ) -> Safety:
        self.asked.append((option_ingredients, tuple(one.label for one in replaces)))
        found = [
            Finding("contraindication", self.levels[name], name, name)
            for name in option_ingredients
            if name in self.levels
        ]
        return Safety(tuple(found))


def ranked(
    knowledge: Knowledge,
    person: TreatmentPerson | None = None,
    indication: Any = "hypertension",
    preferences: Preferences | None = None,
    *,
    values: Mapping[str, float] | None = None,
    what_if: Person | None = None,
    twin: Mapping[str, TwinNumber] | None = None,
    check: Any = None,
) -> Ranking:
    """A ranking without any model rerun."""
    subject = Subject(
        person or who(),
        Today(values or {}, what_if or Person()),
        NUMBERS if twin is None else twin,
    )
    return rank(subject, indication, preferences or Preferences(), knowledge, check or Says())


def by_key(ranking: Ranking) -> dict[str, Candidate]:
    """All candidates, excluded ones too."""
    return {one.key: one for one in (*ranking.candidates, *ranking.excluded)}
