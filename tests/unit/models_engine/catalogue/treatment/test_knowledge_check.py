"""The tables held against each other: each fault is found, and the committed tables have none."""

from datetime import date
from pathlib import Path

import pytest

from models_engine.catalogue.treatment.knowledge.check import (
    counts,
    overdue,
    problems,
    unverified,
)
from models_engine.catalogue.treatment.knowledge.loading import (
    KnowledgeError,
    columns,
    knowledge,
    read_knowledge,
)
from models_engine.catalogue.treatment.knowledge.schema import Interaction
from models_engine.registry import registered
from tests.unit.models_engine.catalogue.treatment.builders import (
    CLASSES,
    INGREDIENTS,
    Rows,
    knowledge_of,
    write_tables,
)


def test_the_committed_tables_have_no_error() -> None:
    outcomes = {key: {o.id for o in model.outcomes} for key, model in registered().items()}
    assert [str(one) for one in problems(knowledge(), outcomes) if one.level == "error"] == []


def found(folder: Path, **tables: Rows) -> list[str]:
    return [str(one) for one in problems(knowledge_of(folder, **tables), {"m": {"out"}})]


def test_sound_tables_have_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path, sources=[]) == []


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("interactions", {"applies_to": "class:nobody", "other": "any"}, "class:nobody: does not"),
        ("interactions", {"applies_to": "any", "other": "ingredient:hctz"}, "does not exist"),
        (
            "interactions",
            {"applies_to": "any", "other": "any", "third": "class:x"},
            "third class:x",
        ),
        ("allergies", {"applies_to": "any", "allergen": "option:no"}, "option:no: does not"),
        ("dosing", {"applies_to": "change:potassium"}, "only effects on events"),
        ("contraindications", {"applies_to": "any", "when": "has:flu"}, "when has:flu: nobody"),
        ("contraindications", {"applies_to": "any", "when": "takes:flu"}, "when takes:flu"),
        ("contraindications", {"applies_to": "any", "when": "for:flu"}, "when for:flu"),
        ("contraindications", {"applies_to": "any", "when": "sex:other"}, "when sex:other"),
        ("contraindications", {"applies_to": "any", "when": "flu>1"}, "when flu>1"),
        ("contraindications", {"applies_to": "any", "source": "S-NO"}, "source S-NO does not"),
        ("pharmacogenomics", {"applies_to": "any"}, "no gene, or no phenotype"),
        ("ingredients", {"id": "new", "classes": "nobody"}, "class nobody does not exist"),
        ("ingredients", {"id": "new", "aliases": "HCTZ"}, "'HCTZ' is one of hydrochlorothiazide"),
        ("ingredients", {"id": "new", "atc": "C09AA03"}, "'C09AA03' is one of lisinopril"),
        ("ingredients", {"id": "new", "atc": "C9"}, "'C9' is no ATC code"),
        ("ingredients", {"id": "new", "evidence": "W"}, "evidence tag 'W'"),
        ("classes", {"id": "new", "label": "New", "atc": "09"}, "'09' is no ATC group"),
        ("outcomes", {"id": "new", "models": "m:other"}, "m:other: no model has"),
        ("outcomes", {"id": "new", "kind": "value"}, "no measured concept"),
        ("options", {"ingredients": "nobody", "main_class": "acei"}, "ingredient nobody"),
        ("options", {"ingredients": "lisinopril", "main_class": "no"}, "class no does not exist"),
        ("options", {"ingredients": "lisinopril", "main_class": "arb"}, "none of its ingredients"),
        (
            "options",
            {"ingredients": "lisinopril", "main_class": "acei", "atc": "C09CA01"},
            "ATC C09CA01 is not of class acei",
        ),
        (
            "options",
            {"ingredients": "lisinopril", "main_class": "acei", "what_if": "magic"},
            "what-if treatment magic",
        ),
    ],
)
def test_a_fault_is_named(tmp_path: Path, table: str, row: dict[str, str], said: str) -> None:
    before = {"classes": CLASSES, "ingredients": INGREDIENTS}.get(table, [])
    wrong = found(tmp_path, **{table: [*before, row]})
    assert len(wrong) == 1 and said in wrong[0] and wrong[0].startswith(f"{table}: ")


def bands(*given: tuple[str, str] | tuple[str, str, str]) -> Rows:
    return [
        {
            "id": f"band_{number}",
            "applies_to": "ingredient:metformin",
            "low": band[0],
            "high": band[1],
            "when": band[2] if len(band) > 2 else "",
        }
        for number, band in enumerate(given)
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (bands(("", "30"), ("30", "45")), ""),
        (bands(("", "30"), ("35", "45")), "nothing is said from 30 to 35"),
        (bands(("30", "45")), "nothing is said from -inf to 30"),
        (bands(("", "30"), ("25", "45")), "overlap from 25, with band_0"),
        (bands(("", "30"), ("30", "45", "takes:metformin"), ("30", "45", "not:metformin")), ""),
        (
            [
                {"id": "class", "applies_to": "class:acei", "high": "30"},
                {"id": "own", "applies_to": "ingredient:lisinopril", "low": "30", "high": "60"},
            ],
            "",
        ),
    ],
)
def test_bands_leave_no_hole_and_do_not_overlap(tmp_path: Path, rows: Rows, said: str) -> None:
    wrong = found(tmp_path, dosing=rows)
    assert bool(wrong) == bool(said)
    assert all(said in one for one in wrong)


def test_a_source_that_nobody_uses_is_a_warning(tmp_path: Path) -> None:
    made = knowledge_of(tmp_path, sources=[{"id": "S-ONE"}])
    assert [(one.row, one.level) for one in problems(made)] == [("S-ONE", "warning")]


def test_rows_that_nobody_looked_at(tmp_path: Path) -> None:
    rows = [
        {"id": "old", "applies_to": "any", "other": "any", "reviewed": "2024-11-20"},
        {"id": "new", "applies_to": "any", "other": "any", "reviewed": "2024-11-23"},
        {"id": "ahead", "applies_to": "any", "other": "any", "reviewed": "2026-11-22"},
    ]
    wrong = overdue(knowledge_of(tmp_path, interactions=rows), date(2026, 11, 21))
    assert [(one.row, one.level) for one in wrong] == [("old", "warning"), ("ahead", "error")]


def test_counts_and_the_unverified(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "applies_to": "any", "other": "any", "evidence": "M"},
        {"id": "b", "applies_to": "any", "other": "any", "evidence": "J"},
        {"id": "c", "applies_to": "any", "other": "any", "evidence": "M"},
    ]
    made = knowledge_of(tmp_path, interactions=rows)
    assert counts(made)["interactions"] == {"J": 1, "M": 2}
    assert [(table, row.id) for table, row in unverified(made)] == [
        ("interactions", "a"),
        ("interactions", "c"),
    ]


def test_a_file_may_leave_out_a_third_medicine(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, interactions=[{"id": "a", "applies_to": "any", "other": "any"}])
    path = folder / "interactions" / "made.csv"
    head, row = path.read_text(encoding="utf-8").splitlines()
    at = columns(Interaction).index("third")
    kept = [",".join(c for n, c in enumerate(line.split(",")) if n != at) for line in (head, row)]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert "third" not in path.read_text(encoding="utf-8")
    (read,) = read_knowledge(folder).rows(Interaction)
    assert read.third == ()
    path.write_text(head.replace("severity,", "") + "\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="columns must be"):
        read_knowledge(folder)


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("dosing", {"applies_to": "any", "low": "45", "high": "30"}, "from 45"),
        ("dosing", {"applies_to": "any", "action": "full"}, "how much"),
        ("deprescribing", {"applies_to": "any", "severity": "E"}, "severity 'E'"),
        ("interactions", {"applies_to": "clas:acei", "other": "any"}, "not understood"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(
    tmp_path: Path, table: str, row: dict[str, str], said: str
) -> None:
    with pytest.raises(KnowledgeError, match=said):
        knowledge_of(tmp_path, **{table: [row]})
