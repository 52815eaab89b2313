"""Words to translate: from the sources into the catalogues, and compiled. `make messages`.

Two catalogues: `explain/locale` for the pure sentences and the words of tables that patients read,
`locale` for templates and the Python of the product. Translations are kept; where the English
changed a little, the old one stays beside it, marked fuzzy, and is not used until somebody looks.
"""

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("es",)
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_noop": None,
    "gettext_lazy": None,
    "ngettext_noop": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
KNOWLEDGE = ROOT / "models_engine" / "catalogue" / "treatment" / "knowledge" / "tables"
# of a table's columns, those that patients read
COLUMNS = {
    "options": ("plain_label", "plain_dose"),
    "outcomes": ("plain_label",),
    "harms": ("plain_label",),
}
# of findings, patients read those of this severity
CAUTIONS = ("allergies", "contraindications", "deprescribing", "interactions", "pharmacogenomics")
SAID_SEVERITY = "C"

Found = tuple[str, int, str | tuple[str, ...], str | None]


@dataclass(frozen=True)
class Words:
    """One catalogue of every language and where its messages come from."""

    folder: Path
    python: tuple[str, ...]
    templates: tuple[str, ...] = ()
    has_tables: bool = False

    def po(self, language: str) -> Path:
        return self.folder / language / "LC_MESSAGES" / "django.po"

    def mo(self, language: str) -> Path:
        return self.po(language).with_suffix(".mo")


CATALOGUES = (
    Words(ROOT / "explain" / "locale", ("explain",), has_tables=True),
    Words(ROOT / "locale", ("twinportal",), ("templates",)),
)


def extracted(words: Words) -> Catalog:
    """Every marked message of the sources, sorted by what it says."""
    found = Catalog(fuzzy=False)
    for name, _, message, context in sorted(_messages(words), key=lambda one: str(one[2])):
        entry = found.add(message, locations=[(name, 0)], context=context)
        if "python-format" in entry.flags:
            # sentences are filled by str.format; a per cent sign in them is one
            entry.flags.discard("python-format")
    return found


def read(words: Words, language: str) -> Catalog:
    """The catalogue as it is kept."""
    with words.po(language).open("rb") as source:
        return read_po(source, locale=language)


def updated(words: Words, language: str, template: Catalog | None = None) -> Catalog:
    """The catalogue with the messages that the sources have now and no other."""
    kept = read(words, language)
    kept.update(template or extracted(words), update_header_comment=False)
    for entry in kept:
        if entry.id:
            entry.flags.discard("python-format")
    kept.obsolete.clear()
    return kept


def po_text(catalogue: Catalog) -> bytes:
    """The file: no dates and no lines, so that only words change it."""
    body = io.BytesIO()
    write_po(body, catalogue, sort_output=True, omit_header=True, include_lineno=False, width=100)
    return (
        _header(str(catalogue.locale), catalogue.plural_forms) + "\n"
    ).encode() + body.getvalue()


class _Compiled(Catalog):
    """A header without the moment and the version of the tool: only words change the file."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Plural-Forms", self.plural_forms),
        ]


def mo_bytes(catalogue: Catalog) -> bytes:
    """What gettext reads: without what is fuzzy or not translated."""
    plain = _Compiled(locale=catalogue.locale, fuzzy=False)
    for entry in catalogue:
        if entry.id and is_translated(entry):
            plain.add(entry.id, entry.string, context=entry.context)
    body = io.BytesIO()
    write_mo(body, plain)
    return body.getvalue()


def is_translated(entry: Message) -> bool:
    """Whether every plural form is there, and nobody has to look at it again."""
    forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
    return bool(forms) and all(forms) and not entry.fuzzy


def main() -> int:
    """Bring every catalogue up to date; 1 where something is left to translate."""
    left = 0
    for words in CATALOGUES:
        for language in LANGUAGES:
            catalogue = updated(words, language)
            words.po(language).write_bytes(po_text(catalogue))
            words.mo(language).write_bytes(mo_bytes(catalogue))
            for entry in catalogue:
                if entry.id and not is_translated(entry):
                    left += 1
                    print(f"{words.po(language).relative_to(ROOT)}: {entry.id!r}")
    print(f"{left} to translate")
    return 1 if left else 0


def _messages(words: Words) -> Iterator[Found]:
    for folder in words.python:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from _of_text(path, path.read_text(encoding="utf-8"))
    if words.templates:
        from django.utils.translation.template import templatize

        for folder in words.templates:
            for path in sorted((ROOT / folder).rglob("*.html")):
                yield from _of_text(path, templatize(path.read_text(encoding="utf-8")))
    if words.has_tables:
        yield from _of_tables()


def _of_text(path: Path, text: str) -> Iterator[Found]:
    source = io.BytesIO(text.encode())
    name = path.relative_to(ROOT).as_posix()
    for line, message, _, context in extract("python", source, keywords=KEYWORDS):
        if message and message != ("",):
            yield name, line, message, context


def _of_tables() -> Iterator[Found]:
    for kind, columns in COLUMNS.items():
        for path in sorted((KNOWLEDGE / kind).glob("*.csv")):
            for row in _rows(path):
                yield from (_cell(path, row[column]) for column in columns if row[column])
    for kind in CAUTIONS:
        for path in sorted((KNOWLEDGE / kind).glob("*.csv")):
            for row in _rows(path):
                if row["severity"] == SAID_SEVERITY:
                    yield _cell(path, row["plain"])
    path = ROOT / "models_engine" / "catalogue" / "what_if" / "treatments.csv"
    yield from (_cell(path, row["plain_label"]) for row in _rows(path))
    from models_engine.catalogue.what_if.controls import CONTROLS

    controls = ROOT / "models_engine" / "catalogue" / "what_if" / "controls.py"
    yield from (_cell(controls, control.plain_label) for control in CONTROLS)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _cell(path: Path, text: str) -> Found:
    return path.relative_to(ROOT).as_posix(), 0, text, None


def _header(language: str, plural_forms: str) -> str:
    lines = (
        "Project-Id-Version: twinportal",
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {plural_forms}",
    )
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in lines)]) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
