"""What models would do with a condition, a drug or an answer that a mapping reads."""

from collections.abc import Collection

from models_engine.catalogue.contract import Circumstances, ClinicalModel
from models_engine.registry import all_models
from patients.terminology.conditions import CONDITIONS, implied_by
from patients.terminology.meanings import Key, MappingKind, medication_target


def consequences(key: Key, target: str) -> list[str]:
    """Sentences: which models would not apply, and which would count with it. None for values."""
    concepts = _concepts(key, target)
    if not concepts:
        return []
    models = all_models()
    stopped = [model for model in models if _is_stopped(model, concepts)]
    counting = [m for m in models if m not in stopped and _counts(m, concepts)]
    said = []
    if stopped:
        said.append(f"Models that do not apply then: {_titles(stopped)}.")
    if counting:
        said.append(f"Models that count with it: {_titles(counting)}.")
    return said or ["No model asks for it."]


def _concepts(key: Key, target: str) -> set[str]:
    match key.kind:
        case MappingKind.CONDITION if target in CONDITIONS:
            return {concept.id for concept in implied_by(CONDITIONS[target])}
        case MappingKind.MEDICATION if drug := medication_target(target):
            return set(drug.classes)
        case MappingKind.ANSWER:
            return {key.concept}
        case _:
            return set()


def _is_stopped(model: ClinicalModel, concepts: Collection[str]) -> bool:
    recorded = frozenset(concepts)
    refusals = model.applies(Circumstances(active=recorded, ever=recorded))
    return any(refusal.concept in concepts for refusal in refusals)


def _counts(model: ClinicalModel, concepts: Collection[str]) -> bool:
    return any(set(declared.recorded_concepts) & set(concepts) for declared in model.inputs)


def _titles(models: Collection[ClinicalModel]) -> str:
    return "; ".join(dict.fromkeys(model.title for model in models))
