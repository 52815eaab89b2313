"""Every model before and after a what-if, on one state of a twin. Stores nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.display import OF_HOSPITAL
from models_engine.catalogue.feature_set import FeatureSet, InputUsed
from models_engine.catalogue.mechanistic import body_weight_numbers as body_numbers
from models_engine.catalogue.mechanistic.body_weight import Person as Body
from models_engine.catalogue.mechanistic.refusing import RefusedError
from models_engine.catalogue.what_if.compare import compare
from models_engine.catalogue.what_if.controls import READ
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.forecasting import (
    DEFAULT_MONTHS,
    MovedForecast,
    Pace,
    Standing,
    move,
)
from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.catalogue.what_if.propagate import Person, Propagation, propagate
from models_engine.catalogue.what_if.simulation import Simulation, values_of
from models_engine.catalogue.what_if.weight_course import weight_course
from models_engine.features import StateReader, build_features
from models_engine.series import years
from models_engine.what_if_person import person_of
from patients.record.state import State


@dataclass(frozen=True, eq=False)
class ModelBefore:
    """What a model is given now, or why it gives no number."""

    model: ClinicalModel
    features: FeatureSet


@dataclass(frozen=True, eq=False)
class StartingPoint:
    """A twin as a what-if starts from it: values, who it is, what each model is given.

    `sources` are the values by concept with the resource they came from; smoking is 1 or 0.
    `body` is whose weight is simulated, or in words why none is; `standing` the forecasts.
    """

    sources: Mapping[str, InputUsed]
    person: Person
    models: tuple[ModelBefore, ...]
    reader: StateReader
    as_of: datetime
    body: Body | str
    standing: Mapping[str, Standing] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, float]:
        """The values to start from, by concept; smoking is 1 or 0."""
        return values_of(self.sources)


def is_moved_by_what_if(model: ClinicalModel) -> bool:
    """Probabilities over years; not scores of a stay, which speak of the next hours."""
    return model.is_probability and model.id not in OF_HOSPITAL


def starting_point(
    state: State,
    models: Iterable[ClinicalModel],
    standing: Mapping[str, Standing],
    *,
    allergies_waiting: bool = False,
) -> StartingPoint:
    """Read once what every what-if of this state starts from (see `person_of`)."""
    reader = StateReader(state)
    found = {declared.concept: reader.find(declared).source for declared in READ}
    sources = {concept: source for concept, source in found.items() if source is not None}
    return StartingPoint(
        sources=sources,
        person=person_of(state, reader, sources, allergies_waiting=allergies_waiting),
        models=tuple(
            ModelBefore(model, build_features(model, state, reader))
            for model in models
            if is_moved_by_what_if(model)
        ),
        reader=reader,
        as_of=state.as_of,
        body=_body(state, reader, values_of({c: s for c, s in found.items() if s is not None})),
        standing=standing,
    )


def simulate(
    start: StartingPoint, interventions: Iterable[Intervention], *, months: int = DEFAULT_MONTHS
) -> Simulation:
    """Every model with a number and every forecast that moves, before and after.

    `months`: by when the values that are set are reached. Raises ScenarioError.
    """
    values = start.values
    done = propagate(values, interventions, start.person)
    circumstances = start.reader.circumstances
    comparisons = tuple(
        compare(
            one.model,
            one.features.values,
            replace(circumstances, values=one.features.values),
            values,
            done.after,
        )
        for one in start.models
        if one.features.is_usable
    )
    silent = tuple(
        (one.model, one.features.refusals) for one in start.models if not one.features.is_usable
    )
    pace = _pace(start, done, months)
    return Simulation(
        sources=start.sources,
        person=start.person,
        features={one.model.id: one.features for one in start.models if one.features.is_usable},
        propagation=done,
        comparisons=comparisons,
        silent=silent,
        forecasts=_forecasts(start, done, pace),
        pace=pace,
    )


def _forecasts(start: StartingPoint, done: Propagation, pace: Pace) -> tuple[MovedForecast, ...]:
    moved = [concept for concept in done.after if concept != SMOKING]
    found = [start.standing[concept] for concept in moved if concept in start.standing]
    return tuple(
        move(one, done, pace, years(start.as_of, one.as_of) if one.as_of else 0.0) for one in found
    )


def _pace(start: StartingPoint, done: Propagation, months: int) -> Pace:
    goal = done.target("weight")
    if goal is None or goal == done.before["weight"]:
        return Pace(months)
    if isinstance(start.body, str):
        return Pace(months, note=start.body)
    try:
        return Pace(months, course=weight_course(start.body, goal, months))
    except RefusedError as error:
        return Pace(months, unreachable=str(error))


def _body(state: State, reader: StateReader, values: Mapping[str, float]) -> Body | str:
    """Whose weight can be simulated, or why nobody's."""
    for concept in body_numbers.NEVER_WITH:
        if state.active(concept):
            return f"{concept.replace('_', ' ').capitalize()}: the equations were not made for it."
    if "weight" not in values:
        return "Weight: no usable value is recorded."
    given = {"weight": values["weight"]}
    for declared in (body_numbers.AGE, body_numbers.SEX, body_numbers.HEIGHT):
        found = reader.find(declared)
        if found.value is None:
            return found.refusal.message if found.refusal else f"{declared.label}: not recorded."
        given[declared.concept] = found.value
    try:
        return Body(**given)
    except RefusedError as error:
        return str(error)
