"""Flesch-Kincaid grade of a text, with syllables from pyphen's English hyphenation."""

import re

import pyphen

_ENGLISH = pyphen.Pyphen(lang="en_US")


def flesch_kincaid_grade(text: str) -> float:
    """0.39 words a sentence + 11.8 syllables a word - 15.59 (Kincaid 1975)."""
    sentences = [s for s in re.split(r"[.!?]+(?:\s|$)", text) if s.strip()]
    words = re.findall(r"[A-Za-z0-9'-]+", text)
    syllables = sum(len(_ENGLISH.positions(word)) + 1 for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59
