"""The linter of pages finds what it is for, and lets good sentences pass."""

import pytest

from tests.page_text import blocks, prose
from tests.words_lint import Finding, causal, lint


def page(body: str) -> str:
    return f"<html><body><nav><p>the odds</p></nav><main><div>{body}</div></main></body></html>"


def rules(body: str, language: str = "en", level: str = "plain") -> set[str]:
    return {finding.rule for finding in lint(page(body), language, level)}


@pytest.mark.parametrize(
    ("rule", "language", "text"),
    [
        ("P3", "en", "23 out of 100 people like you will have a stroke."),
        ("P3", "en", "Fewer than 1 out of 100 will."),
        ("P3", "en", "8 fewer than now, out of 100 people"),
        ("P3", "es", "23 de cada 100 personas tendrán un infarto."),
        ("P6", "en", "Your risk is 2 times higher within 10 years."),
        ("P6", "en", "This doubles the number 4."),
        ("P6", "en", "30 % lower within 5 years."),
        ("P6", "es", "Su riesgo es el doble, 4."),
        ("P6", "es", "Es 30 % mayor."),
        ("P9", "en", "You have a high risk."),
        ("P9", "en", "That is unlikely."),
        ("P9", "es", "Es poco probable."),
        ("P9", "es", "Usted tiene un riesgo alto."),
        ("P18 code", "en", "Observation 8480-6"),
        ("P18 code", "en", "Code 59621000"),
        ("P18 code", "es", "Medicina 314076"),
        ("E11", "en", "Your number is high because of your age: 4."),
        ("E11", "en", "Smoking leads to a higher number."),
        ("E11", "es", "El tabaco causa un riesgo de 4."),
        ("E11", "es", "Su número es alto debido a su edad, 4."),
        ("language", "es", "The number of your test"),
        ("abbreviation", "en", "Your eGFR is 45."),
        ("abbreviation", "en", "The LDL is 3."),
    ],
)
def test_bad_text_is_found(rule: str, language: str, text: str) -> None:
    """UX P3, P6, P9, P18, E11: the linter catches what each line forbids."""
    assert rule in rules(f"<p>{text}</p>", language)


@pytest.mark.parametrize("title", ["Observation", "Unknown", "unknown date", "MedicationRequest"])
def test_a_title_that_is_no_title_is_found(title: str) -> None:
    """UX P18."""
    assert "P18 title" in rules(f"<h2>{title}</h2>")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "23 out of 100 people like you will have a stroke within 10 years."),
        ("en", "The LDL (bad) cholesterol was 3 mmol/L on 4 May 2026."),
        ("en", "One tablet twice a day."),
        ("en", "What is likely if I wait?"),
        ("en", "From 2026-11-01, 10:30 UTC."),
        ("es", "Menos de 1 de cada 100 no, en un plazo de 10 años."),
        ("es", "Una tableta dos veces al día."),
    ],
)
def test_good_text_passes(language: str, text: str) -> None:
    assert rules(f"<p>{text}</p>", language) == set()


def test_the_row_of_a_table_is_one_sentence_and_has_its_time() -> None:
    with_time = "<table><tr><th>Stroke, within 10 years</th><td>8 out of 100</td></tr></table>"
    assert rules(with_time) == set()
    assert rules(with_time.replace(", within 10 years", "")) == {"P3"}


def test_the_name_of_a_picture_is_read_too() -> None:
    assert rules('<svg role="img" aria-label="8 out of 100"></svg>') == {"P3"}


def test_what_is_marked_as_another_language_is_not_judged() -> None:
    assert rules('<p lang="en">Take the pill with your food.</p>', "es") == set()


def test_a_name_in_another_language_is_no_part_of_its_sentence() -> None:
    line = '<p><span lang="en">Potassium, a salt in the blood of you</span>: 4.2 mmol/L</p>'
    assert rules(line, "es") == set()
    assert rules(line.replace(' lang="en"', ""), "es") == {"language"}


def test_one_word_to_the_reader_is_enough_to_tell_english() -> None:
    assert rules("<p>Hable de esto con your usual clinic.</p>", "es") == {"language"}


def test_an_answer_to_pick_is_no_word_for_how_likely() -> None:
    assert rules("<label>Seldom</label>") == set()
    assert rules("<p>Seldom</p>") == {"P9"}


def test_clinical_terms_are_for_the_detailed_level() -> None:
    assert rules("<p>Your eGFR is 45.</p>", level="detailed") == set()


def test_pages_of_clinicians_are_read_for_causes() -> None:
    text = "The model says so. The risk is 14 % because of smoking."
    assert causal(page(f"<p>{text}</p>")) == [
        Finding("E11", "The risk is 14 % because of smoking.")
    ]
    assert causal(page("<p>The model used smoking.</p>")) == []


def test_a_page_is_read_in_blocks() -> None:
    found = blocks(page("<h1>One <b>two</b></h1><ul><li>A. B!</li><li>C</li></ul>"))
    assert [(block.tag, block.text) for block in found] == [
        ("h1", "One two"),
        ("li", "A. B!"),
        ("li", "C"),
    ]
    assert prose(page("<p>A. B!</p><td>no</td>")) == ["A.", "B!"]
