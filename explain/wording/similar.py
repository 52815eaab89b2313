"""Sentences of "people like you": how others fared. The numbers are the same at every level."""

from dataclasses import dataclass

from explain.wording.language import gettext as _
from explain.wording.language import gettext_noop, ngettext
from explain.wording.phrases import Level

# `event` finishes "About N out of 100 people like you ..."
EVENTS: dict[str, dict[Level, tuple[str, str]]] = {
    "cardiovascular": {
        "plain": (
            gettext_noop("Heart and blood vessels"),
            gettext_noop("had a stroke or a new heart problem"),
        ),
        "standard": (
            gettext_noop("Heart and blood vessels"),
            gettext_noop("had a stroke or a new heart disease"),
        ),
        "detailed": (
            gettext_noop("Cardiovascular disease"),
            gettext_noop("had a first cardiovascular disease recorded"),
        ),
    },
    "kidney_failure": {
        "plain": (gettext_noop("Kidneys"), gettext_noop("had kidneys that failed")),
        "standard": (gettext_noop("Kidney failure"), gettext_noop("had kidney failure")),
        "detailed": (
            gettext_noop("Kidney failure"),
            gettext_noop("had kidney failure, dialysis or a transplant recorded"),
        ),
    },
    "diabetes": {
        "plain": (gettext_noop("Blood sugar"), gettext_noop("got diabetes (high blood sugar)")),
        "standard": (gettext_noop("Diabetes"), gettext_noop("got diabetes")),
        "detailed": (
            gettext_noop("Diabetes"),
            gettext_noop("had diabetes recorded for the first time"),
        ),
    },
    "hospital_stay": {
        "plain": (gettext_noop("Hospital"), gettext_noop("stayed in a hospital")),
        "standard": (gettext_noop("Hospital stays"), gettext_noop("stayed in a hospital")),
        "detailed": (gettext_noop("Hospital stays"), gettext_noop("had a hospital stay recorded")),
    },
    "death": {
        "plain": (gettext_noop("Death"), gettext_noop("died")),
        "standard": (gettext_noop("Death"), gettext_noop("died")),
        "detailed": (gettext_noop("Death"), gettext_noop("died of any cause")),
    },
}
# whether the reader wants to see it is asked first
ASKED_FIRST = "death"

_INTRO: dict[Level, tuple[str, ...]] = {
    "plain": (
        gettext_noop("This page is about people we saw here in the past."),
        gettext_noop("Their health back then was much like yours is now."),
    ),
    "standard": (
        gettext_noop("This page counts what happened to people who were seen here in the past."),
        gettext_noop("Their health back then was similar to yours now."),
    ),
    "detailed": (
        gettext_noop("This page counts events recorded here after a fixed day in the past."),
        gettext_noop("On that day these people were similar to you in the features named below."),
        gettext_noop("Cardiovascular disease is coronary heart disease, stroke or heart failure."),
    ),
}
_CAUTIONS: dict[Level, tuple[str, ...]] = {
    "plain": (
        gettext_noop("This is not a guess about you. No one can say what will happen to you."),
        gettext_noop("The numbers show what took place. They do not show why."),
        gettext_noop("We only know what was put in the records here. Some things may be left out."),
        gettext_noop("Care may have been worse or better then than it is now."),
        gettext_noop(
            "All numbers are rounded. We do not show a number that could point to one person."
        ),
    ),
    "standard": (
        gettext_noop("This is not a prediction. Nobody can say what will happen to you."),
        gettext_noop("The numbers show what was recorded. They do not show why it happened."),
        gettext_noop(
            "Only what was recorded here is counted. Care in other places may be missing."
        ),
        gettext_noop("Care has changed since then, and yours may differ."),
        gettext_noop("All numbers are rounded, and counts of a few people are never shown."),
    ),
    "detailed": (
        gettext_noop("This is not a prediction: it is an observed share of a group."),
        gettext_noop("Nothing here shows what brought an event about, or what a treatment does."),
        gettext_noop("Only events recorded here count; those in other places may be missing."),
        gettext_noop("Treatment has changed since then, and yours may differ."),
        gettext_noop("Shares are rounded, and counts of a few people are never shown."),
    ),
}
_ALIKE: dict[Level, tuple[str, ...]] = {
    "plain": (
        gettext_noop("They are of your sex and about your age."),
        gettext_noop(
            "We look at blood pressure, weight, blood tests, smoking, illness, and pills."
        ),
        gettext_noop("They are not the same as you. No two people are."),
    ),
    "standard": (
        gettext_noop("They are of your sex and about your age."),
        gettext_noop(
            "Blood pressure, weight, blood tests, smoking, illnesses and medicines were compared."
        ),
        gettext_noop("They are similar to you, and not the same."),
    ),
    "detailed": (
        gettext_noop("They are of your sex and at most ten years older or younger."),
        gettext_noop(
            "Blood pressure, body mass index, cholesterol, HbA1c, kidney tests, smoking, "
            "diagnoses and medicine classes were compared."
        ),
        gettext_noop("What is not recorded counts neither as normal nor as the same."),
    ),
}
_OFFER: dict[Level, tuple[str, ...]] = {
    "plain": (
        gettext_noop("We can show you how things went for people like you."),
        gettext_noop("You would see how many of them got a new illness, such as a stroke."),
        gettext_noop("How many of them died is shown only if you open it."),
        gettext_noop("Some people want to know this. Some do not. You choose."),
        gettext_noop("You will not see names. No one sees your name."),
        gettext_noop("If you say yes, you can change your mind at any time."),
    ),
    "standard": (
        gettext_noop("We can show you how people like you fared in the years after."),
        gettext_noop("You would see how many of them had a new illness, such as a stroke."),
        gettext_noop("How many of them died is shown only if you open it."),
        gettext_noop("Some people want to know this and some do not. It is your choice."),
        gettext_noop("You will not see anybody's name, and nobody sees yours."),
        gettext_noop("You can change your mind at any time."),
    ),
    "detailed": (
        gettext_noop("We can show you what was recorded of similar people in later years."),
        gettext_noop(
            "This includes new heart, kidney and sugar disease, hospital stays and deaths."
        ),
        gettext_noop("Whether you see it is your choice alone."),
        gettext_noop("Only rounded shares of groups are shown, never a person."),
        gettext_noop("You can change your mind at any time."),
    ),
}
_REFUSED: dict[str, dict[Level, str]] = {
    "not_for": {
        "plain": gettext_noop("This page is not made for you right now. Ask your doctor."),
        "standard": gettext_noop(
            "This page is not made for you right now. Your doctor can tell you more."
        ),
        "detailed": gettext_noop(
            "Only adults who are not pregnant, with sex and birth date on record, are compared."
        ),
    },
    "unknown": {
        "plain": gettext_noop(
            "We need more of your tests to find people like you. Ask your doctor."
        ),
        "standard": gettext_noop(
            "Too few of your tests are recent enough to compare you with others. Ask your doctor."
        ),
        "detailed": gettext_noop(
            "Too many of the measurements that are compared are missing or over two years old."
        ),
    },
    "too_few": {
        "plain": gettext_noop("There are too few people like you here. So we show no number."),
        "standard": gettext_noop("There are too few people like you here to show a number."),
        "detailed": gettext_noop(
            "Too few similar people were followed here, so no share can be shown."
        ),
    },
}


@dataclass(frozen=True)
class SimilarText:
    """What is said of one event. `otherwise` and `range` are empty where there is no number."""

    title: str
    main: str
    otherwise: str
    range: str


def similar_text(
    event: str,
    level: Level,
    *,
    years: int,
    kind: str,
    share: int = 0,
    low: tuple[str, int] = ("", 0),
    high: tuple[str, int] = ("", 0),
) -> SimilarText:
    """Sentences for one event. `kind` is share, below, above or few; `low` and `high` are ends of
    the range, ("below", 5) where the lower one may be nought, ("above", 95) likewise.

    Raises KeyError for an event or kind without words.
    """
    title, did = (_(text) for text in EVENTS[event][level])
    fields = {"share": share, "others": 100 - share, "event": did, "years": years}
    main, otherwise = _SENTENCES[kind](years)
    return SimilarText(
        title,
        main.format(**fields),
        otherwise.format(**fields),
        _range(years, low, high) if kind == "share" else "",
    )


def _share(years: int) -> tuple[str, str]:
    return (
        ngettext(
            "About {share} out of 100 people like you {event} within {years} year.",
            "About {share} out of 100 people like you {event} within {years} years.",
            years,
        ),
        ngettext(
            "About {others} out of 100 did not, within {years} year.",
            "About {others} out of 100 did not, within {years} years.",
            years,
        ),
    )


def _below(years: int) -> tuple[str, str]:
    return (
        ngettext(
            "Fewer than {share} out of 100 people like you {event} within {years} year.",
            "Fewer than {share} out of 100 people like you {event} within {years} years.",
            years,
        ),
        ngettext(
            "More than {others} out of 100 did not, within {years} year.",
            "More than {others} out of 100 did not, within {years} years.",
            years,
        ),
    )


def _above(years: int) -> tuple[str, str]:
    return (
        ngettext(
            "More than {share} out of 100 people like you {event} within {years} year.",
            "More than {share} out of 100 people like you {event} within {years} years.",
            years,
        ),
        ngettext(
            "Fewer than {others} out of 100 did not, within {years} year.",
            "Fewer than {others} out of 100 did not, within {years} years.",
            years,
        ),
    )


def _few(years: int) -> tuple[str, str]:
    return _("There are too few people to tell."), ""


_SENTENCES = {"share": _share, "below": _below, "above": _above, "few": _few}


def _range(years: int, low: tuple[str, int], high: tuple[str, int]) -> str:
    fields = {"low": low[1], "high": high[1], "years": years}
    if low[0] and high[0]:
        text = ngettext(
            "It may be from fewer than {low} to more than {high} out of 100, within {years} year.",
            "It may be from fewer than {low} to more than {high} out of 100, within {years} years.",
            years,
        )
    elif low[0]:
        text = ngettext(
            "It may be from fewer than {low} to {high} out of 100, within {years} year.",
            "It may be from fewer than {low} to {high} out of 100, within {years} years.",
            years,
        )
    elif high[0]:
        text = ngettext(
            "It may be from {low} to more than {high} out of 100, within {years} year.",
            "It may be from {low} to more than {high} out of 100, within {years} years.",
            years,
        )
    else:
        text = ngettext(
            "It may be from {low} to {high} out of 100, within {years} year.",
            "It may be from {low} to {high} out of 100, within {years} years.",
            years,
        )
    return text.format(**fields)


def intro(level: Level) -> tuple[str, ...]:
    """Whom the page is about."""
    return tuple(_(text) for text in _INTRO[level])


def cautions(level: Level) -> tuple[str, ...]:
    """What the numbers do not say."""
    return tuple(_(text) for text in _CAUTIONS[level])


def alike(level: Level) -> tuple[str, ...]:
    """In what they are alike."""
    return tuple(_(text) for text in _ALIKE[level])


def offer(level: Level) -> tuple[str, ...]:
    """What one would see, before one has said yes."""
    return tuple(_(text) for text in _OFFER[level])


def refused(why: str, level: Level) -> str:
    """Why there are no numbers. Raises KeyError for a reason without words."""
    return _(_REFUSED[why][level])


def ages(youngest: int, oldest: int | None) -> str:
    """The ages of those compared."""
    if oldest is None:
        return _("They were {youngest} years old or older.").format(youngest=youngest)
    return _("They were {youngest} to {oldest} years old.").format(youngest=youngest, oldest=oldest)
