import pytest

from explain.wording.check_ups import CheckUp, check_up_words
from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import Monitoring

DOAC = CheckUp(
    "Creatinine (clearance by Cockcroft-Gault)",
    "before; at least once a year; every (clearance / 10) months below 60",
)
WATER_PILL = (
    CheckUp("Sodium and potassium", "before; 2 to 4 weeks after starting"),
    CheckUp("Potassium", "before; 2 to 4 weeks after starting"),
    CheckUp("Creatinine and eGFR", "before; then once a year"),
)


def test_blood_tests_are_one_line_and_each_is_named_once() -> None:
    assert check_up_words(WATER_PILL, "plain") == (
        "Blood tests before you start and later: potassium, salt (sodium) and kidneys.",
    )


def test_jargon_is_for_nobody() -> None:
    assert check_up_words([DOAC], "plain") == ("Blood tests before you start and later: kidneys.",)
    assert check_up_words([DOAC], "detailed") == (
        "Creatinine: before you start; at least once a year.",
    )


def test_the_detailed_level_keeps_the_times_and_names_a_test_once_a_time() -> None:
    assert check_up_words(WATER_PILL, "detailed") == (
        "Sodium, potassium: before you start; 2 to 4 weeks after starting.",
        "Creatinine, eGFR: before you start; then once a year.",
    )


@pytest.mark.parametrize(
    ("test", "when", "said"),
    [
        (
            "Retina examination",
            "before starting with known retinopathy",
            "Eye checks before you start.",
        ),
        (
            "Blood glucose at home",
            "by plan; before driving",
            "Sugar checks at home after you start.",
        ),
        (
            "Blood pressure, standing too",
            "4 weeks after starting",
            "Blood pressure checks after you start.",
        ),
        (
            "Uric acid, if symptoms of gout",
            "with symptoms",
            "Blood tests if you feel unwell: uric acid (for gout).",
        ),
        ("Walking test (six minutes)", "before", "Walking test before you start."),
    ],
)
def test_other_tests(test: str, when: str, said: str) -> None:
    assert check_up_words([CheckUp(test, when)], "plain") == (said,)


def test_every_test_of_the_tables_has_plain_words() -> None:
    rows = knowledge().rows(Monitoring)
    assert len(rows) > 40
    for row in rows:
        (*lines,) = check_up_words([CheckUp(row.test, row.when)], "plain")
        assert lines
        for line in lines:
            assert not any(word in line for word in ("eGFR", "Creatinine", "ALT", "/", ";")), line
            assert len(line.split()) <= 20
