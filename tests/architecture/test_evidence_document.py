"""docs/evidence.md is what code and pages point to: ids exist, and what is unverified is listed."""

import re
from pathlib import Path

import pytest

from models_engine.registry import all_models

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/evidence.md").read_text()
NOT_FOUND = TEXT.split("## Looked for and not found")[1]
ID = re.compile(r"\bE-[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*\b")
TABLES = TEXT.split("## Scores")[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLES.splitlines()
    if line.startswith("| ") and not line.startswith(("| id |", "| what |"))
]


def pointed_to() -> dict[str, str]:
    """Id to one file of the product that names it."""
    folders = ("models_engine", "twinportal", "explain", "patients", "templates")
    files = [
        f for name in folders for f in (ROOT / name).rglob("*") if f.suffix in {".py", ".html"}
    ]
    return {
        found: str(path.relative_to(ROOT))
        for path in files
        if "docs/evidence.md" in (text := path.read_text())
        for found in ID.findall(text)
    }


def test_every_id_in_the_code_is_a_row() -> None:
    rows = {row[0] for row in ROWS}
    found = pointed_to()
    assert found
    assert not {i: path for i, path in found.items() if i not in rows}


def test_ids_are_unique_and_every_row_names_its_source() -> None:
    ids = [row[0] for row in ROWS if ID.fullmatch(row[0])]
    assert len(ids) == len(set(ids)) > 20
    for row in ROWS:
        if len(row) == 5:
            *_, where, verdict = row
            assert verdict, row
            assert where or "not found" in verdict, row


@pytest.mark.parametrize("model", all_models(), ids=lambda m: m.id)
def test_what_a_facts_page_calls_unverified_is_listed(model) -> None:
    parts = (*model.facts.performance, *model.facts.references, *model.vectors)
    bands = [band for outcome in model.outcomes for band in outcome.bands]
    unverified = model.facts.evidence == "M" or any(p.evidence == "M" for p in (*parts, *bands))
    if unverified:
        assert f"`{model.id}`" in NOT_FOUND, model.id
