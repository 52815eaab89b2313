"""What a clinician's page adds, so that a model's number is not taken for advice."""

from collections.abc import Mapping
from dataclasses import dataclass

from models_engine.catalogue.what_if.levers import Lever
from models_engine.catalogue.what_if.recommended import AGAINST, SEVERE_LDL, SEVERE_LDL_TEXT
from twinportal.lower.asking import Question

HIGH = ("high", "very_high")
# an age, in years, at which the same values are tried to see whether age turns the sign
YOUNGER = 40.0
SAME = 1e-12

BELOW_HIGH = (
    "as far as goals at high risk go; not a goal for this person by this number, which is below the "
    "model's high category. Another reason may make it one."
)
NO_CATEGORY = (
    "as far as goals at high risk go. This model has no categories here: whether it is a goal for "
    "this person is not known from this number."
)


@dataclass(frozen=True)
class AgainstRow:
    """A lever that alone does not lower the number: what the model does, what that does not mean."""

    label: str
    words: str
    caution: str


def goal_note(question: Question) -> str:
    """What the ends that are goals at high risk are for this person; empty in a high category.

    Read from the model's own categories, of whichever of its outcomes has them.
    """
    numbers = question.model.predict_one(question.features.values)
    for outcome in question.model.outcomes:
        if outcome.bands and outcome.is_probability:
            band = outcome.band_of(numbers[outcome.id])
            return "" if band is not None and band.code in HIGH else BELOW_HIGH
    return NO_CATEGORY


def severe_ldl_text(start: Mapping[str, float]) -> str:
    """That a very high LDL cholesterol (mmol/L) of the record is looked at by itself, else empty."""
    return SEVERE_LDL_TEXT if start.get("ldl_cholesterol", 0.0) >= SEVERE_LDL else ""


def against_row(question: Question, lever: Lever) -> AgainstRow:
    """A lever of `Lowering.against` in words. The model is run again for each."""
    return AgainstRow(
        lever.recommended.label, _what_happens(question, lever), AGAINST.get(lever.concept, "")
    )


def _what_happens(question: Question, lever: Lever) -> str:
    apart = _apart(question, lever)
    if abs(apart) <= SAME:
        return "This model's number does not move with it here."
    if apart < 0:
        return "A lower value lowers this number in this model by less than 0.05 points."
    words = (
        "In this model the number does not fall with a lower value: an association, not an effect."
    )
    values, ages = question.features.values, question.model.inputs
    low = next((one.low for one in ages if one.concept == "age"), None)
    younger = max(YOUNGER, low or 0.0)
    if younger < values.get("age", 0.0) and _apart(question, lever, age=younger) < 0:
        return f"{words} It comes from the model's term of age: at {younger:g} years, all else the same, it falls."
    return words


def _apart(question: Question, lever: Lever, **other: float) -> float:
    """What the furthest value of a lever changes in the number, at other values if given."""
    values = {**question.features.values, **other}
    then = {**values, **lever.inputs(lever.values[-1])}
    model, outcome = question.model, question.outcome.id
    return model.predict_one(then)[outcome] - model.predict_one(values)[outcome]
