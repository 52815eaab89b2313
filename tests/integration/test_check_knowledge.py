"""`check_knowledge`, the site's own folder, and the check at start."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from models_engine.apps import knowledge_is_sound
from models_engine.catalogue.treatment.knowledge.schema import (
    Contraindication,
    Ingredient,
    Interaction,
)
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


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("contraindicationz/x.csv", "contraindicationz: it is not read"),
        ("contraindications/x.CSV", "contraindications/x.CSV: it is not read"),
        ("contraindications/x.csv/x.csv", "contraindications/x.csv: it is not read"),
        ("contraindications.csv", "contraindications.csv: it is not read"),
        ("tables/contraindications/x.csv", "tables: it is not read"),
        ("contraindications/README.csv.txt", "contraindications/README.csv.txt: it is not read"),
        ("contraindications/.x.csv", "contraindications: there is no row in it"),
        ("README.md", "there is no table in it"),
        ("contraindications/x.csv", "x.csv: the columns must be id,applies_to,"),
    ],
)
def test_what_would_not_be_read_is_an_error_here_and_at_start(
    tmp_path: Path, settings: Any, place: str, said: str
) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("id;applies_to\n")
    text = printed("--folder", str(tmp_path))
    assert said in text and str(tmp_path) in text and "passed" not in text
    settings.KNOWLEDGE_DIR = tmp_path
    (error,) = knowledge_is_sound()
    assert error.id == "models_engine.E001" and said in error.msg


def test_a_readme_and_what_is_hidden_may_lie_there(tmp_path: Path) -> None:
    write_tables(tmp_path, interactions=SOUND)
    for name in ("README.md", ".git", "interactions/README", "interactions/._made.csv"):
        (tmp_path / name).write_bytes(b"\xff\0")
    assert f"{tmp_path}: 1 rows read, 1 added, 0 replaced" in printed("--folder", str(tmp_path))


def test_text_as_spreadsheets_write_it(tmp_path: Path, settings: Any) -> None:
    path = write_tables(tmp_path, interactions=SOUND) / "interactions" / "made.csv"
    text = path.read_text("utf-8")
    path.write_text(text, encoding="utf-8-sig")
    assert "interactions        1 rows read, 1 added" in printed("--folder", str(tmp_path))
    for content, said in (
        (text.encode("utf-16"), "it is not UTF-8"),
        (text.encode("utf-8") + "é".encode("latin-1"), "it is not UTF-8"),
        (text.encode() + b'"no end', "it cannot be read"),
    ):
        path.write_bytes(content)
        assert f"{path}: {said}" in printed("--folder", str(tmp_path))
        settings.KNOWLEDGE_DIR = tmp_path
        (error,) = knowledge_is_sound()
        assert f"TWINPORTAL_KNOWLEDGE_DIR: {path}: {said}" in error.msg
        settings.KNOWLEDGE_DIR = None


WEAKER: Rows = [
    {
        "id": "raas_pregnancy",
        "applies_to": "class:acei",
        "severity": "C",
        "when": "has:pregnancy",
        "kind": "pregnancy",
        "asks": "no",
    }
]


def test_a_row_that_says_less_than_the_committed_one_is_told_loudly(
    tmp_path: Path, settings: Any
) -> None:
    write_tables(tmp_path, contraindications=WEAKER)
    text = printed("--folder", str(tmp_path), "--months", "1200")
    assert "  contraindications   1 rows read, 0 added, 1 replaced" in text
    assert "REPLACED contraindications: raas_pregnancy: " in text
    assert "WARNING  contraindications: raas_pregnancy: severity lowered: X -> C" in text
    assert "WARNING  contraindications: raas_pregnancy: applies_to without class:raas" in text
    settings.KNOWLEDGE_DIR = tmp_path
    (warning,) = knowledge_is_sound()
    assert warning.id == "models_engine.W001" and "raas_pregnancy" in warning.msg


def test_a_row_as_grave_as_the_committed_one_is_no_warning(tmp_path: Path, settings: Any) -> None:
    committed = treatment_knowledge().by_id(Contraindication)["raas_pregnancy"]
    same = {**WEAKER[0], "applies_to": "class:raas", "severity": "X", "says": "Our own words."}
    write_tables(tmp_path, contraindications=[{**same, "plain": committed.plain}])
    settings.KNOWLEDGE_DIR = tmp_path
    assert knowledge_is_sound() == []
    text = printed("--months", "1200")
    assert "REPLACED contraindications: raas_pregnancy: " in text and "says" in text
    assert "WARNING  contraindications" not in text


def test_a_committed_source_whose_only_row_was_replaced_is_no_problem(
    tmp_path: Path, settings: Any
) -> None:
    """Each committed row with a source, replaced by one of our own without it."""
    settings.KNOWLEDGE_DIR = None
    users: dict[str, set[str]] = {}
    for table, rows in treatment_knowledge().tables.items():
        for row in rows.values():
            for source in getattr(row, "source", ()):
                users.setdefault(source, set()).add(f"{table}:{row.id}")
    alone = {next(iter(rows)) for rows in users.values() if len(rows) == 1}
    table = "contraindications"
    name = next(one for one in sorted(alone) if one.startswith(table)).removeprefix(f"{table}:")
    row = {"id": name, "applies_to": "class:acei", "when": "has:pregnancy"}
    write_tables(tmp_path, contraindications=[row])
    assert "no row uses it" not in printed("--folder", str(tmp_path), "--months", "1200")
    # one of its own is still told
    write_tables(tmp_path, contraindications=[row], sources=[{"id": "S-OWN"}])
    text = printed("--folder", str(tmp_path), "--months", "1200")
    assert "sources: S-OWN: no row uses it" in text and text.count("no row uses it") == 1
