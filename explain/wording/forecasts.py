"""Forecasts of a measurement in a patient's words. The numbers are the same at every level."""

from dataclasses import dataclass
from datetime import datetime

from explain.wording.phrases import Level

# what most such values do: nine of ten, as a count out of ten
INSIDE, OUTSIDE = 9, 1


@dataclass(frozen=True)
class MeasurementWords:
    """`title` heads the block; `name` stands in a sentence after "your"."""

    title: str
    name: str


MEASUREMENTS: dict[str, dict[Level, MeasurementWords]] = {
    "systolic_bp": {
        "plain": MeasurementWords("Your blood pressure", "blood pressure (the top number)"),
        "standard": MeasurementWords("Your blood pressure", "upper blood pressure number"),
        "detailed": MeasurementWords("Systolic blood pressure", "systolic blood pressure"),
    },
    "hdl_cholesterol": {
        "plain": MeasurementWords("The good fat in your blood", "good blood fat (HDL)"),
        "standard": MeasurementWords("Your good cholesterol", "good (HDL) cholesterol"),
        "detailed": MeasurementWords("HDL cholesterol", "HDL cholesterol"),
    },
}


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
    words = MEASUREMENTS[concept][level]
    within = f"in {years:g} year{'' if years == 1 else 's'}"
    people = {
        "plain": "people with tests like yours",
        "standard": "people with test results like yours",
        "detailed": "people with a history of values like yours",
    }[level]
    meaning = {
        "plain": "This is a guess from your past tests. It can turn out in another way. "
        "What you and your doctor do can change it.",
        "standard": "This estimate comes from your own past results. It assumes that your care "
        "goes on as it is. What you and your care team do can change it.",
        "detailed": "The estimate comes from your own earlier values and from those of other "
        "people. It assumes unchanged treatment and contains the scatter of one measurement.",
    }[level]
    return ForecastText(
        title=words.title,
        last=f"Your {words.name} was {last} {unit} on {last_at:%-d %B %Y}.",
        main=f"{within[0].upper()}{within[1:]}, {INSIDE} out of 10 {people} will be between {low} "
        f"and {high} {unit}.",
        half=f"About half of them will be between {inner_low} and {inner_high} {within}.",
        outside=f"{OUTSIDE} out of 10 will be higher or lower than that.",
        meaning=meaning,
    )
