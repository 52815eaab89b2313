"""Three questions on reading (Chew 2004, the "BHLS"), their score, and the words that it suggests.

The questions are as in the abstract of Chew, Bradley and Boyko, Fam Med 2004;36:588-94. The words
of the answers, the direction of the score and the cut-off were not verified in it. A score only
suggests a level of words; nobody is held to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from explain.wording.language import gettext, gettext_noop
from explain.wording.phrases import Level

LOWEST, HIGHEST = 3, 15
_HOW_OFTEN = (
    gettext_noop("Always"),
    gettext_noop("Often"),
    gettext_noop("Sometimes"),
    gettext_noop("Seldom"),
    gettext_noop("Never"),
)
_HOW_SURE = (
    gettext_noop("Not at all"),
    gettext_noop("A little bit"),
    gettext_noop("Somewhat"),
    gettext_noop("Quite a bit"),
    gettext_noop("Extremely"),
)
# by the name of its field, in the order of the page: the question, and its answers worth 1 to 5.
# Help and problems are turned round, so that more points always mean easier reading.
_QUESTIONS = {
    "help": (gettext_noop("How often do you have someone help you read hospital materials?"), _HOW_OFTEN),
    "forms": (gettext_noop("How confident are you filling out medical forms by yourself?"), _HOW_SURE),
    "problems": (
        gettext_noop(
            "How often do you have problems learning about your medical condition because of "
            "difficulty understanding written information?"
        ),
        _HOW_OFTEN,
    ),
}  # fmt: skip
NAMES = tuple(_QUESTIONS)


@dataclass(frozen=True)
class Question:
    """`answers` are (points, words), the fewest points first."""

    name: str
    text: str
    answers: tuple[tuple[int, str], ...]


def questions() -> tuple[Question, ...]:
    """As they are asked, in the current language."""
    return tuple(
        Question(name, gettext(text), tuple((n, gettext(a)) for n, a in enumerate(answers, 1)))
        for name, (text, answers) in _QUESTIONS.items()
    )


def score(points: Mapping[str, int | None]) -> int | None:
    """The sum, 3 to 15, high for easy reading; None where an answer is missing.

    Raises ValueError for points outside 1 to 5.
    """
    given = [points.get(name) for name in NAMES]
    if any(one is not None and not 1 <= one <= 5 for one in given):
        raise ValueError(f"an answer is worth 1 to 5 points, not {given}")
    known = [one for one in given if one is not None]
    return sum(known) if len(known) == len(NAMES) else None


def suggested(found: int | None, cut_off: int) -> Level | None:
    """Simple words up to the cut-off, standard words above; nothing without a score."""
    if found is None:
        return None
    return "plain" if found <= cut_off else "standard"
