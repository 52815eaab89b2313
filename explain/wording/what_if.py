"""Sentences of the patient's what-if. The numbers are the same at every level."""

from dataclasses import dataclass

from explain.wording.forecasts import INSIDE, MEASUREMENTS
from explain.wording.numbers import frequency, people_apart
from explain.wording.phrases import Level, outcome_words

OPENING: dict[Level, str] = {
    "plain": "Move a slider or tick a box. See how your number may change.",
    "standard": "Move a slider or tick a box to see how your number may change.",
    "detailed": "Set a target or begin a treatment to see how the estimates would change.",
}
CAUTIONS: dict[Level, tuple[str, ...]] = {
    "plain": (
        "This is a guess. It comes from studies of many people. You may do better or worse.",
        "Do not start or stop a pill on your own. Talk to your doctor first.",
        "This page does not check if a pill is safe for you.",
        "Lower is not better for all people. Ask your care team what is right for you.",
    ),
    "standard": (
        "These numbers come from studies of many people. Your own change may be larger or smaller.",
        "Do not start or stop a medicine on your own. Talk to your doctor first.",
        "This page does not check if a medicine is safe for you.",
        "Lower is not better for everybody. Ask your care team what is right for you.",
    ),
    "detailed": (
        "The estimates hold only if the average effects of the studies hold for you.",
        "Do not start or stop a medicine without your doctor.",
        "Contraindications and interactions are not checked here.",
        "Lower is not better for everybody. Ask your care team which target is right for you.",
    ),
}
SMOKING: dict[Level, str] = {
    "plain": "The good of not smoking comes step by step, over years. The number is for later on.",
    "standard": (
        "After you stop smoking, the benefit grows over years. The number here is for a person "
        "who does not smoke."
    ),
    "detailed": (
        "The model counts you as a non-smoker at once. In studies the risk of former heavy "
        "smokers stays raised for 5 to 10 years or more."
    ),
}
NO_NUMBER: dict[Level, str] = {
    "plain": "We cannot give a number for this change. Ask your doctor.",
    "standard": "We cannot give a number for this change. Your doctor can tell you more.",
    "detailed": "The model was not made for these values, so there is no estimate.",
}
# why there is no what-if, where it is no illness to name: told to the person themselves
BARRED: dict[Level, str] = {
    "plain": "This page is not made for you right now. Ask your doctor.",
    "standard": (
        "This page is for adults who are not pregnant. Your doctor can help you with your numbers."
    ),
    "detailed": (
        "The studies behind this page were of adults who are not pregnant, so nothing can be "
        "tried here. Ask your doctor."
    ),
}
UNCHANGED: dict[Level, str] = {
    "plain": "This number stays the same.",
    "standard": "This number does not change.",
    "detailed": "Nothing that this model uses has changed.",
}
PEOPLE: dict[Level, str] = {
    "plain": "people with tests like yours",
    "standard": "people with test results like yours",
    "detailed": "people with a history of values like yours",
}
TAKES_TIME: dict[Level, str] = {
    "plain": "The change takes time. Here it is all there in {by}.",
    "standard": "The change takes time. We assume that it is complete in {by}.",
    "detailed": (
        "The change comes step by step and is taken to be complete in {by}. How far you differ "
        "from the average of the studies is not known."
    ),
}
GAIN: dict[Level, str] = {
    "plain": (
        "Some people gain weight when they stop smoking. We cannot tell what it does to this test. "
        "To stop is still good for you. Ask your doctor."
    ),
    "standard": (
        "Some people gain weight when they stop smoking. What that does to this test we cannot "
        "tell. To stop is still good for you. Ask your doctor."
    ),
    "detailed": (
        "People who stop smoking gain weight on average, which may move this value the other way. "
        "How much in you is not known, so no number is shown. Stopping is still good for you."
    ),
}
NOT_IN_TIME: dict[Level, str] = {
    "plain": "This weight needs more time than {by}. Ask your doctor what you can aim for.",
    "standard": "This weight needs more time than {by}. Your doctor can tell you what to aim for.",
    "detailed": (
        "No change of diet within our limits leads to this weight in {by}, so no numbers are shown. "
        "Your doctor can tell you what to aim for."
    ),
}
# a change one aims at that would raise the number: an association, which nobody should act on
AGAINST: dict[Level, str] = {
    "plain": "Our numbers cannot tell what this change does for you. Ask your doctor.",
    "standard": (
        "The numbers behind this page cannot tell what this change would do for you. "
        "Ask your doctor."
    ),
    "detailed": (
        "In this model such values go with a higher number. That is an association and no effect "
        "of the change, so no number is shown. Ask your doctor."
    ),
}


@dataclass(frozen=True)
class WhatIfText:
    """What is said of one outcome. `after`, `apart` and `range` are empty without a number."""

    title: str
    now: str
    after: str
    apart: str
    range: str
    note: str


def what_if_text(
    *,
    outcome: str,
    level: Level,
    horizon: float,
    before: float,
    after: float | None,
    low: float | None,
    high: float | None,
    responds: bool,
    against: bool = False,
) -> WhatIfText:
    """Sentences for one outcome before and after.

    `low` and `high` are the range of the effects, None where there is none. Raises ValueError on
    what is no probability. `against`: a change that one aims at works against it in the model; where
    the number rises by that, none is said.
    """
    words = outcome_words(outcome, level)
    own = frequency(before)
    opening = own.out_of[0].upper() + own.out_of[1:]
    now = f"{opening} people like you will {words.event} within {horizon:g} years."
    if after is None:
        return WhatIfText(words.title, now, "", "", "", NO_NUMBER[level])
    if not responds:
        return WhatIfText(words.title, now, "", "", "", UNCHANGED[level])
    if against and after > before:
        return WhatIfText(words.title, now, "", "", "", AGAINST[level])
    new = frequency(after)
    then = f"With these changes: {new.out_of} will, within {horizon:g} years."
    apart = _apart(before, after)
    return WhatIfText(words.title, now, then, apart, _range(low, high), "")


def _apart(before: float, after: float) -> str:
    """The difference itself, rounded: that of two rounded numbers may be wrong by one person."""
    if before == after:
        return "The two numbers are the same."
    direction = "fewer" if after < before else "more"
    people = people_apart(before, after)
    if people is None:
        return f"That is less than 1 out of 100 {direction}."
    shown = abs(frequency(before).count - frequency(after).count)
    rounded = "" if shown == people else " Both numbers above are rounded."
    return f"That is about {people} {direction} out of 100.{rounded}"


def _range(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "We do not know how far off this can be."
    first, last = frequency(low), frequency(high)
    if first.words == last.words:
        return ""
    return f"It may also be from {first.words} to {last.words} out of 100."


@dataclass(frozen=True)
class MovedForecastText:
    """What is said of one measurement. `after` is empty without a forecast after the change."""

    title: str
    now: str
    after: str
    note: str


def moved_forecast_text(
    concept: str,
    level: Level,
    *,
    unit: str,
    years: float,
    before: tuple[str, str],
    after: tuple[str, str] | None,
    by: str,
    against: bool = False,
) -> MovedForecastText:
    """Sentences for one time ahead; `before` and `after` are ends of the 90 % band, as texts.

    `by`: when the whole change is there ("6 months"). `against`: stopping smoking alone would make it
    worse, by the weight that people gain on average, and no number is said. Raises KeyError for a measurement without
    patient words.
    """
    words = MEASUREMENTS[concept][level]
    when = f"In {years:g} year{'' if years == 1 else 's'}"
    now = (
        f"{when}, {INSIDE} out of 10 {PEOPLE[level]} will be between {before[0]} and {before[1]} "
        f"{unit}."
    )
    if against:
        return MovedForecastText(words.title, now, "", GAIN[level])
    if after is None:
        return MovedForecastText(words.title, now, "", NOT_IN_TIME[level].format(by=by))
    then = (
        f"With these changes: {INSIDE} out of 10 will be between {after[0]} and {after[1]} {unit}."
    )
    return MovedForecastText(words.title, now, then, TAKES_TIME[level].format(by=by))
