"""Every model before and after a what-if, on one state of a twin. Stores nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.display import OF_HOSPITAL
from models_engine.catalogue.feature_set import FeatureSet, InputUsed
from models_engine.catalogue.what_if.compare import compare
from models_engine.catalogue.what_if.controls import READ
from models_engine.catalogue.what_if.effects import INGREDIENT_ENDINGS
from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.catalogue.what_if.propagate import Person, propagate
from models_engine.catalogue.what_if.simulation import Simulation, values_of
from models_engine.features import StateReader, build_features
from patients.record.state import State
from patients.terminology.conditions import CONDITIONS
from patients.terminology.medications import CLASSES


@dataclass(frozen=True, eq=False)
class ModelBefore:
    """What a model is given now, or why it gives no number."""

    model: ClinicalModel
    features: FeatureSet


@dataclass(frozen=True, eq=False)
class StartingPoint:
    """A twin as a what-if starts from it: values, who it is, what each model is given.

    `sources` are the values by concept with the resource they came from; smoking is 1 or 0.
    """

    sources: Mapping[str, InputUsed]
    person: Person
    models: tuple[ModelBefore, ...]
    reader: StateReader

    @property
    def values(self) -> dict[str, float]:
        """The values to start from, by concept; smoking is 1 or 0."""
        return values_of(self.sources)


def is_moved_by_what_if(model: ClinicalModel) -> bool:
    """Probabilities over years; not scores of a stay, which speak of the next hours."""
    return model.is_probability and model.id not in OF_HOSPITAL


def starting_point(state: State, models: Iterable[ClinicalModel]) -> StartingPoint:
    """Read once what every what-if of this state starts from."""
    reader = StateReader(state)
    found = {declared.concept: reader.find(declared).source for declared in READ}
    return StartingPoint(
        sources={concept: source for concept, source in found.items() if source is not None},
        person=_person(state),
        models=tuple(
            ModelBefore(model, build_features(model, state, reader))
            for model in models
            if is_moved_by_what_if(model)
        ),
        reader=reader,
    )


def simulate(start: StartingPoint, interventions: Iterable[Intervention]) -> Simulation:
    """Every model with a number, before and after. Raises ScenarioError."""
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
    return Simulation(
        sources=start.sources,
        person=start.person,
        features={one.model.id: one.features for one in start.models if one.features.is_usable},
        propagation=done,
        comparisons=comparisons,
        silent=silent,
    )


def _person(state: State) -> Person:
    conditions = {concept for concept in CONDITIONS if state.history(concept) is not None}
    classes = {concept for concept in CLASSES if state.active(concept) is not None}
    return Person(frozenset(conditions), frozenset(classes | _by_ingredient(state)))


def _by_ingredient(state: State) -> set[str]:
    taken = [
        name
        for values in state.values.values()
        for value in values
        if value.kind == "medication" and value.is_active(state.as_of)
        for name in _ingredients(value.code)
    ]
    return {
        kind for kind, ends in INGREDIENT_ENDINGS.items() if any(n.endswith(ends) for n in taken)
    }


def _ingredients(code: str) -> Sequence[str]:
    return [name.strip().lower() for name in code.split("/")]
