"""Every risk in words, in both languages: the numbers are right and the sentences are whole."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.figures.icon_array import icon_array
from explain.wording.decision_aid import counts, difference_words
from explain.wording.language import LANGUAGES, speaking
from explain.wording.messages import ResultText, result_text
from explain.wording.numbers import frequency
from explain.wording.phrases import LEVELS, OUTCOMES, Level
from explain.wording.what_if import what_if_text

PROBABILITY = st.floats(0, 1, allow_nan=False)
RANGES = st.lists(PROBABILITY, min_size=3, max_size=3).map(sorted)
LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
COUNT = {
    "en": r"(?:fewer than 1|more than 99|\d{1,2}) out of 100",
    "es": r"(?:menos de 1|más de 99|\d{1,2}) de cada 100",
}
WITHIN = {"en": "within 10 years", "es": "en (?:un plazo de )?10 años"}


def text(
    probability: float,
    language: str,
    level: Level = "plain",
    *,
    outcome: str = "cvd",
    low: float | None = None,
    high: float | None = None,
) -> ResultText:
    with speaking(language):
        return result_text(
            outcome=outcome,
            level=level,
            probability=probability,
            baseline=probability / 2,
            horizon=10,
            contributions=[],
            low=low,
            high=high,
        )


@LANGUAGE
@given(probability=PROBABILITY)
def test_every_risk_is_a_count_of_a_hundred_with_its_time(
    language: str, probability: float
) -> None:
    """UX P1, P3, P7: a count or a bound, never nought or all, and the time in the sentence."""
    found = text(probability, language)
    for sentence in (found.main, found.otherwise, found.comparison, found.caption):
        assert re.search(COUNT[language], sentence, re.IGNORECASE), sentence
        assert re.search(WITHIN[language], sentence), sentence
        assert not re.search(r"(?<!\d)0 (?:out|de)|100 (?:out of|de cada) 100", sentence)


@LANGUAGE
@given(probability=PROBABILITY)
def test_the_picture_the_gain_and_the_loss_make_a_hundred(
    language: str, probability: float
) -> None:
    """UX P2, P5: as many icons as the sentence says, and the rest are said too."""
    found = text(probability, language)
    number = found.frequency
    filled = [icon.filled for icon in icon_array(number.count).icons]
    assert len(filled) == 100 and sum(filled) == number.count
    if number.words.isdigit():
        assert found.main.startswith(f"{number.count} ")
        assert found.otherwise.startswith(f"{100 - number.count} ")


@LANGUAGE
@pytest.mark.parametrize("level", LEVELS)
@given(ends=RANGES)
def test_a_range_is_said_and_holds_the_number(
    language: str, level: Level, ends: list[float]
) -> None:
    """UX P8: words and numbers of the range, with its time, and the number inside."""
    low, probability, high = ends
    found = text(probability, language, level, low=low, high=high)
    assert found.low and found.high
    assert found.low.count <= found.frequency.count <= found.high.count
    if found.low.words != found.high.words:
        assert re.search(WITHIN[language], found.range)
        with speaking(language):
            assert frequency(low).said in found.range and frequency(high).said in found.range
    assert found.range


@LANGUAGE
@pytest.mark.parametrize("level", LEVELS)
def test_without_a_range_the_page_says_so_and_what_is_known(language: str, level: Level) -> None:
    """UX P8: where nobody published one."""
    found = text(0.2, language, level)
    assert found.low is None
    assert {"en": "groups", "es": "grupos"}[language] in found.range
    assert not re.search(r"\d", found.range)


def test_a_number_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="not between"):
        text(0.5, "en", low=0.1, high=0.2)


@LANGUAGE
@pytest.mark.parametrize("level", LEVELS)
@given(before=PROBABILITY, after=PROBABILITY)
def test_what_a_treatment_does_adds_up_to_a_hundred(
    language: str, level: Level, before: float, after: float
) -> None:
    """UX P10: with, without, difference and no difference reconcile, and the words say them."""
    found = counts(before, after)
    assert abs(found.without - found.with_) == found.apart
    assert found.apart + found.untouched == 100
    with speaking(language):
        said = difference_words(found, level)
    if found.apart:
        numbers = [int(number) for number in re.findall(r"\d+", said) if number != "100"]
        assert found.untouched in numbers or found.untouched == 100
        assert found.apart in numbers or found.apart == 100
    assert "{" not in said


@pytest.mark.parametrize("outcome", OUTCOMES)
@given(probability=PROBABILITY, low=PROBABILITY, high=PROBABILITY)
def test_numbers_depend_on_neither_level_nor_language(
    outcome: str, probability: float, low: float, high: float
) -> None:
    """UX P12."""
    low, high = min(low, probability), max(high, probability)
    found = [
        text(probability, language, level, outcome=outcome, low=low, high=high)
        for language in LANGUAGES
        for level in LEVELS
    ]
    assert len({(t.frequency, t.compared, t.low, t.high) for t in found}) == 1
    said = {tuple(re.findall(r"\d+", t.main + t.otherwise + t.comparison)) for t in found}
    assert len(said) == 1


@LANGUAGE
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("level", ["plain", "standard"])
@pytest.mark.parametrize("probability", [0.0, 0.01, 0.23, 1.0])
def test_no_sentence_is_too_long_at_the_ends_either(
    language: str, outcome: str, level: Level, probability: float
) -> None:
    """UX P13: 20 words, also where the count is "fewer than 1"."""
    found = text(probability, language, level, outcome=outcome, low=0.0, high=1.0)
    with speaking(language):
        moved = what_if_text(
            outcome=outcome,
            level=level,
            horizon=10.0,
            before=probability,
            after=0.001,
            low=0.0,
            high=0.5,
            responds=True,
        )
    whole = [found.main, found.otherwise, found.comparison, found.about, moved.after, moved.range]
    if probability < 1:
        whole.append(found.range)
    for sentence in whole:
        assert len(sentence.split()) <= 20 + (probability == 1.0) * 2, sentence
