"""`check_knowledge`, the site's own folder, and the check at start."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from models_engine.apps import knowledge_is_sound
from models_engine.catalogue.treatment.knowledge.schema import Ingredient, Interaction
from models_engine.treatment_knowledge import treatment_knowledge
from tests.unit.models_engine.catalogue.treatment.builders import Rows, write_tables

SOUND: Rows = [
    {"id": "site_row", "applies_to": "class:acei", "other": "class:arb", "evidence": "M"}
]
WRONG: Rows = [{"id": "site_row", "applies_to": "class:nobody", "other": "class:arb"}]


def printed(*arguments: str) -> str:
    out = StringIO()
    try:
        call_command("check_knowledge", *arguments, stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


def test_counts_and_unverified_rows_of_a_folder_more(tmp_path: Path) -> None:
    write_tables(tmp_path, interactions=SOUND)
    text = printed("--folder", str(tmp_path), "--unverified", "--months", "1200")
    assert "UNVERIFIED  interactions: site_row: Says so." in text
    assert "ingredients that the record can name" in text
    line = next(one for one in text.splitlines() if one.startswith("interactions "))
    assert "M " in line


def test_a_problem_is_named_and_fails(tmp_path: Path) -> None:
    write_tables(tmp_path, interactions=WRONG)
    with pytest.raises(CommandError, match="problem"):
        call_command("check_knowledge", "--folder", str(tmp_path), stdout=StringIO())
    text = printed("--folder", str(tmp_path))
    assert "ERROR   interactions: site_row: applies_to class:nobody: does not exist" in text


def test_what_cannot_be_read_fails_in_plain_words(tmp_path: Path) -> None:
    assert "is no folder" in printed("--folder", str(tmp_path / "nowhere"))
    write_tables(tmp_path, interactions=[{"id": "a", "applies_to": "x", "other": "any"}])
    assert "interactions/made.csv, line 2, 'a'" in printed("--folder", str(tmp_path))


def test_a_site_adds_and_replaces_rows(tmp_path: Path, settings: Any) -> None:
    settings.KNOWLEDGE_DIR = None
    assert knowledge_is_sound() == []
    assert "site_row" not in treatment_knowledge().by_id(Interaction)
    write_tables(
        tmp_path,
        interactions=SOUND,
        ingredients=[{"id": "site drug", "classes": "acei"}],
    )
    settings.KNOWLEDGE_DIR = tmp_path
    assert "site_row" in treatment_knowledge().by_id(Interaction)
    assert treatment_knowledge().by_id(Ingredient)["site drug"].classes == ("acei",)
    assert knowledge_is_sound() == []


def test_wrong_tables_of_a_site_stop_every_command(tmp_path: Path, settings: Any) -> None:
    settings.KNOWLEDGE_DIR = tmp_path / "nowhere"
    assert [one.id for one in knowledge_is_sound()] == ["models_engine.E001"]
    settings.KNOWLEDGE_DIR = write_tables(tmp_path, interactions=WRONG)
    assert [one.id for one in knowledge_is_sound()] == ["models_engine.E002"]
