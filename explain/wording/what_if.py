"""Sentences of the patient's what-if. The numbers are the same at every level."""

from dataclasses import dataclass

from explain.wording.forecasts import INSIDE, PEOPLE, measurement_words
from explain.wording.language import gettext
from explain.wording.language import gettext_noop as N_
from explain.wording.levels import ByLevel, Level, ListByLevel
from explain.wording.numbers import frequency, people_apart
from explain.wording.phrases import outcome_sentence, outcome_words
from explain.wording.times import years_words

OPENING = ByLevel(
    {
        "plain": N_("Move a slider or tick a box. See how your number may change."),
        "standard": N_("Move a slider or tick a box to see how your number may change."),
        "detailed": N_("Set a target or begin a treatment to see how the estimates would change."),
    }
)
CAUTIONS = ListByLevel(
    {
        "plain": (
            N_(
                "This is a guess. It comes from studies of many people. You may do better or worse."
            ),
            N_("Do not start or stop a pill on your own. Talk to your doctor first."),
            N_("This page does not check if a pill is safe for you."),
            N_("Lower is not better for all people. Ask your care team what is right for you."),
        ),
        "standard": (
            N_(
                "These numbers come from studies of many people. Your own change may be larger or smaller."
            ),
            N_("Do not start or stop a medicine on your own. Talk to your doctor first."),
            N_("This page does not check if a medicine is safe for you."),
            N_("Lower is not better for everybody. Ask your care team what is right for you."),
        ),
        "detailed": (
            N_("The estimates hold only if the average effects of the studies hold for you."),
            N_("Do not start or stop a medicine without your doctor."),
            N_("Contraindications and interactions are not checked here."),
            N_(
                "Lower is not better for everybody. Ask your care team which target is right for you."
            ),
        ),
    }
)
SMOKING = ByLevel(
    {
        "plain": N_(
            "The good of not smoking comes step by step, over years. The number is for later on."
        ),
        "standard": (
            N_(
                "After you stop smoking, the benefit grows over years. The number here is for a person "
                "who does not smoke."
            )
        ),
        "detailed": (
            N_(
                "The model counts you as a non-smoker at once. In studies the risk of former heavy "
                "smokers stays raised for 5 to 10 years or more."
            )
        ),
    }
)
NO_NUMBER = ByLevel(
    {
        "plain": N_("We cannot give a number for this change. Ask your doctor."),
        "standard": N_("We cannot give a number for this change. Your doctor can tell you more."),
        "detailed": N_("The model was not made for these values, so there is no estimate."),
    }
)
# why there is no what-if, where it is no illness to name: told to the person themselves
BARRED = ByLevel(
    {
        "plain": N_("This page is not made for you right now. Ask your doctor."),
        "standard": (
            N_(
                "This page is for adults who are not pregnant. Your doctor can help you with your numbers."
            )
        ),
        "detailed": (
            N_(
                "The studies behind this page were of adults who are not pregnant, so nothing can be "
                "tried here. Ask your doctor."
            )
        ),
    }
)
UNCHANGED = ByLevel(
    {
        "plain": N_("This number stays the same."),
        "standard": N_("This number does not change."),
        "detailed": N_("Nothing that this model uses has changed."),
    }
)
TAKES_TIME = ByLevel(
    {
        "plain": N_("The change takes time. Here it is all there in {by}."),
        "standard": N_("The change takes time. We assume that it is complete in {by}."),
        "detailed": (
            N_(
                "The change comes step by step and is taken to be complete in {by}. How far you differ "
                "from the average of the studies is not known."
            )
        ),
    }
)
GAIN = ByLevel(
    {
        "plain": (
            N_(
                "Some people gain weight when they stop smoking. We cannot tell what it does to this test. "
                "To stop is still good for you. Ask your doctor."
            )
        ),
        "standard": (
            N_(
                "Some people gain weight when they stop smoking. What that does to this test we cannot "
                "tell. To stop is still good for you. Ask your doctor."
            )
        ),
        "detailed": (
            N_(
                "People who stop smoking gain weight on average, which may move this value the other way. "
                "How much in you is not known, so no number is shown. Stopping is still good for you."
            )
        ),
    }
)
NOT_IN_TIME = ByLevel(
    {
        "plain": N_("This weight needs more time than {by}. Ask your doctor what you can aim for."),
        "standard": N_(
            "This weight needs more time than {by}. Your doctor can tell you what to aim for."
        ),
        "detailed": (
            N_(
                "No change of diet within our limits leads to this weight in {by}, so no numbers are shown. "
                "Your doctor can tell you what to aim for."
            )
        ),
    }
)
# a change one aims at that would raise the number: an association, which nobody should act on
AGAINST = ByLevel(
    {
        "plain": N_("Our numbers cannot tell what this change does for you. Ask your doctor."),
        "standard": (
            N_(
                "The numbers behind this page cannot tell what this change would do for you. "
                "Ask your doctor."
            )
        ),
        "detailed": (
            N_(
                "In this model such values go with a higher number. That is an association and no effect "
                "of the change, so no number is shown. Ask your doctor."
            )
        ),
    }
)


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
    now = outcome_sentence(outcome, level, own, horizon)
    if after is None:
        return WhatIfText(words.title, now, "", "", "", NO_NUMBER[level])
    if not responds:
        return WhatIfText(words.title, now, "", "", "", UNCHANGED[level])
    if against and after > before:
        return WhatIfText(words.title, now, "", "", "", AGAINST[level])
    new = frequency(after)
    time = years_words(horizon)
    then = gettext("With these changes: {number} will, within {time}.").format(
        number=new.out_of, time=time
    )
    apart = _apart(before, after, time)
    return WhatIfText(words.title, now, then, apart, _range(low, high, time), "")


def _apart(before: float, after: float, time: str) -> str:
    """The difference itself, rounded: that of two rounded numbers may be wrong by one person."""
    if before == after:
        return gettext("The two numbers are the same.")
    people = people_apart(before, after)
    is_fewer = after < before
    if people is None:
        few = gettext("That is less than 1 out of 100 fewer within {time}.")
        many = gettext("That is less than 1 out of 100 more within {time}.")
        return (few if is_fewer else many).format(time=time)
    shown = abs(frequency(before).count - frequency(after).count)
    if shown == people:
        few = gettext("That is about {people} fewer out of 100 within {time}.")
        many = gettext("That is about {people} more out of 100 within {time}.")
    else:
        few = gettext(
            "That is about {people} fewer out of 100 within {time}. Both numbers above are rounded."
        )
        many = gettext(
            "That is about {people} more out of 100 within {time}. Both numbers above are rounded."
        )
    return (few if is_fewer else many).format(people=people, time=time)


def _range(low: float | None, high: float | None, time: str) -> str:
    if low is None or high is None:
        return gettext("We do not know how far off this can be.")
    first, last = frequency(low), frequency(high)
    if first.words == last.words:
        return ""
    return gettext("It may also be from {low} to {high} out of 100 within {time}.").format(
        low=first.said, high=last.said, time=time
    )


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
    worse, by the weight that people gain on average, and no number is said. Raises KeyError for a
    measurement without patient words.
    """
    words = measurement_words(concept, level)
    now = gettext("In {time}, {inside} out of 10 {people} will be between {low} and {high} {unit}.")
    now = now.format(
        time=years_words(years),
        inside=INSIDE,
        people=PEOPLE[level],
        low=before[0],
        high=before[1],
        unit=unit,
    )
    if against:
        return MovedForecastText(words.title, now, "", GAIN[level])
    if after is None:
        return MovedForecastText(words.title, now, "", NOT_IN_TIME[level].format(by=by))
    then = gettext(
        "With these changes: {inside} out of 10 will be between {low} and {high} {unit}."
    )
    then = then.format(inside=INSIDE, low=after[0], high=after[1], unit=unit)
    return MovedForecastText(words.title, now, then, TAKES_TIME[level].format(by=by))
