"""What would lower one prediction of a twin as the record is now. Reads, writes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from explain.attribution.counterfactual import Lowering, find_lowering
from models_engine.catalogue.contract import Circumstances, ClinicalModel, Outcome
from models_engine.catalogue.feature_set import FeatureSet
from models_engine.catalogue.what_if.levers import Lever, NotOffered, levers_of


class ModelNow(Protocol):
    """A model with what it is given now, as a starting point holds it."""

    @property
    def model(self) -> ClinicalModel: ...
    @property
    def features(self) -> FeatureSet: ...


@dataclass(frozen=True)
class Question:
    """One outcome of one model for one person, with all that may be moved."""

    model: ClinicalModel
    outcome: Outcome
    features: FeatureSet
    levers: tuple[Lever, ...]
    not_offered: tuple[NotOffered, ...]
    circumstances: Circumstances

    @property
    def before(self) -> float:
        """The probability now."""
        return self.model.predict_one(self.features.values)[self.outcome.id]

    def answer(self, limit: float | None) -> Lowering:
        """The sets of changes that lead below `limit` (see `find_lowering`)."""
        return find_lowering(
            self.model,
            self.outcome.id,
            self.features.values,
            self.levers,
            self.circumstances,
            limit,
        )


def question_of(
    models: Iterable[ModelNow],
    key: tuple[str, str, str],
    start: Mapping[str, float],
    unfit: Mapping[str, str],
    circumstances: Circumstances,
) -> Question | None:
    """The question about a prediction: (model, version, outcome). None where it has no number now.

    `start` are the record's values by concept; `unfit` as in `Person`.
    """
    model_id, version, outcome = key
    for one in models:
        if one.model.id == model_id and one.model.version == version and one.features.is_usable:
            values = one.features.values
            levers, not_offered = levers_of(one.model, values, start, unfit)
            return Question(
                one.model,
                one.model.outcome(outcome),
                one.features,
                levers,
                not_offered,
                circumstances,
            )
    return None
