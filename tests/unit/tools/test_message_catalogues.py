"""The catalogues are in step with the sources, complete, and the compiled ones are theirs."""

import re
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message

from tools.messages import (
    CATALOGUES,
    LANGUAGES,
    Words,
    extracted,
    is_translated,
    mo_bytes,
    po_text,
    read,
    updated,
)

PERCENT = re.compile(r"%\((\w+)\)s")
EACH = pytest.mark.parametrize(
    ("words", "language"),
    [(words, language) for words in CATALOGUES for language in LANGUAGES],
    ids=lambda one: one if isinstance(one, str) else one.folder.parent.name,
)
_found: dict[Words, Catalog] = {}


def sources(words: Words) -> Catalog:
    """Read once: a pass over every source takes a second."""
    if words not in _found:
        _found[words] = extracted(words)
    return _found[words]


def messages(catalogue: Catalog) -> list[Message]:
    return [entry for entry in catalogue if entry.id]


def fields(text: str) -> set[str]:
    braces = {name for _, name, _, _ in Formatter().parse(text) if name}
    return braces | set(PERCENT.findall(text))


@EACH
def test_every_marked_message_is_in_the_catalogue_and_no_other(words: Words, language: str) -> None:
    marked = {(entry.id, entry.context) for entry in messages(sources(words))}
    kept = {(entry.id, entry.context) for entry in messages(read(words, language))}
    assert kept == marked, "run `make messages`"


@EACH
def test_every_message_is_translated_in_every_plural_form(words: Words, language: str) -> None:
    catalogue = read(words, language)
    left = [entry.id for entry in messages(catalogue) if not is_translated(entry)]
    assert left == []
    for entry in messages(catalogue):
        if entry.pluralizable:
            assert len(entry.string) == catalogue.num_plurals, entry.id


@EACH
def test_a_translation_has_the_fields_of_its_message(words: Words, language: str) -> None:
    for entry in messages(read(words, language)):
        ids = entry.id if entry.pluralizable else (entry.id,)
        said = entry.string if entry.pluralizable else (entry.string,)
        for text in said:
            # a form may leave out what its English form leaves out
            assert fields(text) in [fields(one) for one in ids], entry.id
            # a number that the English says is said in the other language too
            assert re.findall(r"\d+", text) == re.findall(r"\d+", ids[0]), entry.id


@EACH
def test_what_is_compiled_is_the_catalogue(words: Words, language: str) -> None:
    assert words.mo(language).read_bytes() == mo_bytes(read(words, language))


@EACH
def test_running_the_tool_again_changes_nothing(words: Words, language: str) -> None:
    again = updated(words, language, sources(words))
    assert po_text(again) == words.po(language).read_bytes()


def test_a_changed_sentence_keeps_its_translation_and_is_marked() -> None:
    kept, now = Catalog(locale="es"), Catalog()
    kept.add("The number may be a little higher.", "El número puede ser un poco más alto.")
    now.add("The number may be a little lower.")
    kept.update(now)
    entry = kept.get("The number may be a little lower.")
    assert entry.fuzzy and not is_translated(entry)
    assert b"lower" not in mo_bytes(kept)
