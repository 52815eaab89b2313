"""Sentences of "what could bring my number down". The numbers are the same at every level."""

from dataclasses import dataclass

from explain.wording.language import gettext, gettext_noop, ngettext
from explain.wording.numbers import frequency, people_apart
from explain.wording.phrases import Level, otherwise_sentence, outcome_sentence

OPENING: dict[Level, str] = {
    "plain": gettext_noop("See which changes go with a lower number. Pick how much lower."),
    "standard": gettext_noop(
        "See which changes would go with a lower number. Choose how much lower."
    ),
    "detailed": gettext_noop(
        "See the smallest changes with which the model gives a lower number. Choose how much lower."
    ),
}
CAUTIONS: dict[Level, tuple[str, ...]] = {
    "plain": (
        gettext_noop("This is a guess. It comes from studies of many people."),
        gettext_noop("We changed only what you see here. All else stays as it is now."),
        gettext_noop("Doctors use these goals for many people. They may not be right for you."),
        gettext_noop("Do not start or stop a pill on your own. Talk to your doctor first."),
    ),
    "standard": (
        gettext_noop("This is an estimate. It comes from studies of many people."),
        gettext_noop("Only what you see here is changed. Everything else stays as it is now."),
        gettext_noop("The goals are for many people. They may not be right for you."),
        gettext_noop("Do not start or stop a medicine on your own. Talk to your doctor first."),
    ),
    "detailed": (
        gettext_noop("These are estimates from associations in studies of many people."),
        gettext_noop("The model used the values shown here; all others stay as they are."),
        gettext_noop("The goals are those of guidelines for many people, not yours alone."),
        gettext_noop("Do not start or stop a medicine without your doctor."),
    ),
}
# one change; the fields are the values of today and then, as text with the same digits at each level,
# and their unit
CHANGES: dict[str, dict[Level, str]] = {
    "smoking_status": {
        "plain": gettext_noop("Stop smoking."),
        "standard": gettext_noop("Stop smoking."),
        "detailed": gettext_noop("Stop smoking."),
    },
    "systolic_bp": {
        "plain": gettext_noop(
            "Bring the top number of your blood pressure from {before} to {after} {unit}."
        ),
        "standard": gettext_noop(
            "Bring the upper number of your blood pressure from {before} to {after} {unit}."
        ),
        "detailed": gettext_noop(
            "Bring the systolic blood pressure from {before} to {after} {unit}."
        ),
    },
    "ldl_cholesterol": {
        "plain": gettext_noop(
            "Bring the bad fat in your blood (LDL) from {before} to {after} {unit}."
        ),
        "standard": gettext_noop(
            "Bring your bad cholesterol (LDL) from {before} to {after} {unit}."
        ),
        "detailed": gettext_noop("Bring LDL cholesterol from {before} to {after} {unit}."),
    },
    "total_cholesterol": {
        "plain": gettext_noop("Bring the fat in your blood from {before} to {after} {unit}."),
        "standard": gettext_noop("Bring your cholesterol from {before} to {after} {unit}."),
        "detailed": gettext_noop("Bring total cholesterol from {before} to {after} {unit}."),
    },
    "hba1c": {
        "plain": gettext_noop("Bring your blood sugar (HbA1c) from {before} to {after} {unit}."),
        "standard": gettext_noop(
            "Bring your long-term blood sugar (HbA1c) from {before} to {after} {unit}."
        ),
        "detailed": gettext_noop("Bring HbA1c from {before} to {after} {unit}."),
    },
    "weight": {
        "plain": gettext_noop("Bring your weight from {before} to {after} {unit}."),
        "standard": gettext_noop("Bring your weight from {before} to {after} {unit}."),
        "detailed": gettext_noop("Bring body weight from {before} to {after} {unit}."),
    },
    "bmi": {
        "plain": gettext_noop(
            "Bring your weight for your height (BMI) from {before} to {after} {unit}."
        ),
        "standard": gettext_noop(
            "Bring your weight for your height (BMI) from {before} to {after} {unit}."
        ),
        "detailed": gettext_noop("Bring the body mass index from {before} to {after} {unit}."),
    },
    "urine_acr": {
        "plain": gettext_noop("Bring the protein in your pee from {before} to {after} {unit}."),
        "standard": gettext_noop(
            "Bring the protein in your urine from {before} to {after} {unit}."
        ),
        "detailed": gettext_noop(
            "Bring the urine albumin-creatinine ratio from {before} to {after} {unit}."
        ),
    },
}
ASK: dict[Level, str] = {
    "plain": gettext_noop("Ask your doctor if this is right for you, and what can help."),
    "standard": gettext_noop("Ask your doctor whether this is right for you, and what can help."),
    "detailed": gettext_noop("Ask your doctor whether this goal suits you, and how to reach it."),
}
NOT_SO_LOW: dict[Level, str] = {
    "plain": gettext_noop(
        "We found no change here that brings your number down this much. That is not your fault."
    ),
    "standard": gettext_noop(
        "We found no change within the usual goals that lowers your number this much. "
        "That is not your fault."
    ),
    "detailed": gettext_noop(
        "No change within the recommended ranges lowers the estimate this much. "
        "That is not your fault."
    ),
}
ALREADY_LOW: dict[Level, str] = {
    "plain": gettext_noop(
        "Your number is so low that we found no way to show a change. "
        "Ask your doctor what keeps you well."
    ),
    "standard": gettext_noop(
        "Your number is so low that no change can be shown here. "
        "Ask your doctor what keeps you well."
    ),
    "detailed": gettext_noop(
        "The estimate is so low that no change can be shown in whole people. "
        "Ask your doctor what keeps you well."
    ),
}
NOTHING: dict[Level, str] = {
    "plain": gettext_noop(
        "We found nothing on this page to bring your number down. That is not your fault. "
        "Things like your age count too. Ask your doctor what is good for you."
    ),
    "standard": gettext_noop(
        "We found no change on this page that would lower your number. That is not your fault. "
        "Age and other things count too. Ask your doctor what is good for you."
    ),
    "detailed": gettext_noop(
        "No value that you can change is outside its recommended range in a way that would lower "
        "the estimate. Age and other things count too. Ask your doctor what is good for you."
    ),
}
# how much lower: what a person picks
CHOICES: dict[str, dict[Level, str]] = {
    "little": {
        "plain": gettext_noop("A little lower"),
        "standard": gettext_noop("A little lower"),
        "detailed": gettext_noop("A little lower"),
    },
    "more": {
        "plain": gettext_noop("Lower"),
        "standard": gettext_noop("Lower"),
        "detailed": gettext_noop("Lower"),
    },
    "most": {
        "plain": gettext_noop("As low as we can"),
        "standard": gettext_noop("As low as possible here"),
        "detailed": gettext_noop("As low as possible here"),
    },
}


@dataclass(frozen=True)
class NumberText:
    """One probability in words: both sides of it, each with its time."""

    main: str
    otherwise: str


def number_text(*, outcome: str, level: Level, horizon: float, probability: float) -> NumberText:
    """ "15 out of 100 people like you will ... within 10 years", and how many will not.

    Raises ValueError on what is no probability.
    """
    own = frequency(probability)
    return NumberText(
        outcome_sentence(outcome, level, own, horizon), otherwise_sentence(own, horizon)
    )


def apart_text(*, horizon: float, before: float, after: float) -> str:
    """How many fewer of a hundred: the difference itself, rounded."""
    years, people = int(horizon), people_apart(before, after)
    if people is None:
        message = ngettext(
            "That is less than 1 out of 100 fewer within {years} year.",
            "That is less than 1 out of 100 fewer within {years} years.",
            years,
        )
        return message.format(years=years)
    message = ngettext(
        "That is about {people} fewer out of 100 within {years} year.",
        "That is about {people} fewer out of 100 within {years} years.",
        years,
    )
    told = message.format(people=people, years=years)
    if people == abs(frequency(before).count - frequency(after).count):
        return told
    rounded = gettext("Both numbers are rounded.")
    return f"{told} {rounded}"


def change_text(concept: str, level: Level, *, before: str, after: str, unit: str) -> str:
    """One change in a sentence. Raises KeyError on a value that nobody is told to change."""
    return gettext(CHANGES[concept][level]).format(before=before, after=after, unit=unit)
