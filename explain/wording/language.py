"""The language in which patients are spoken to, as it is now; English where nobody said.

The words are English in the code and translated by gettext catalogues (`explain/locale`). Whoever
answers a request says the language once, with `speaking`; sentences ask for it when they are made.
Numbers never depend on it.
"""

import gettext as catalogues
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
# each in its own words
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "es": "Español"}
LOCALE = Path(__file__).resolve().parent.parent / "locale"

_current: ContextVar[Language] = ContextVar("language", default="en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything worded inside is in `language`. Raises ValueError for one that we do not speak."""
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is none of {', '.join(LANGUAGES)}")
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def current_language() -> Language:
    """The language of the words made here and now."""
    return _current.get()


def gettext(message: str) -> str:
    """`message` in the current language; itself where it has no translation yet."""
    return _catalogue(_current.get()).gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The form for `count`, by the plural rules of the current language."""
    return _catalogue(_current.get()).ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """`message` where the same English means two things: `context` tells which."""
    return _catalogue(_current.get()).pgettext(context, message)


def gettext_noop(message: str) -> str:
    """Mark words of a table, which are translated when they are used."""
    return message


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """The same of words with a plural."""
    return one, many


@cache
def _catalogue(language: Language) -> catalogues.NullTranslations:
    # English is what the code says; only that may be without a catalogue
    return catalogues.translation(
        "django", localedir=LOCALE, languages=[language], fallback=language == "en"
    )
