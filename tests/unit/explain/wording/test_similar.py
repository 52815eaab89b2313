"""Sentences of "people like you": short, with a number and a time, the same numbers everywhere."""

import re
from itertools import product

import pytest

from explain.wording import similar
from explain.wording.phrases import LEVELS, Level
from explain.wording.similar import EVENTS, similar_text

WRONG = re.compile(r"caused|because|percent|%|likely|twice|double|risk", re.IGNORECASE)
ENDS = [(("", 5), ("", 25)), (("below", 5), ("", 25)), (("", 75), ("above", 95))]


@pytest.mark.parametrize("level", LEVELS)
def test_each_sentence_is_short_and_says_its_time(level: Level) -> None:
    """UX P1, P3, P5, P6, P13, E11."""
    for event, kind, years, ends in product(
        EVENTS, ("share", "below", "above", "few"), (1, 5), [*ENDS, (("below", 10), ("above", 90))]
    ):
        text = similar_text(
            event, level, years=years, kind=kind, share=15, low=ends[0], high=ends[1]
        )
        for sentence in (text.main, text.otherwise, text.range):
            assert len(sentence.split()) <= 20, sentence
            assert not WRONG.search(sentence)
            if "out of 100" in sentence:
                assert sentence.endswith(f"within {years} year{'s' if years > 1 else ''}.")
        if kind != "few":
            assert "15 out of 100" in text.main and "85 out of 100" in text.otherwise
        assert bool(text.range) == (kind == "share")


@pytest.mark.parametrize("level", LEVELS)
def test_what_stands_around_is_short_too(level: Level) -> None:
    said = [
        *similar.intro(level),
        *similar.cautions(level),
        *similar.alike(level),
        *similar.offer(level),
        similar.ages(50, 74),
        similar.ages(85, None),
        *(similar.refused(why, level) for why in ("not_for", "unknown", "too_few")),
    ]
    for paragraph in said:
        for sentence in re.split(r"(?<=[.!?])\s+", paragraph):
            assert len(sentence.split()) <= 20, sentence
            assert not WRONG.search(sentence)


def test_an_unknown_event_or_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        similar_text("flu", "plain", years=5, kind="share")
    with pytest.raises(KeyError):
        similar_text("death", "plain", years=5, kind="exact")
    with pytest.raises(KeyError):
        similar.refused("mood", "plain")
