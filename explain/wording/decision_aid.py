"""Words of the patient's decision aid. The numbers are the same at every level, and for every side.

Of 100 people some have the event whatever they do, some are spared it (or harmed) by the medicine, and
for the rest it makes no difference: the three always add up to 100.
"""

import re
from dataclasses import dataclass

from explain.wording.numbers import DENOMINATOR, Frequency, frequency, people_apart
from explain.wording.phrases import Level

OPENING: dict[Level, str] = {
    "plain": "Your care team picked these choices to talk about with you.",
    "standard": "Your care team picked these options to discuss with you.",
    "detailed": "Your care team chose these options to discuss with you. They are compared below.",
}
# true for every option: one that is stopped brings more of the first, and less of the second
PREVENTED: dict[Level, str] = {
    "plain": "What treatment tries to prevent",
    "standard": "What treatment tries to prevent",
    "detailed": "Events that treatment is meant to prevent",
}
SIDE_EFFECTS: dict[Level, str] = {
    "plain": "Side effects",
    "standard": "Side effects",
    "detailed": "Unwanted effects of medicines",
}
OTHERS: dict[Level, str] = {
    "plain": "There are other side effects too. Ask your care team.",
    "standard": "There are other side effects too. Ask your care team.",
    "detailed": "There are other unwanted effects (side effects) too. Ask your care team.",
}
VALUES: dict[Level, str] = {
    "plain": "Your test numbers",
    "standard": "Your test results",
    "detailed": "Measured values",
}
TESTS: dict[Level, str] = {
    "plain": "Tests you need",
    "standard": "Tests you need",
    "detailed": "Monitoring",
}
NOTHING_NEW: dict[Level, str] = {
    "plain": "Without a new medicine",
    "standard": "Without a new medicine",
    "detailed": "Without a new medicine",
}
TODAY: dict[Level, str] = {
    "plain": "As now",
    "standard": "As now",
    "detailed": "Treatment as it is today",
}
STUDIES_DIFFER: dict[Level, str] = {
    "plain": "The studies did not start from the same point.",
    "standard": "The studies did not start from the same point.",
    "detailed": "The studies behind the options differ in what they started from or how long they took.",
}
NEW_CAUTION: dict[Level, str] = {"plain": "New:", "standard": "New:", "detailed": "New:"}
KEEP: dict[Level, str] = {
    "plain": "Keep things as they are",
    "standard": "Keep your treatment as it is",
    "detailed": "Keep the treatment of today",
}
NOT_KNOWN: dict[Level, str] = {
    "plain": "We do not know this number.",
    "standard": "This number is not known.",
    "detailed": "No figure is known for this option.",
}
# of today, where only how many more or fewer is known
ONLY_CHANGE: dict[Level, str] = {
    "plain": "We only know how a choice changes it.",
    "standard": "Only how an option changes it is known.",
    "detailed": "Only the difference that an option makes is known.",
}
NONE_KNOWN: dict[Level, str] = {
    "plain": "We have no numbers for this. That does not mean there is nothing. Ask your doctor.",
    "standard": "We have no figures here. That does not mean that there is nothing. Ask your doctor.",
    "detailed": "No figures are held for these options. That does not mean that there are no effects.",
}
CAUTIONS: dict[Level, tuple[str, ...]] = {
    "plain": (
        "These are estimates from studies of many people. You may do better or worse.",
        "Do not start or stop a pill on your own. Talk to your doctor first.",
        "What matters to you counts. Tell your care team.",
    ),
    "standard": (
        "These numbers come from studies of many people. Your own result may be better or worse.",
        "Do not start or stop a medicine on your own. Talk to your doctor first.",
        "What matters to you counts in this choice. Tell your care team.",
    ),
    "detailed": (
        "The estimates rest on the average effects of studies. How far you differ is not known.",
        "Do not start or stop a medicine without your doctor.",
        "Which option fits depends on what matters to you.",
    ),
}
QUESTIONS: dict[Level, tuple[str, ...]] = {
    "plain": (
        "What happens if I wait?",
        "What side effects should I watch for?",
        "What tests do I need, and when?",
    ),
    "standard": (
        "What happens if I wait?",
        "Which side effects should I watch for, and whom do I call?",
        "Which tests do I need, and when?",
    ),
    "detailed": (
        "What is likely if I wait or do nothing?",
        "Which side effects need a call, and to whom?",
        "Which tests are needed, and when?",
    ),
}
HIDDEN: dict[Level, str] = {
    "plain": "Something in your record is new. Your care team has to look at this page again.",
    "standard": "Something in your record is new. Your care team has to look at these options again.",
    "detailed": (
        "Your record has changed in a way that matters for these options. Your care team has to "
        "look at them again before they are shown."
    ),
}
CHANGED: dict[Level, str] = {
    "plain": "Something new came in after this page was made. Ask if it still fits.",
    "standard": "Something new came in after this page was made. Ask whether it still fits.",
    "detailed": (
        "Your record has changed: something came in after this page was made. Its numbers, warnings "
        "or doses are not quite those of now."
    ),
}


@dataclass(frozen=True)
class Counts:
    """100 people: `without` and `with_` the event, `apart` between them; the rest is not touched.

    `apart` is the difference itself, rounded; `with_` follows from it, so that all add up. Where
    the difference is below one in a hundred, `is_small` is true and both are the same.
    """

    without: int
    with_: int
    apart: int
    is_small: bool
    is_more: bool

    @property
    def untouched(self) -> int:
        """People for whom it makes no difference."""
        return DENOMINATOR - self.apart

    @property
    def either_way(self) -> int:
        """Of those, the ones who have the event whatever they do."""
        return min(self.without, self.with_)


def counts(before: float, after: float) -> Counts:
    """Whole people of a hundred for two probabilities in [0, 1]; ValueError outside."""
    without = frequency(before).count
    frequency(after)
    apart = people_apart(before, after)
    is_more = after > before
    if apart is None:
        return Counts(without, without, 0, before != after, is_more)
    # rounding must not make more people than there are
    apart = min(apart, DENOMINATOR - without if is_more else without)
    return Counts(without, without + apart if is_more else without - apart, apart, False, is_more)


def shown(probability: float, count: int) -> str:
    """ "8 out of 100"; below one and next to all as carefully as everywhere else."""
    careful = frequency(probability)
    own = (
        careful
        if careful.count == count
        else Frequency(count, str(count) if count else "fewer than 1")
    )
    return own.out_of


def more_or_fewer(apart: int | None, *, is_more: bool) -> str:
    """ "3 more than now, out of 100 people", where only the difference is known; None: below 1."""
    side = "more" if is_more else "fewer"
    number = "Less than 1" if apart is None else str(apart)
    return f"{number} {side} than now, out of {DENOMINATOR} people"


def rest_words(apart: int | None, level: Level) -> str:
    """Those for whom it makes no difference, where only the difference is known."""
    rest = "nearly all" if apart is None else f"the other {DENOMINATOR - apart}"
    return {
        "plain": f"For {rest} nothing changes.",
        "standard": f"For {rest} nothing changes.",
        "detailed": f"For {rest} it makes no difference.",
    }[level]


def started_from(without: str) -> str:
    """Where the options' studies started from different numbers: this one's."""
    return f"Without this choice it was {without} in its study."


def horizon_words(months: float) -> str:
    """ "10 years", "18 months", "about 2 years": to half a year, below two years to a month."""
    if months < 24 and months != 12:
        whole = max(1, round(months))
        return f"{_about(months, whole)}{whole} month{'' if whole == 1 else 's'}"
    halves = round(months / 6)
    years, half = divmod(halves, 2)
    if half:
        return f"{_about(months, halves * 6)}{years} and a half years"
    return f"{_about(months, halves * 6)}{years} year{'' if years == 1 else 's'}"


def _about(exact: float, shown: float) -> str:
    return "" if abs(exact - shown) < 0.05 else "about "


VALUE_NAMES: dict[str, str] = {
    "systolic_bp": "Blood pressure (upper number)",
    "ldl_cholesterol": 'LDL ("bad") cholesterol',
    "hdl_cholesterol": 'HDL ("good") cholesterol',
    "total_cholesterol": "Total cholesterol",
    "hba1c": "Long-term blood sugar (HbA1c)",
    "weight": "Weight",
    "bmi": "Weight for your height (BMI)",
}
# of a unit, what is written and how many decimals mean something
UNITS: dict[str, tuple[str, int]] = {
    "mm[Hg]": ("mmHg", 0),
    "kg": ("kg", 0),
    "[lb_av]": ("pounds", 0),
    "%": ("%", 1),
    "mmol/mol": ("mmol/mol", 0),
    "mmol/L": ("mmol/L", 1),
    "mg/dL": ("mg/dL", 0),
    "kg/m2": ("kg/m²", 1),
}


def value_words(
    concept: str, label: str, before: float, after: float, unit: str, level: Level
) -> str:
    """ "Weight: from 92 to about 89 kg."; empty where both round to the same."""
    written, digits = UNITS.get(unit, (unit, 1))
    first, second = f"{before:.{digits}f}", f"{after:.{digits}f}"
    if first == second:
        return ""
    # the clinical name, but for the one that tells nobody anything
    is_clinical = level == "detailed" and concept != "hba1c"
    name = label if is_clinical else VALUE_NAMES.get(concept, label)
    return f"{name}: from {first} to about {second} {written}."


_NUMBER = r"[\d.,]*\d"
_TIMES = r"(?: (?:once |twice )?(?:a day|daily)| every other day| with the evening meal)"
_SIMPLE = re.compile(
    rf"(?:start with |at most )?{_NUMBER}(?: to {_NUMBER})? mg{_TIMES}?"
    rf"(?:, at most {_NUMBER} mg{_TIMES}?)?"
)


def kidney_dose_words(dose: str, *, is_lower: bool) -> str:
    """The dose that fits the kidneys; one that takes a clinician to read is left to the care team."""
    text = "A lower dose, for your kidneys" if is_lower else "The dose that fits your kidneys"
    if not _SIMPLE.fullmatch(dose):
        return f"{text}. Your care team tells you how much."
    return f"{text}: {dose.replace('daily', 'a day')}."


def people_words(level: Level, *, of_trial: bool) -> str:
    """Whose hundred it is."""
    if of_trial:
        return {
            "plain": "people in a study, not just like you",
            "standard": "people in a study, who may differ from you",
            "detailed": "people of a trial, who may differ from you",
        }[level]
    return {
        "plain": "people with tests like yours",
        "standard": "people with test results like yours",
        "detailed": "people with values like yours",
    }[level]


def difference_words(found: Counts, level: Level) -> str:
    """What the choice does to a hundred people, with those for whom it does nothing."""
    if found.is_small:
        few = "more" if found.is_more else "fewer"
        return {
            "plain": f"This choice makes little change: less than 1 in 100 {few}.",
            "standard": f"This option changes little: less than 1 in 100 {few}.",
            "detailed": f"The difference is less than 1 in 100 {few}.",
        }[level]
    if not found.apart:
        return {
            "plain": "This choice does not change it.",
            "standard": "This option does not change it.",
            "detailed": "No difference is expected.",
        }[level]
    one = found.apart == 1
    if found.is_more:
        return {
            "plain": (
                f"{found.apart} in 100 get{'s' if one else ''} it from this choice. For "
                f"{found.untouched} nothing changes."
            ),
            "standard": (
                f"{found.apart} in 100 get{'s' if one else ''} it because of this option. For "
                f"{found.untouched} nothing changes."
            ),
            "detailed": (
                f"{found.apart} in 100 {'has' if one else 'have'} it because of this option; for "
                f"{found.untouched} it makes no difference."
            ),
        }[level]
    avoid = f"{found.apart} in 100 avoid{'s' if one else ''} it"
    return {
        "plain": (
            f"{found.apart} in 100 {'is' if one else 'are'} spared it. For {found.untouched} "
            "nothing changes."
        ),
        "standard": f"{avoid}. For {found.untouched} nothing changes.",
        "detailed": f"{avoid}; for {found.untouched} it makes no difference.",
    }[level]
