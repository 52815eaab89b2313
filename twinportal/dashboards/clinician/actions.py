"""What could be done today: what the page "What would lower it" would move, and values to look at.

Only levers that may move for this person and that alone lower the number are named, so that the
overview and that page never say different things. No query.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from explain.attribution.counterfactual import lowest_alone
from explain.wording.numbers import points
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.levers import Lever
from patients.record.state import State
from twinportal import pipeline
from twinportal.dashboards.clinician.blocks import PredictionView
from twinportal.lower.asking import question_of
from twinportal.lower.presenters import value_text

BEYOND = " is outside the range"


@dataclass(frozen=True)
class Action:
    """One lever: "Systolic blood pressure: 152 mmHg", how far, and what the model says then.

    `mappings`: of data stewards, that the value rests on.
    """

    label: str
    today: str
    then: str
    lower_by: float
    outcome: str
    mappings: list[int]

    @property
    def points(self) -> str:
        """Without a sign: "0.9 points less"."""
        return points(self.lower_by).lstrip("+")


@dataclass(frozen=True)
class ToDo:
    """`look_at`: values beyond a model's range; `actions` largest first; `barred`: why none are."""

    look_at: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    barred: str = ""
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.look_at or self.actions or self.barred)


def to_do(views: Iterable[PredictionView], state: State, most: int) -> ToDo:
    """Of the main predictions of a page, from the record as `state` has it."""
    shown = list(views)
    look_at = dict.fromkeys(
        message.partition(BEYOND)[0] for view in shown for message in view.extremes
    )
    asked = [view for view in shown if view.has_number and view.model is not None]
    if not asked or state.deceased:
        return ToDo(tuple(look_at))
    start = pipeline.lowering_start(state, [view.model for view in asked if view.model])
    if start.person.barred:
        return ToDo(tuple(look_at), barred=start.person.barred)
    first: dict[str, Action] = {}
    found: list[tuple[str, Action]] = []
    for view in asked:
        row = view.row
        key = (row.model_id, row.model_version, row.outcome)
        question = question_of(
            start.models, key, start.values, start.person.unfit, start.reader.circumstances
        )
        if question is None:
            continue
        before = question.before
        for lever, value, after in lowest_alone(
            question.model,
            question.outcome.id,
            question.features.values,
            question.levers,
            question.circumstances,
        ):
            found.append((lever.concept, _action(lever, value, before - after, view)))
    for concept, action in sorted(found, key=lambda one: -one[1].lower_by):
        first.setdefault(concept, action)
    actions = tuple(first.values())
    return ToDo(tuple(look_at), actions[:most], more=max(0, len(actions) - most))


def _action(lever: Lever, value: float, lower_by: float, view: PredictionView) -> Action:
    known = lever.recommended
    smokes = lever.concept == SMOKING
    return Action(
        label=known.label,
        today="smokes now" if smokes else f"{value_text(lever, lever.start)} {known.unit}",
        then="Without smoking" if smokes else f"At {value_text(lever, value)} {known.unit}",
        lower_by=lower_by,
        outcome=view.title,
        mappings=view.mappings_of(lever.moves),
    )
