"""A linter of rendered pages: what no page for patients may say, in English and Spanish.

It reads words, not meaning: it finds the known ways of saying it wrong, and people must find the rest.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explain.wording.phrases import Level
from tests.page_text import HEADINGS, Block, blocks

I = re.IGNORECASE


@dataclass(frozen=True)
class Finding:
    """A rule of UX.md and the sentence that breaks it."""

    rule: str
    text: str


def _both(en: str, es: str) -> dict[str, re.Pattern[str]]:
    return {"en": re.compile(en, I), "es": re.compile(es, I)}


RELATIVE = _both(
    r"\b\d+(?:\.\d+)?[ -]?(?:times|fold) (?:more|less|higher|lower|as|the|greater)|\btwice as|"
    r"\btwice the (?:risk|chance)|\bdoubl(?:e|es|ed|ing)\b|\bhalves\b|\bhalf the (?:risk|chance)|"
    r"\d ?% (?:more|less|higher|lower|fewer|greater)|\brelative risk|\bodds\b|\bper ?cent more",
    r"\b\d+ veces (?:más|menos|mayor|menor)|\bel doble\b|\bduplica|\bla mitad (?:del|de) riesgo|"
    r"\d ?% (?:más|menos|mayor|menor)|\briesgo relativo|\bpor ciento más",
)
OUT_OF = _both(
    r"(?:\d|\bthan \d+) out of 100\b|\b(?:more|fewer) than now, out of 100",
    r"\d de cada 100\b|\b(?:más|menos) que ahora, de cada 100",
)
TIME = _both(
    r"\bwithin (?:about )?\d|\bin (?:about )?\d+ (?:year|month)",
    r"\ben un plazo de (?:cerca de )?\d|\ben (?:cerca de )?\d+ (?:año|mes)",
)
CAUSAL = _both(
    r"\b(?:caused by|(?<!any )(?<!all )causes?|causing|leads? to|led to|because of|due to|"
    r"results? in|resulting in|responsible for|brings? about)\b",
    r"\b(?:causad[oa]s?|causan?|causar|provoc\w+|debido a|a causa de|llevan? a|por culpa de|"
    r"producen?|resultan? en|responsables? de)\b",
)
OF_MODEL = _both(
    r"\b(?:model|number|estimate|risk|score|prediction|probability)s?\b",
    r"\b(?:modelo|número|estimación|riesgo|puntuación|predicción|probabilidad)(?:e?s)?\b",
)
VERBAL = _both(
    r"\b(?:high|higher|low|lower|small|large|big|moderate|raised|increased|great|slight)\w* "
    r"(?:risk|chance|probability)|\b(?:un)?likely\b|\b(?:rare|rarely|seldom|probably)\b",
    r"\b(?:riesgo|probabilidad) (?:muy )?(?:alt|baj|pequeñ|grand|moderad|elevad|aumentad)\w*|"
    r"\b(?:alto|bajo|gran|poco) riesgo|\b(?:im)?probables?\b|\braramente\b|\brara vez\b",
)
# LOINC; SNOMED CT and RxNorm are bare numbers of five digits and more
CODE = re.compile(r"\b\d{3,5}-\d\b|\b\d{5,18}\b")
DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
TITLES_NOT = re.compile(
    r"\b(?:[Uu]nknown|[Dd]esconocid[oa]|null|None|undefined|Observation|Condition|MedicationRequest|"
    r"MedicationStatement|AllergyIntolerance|DiagnosticReport|Procedure|Encounter|Immunization|"
    r"RiskAssessment|CarePlan|QuestionnaireResponse|DocumentReference|FamilyMemberHistory)\b"
)
ABBREVIATION = re.compile(r"\b[A-Za-z]*[A-Z][a-z0-9]?[A-Z][A-Za-z0-9-]*\b")
# what is no abbreviation: units, the zone of a time, a kind of file that everybody calls so
KNOWN = frozenset({"mmHg", "mmol", "UTC", "CET", "CEST", "PDF"})
# each with what explains it, which must stand on the same page
EXPLAINED = {
    "HDL": r"\bgood\b|buen[oa]",
    "LDL": r"\bbad\b|mal[oa]",
    "HbA1c": r"blood sugar|azúcar en la sangre",
    "ECG": r"heart tracing|electrocardiograma",
    "INR": r"clotting|coagulación",
    "BMI": r"weight for your height",
    "IMC": r"peso para su estatura",
    "ACE": r"blood pressure",
    "ARB": r"blood pressure",
    "IECA": r"presión",
    "ARA-II": r"presión",
    "MRA": r"pill",
    "ARM": r"pastilla",
    "GLP-1": r"shot|pill|inyección|pastilla",
    "SGLT2": r"pill|pastilla",
    "TSH": r"thyroid|tiroides",
    "eGFR": r"how well they work|kidney function",
    "TFGe": r"qué tan bien trabajan|función de los riñones",
    "ACR": r"protein in your|proteína en su",
    "FHIR": r"health apps|aplicaciones de salud",
    "JSON": r"\bapps?\b|aplicaci[oó]n",
    "HTML": r"to read|para leer",
}
ENGLISH = re.compile(r"\b(?:the|your|you|and|of|with|this|what|are)\b", I)

# one is enough: no name has it
YOURS = re.compile(r"\b(?:you|your|my)\b", I)


def lint(page: str, language: str, level: Level) -> list[Finding]:
    """Every rule for patients over a rendered page."""
    said = [block for block in blocks(page) if not block.language]
    whole = " ".join(block.text for block in said)
    found = [finding for block in said for finding in _of_block(block, language)]
    if level != "detailed":
        found += list(_abbreviations(whole))
    return list(dict.fromkeys(found))


def causal(page: str, language: str = "en") -> list[Finding]:
    """E11 alone, which binds the pages of clinicians too."""
    return [
        Finding("E11", sentence)
        for block in blocks(page)
        for sentence in block.sentences
        if CAUSAL[language].search(sentence) and OF_MODEL[language].search(sentence)
    ]


def _of_block(block: Block, language: str) -> Iterator[Finding]:
    is_title = block.tag in HEADINGS
    if is_title and TITLES_NOT.search(block.text):
        yield Finding("P18 title", block.text)
    # the row of a table is one sentence: its head has the time
    for sentence in [block.text] if block.tag == "row" else block.sentences:
        for rule, breaks in RULES.items():
            # an answer that somebody picks says nothing about how likely anything is
            if breaks(sentence, language) and (rule, block.tag) != ("P9", "label"):
                yield Finding(rule, sentence)


def _no_time(sentence: str, language: str) -> bool:
    return bool(OUT_OF[language].search(sentence)) and not TIME[language].search(sentence)


def _only_words(sentence: str, language: str) -> bool:
    """A word for how likely, without a number; a question may ask for one."""
    is_question = sentence.endswith("?")
    return bool(VERBAL[language].search(sentence)) and not (
        is_question or re.search(r"\d", sentence)
    )


RULES: dict[str, Callable[[str, str], bool]] = {
    "P3": _no_time,
    "P6": lambda sentence, language: bool(RELATIVE[language].search(sentence)),
    "P9": _only_words,
    "P18 code": lambda sentence, _: bool(CODE.search(DAY.sub("", sentence))),
    "E11": lambda sentence, language: bool(
        CAUSAL[language].search(sentence) and OF_MODEL[language].search(sentence)
    ),
    "language": lambda sentence, language: (
        language != "en" and bool(len(ENGLISH.findall(sentence)) > 1 or YOURS.search(sentence))
    ),
}


def _abbreviations(whole: str) -> Iterator[Finding]:
    for short in dict.fromkeys(ABBREVIATION.findall(whole)):
        if short in KNOWN:
            continue
        explained = EXPLAINED.get(short)
        if explained is None or not re.search(explained, whole, I):
            yield Finding("abbreviation", short)
