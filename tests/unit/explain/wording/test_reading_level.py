from itertools import product

import pytest

from explain.wording.language import speaking
from explain.wording.reading_level import NAMES, questions, score, suggested


def test_every_combination_scores_3_to_15_and_more_points_are_easier_reading() -> None:
    """UX P15"""
    found = [
        score(dict(zip(NAMES, points, strict=True))) for points in product(range(1, 6), repeat=3)
    ]
    assert len(found) == 125
    assert min(s for s in found if s) == 3 and max(s for s in found if s) == 15
    assert all(
        score({"help": a, "forms": b, "problems": c}) == a + b + c
        for a, b, c in product(range(1, 6), repeat=3)
    )


@pytest.mark.parametrize("missing", NAMES)
def test_without_an_answer_there_is_no_score_and_no_suggestion(missing: str) -> None:
    """UX P15"""
    points = {name: 5 for name in NAMES if name != missing}
    assert score(points) is None
    assert score(points | {missing: None}) is None
    assert suggested(score(points), 9) is None


@pytest.mark.parametrize("points", [0, 6, -1])
def test_no_answer_is_worth_that(points: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        score({"help": points, "forms": 3, "problems": 3})


def test_help_and_problems_are_turned_round() -> None:
    """UX P15: always needing help is the fewest points, full confidence the most."""
    lowest = {q.name: q.answers[0] for q in questions()}
    highest = {q.name: q.answers[-1] for q in questions()}
    assert lowest["help"] == (1, "Always") and highest["help"] == (5, "Never")
    assert lowest["problems"] == (1, "Always") and highest["problems"] == (5, "Never")
    assert lowest["forms"] == (1, "Not at all") and highest["forms"] == (5, "Extremely")


def test_the_cut_off_suggests_simple_words_up_to_and_with_itself() -> None:
    """UX P14"""
    assert [suggested(s, 9) for s in (3, 9, 10, 15)] == ["plain", "plain", "standard", "standard"]
    assert suggested(9, 8) == "standard"


def test_the_score_does_not_depend_on_the_language() -> None:
    with speaking("es"):
        assert [[n for n, _ in q.answers] for q in questions()] == [[1, 2, 3, 4, 5]] * 3
