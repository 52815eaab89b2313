"""Options, doses, times and lists in both languages."""

from datetime import date

import pytest

from explain.wording.check_ups import CheckUp, check_up_words
from explain.wording.doses import dose_words
from explain.wording.language import speaking
from explain.wording.options import option_title, told
from explain.wording.times import day_words, horizon_words, listed

AMLODIPINE = "Amlodipine, a calcium channel blocker"
IN_SPANISH = "Amlodipino, un bloqueador de los canales de calcio"
KINDS = ("Keep", "Stop")


@pytest.mark.parametrize(
    ("label", "english", "spanish"),
    [
        (AMLODIPINE, AMLODIPINE, IN_SPANISH),
        (f"Keep {AMLODIPINE}", f"Keep {AMLODIPINE}", f"Seguir tomando: {IN_SPANISH}"),
        (f"Stop {AMLODIPINE}", f"Stop {AMLODIPINE}", f"Dejar de tomar: {IN_SPANISH}"),
        (
            f"{AMLODIPINE} instead of metformin",
            f"{AMLODIPINE} instead of metformin",
            f"{IN_SPANISH} en lugar de metformina",
        ),
        (
            "metformin, at the dose that fits: 500 mg twice a day",
            "metformin, at the dose that fits: 500 mg twice a day",
            "metformina, con la dosis adecuada: 500 mg dos veces al día",
        ),
    ],
)
def test_the_name_of_a_way_is_a_whole_sentence_in_both_languages(
    label: str, english: str, spanish: str
) -> None:
    assert option_title(label, without_dose=False) == english
    with speaking("es"):
        assert option_title(label, without_dose=False) == spanish


def test_the_usual_dose_is_not_named_where_another_fits() -> None:
    label = "A statin (rosuvastatin 40 mg) instead of A statin (simvastatin 20 mg)"
    assert option_title(label, without_dose=True) == (
        "A statin (rosuvastatin) instead of A statin (simvastatin 20 mg)"
    )


def test_stopping_and_keeping_are_never_the_same_word_in_spanish() -> None:
    with speaking("es"):
        keep, stop = (option_title(f"{verb} metformin", without_dose=False) for verb in KINDS)
    assert keep.split()[0] != stop.split()[0]


def test_what_has_no_translation_is_marked_as_english() -> None:
    assert told("No catalogue has this sentence.").language == ""
    with speaking("es"):
        assert told("No catalogue has this sentence.").language == "en"
        known = told("Stand up slowly.", as_new="plain")
        assert (known.text, known.language) == ("Nuevo: Levántese despacio.", "")


@pytest.mark.parametrize(
    ("dose", "spanish"),
    [
        ("2.5 mg twice daily", "2.5 mg dos veces al día"),
        ("5 to 10 mg a day", "5 a 10 mg al día"),
        (
            "start with 5 mg, at most 10 mg a day",
            "empezar con 5 mg, como máximo 10 mg al día",
        ),
        ("EU: 2.5 mg; US: by age", ""),
    ],
)
def test_a_dose_keeps_its_numbers(dose: str, spanish: str) -> None:
    with speaking("es"):
        assert dose_words(dose) == spanish


def test_times_and_lists_follow_the_language() -> None:
    said = (day_words(date(2026, 9, 1)), horizon_words(12), horizon_words(30), listed(list("abc")))
    assert said == ("1 September 2026", "1 year", "2 and a half years", "a, b and c")
    with speaking("es"):
        said = (
            day_words(date(2026, 9, 1)),
            horizon_words(12),
            horizon_words(26.04),
            listed(list("ab")),
        )
    assert said == ("1 de septiembre de 2026", "1 año", "cerca de 2 años", "a y b")
    assert listed([]) == ""


def test_check_ups_say_the_plain_lines_where_the_times_of_the_tables_are_english() -> None:
    rows = [CheckUp("Sodium and potassium", "before; 2 to 4 weeks after starting")]
    with speaking("es"):
        said = check_up_words(rows, "detailed")
    assert said == ("Análisis de sangre antes de empezar y más tarde: potasio y sal (sodio).",)
