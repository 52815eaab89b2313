"""A row in the place of another: what differs, and what speaks less against a medicine."""

from pathlib import Path

import pytest

from models_engine.catalogue.treatment.knowledge.loading import read_knowledge
from tests.unit.models_engine.catalogue.treatment.builders import CLASSES, write_tables

ABOUT = {"applies_to": "class:acei class:arb", "when": "has:gout"}


def weakenings(folder: Path, table: str, before: dict[str, str], after: dict[str, str]) -> str:
    for name, row in (("one", before), ("two", after)):
        write_tables(folder / name, classes=CLASSES, **{table: [{"id": "r", **row}]})
    found = read_knowledge(folder / "one", folder / "two")
    (only,) = found.replacements
    assert found.is_own(table, "r") and not found.is_own("monitoring", "r")
    assert read_knowledge(folder / "one").replacements == ()
    return "; ".join(only.weakenings)


@pytest.mark.parametrize(
    ("table", "before", "after", "said"),
    [
        ("contraindications", {"severity": "X"}, {"severity": "D"}, "severity lowered: X -> D"),
        ("contraindications", {"severity": "C"}, {"severity": "X"}, ""),
        ("contraindications", {"asks": "yes"}, {"asks": "no"}, "asks: yes -> no"),
        ("contraindications", {}, {"applies_to": "class:arb"}, "applies_to without class:acei"),
        ("contraindications", {"applies_to": "class:arb"}, {}, ""),
        ("contraindications", {}, {"when": "age>=99"}, "when changed, which may weaken it: has:"),
        ("contraindications", {}, {"plain": "Other words."}, ""),
        ("dosing", {"action": "avoid"}, {"action": "caution"}, "lowered: avoid -> caution"),
        ("dosing", {"high": "30"}, {"high": "15"}, "high changed, which may weaken it: 30.0 ->"),
        (
            "dosing",
            {"daily_mg": "5"},
            {},
            "daily_mg changed, which may weaken it: 5.0 -> (nothing)",
        ),
        ("recommendations", {"tier": "4"}, {"tier": "2"}, "tier lowered: 4 -> 2"),
        ("recommendations", {"tier": "1"}, {"tier": "3"}, ""),
    ],
)
def test_what_weakens(
    tmp_path: Path, table: str, before: dict[str, str], after: dict[str, str], said: str
) -> None:
    about = dict(ABOUT)
    if table == "recommendations":
        about = {"says": "It.", "evidence": "J", "reviewed": "2026-11-21", "indication": "x"}
    found = weakenings(tmp_path, table, {**about, **before}, {**about, **after})
    assert said in found and bool(said) == bool(found)


def test_a_medicine_that_is_known_less(tmp_path: Path) -> None:
    before = {"classes": "acei arb", "atc": "C09AA03", "aliases": "one/two"}
    after = {"classes": "arb", "atc": "C09AA03", "aliases": "two"}
    found = weakenings(tmp_path, "ingredients", before, after)
    assert found == "aliases without one; classes without acei"
