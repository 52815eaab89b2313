"""What outcomes and inputs are called, at each literacy level.

The words never say that an input caused an outcome: "the estimate used".
"""

from dataclasses import dataclass

from explain.wording.language import gettext, ngettext, ngettext_noop
from explain.wording.language import gettext_noop as N_
from explain.wording.levels import LEVEL_NAMES, LEVELS, ByLevel, Level
from explain.wording.numbers import Frequency
from explain.wording.times import years_words

__all__ = ["CONCEPTS", "LEVELS", "LEVEL_NAMES", "OUTCOMES", "Level"]


@dataclass(frozen=True)
class OutcomeWords:
    """`title` heads the block. `main` says the number: its forms for one person and for more, with
    the fields `count` ("Fewer than 1", "23") and `time` ("10 years").
    """

    title: str
    main: tuple[str, str]
    about: str


OUTCOMES: dict[str, dict[Level, OutcomeWords]] = {
    "cvd": {
        "plain": OutcomeWords(
            N_("Your heart and blood vessels"),
            ngettext_noop(
                "{count} out of 100 people like you have a heart attack, stroke or "
                "weak heart within {time}.",
                "{count} out of 100 people like you will have a heart attack, stroke "
                "or weak heart within {time}.",
            ),
            N_("This is about the health of your heart and blood vessels."),
        ),
        "standard": OutcomeWords(
            N_("Heart and blood vessel disease"),
            ngettext_noop(
                "{count} out of 100 people like you have a heart attack, stroke or "
                "heart failure within {time}.",
                "{count} out of 100 people like you will have a heart attack, stroke "
                "or heart failure within {time}.",
            ),
            N_("This estimate is about a first heart attack, stroke or heart failure."),
        ),
        "detailed": OutcomeWords(
            N_("Total cardiovascular disease"),
            ngettext_noop(
                "{count} out of 100 people like you have a first event of "
                "cardiovascular disease within {time}.",
                "{count} out of 100 people like you will have a first event of "
                "cardiovascular disease within {time}.",
            ),
            N_("Atherosclerotic cardiovascular disease or heart failure, whichever comes first."),
        ),
    },
    "kidney_failure_5y": {
        "plain": OutcomeWords(
            N_("Your kidneys"),
            ngettext_noop(
                "{count} out of 100 people like you need dialysis or a new kidney within {time}.",
                "{count} out of 100 people like you will need dialysis or a new kidney "
                "within {time}.",
            ),
            N_("This is about how well your kidneys work."),
        ),
        "standard": OutcomeWords(
            N_("Kidney failure"),
            ngettext_noop(
                "{count} out of 100 people like you need dialysis or a kidney "
                "transplant within {time}.",
                "{count} out of 100 people like you will need dialysis or a kidney "
                "transplant within {time}.",
            ),
            N_("This estimate is about kidney failure that needs dialysis or a transplant."),
        ),
        "detailed": OutcomeWords(
            N_("Treated kidney failure"),
            ngettext_noop(
                "{count} out of 100 people like you have kidney failure treated by "
                "dialysis or transplantation within {time}.",
                "{count} out of 100 people like you will have kidney failure treated "
                "by dialysis or transplantation within {time}.",
            ),
            N_("Kidney failure treated by dialysis or transplantation."),
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
        "plain": ConceptWords(N_("your age")),
        "standard": ConceptWords(N_("your age")),
        "detailed": ConceptWords(N_("age")),
    },
    "sex": {
        "plain": ConceptWords(N_("being a man or a woman")),
        "standard": ConceptWords(N_("your sex")),
        "detailed": ConceptWords(N_("sex")),
    },
    "systolic_bp": {
        "plain": ConceptWords(
            N_("your blood pressure"), N_("What can I do to lower my blood pressure?")
        ),
        "standard": ConceptWords(
            N_("your blood pressure"), N_("What would help to bring my blood pressure down?")
        ),
        "detailed": ConceptWords(
            N_("systolic blood pressure"),
            N_("Which blood pressure target suits me, and how do I reach it?"),
        ),
    },
    "total_cholesterol": {
        "plain": ConceptWords(
            N_("the fat in your blood"), N_("What can I do about the fat in my blood?")
        ),
        "standard": ConceptWords(
            N_("your cholesterol"), N_("Should I do something about my cholesterol?")
        ),
        "detailed": ConceptWords(
            N_("total cholesterol"), N_("Would lipid-lowering treatment be right for me?")
        ),
    },
    "hdl_cholesterol": {
        "plain": ConceptWords(N_("the good fat in your blood"), N_("How can I be more active?")),
        "standard": ConceptWords(
            N_("your good (HDL) cholesterol"), N_("How can I be more active?")
        ),
        "detailed": ConceptWords(
            N_("HDL cholesterol"), N_("What raises HDL cholesterol, and does it help?")
        ),
    },
    "smoking": {
        "plain": ConceptWords(N_("smoking"), N_("Can you help me stop smoking?")),
        "standard": ConceptWords(N_("smoking"), N_("What help is there to stop smoking?")),
        "detailed": ConceptWords(
            N_("current smoking"), N_("Which treatment to stop smoking suits me?")
        ),
    },
    "bmi": {
        "plain": ConceptWords(N_("your weight"), N_("What can I do about my weight?")),
        "standard": ConceptWords(
            N_("your weight for your height"), N_("What could help with my weight?")
        ),
        "detailed": ConceptWords(
            N_("body mass index"), N_("Which weight goal makes sense, and what would help?")
        ),
    },
    "egfr": {
        "plain": ConceptWords(
            N_("how your kidneys work"), N_("How can I take care of my kidneys?")
        ),
        "standard": ConceptWords(N_("your kidney function"), N_("How can I protect my kidneys?")),
        "detailed": ConceptWords(N_("eGFR"), N_("How is my kidney function followed up?")),
    },
    "diabetes": {
        "plain": ConceptWords(N_("having sugar disease (diabetes)")),
        "standard": ConceptWords(N_("having diabetes")),
        "detailed": ConceptWords(N_("diabetes")),
    },
    "antihypertensive": {
        "plain": ConceptWords(N_("needing blood pressure pills")),
        "standard": ConceptWords(N_("needing blood pressure medicine")),
        "detailed": ConceptWords(N_("treated high blood pressure")),
    },
    "statin": {
        "plain": ConceptWords(N_("needing a pill for blood fat (a statin)")),
        "standard": ConceptWords(N_("needing a statin")),
        "detailed": ConceptWords(N_("treatment with a statin")),
    },
    "hba1c": {
        "plain": ConceptWords(N_("your blood sugar"), N_("What can I do about my blood sugar?")),
        "standard": ConceptWords(
            N_("your long-term blood sugar"), N_("How can I improve my blood sugar?")
        ),
        "detailed": ConceptWords(N_("HbA1c"), N_("Which HbA1c target suits me?")),
    },
    "urine_acr": {
        "plain": ConceptWords(N_("protein in your pee"), N_("What can I do for my kidneys?")),
        "standard": ConceptWords(
            N_("protein in your urine"), N_("What could lower the protein in my urine?")
        ),
        "detailed": ConceptWords(
            N_("urine albumin-creatinine ratio"),
            N_("Would a treatment that lowers albuminuria suit me?"),
        ),
    },
}
# A medicine marks a condition that was treated; nobody may read it as a reason to stop.
MEDICINES = frozenset({"antihypertensive", "statin", "glucose_lowering", "insulin"})
KEEP_MEDICINES = ByLevel(
    {
        "plain": N_("Keep taking your medicines. Talk to your doctor before you stop one."),
        "standard": N_("Keep taking your medicines. Talk to your doctor before you change one."),
        "detailed": (
            N_(
                "A medicine is listed because it marks a treated condition. "
                "Stopping it would not lower the number."
            )
        ),
    }
)
# the models' own names for an input, where they differ from the word list's
ALIASES = {"current_smoking": "smoking", "smoking_status": "smoking", "sdi_decile": "sdi"}


def outcome_words(outcome: str, level: Level) -> OutcomeWords:
    """In the reader's language. Raises KeyError for an outcome that no patient page shows."""
    found = OUTCOMES[outcome][level]
    return OutcomeWords(gettext(found.title), found.main, gettext(found.about))


def outcome_sentence(outcome: str, level: Level, number: Frequency, years: float) -> str:
    """The number of one outcome with its time: "23 out of 100 people like you will ..."."""
    found = OUTCOMES[outcome][level]
    sentence = ngettext(*found.main, number.plural)
    return sentence.format(count=number.opening, time=years_words(years))


def otherwise_sentence(number: Frequency, years: float) -> str:
    """The rest of the hundred with its time: "77 out of 100 will not within 10 years."."""
    sentence = ngettext(
        "{count} out of 100 will not within {time}.",
        "{count} out of 100 will not within {time}.",
        number.others_plural,
    )
    return sentence.format(count=number.others_opening, time=years_words(years))


def concept_words(concept: str, level: Level) -> ConceptWords | None:
    """None for a concept without patient words: it is then not named to a patient."""
    found = CONCEPTS.get(ALIASES.get(concept, concept))
    return ConceptWords(gettext(found[level].name), gettext(found[level].talk)) if found else None
