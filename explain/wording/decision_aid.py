"""Words of the patient's decision aid. The numbers are the same at every level, and for every side.

Of 100 people some have the event whatever they do, some are spared it (or harmed) by the medicine, and
for the rest it makes no difference: the three always add up to 100.
"""

from dataclasses import dataclass

from explain.wording.numbers import DENOMINATOR, Frequency, frequency, people_apart
from explain.wording.phrases import Level

OPENING: dict[Level, str] = {
    "plain": "Your care team picked these choices to talk about with you.",
    "standard": "Your care team picked these options to discuss with you.",
    "detailed": "Your care team chose these options to discuss with you. They are compared below.",
}
BETTER: dict[Level, str] = {
    "plain": "What may get better",
    "standard": "What may get better",
    "detailed": "Possible benefits",
}
WORSE: dict[Level, str] = {
    "plain": "What may get worse",
    "standard": "What may get worse",
    "detailed": "Possible harms",
}
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
AS_NOW: dict[Level, str] = {
    "plain": "The same as now.",
    "standard": "The same as now.",
    "detailed": "As it is today.",
}
NONE_KNOWN: dict[Level, str] = {
    "plain": "We have no numbers for this. That does not mean there is nothing. Ask your doctor.",
    "standard": "We have no figures here. That does not mean that there is nothing. Ask your doctor.",
    "detailed": "No figures are held for these options. That does not mean that there are no effects.",
}
CAUTIONS: dict[Level, tuple[str, ...]] = {
    "plain": (
        "These are guesses from studies of many people. You may do better or worse.",
        "Do not start or stop a pill on your own. Talk to your doctor first.",
        "No choice is wrong. What matters to you counts.",
    ),
    "standard": (
        "These numbers come from studies of many people. Your own result may be better or worse.",
        "Do not start or stop a medicine on your own. Talk to your doctor first.",
        "There is no wrong choice. What matters to you counts.",
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
    "plain": "New test results came in after this page was made. Ask if it still fits.",
    "standard": "New results came in after this page was made. Ask whether it still fits.",
    "detailed": "Results arrived after this page was made; the numbers of now are not quite the same.",
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


def more_or_fewer(probability: float, *, is_more: bool) -> str:
    """ "3 more out of 100", where only the difference is known."""
    found = frequency(probability)
    side = "more" if is_more else "fewer"
    if found.count == 0:
        return f"less than 1 {side} out of {DENOMINATOR}"
    return f"{found.words} {side} out of {DENOMINATOR}"


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
    if found.is_more:
        return {
            "plain": f"{found.apart} in 100 get it from this choice. For {found.untouched} nothing changes.",
            "standard": (
                f"{found.apart} in 100 get it because of this option. For {found.untouched} "
                "nothing changes."
            ),
            "detailed": (
                f"{found.apart} in 100 have it because of this option; for {found.untouched} it "
                "makes no difference."
            ),
        }[level]
    return {
        "plain": f"{found.apart} in 100 are spared it. For {found.untouched} nothing changes.",
        "standard": f"{found.apart} in 100 avoid it. For {found.untouched} nothing changes.",
        "detailed": f"{found.apart} in 100 avoid it; for {found.untouched} it makes no difference.",
    }[level]
