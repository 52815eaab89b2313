"""Words of the patient's decision aid. The numbers are the same at every level, and for every side.

Of 100 people some have the event whatever they do, some are spared it (or harmed) by the medicine, and
for the rest it makes no difference: the three always add up to 100.
"""

from dataclasses import dataclass

from explain.wording.language import gettext, ngettext
from explain.wording.language import gettext_noop as N_
from explain.wording.levels import ByLevel, Level, ListByLevel
from explain.wording.numbers import DENOMINATOR, FEWER, Frequency, frequency, people_apart

OPENING = ByLevel(
    {
        "plain": N_("Your care team picked these choices to talk about with you."),
        "standard": N_("Your care team picked these options to discuss with you."),
        "detailed": N_(
            "Your care team chose these options to discuss with you. They are compared below."
        ),
    }
)
# true for every option: one that is stopped brings more of the first, and less of the second
PREVENTED = ByLevel(
    {
        "plain": N_("What treatment tries to prevent"),
        "standard": N_("What treatment tries to prevent"),
        "detailed": N_("Events that treatment is meant to prevent"),
    }
)
SIDE_EFFECTS = ByLevel(
    {
        "plain": N_("Side effects"),
        "standard": N_("Side effects"),
        "detailed": N_("Unwanted effects of medicines"),
    }
)
OTHERS = ByLevel(
    {
        "plain": N_("There are other side effects too. Ask your care team."),
        "standard": N_("There are other side effects too. Ask your care team."),
        "detailed": N_("There are other unwanted effects (side effects) too. Ask your care team."),
    }
)
VALUES = ByLevel(
    {
        "plain": N_("Your test numbers"),
        "standard": N_("Your test results"),
        "detailed": N_("Measured values"),
    }
)
TESTS = ByLevel(
    {
        "plain": N_("Tests you need"),
        "standard": N_("Tests you need"),
        "detailed": N_("Monitoring"),
    }
)
NOTHING_NEW = ByLevel(
    {
        "plain": N_("Without a new medicine"),
        "standard": N_("Without a new medicine"),
        "detailed": N_("Without a new medicine"),
    }
)
TODAY = ByLevel(
    {
        "plain": N_("As now"),
        "standard": N_("As now"),
        "detailed": N_("Treatment as it is today"),
    }
)
STUDIES_DIFFER = ByLevel(
    {
        "plain": N_("The studies did not start from the same point."),
        "standard": N_("The studies did not start from the same point."),
        "detailed": N_(
            "The studies behind the options differ in what they started from or how long they took."
        ),
    }
)
NEW_CAUTION = ByLevel(
    {"plain": N_("New: {text}"), "standard": N_("New: {text}"), "detailed": N_("New: {text}")}
)
KEEP = ByLevel(
    {
        "plain": N_("Keep things as they are"),
        "standard": N_("Keep your treatment as it is"),
        "detailed": N_("Keep the treatment of today"),
    }
)
NOT_KNOWN = ByLevel(
    {
        "plain": N_("We do not know this number."),
        "standard": N_("This number is not known."),
        "detailed": N_("No figure is known for this option."),
    }
)
# of today, where only how many more or fewer is known
ONLY_CHANGE = ByLevel(
    {
        "plain": N_("We only know how a choice changes it."),
        "standard": N_("Only how an option changes it is known."),
        "detailed": N_("Only the difference that an option makes is known."),
    }
)
NONE_KNOWN = ByLevel(
    {
        "plain": N_(
            "We have no numbers for this. That does not mean there is nothing. Ask your doctor."
        ),
        "standard": N_(
            "We have no figures here. That does not mean that there is nothing. Ask your doctor."
        ),
        "detailed": N_(
            "No figures are held for these options. That does not mean that there are no effects."
        ),
    }
)
CAUTIONS = ListByLevel(
    {
        "plain": (
            N_("These are estimates from studies of many people. You may do better or worse."),
            N_("Do not start or stop a pill on your own. Talk to your doctor first."),
            N_("What matters to you counts. Tell your care team."),
        ),
        "standard": (
            N_(
                "These numbers come from studies of many people. Your own result may be better or worse."
            ),
            N_("Do not start or stop a medicine on your own. Talk to your doctor first."),
            N_("What matters to you counts in this choice. Tell your care team."),
        ),
        "detailed": (
            N_(
                "The estimates rest on the average effects of studies. How far you differ is not known."
            ),
            N_("Do not start or stop a medicine without your doctor."),
            N_("Which option fits depends on what matters to you."),
        ),
    }
)
QUESTIONS = ListByLevel(
    {
        "plain": (
            N_("What happens if I wait?"),
            N_("What side effects should I watch for?"),
            N_("What tests do I need, and when?"),
        ),
        "standard": (
            N_("What happens if I wait?"),
            N_("Which side effects should I watch for, and whom do I call?"),
            N_("Which tests do I need, and when?"),
        ),
        "detailed": (
            N_("What is likely if I wait or do nothing?"),
            N_("Which side effects need a call, and to whom?"),
            N_("Which tests are needed, and when?"),
        ),
    }
)
HIDDEN = ByLevel(
    {
        "plain": N_(
            "Something in your record is new. Your care team has to look at this page again."
        ),
        "standard": N_(
            "Something in your record is new. Your care team has to look at these options again."
        ),
        "detailed": (
            N_(
                "Your record has changed in a way that matters for these options. Your care team has to "
                "look at them again before they are shown."
            )
        ),
    }
)
CHANGED = ByLevel(
    {
        "plain": N_("Something new came in after this page was made. Ask if it still fits."),
        "standard": N_(
            "Something new came in after this page was made. Ask whether it still fits."
        ),
        "detailed": (
            N_(
                "Your record has changed: something came in after this page was made. Its numbers, warnings "
                "or doses are not quite those of now."
            )
        ),
    }
)


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
    own = careful if careful.count == count else Frequency(count, str(count) if count else FEWER)
    return own.out_of


def within(number: str, time: str) -> str:
    """A number of people with its time, in one sentence: "8 out of 100, within 10 years"."""
    return gettext("{number}, within {time}").format(number=number, time=time)


def people_within(number: str, people: str, time: str) -> str:
    """The same with those whose hundred it is."""
    return gettext("{number} {people}, within {time}").format(
        number=number, people=people, time=time
    )


def title_within(title: str, time: str, number: str) -> str:
    """A picture in words: "Stroke, within 10 years: 8 out of 100"."""
    return gettext("{title}, within {time}: {number}").format(title=title, time=time, number=number)


def from_to(first: str, last: str) -> str:
    """Two counts of people of a hundred, the less first."""
    return gettext("{low} to {high} out of 100").format(low=first, high=last)


def more_or_fewer(apart: int | None, *, is_more: bool) -> str:
    """ "3 more than now, out of 100 people", where only the difference is known; None: below 1."""
    if apart is None:
        more = gettext("Less than 1 more than now, out of 100 people")
        fewer = gettext("Less than 1 fewer than now, out of 100 people")
    else:
        more = gettext("{people} more than now, out of 100 people")
        fewer = gettext("{people} fewer than now, out of 100 people")
    return (more if is_more else fewer).format(people=apart)


NEARLY_ALL = ByLevel(
    {
        "plain": N_("For nearly all nothing changes."),
        "standard": N_("For nearly all nothing changes."),
        "detailed": N_("For nearly all it makes no difference."),
    }
)


def rest_words(apart: int | None, level: Level) -> str:
    """Those for whom it makes no difference, where only the difference is known."""
    if apart is None:
        return NEARLY_ALL[level]
    rest = DENOMINATOR - apart
    if level == "detailed":
        said = ngettext(
            "For the other {rest} it makes no difference.",
            "For the other {rest} it makes no difference.",
            rest,
        )
    else:
        said = ngettext(
            "For the other {rest} nothing changes.", "For the other {rest} nothing changes.", rest
        )
    return said.format(rest=rest)


def started_from(without: str, time: str) -> str:
    """Where the options' studies started from different numbers: this one's, with its time."""
    return gettext("Without this choice it was {without} in its study, within {time}.").format(
        without=without, time=time
    )


VALUE_NAMES: dict[str, str] = {
    "systolic_bp": N_("Blood pressure (upper number)"),
    "ldl_cholesterol": N_('LDL ("bad") cholesterol'),
    "hdl_cholesterol": N_('HDL ("good") cholesterol'),
    "total_cholesterol": N_("Total cholesterol"),
    "hba1c": N_("Long-term blood sugar (HbA1c)"),
    "weight": N_("Weight"),
    "bmi": N_("Weight for your height (BMI)"),
}
# clinical names that come with a proposal
CLINICAL_NAMES = (
    N_("Systolic blood pressure"),
    N_("LDL cholesterol"),
    N_("HDL cholesterol"),
    N_("Body weight"),
    N_("Body mass index"),
)
# of a unit, what is written and how many decimals mean something
UNITS: dict[str, tuple[str, int]] = {
    "mm[Hg]": ("mmHg", 0),
    "kg": ("kg", 0),
    "[lb_av]": (N_("pounds"), 0),
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
    return gettext("{name}: from {before} to about {after} {unit}.").format(
        name=gettext(name), before=first, after=second, unit=gettext(written)
    )


OF_TRIAL = ByLevel(
    {
        "plain": N_("people in a study, not just like you"),
        "standard": N_("people in a study, who may differ from you"),
        "detailed": N_("people of a trial, who may differ from you"),
    }
)
LIKE_YOU = ByLevel(
    {
        "plain": N_("people with tests like yours"),
        "standard": N_("people with test results like yours"),
        "detailed": N_("people with values like yours"),
    }
)


def people_words(level: Level, *, of_trial: bool) -> str:
    """Whose hundred it is."""
    return (OF_TRIAL if of_trial else LIKE_YOU)[level]


SMALL_MORE = ByLevel(
    {
        "plain": N_("This choice makes little change: less than 1 in 100 more."),
        "standard": N_("This option changes little: less than 1 in 100 more."),
        "detailed": N_("The difference is less than 1 in 100 more."),
    }
)
SMALL_FEWER = ByLevel(
    {
        "plain": N_("This choice makes little change: less than 1 in 100 fewer."),
        "standard": N_("This option changes little: less than 1 in 100 fewer."),
        "detailed": N_("The difference is less than 1 in 100 fewer."),
    }
)
SAME = ByLevel(
    {
        "plain": N_("This choice does not change it."),
        "standard": N_("This option does not change it."),
        "detailed": N_("No difference is expected."),
    }
)


def difference_words(found: Counts, level: Level) -> str:
    """What the choice does to a hundred people, with those for whom it does nothing."""
    if found.is_small:
        return (SMALL_MORE if found.is_more else SMALL_FEWER)[level]
    if not found.apart:
        return SAME[level]
    said = (_more if found.is_more else _fewer)(found.apart, level)
    return said.format(people=found.apart, untouched=found.untouched)


def _more(people: int, level: Level) -> str:
    if level == "plain":
        return ngettext(
            "{people} in 100 gets it from this choice. For {untouched} nothing changes.",
            "{people} in 100 get it from this choice. For {untouched} nothing changes.",
            people,
        )
    if level == "standard":
        return ngettext(
            "With this option, {people} in 100 more has it. For {untouched} nothing changes.",
            "With this option, {people} in 100 more have it. For {untouched} nothing changes.",
            people,
        )
    return ngettext(
        "With this option, {people} in 100 more has it; for {untouched} it makes no difference.",
        "With this option, {people} in 100 more have it; for {untouched} it makes no difference.",
        people,
    )


def _fewer(people: int, level: Level) -> str:
    if level == "plain":
        return ngettext(
            "{people} in 100 is spared it. For {untouched} nothing changes.",
            "{people} in 100 are spared it. For {untouched} nothing changes.",
            people,
        )
    if level == "standard":
        return ngettext(
            "{people} in 100 avoids it. For {untouched} nothing changes.",
            "{people} in 100 avoid it. For {untouched} nothing changes.",
            people,
        )
    return ngettext(
        "{people} in 100 avoids it; for {untouched} it makes no difference.",
        "{people} in 100 avoid it; for {untouched} it makes no difference.",
        people,
    )
