"""What outcomes and inputs are called, at each literacy level.

Plain is for somebody who reads with effort; standard for most; detailed uses clinical terms.
The words never say that an input caused an outcome: "the estimate used".
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["plain", "standard", "detailed"]
LEVELS: tuple[Level, ...] = ("plain", "standard", "detailed")
LEVEL_NAMES = {"plain": "Simple", "standard": "Standard", "detailed": "Detailed"}


@dataclass(frozen=True)
class OutcomeWords:
    """`event` finishes "N out of 100 people like you will ..."; `title` heads the block."""

    title: str
    event: str
    about: str


OUTCOMES: dict[str, dict[Level, OutcomeWords]] = {
    "cvd": {
        "plain": OutcomeWords(
            "Your heart and blood vessels",
            "have a heart attack, stroke or weak heart",
            "This is about the health of your heart and blood vessels.",
        ),
        "standard": OutcomeWords(
            "Heart and blood vessel disease",
            "have a heart attack, a stroke or heart failure",
            "This estimate is about a first heart attack, stroke or heart failure.",
        ),
        "detailed": OutcomeWords(
            "Total cardiovascular disease",
            "have a first event of cardiovascular disease",
            "Atherosclerotic cardiovascular disease or heart failure, whichever comes first.",
        ),
    },
    "kidney_failure_5y": {
        "plain": OutcomeWords(
            "Your kidneys",
            "need dialysis or a new kidney",
            "This is about how well your kidneys work.",
        ),
        "standard": OutcomeWords(
            "Kidney failure",
            "have kidney failure and need dialysis or a transplant",
            "This estimate is about kidney failure that needs dialysis or a transplant.",
        ),
        "detailed": OutcomeWords(
            "Treated kidney failure",
            "have kidney failure treated by dialysis or transplantation",
            "Kidney failure treated by dialysis or transplantation.",
        ),
    },
}


@dataclass(frozen=True)
class ConceptWords:
    """`name` in a sentence ("your blood pressure"); `talk` a question for the doctor, or ""."""

    name: str
    talk: str = ""


CONCEPTS: dict[str, dict[Level, ConceptWords]] = {
    "age": {
        "plain": ConceptWords("your age"),
        "standard": ConceptWords("your age"),
        "detailed": ConceptWords("age"),
    },
    "sex": {
        "plain": ConceptWords("being a man or a woman"),
        "standard": ConceptWords("your sex"),
        "detailed": ConceptWords("sex"),
    },
    "systolic_bp": {
        "plain": ConceptWords("your blood pressure", "What can I do to lower my blood pressure?"),
        "standard": ConceptWords(
            "your blood pressure", "What would help to bring my blood pressure down?"
        ),
        "detailed": ConceptWords(
            "systolic blood pressure",
            "Which blood pressure target suits me, and how do I reach it?",
        ),
    },
    "total_cholesterol": {
        "plain": ConceptWords("the fat in your blood", "What can I do about the fat in my blood?"),
        "standard": ConceptWords("your cholesterol", "Should I do something about my cholesterol?"),
        "detailed": ConceptWords(
            "total cholesterol", "Would lipid-lowering treatment be right for me?"
        ),
    },
    "hdl_cholesterol": {
        "plain": ConceptWords("the good fat in your blood", "How can I be more active?"),
        "standard": ConceptWords("your good (HDL) cholesterol", "How can I be more active?"),
        "detailed": ConceptWords(
            "HDL cholesterol", "What raises HDL cholesterol, and does it help?"
        ),
    },
    "smoking": {
        "plain": ConceptWords("smoking", "Can you help me stop smoking?"),
        "standard": ConceptWords("smoking", "What help is there to stop smoking?"),
        "detailed": ConceptWords("current smoking", "Which treatment to stop smoking suits me?"),
    },
    "bmi": {
        "plain": ConceptWords("your weight", "What can I do about my weight?"),
        "standard": ConceptWords("your weight for your height", "What could help with my weight?"),
        "detailed": ConceptWords(
            "body mass index", "Which weight goal makes sense, and what would help?"
        ),
    },
    "egfr": {
        "plain": ConceptWords("how your kidneys work", "How can I take care of my kidneys?"),
        "standard": ConceptWords("your kidney function", "How can I protect my kidneys?"),
        "detailed": ConceptWords("eGFR", "How is my kidney function followed up?"),
    },
    "diabetes": {
        "plain": ConceptWords("having sugar disease (diabetes)"),
        "standard": ConceptWords("having diabetes"),
        "detailed": ConceptWords("diabetes"),
    },
    "antihypertensive": {
        "plain": ConceptWords("needing blood pressure pills"),
        "standard": ConceptWords("needing blood pressure medicine"),
        "detailed": ConceptWords("treated high blood pressure"),
    },
    "statin": {
        "plain": ConceptWords("needing a pill for blood fat (a statin)"),
        "standard": ConceptWords("needing a statin"),
        "detailed": ConceptWords("treatment with a statin"),
    },
    "hba1c": {
        "plain": ConceptWords("your blood sugar", "What can I do about my blood sugar?"),
        "standard": ConceptWords("your long-term blood sugar", "How can I improve my blood sugar?"),
        "detailed": ConceptWords("HbA1c", "Which HbA1c target suits me?"),
    },
    "urine_acr": {
        "plain": ConceptWords("protein in your pee", "What can I do for my kidneys?"),
        "standard": ConceptWords(
            "protein in your urine", "What could lower the protein in my urine?"
        ),
        "detailed": ConceptWords(
            "urine albumin-creatinine ratio", "Would a treatment that lowers albuminuria suit me?"
        ),
    },
}
# A medicine marks a condition that was treated; nobody may read it as a reason to stop.
MEDICINES = frozenset({"antihypertensive", "statin", "glucose_lowering", "insulin"})
KEEP_MEDICINES: dict[Level, str] = {
    "plain": "Keep taking your medicines. Talk to your doctor before you stop one.",
    "standard": "Keep taking your medicines. Talk to your doctor before you change one.",
    "detailed": (
        "A medicine is listed because it marks a treated condition. "
        "Stopping it would not lower the number."
    ),
}
# the models' own names for an input, where they differ from the word list's
ALIASES = {"current_smoking": "smoking", "smoking_status": "smoking", "sdi_decile": "sdi"}


def outcome_words(outcome: str, level: Level) -> OutcomeWords:
    """Raises KeyError for an outcome that no patient page shows."""
    return OUTCOMES[outcome][level]


def concept_words(concept: str, level: Level) -> ConceptWords | None:
    """None for a concept without patient words: it is then not named to a patient."""
    found = CONCEPTS.get(ALIASES.get(concept, concept))
    return found[level] if found else None
