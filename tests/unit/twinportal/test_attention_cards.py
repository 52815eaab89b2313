"""Cards of the attention rules: short, with a level and a source (UX C5)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import pytest

from twinportal.attention.cards import LEVEL_WORDS, Card, Level
from twinportal.attention.rules import RULES

SOUND: Mapping[str, str] = {
    "summary": "Kidney failure within 2 years: 10 % or more",
    "level": "critical",
    "source": "A guideline",
    "rule_id": "K1",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_makes_a_card(rule):
    """UX C5: summary <140 characters, info/warning/critical, source; critical needs a rule id."""
    card = rule.card
    assert 0 < len(card.summary) < 140
    assert card.level in get_args(Level) and card.level_words == LEVEL_WORDS[card.level]
    assert card.source.strip() and card.rule_id == rule.id


def test_only_what_cannot_wait_is_critical():
    """A flood of critical cards is overridden: one rule is."""
    assert [rule.id for rule in RULES if rule.level == "critical"] == ["X1"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"summary": "x" * 140}, "140"),
        ({"summary": " "}, "140"),
        ({"level": "alarm"}, "level"),
        ({"source": " "}, "source"),
        ({"rule_id": ""}, "rule"),
    ],
)
def test_an_unsound_card_is_refused(wrong, says):
    """UX C5: the schema refuses what breaks it."""
    with pytest.raises(ValueError, match=says):
        Card(**{**SOUND, **wrong})


def test_a_note_needs_no_rule_and_a_rule_no_long_title():
    assert Card(**{**SOUND, "level": "info", "rule_id": ""}).level_words == "For information"
    with pytest.raises(ValueError, match="140"):
        replace(RULES[0], title="x" * 140)
