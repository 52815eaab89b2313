"""The table of interactions: it names only what is known, and holds the pairs that must never be missing."""

import pytest

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import (
    DrugClass,
    Ingredient,
    Interaction,
    Source,
    Subjects,
)

INGREDIENTS = knowledge().by_id(Ingredient)
CLASSES = knowledge().by_id(DrugClass)
INTERACTIONS = knowledge().rows(Interaction)


def _members(subjects: Subjects) -> set[str]:
    found: set[str] = set()
    for one in subjects:
        if one.kind == "ingredient":
            found.add(one.name)
        else:
            found |= {i.id for i in INGREDIENTS.values() if one.name in i.classes}
    return found


PAIRS = [(_members(row.applies_to), _members(row.other), row) for row in INTERACTIONS]


def severities(first: str, second: str) -> set[str]:
    return {
        row.severity
        for some, others, row in PAIRS
        if (first in some and second in others) or (second in some and first in others)
    }


def test_every_subject_and_source_is_known() -> None:
    sources = knowledge().by_id(Source)
    for row in INTERACTIONS:
        for subject in (*row.applies_to, *row.other):
            known = INGREDIENTS if subject.kind == "ingredient" else CLASSES
            assert subject.kind in ("ingredient", "class"), row.id
            assert subject.name in known, row.id
        assert set(row.source) <= set(sources), row.id


def test_both_sides_of_every_row_have_members() -> None:
    assert [row.id for some, others, row in PAIRS if not some or not others] == []


def test_a_dose_limit_is_of_single_ingredients() -> None:
    for row in INTERACTIONS:
        if row.over_daily_mg is not None:
            assert all(one.kind == "ingredient" for one in row.applies_to), row.id


@pytest.mark.parametrize(
    ("first", "second", "severity"),
    [
        ("simvastatin", "clarithromycin", "X"),
        ("simvastatin", "itraconazole", "X"),
        ("simvastatin", "cyclosporine", "X"),
        ("simvastatin", "gemfibrozil", "X"),
        ("simvastatin", "amlodipine", "D"),
        ("simvastatin", "amiodarone", "D"),
        ("simvastatin", "verapamil", "D"),
        ("warfarin", "amiodarone", "D"),
        ("warfarin", "metronidazole", "D"),
        ("warfarin", "sulfamethoxazole", "D"),
        ("warfarin", "fluconazole", "D"),
        ("warfarin", "ibuprofen", "D"),
        ("lisinopril", "spironolactone", "C"),
        ("lisinopril", "losartan", "D"),
        ("lisinopril", "sacubitril", "X"),
        ("lisinopril", "ibuprofen", "C"),
        ("hydrochlorothiazide", "ibuprofen", "C"),
        ("spironolactone", "trimethoprim", "D"),
        ("bisoprolol", "verapamil", "D"),
        ("digoxin", "amiodarone", "D"),
        ("digoxin", "verapamil", "D"),
        ("digoxin", "clarithromycin", "D"),
        ("clopidogrel", "omeprazole", "D"),
        ("apixaban", "rifampin", "X"),
        ("apixaban", "carbamazepine", "D"),
        ("rivaroxaban", "ketoconazole", "D"),
        ("dabigatran etexilate", "dronedarone", "X"),
        ("sertraline", "ibuprofen", "C"),
        ("sertraline", "warfarin", "C"),
        ("sertraline", "phenelzine", "X"),
        ("sertraline", "tramadol", "D"),
        ("methotrexate", "trimethoprim", "X"),
        ("lithium", "lisinopril", "D"),
        ("lithium", "hydrochlorothiazide", "D"),
        ("lithium", "naproxen", "D"),
        ("sildenafil", "nitroglycerin", "X"),
        ("azathioprine", "allopurinol", "D"),
        ("citalopram", "ondansetron", "D"),
        ("methadone", "azithromycin", "D"),
        ("oxycodone", "diazepam", "D"),
        ("theophylline", "ciprofloxacin", "D"),
        ("glipizide", "fluconazole", "C"),
        ("atorvastatin", "gemfibrozil", "D"),
        ("levothyroxine", "ferrous sulfate", "C"),
        ("eplerenone", "clarithromycin", "X"),
        ("finerenone", "itraconazole", "X"),
        ("repaglinide", "gemfibrozil", "X"),
        ("ivabradine", "verapamil", "X"),
    ],
)
def test_a_pair_that_must_be_found(first: str, second: str, severity: str) -> None:
    assert severity in severities(first, second)
    assert severities(first, second) == severities(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("pantoprazole", "clopidogrel"),
        ("pravastatin", "amlodipine"),
        ("amlodipine", "lisinopril"),
        ("metformin", "lisinopril"),
        ("aspirin", "lisinopril"),
    ],
)
def test_a_pair_that_is_harmless_stays_silent(first: str, second: str) -> None:
    assert severities(first, second) == set()


def test_two_kinds_of_calcium_channel_blockers() -> None:
    assert "C" in severities("amlodipine", "verapamil")
    assert "C" in severities("nifedipine", "diltiazem")
