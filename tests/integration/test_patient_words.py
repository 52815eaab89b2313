"""What patients read, over every page, level and language: readable, complete, the same numbers."""

import re
from collections.abc import Iterator, Mapping

import pytest
from django.test import Client

from explain.wording.language import LANGUAGES
from explain.wording.phrases import LEVELS, Level
from tests.factories.patient_pages import CLINICIAN_PATHS, NAMES, Key, patient_pages, rolled_back
from tests.page_text import prose
from tests.readability import LEAST_WORDS, troubles
from tests.words_lint import causal, lint

# the test database is set up for modules that say so
pytestmark = pytest.mark.django_db
# a number that a page marks up: never changed by words
MARKED = re.compile(r'\bdata-([a-z]+)="([^"]*)"')
# too few words for a grade, which each of their sentences is held to all the same
SHORT = {
    *("choices", "what-if", "reading", "reading answered", "download", "explanation"),
    *("fact-wrong", "hidden", "hidden home"),
}
WITHOUT_NUMBERS = {
    *("choices", "reading", "record", "access", "own access", "download", "explanation", "about"),
    *("fact-wrong", "people-like-me offer", "hidden", "hidden home"),
}
EACH = pytest.mark.parametrize("name", NAMES)
LEVEL = pytest.mark.parametrize("level", LEVELS)
LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: object) -> Iterator[Mapping[Key, str]]:
    """Rendered once for all tests of this module; the record behind them is rolled back."""
    with django_db_blocker.unblock(), rolled_back():  # type: ignore[attr-defined]
        found = patient_pages()
    yield found


@EACH
@LEVEL
@LANGUAGE
def test_no_rule_of_words_is_broken(
    pages: Mapping[Key, str], name: str, level: Level, language: str
) -> None:
    """UX P3, P6, P9, P18, E11 over rendered text; abbreviations; nothing left in English."""
    found = lint(pages[Key(name, level, language)], language, level)
    assert found == []


@EACH
@pytest.mark.parametrize("level", ["plain", "standard"])
@LANGUAGE
def test_the_page_reads_as_easily_as_its_level_promises(
    pages: Mapping[Key, str], name: str, level: Level, language: str
) -> None:
    """UX P13: the whole page by textstat, and each sentence."""
    said = prose(pages[Key(name, level, language)])
    if name not in SHORT:
        assert sum(len(one.split()) for one in said) >= LEAST_WORDS
    assert troubles(said, level, language) == []


def test_pages_of_clinicians_name_no_cause(pages: Mapping[Key, str]) -> None:
    """UX E11 for clinicians: "the model used", never a cause of a number."""
    read = {key.name: causal(page) for key, page in pages.items() if key.name.startswith("clin")}
    assert len(read) == len(CLINICIAN_PATHS)
    assert {name: found for name, found in read.items() if found} == {}


@EACH
def test_numbers_depend_on_neither_level_nor_language(pages: Mapping[Key, str], name: str) -> None:
    """UX P12: every marked number is the same on all of them."""
    found = {
        (level, language): MARKED.findall(pages[Key(name, level, language)])
        for level in LEVELS
        for language in LANGUAGES
    }
    first = found["plain", "en"]
    assert name in WITHOUT_NUMBERS or len(first) >= 1
    for which, numbers in found.items():
        assert numbers == first, which


@EACH
@LANGUAGE
def test_the_page_says_its_language_and_what_to_do_next(
    pages: Mapping[Key, str], name: str, language: str
) -> None:
    """UX P17: one next step with whom to talk to, and urgent help, in the reader's language."""
    page = pages[Key(name, "plain", language)]
    assert f'<html lang="{language}">' in page
    assert {"en": "Call 911 now", "es": "Llame ahora al 911"}[language] in page
    assert {"en": "your usual clinic", "es": "su clínica habitual"}[language] in page


@pytest.mark.parametrize(("asked", "said"), [("es", "Iniciar sesión"), ("en", "Sign in")])
def test_who_has_not_signed_in_reads_the_language_of_the_browser(asked: str, said: str) -> None:
    page = Client(headers={"Accept-Language": asked}).get("/accounts/login/").content.decode()
    assert f'<html lang="{asked}">' in page
    assert said in page
    assert lint(page, asked, "plain") == []


@pytest.mark.parametrize(("asked", "said"), [("es", "Aquí no hay nada"), ("en", "nothing here")])
def test_error_pages_are_in_the_language_of_the_browser(asked: str, said: str) -> None:
    answer = Client(headers={"Accept-Language": asked}).get("/no/such/page/")
    assert answer.status_code == 404
    assert said in answer.content.decode()
    assert f'<html lang="{asked}">' in answer.content.decode()
