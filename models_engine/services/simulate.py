"""Every model before and after a what-if, on one state of a twin. Stores nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.display import OF_HOSPITAL
from models_engine.catalogue.feature_set import FeatureSet, InputUsed
from models_engine.catalogue.what_if.compare import compare
from models_engine.catalogue.what_if.controls import READ
from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.catalogue.what_if.propagate import Person, propagate
from models_engine.catalogue.what_if.simulation import Simulation, values_of
from models_engine.features import StateReader, build_features
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


def starting_point(
    state: State, models: Iterable[ClinicalModel], *, allergies_waiting: bool = False
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
