"""The measures tell an easy text from a hard one, in both languages."""

import pytest

from tests.readability import GRADES, PERSPICUITY, troubles

EASY = {
    "en": ["Your heart pumps blood.", "You can walk each day.", "Ask your doctor what is best."],
    "es": ["Su corazón mueve la sangre.", "Camine cada día.", "Pregunte a su médico qué es mejor."],
}
HARD = {
    "en": [
        (
            "Atherosclerotic cardiovascular manifestations necessitate comprehensive pharmacological "
            "intervention notwithstanding considerable epidemiological heterogeneity."
        )
    ],
    "es": [
        (
            "Las manifestaciones cardiovasculares ateroscleróticas requieren intervenciones "
            "farmacológicas multidisciplinarias independientemente de consideraciones epidemiológicas."
        )
    ],
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("level", ["plain", "standard"])
def test_hard_pages_are_refused_and_easy_ones_pass(language: str, level: str) -> None:
    """UX P13: the measure behind it."""
    assert troubles(EASY[language] * 10, level, language) == []  # type: ignore[arg-type]
    found = troubles(HARD[language] * 12, level, language)  # type: ignore[arg-type]
    assert any("grade" in one or "perspicuity" in one for one in found)


def test_a_long_sentence_is_found_on_a_short_page_too() -> None:
    assert troubles([" ".join(["so"] * 21)], "plain", "en")
    assert troubles([" ".join(["so"] * 21)], "detailed", "en") == []


def test_names_of_medicines_are_no_reason_and_a_word_unknown_to_the_dictionary_is_no_error() -> (
    None
):
    text = ["You take hydrochlorothiazide, a water pill.", "Take it at 14 o'clock, zzyqx."] * 12
    assert troubles(text, "plain", "en") == []


def test_the_thresholds_are_those_of_the_design() -> None:
    assert GRADES == {"plain": 6.0, "standard": 8.0}
    assert PERSPICUITY["plain"] > PERSPICUITY["standard"]
