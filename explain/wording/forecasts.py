"""Forecasts of a measurement in a patient's words. The numbers are the same at every level."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from explain.wording.language import gettext
from explain.wording.language import gettext_noop as N_
from explain.wording.levels import ByLevel, Level
from explain.wording.times import day_words, years_words

# what most such values do: nine of ten, as a count out of ten
INSIDE, OUTSIDE = 9, 1


@dataclass(frozen=True)
class MeasurementWords:
    """`title` heads the block; `name` stands in a sentence after "your"."""

    title: str
    name: str


MEASUREMENTS: dict[str, dict[Level, MeasurementWords]] = {
    "systolic_bp": {
        "plain": MeasurementWords(N_("Your blood pressure"), N_("blood pressure (the top number)")),
        "standard": MeasurementWords(N_("Your blood pressure"), N_("upper blood pressure number")),
        "detailed": MeasurementWords(N_("Systolic blood pressure"), N_("systolic blood pressure")),
    },
    "hdl_cholesterol": {
        "plain": MeasurementWords(N_("The good fat in your blood"), N_("good blood fat (HDL)")),
        "standard": MeasurementWords(N_("Your good cholesterol"), N_("good (HDL) cholesterol")),
        "detailed": MeasurementWords(N_("HDL cholesterol"), N_("HDL cholesterol")),
    },
}

PEOPLE = ByLevel(
    {
        "plain": N_("people with tests like yours"),
        "standard": N_("people with test results like yours"),
        "detailed": N_("people with a history of values like yours"),
    }
)
MEANING = ByLevel(
    {
        "plain": N_(
            "This is a guess from your past tests. It can turn out in another way. "
            "What you and your doctor do can change it."
        ),
        "standard": N_(
            "This estimate comes from your own past results. It assumes that your care "
            "goes on as it is. What you and your care team do can change it."
        ),
        "detailed": N_(
            "The estimate comes from your own earlier values and from those of other "
            "people. It assumes unchanged treatment and contains the scatter of one measurement."
        ),
    }
)


@dataclass(frozen=True)
class ForecastText:
    """What is said of one forecast, at one level."""

    title: str
    last: str
    main: str
    half: str
    outside: str
    meaning: str


def forecast_text(
    concept: str,
    level: Level,
    *,
    unit: str,
    last: str,
    last_at: datetime,
    years: float,
    low: str,
    high: str,
    inner_low: str,
    inner_high: str,
) -> ForecastText:
    """Sentences for one time ahead. Raises KeyError for a measurement without patient words."""
    words = measurement_words(concept, level)
    main = gettext(
        "In {time}, {inside} out of 10 {people} will be between {low} and {high} {unit}."
    )
    return ForecastText(
        title=words.title,
        last=gettext("Your {name} was {last} {unit} on {day}.").format(
            name=words.name, last=last, unit=unit, day=day_words(last_at)
        ),
        main=main.format(
            time=years_words(years),
            inside=INSIDE,
            people=PEOPLE[level],
            low=low,
            high=high,
            unit=unit,
        ),
        half=gettext(
            "About half of them will be between {low} and {high} {unit} in {time}."
        ).format(low=inner_low, high=inner_high, unit=unit, time=years_words(years)),
        outside=gettext("{outside} out of 10 will be higher or lower than that.").format(
            outside=OUTSIDE
        ),
        meaning=MEANING[level],
    )


def measurement_words(concept: str, level: Level) -> MeasurementWords:
    """In the reader's language. Raises KeyError for a measurement without patient words."""
    found = MEASUREMENTS[concept][level]
    return MeasurementWords(gettext(found.title), gettext(found.name))


def figure_words(texts: Sequence[ForecastText]) -> str:
    """The figure in words: the last value and the times ahead, at least one."""
    return " ".join([f"{texts[0].title}.", texts[0].last, *(text.main for text in texts)])
