"""docs/knowledge.md names every table with its columns, every tag and every word of the criteria."""

import re
from pathlib import Path
from typing import get_args

from models_engine.catalogue.treatment.knowledge.criteria import COMPUTED, Kind
from models_engine.catalogue.treatment.knowledge.loading import columns, optional
from models_engine.catalogue.treatment.knowledge.schema import EVIDENCE_TEXT, TABLES

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "knowledge.md").read_text("utf-8")
SHARED = ("says", "population", "source", "evidence", "reviewed")


def test_every_table_is_there_with_its_columns() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", DOCUMENT, re.MULTILINE))
    for name, row in TABLES.items():
        own = [c for c in columns(row) if not set(SHARED) <= set(columns(row)) or c not in SHARED]
        shown = [f"`{c}`?" if c in optional(row) else f"`{c}`" for c in own]
        ends = [] if own == list(columns(row)) else ["..."]
        assert told[name].split() == [*shown, *ends], name


def test_tags_words_and_computed_values_are_there() -> None:
    for tag in EVIDENCE_TEXT:
        assert re.search(rf"^\| {tag} \|", DOCUMENT, re.MULTILINE), tag
    for word in set(get_args(Kind)) - {"compare"}:
        assert f"`{word}:" in DOCUMENT, word
    for name in COMPUTED:
        assert f"`{name}" in DOCUMENT, name
