"""What is missing over all models, and how to get it: one list of things to do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explain.wording.numbers import percent
from models_engine.catalogue.display import LEADING, displayed
from models_engine.catalogue.how_to_get import WAYS, HowToGet, how_to_get
from models_engine.models import Prediction
from models_engine.registry import model_as_run
from patients.record.state import State
from patients.record.value import Value
from twinportal.dashboards.display import outcome_label
from twinportal.missing_effects import LACKING, effects_of_missing

GETTABLE = ("missing", "too_old")
DONE_WITHOUT = ("missing_term", "not_assessable")
# what the first lines of the twin speak of
MAIN = (("cvd", 10.0), ("kidney_failure_5y", 5.0))


@dataclass(frozen=True)
class Effect:
    """Where a number could go: `width` in probability, the rest in words."""

    title: str
    now: str
    low: str
    high: str
    width: float


@dataclass
class ToGet:
    """One thing to do. Titles of models, each once:

    `settles`: they would have all they need. `waiting`: they need more, which is said too.
    `does_without`: they gave a number without it.
    """

    how: HowToGet
    messages: list[str] = field(default_factory=list)
    settles: list[str] = field(default_factory=list)
    leading: int = 0
    waiting: list[str] = field(default_factory=list)
    does_without: list[str] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    unusable: list[Value] = field(default_factory=list)
    mappings: set[int] = field(default_factory=set)

    @property
    def way(self) -> str:
        return WAYS[self.how.way]

    @property
    def order(self) -> tuple[bool, int, int, float, int, str]:
        """First what settles the leading models, then most models, then moves a number most.

        Last what cannot be got.
        """
        widest = max((effect.width for effect in self.effects), default=0.0)
        order = (-self.leading, -len(self.settles), -widest, -len(self.waiting), self.how.id)
        return (self.how.way == "none", *order)


@dataclass(frozen=True)
class OutOfRange:
    """An input that is there and that a model was not made for: nothing can be ordered."""

    message: str
    models: tuple[str, ...]


def to_get(current: Sequence[Prediction], state: State) -> list[ToGet]:
    """The list for what stands now, what settles most first; no query.

    A model that does not apply to this person, or refuses an input as out of its range, would not
    give a number whatever was ordered: it is left out.
    """
    if state.deceased:
        return []
    found: dict[str, ToGet] = {}
    leading = _leading(current)
    for row in _one_a_run(current):
        _refused(found, row, row.run_id in leading)
    for row in _one_a_run(current):
        _did_without(found, row)
    for concept, row in _best_measure(current).items():
        _effect(found, concept, row)
    for one in found.values():
        one.unusable = [v for c in one.how.concepts for v in state.not_used.get(c, ())[:1]]
    return sorted(found.values(), key=lambda one: one.order)


def out_of_range(current: Sequence[Prediction]) -> list[OutOfRange]:
    """Inputs beyond the range of models that would otherwise apply; by message."""
    models: defaultdict[str, list[str]] = defaultdict(list)
    for row in _one_a_run(current):
        kinds = {refusal["kind"] for refusal in row.refusals}
        if "not_applicable" in kinds:
            continue
        for refusal in row.refusals:
            if refusal["kind"] == "out_of_range":
                models[refusal["message"]].append(_title(row))
    return [OutOfRange(message, tuple(titles)) for message, titles in models.items()]


def _one_a_run(current: Iterable[Prediction]) -> list[Prediction]:
    # all outcomes of a run share inputs and refusals
    return list({row.run_id: row for row in current}.values())


def _leading(current: Sequence[Prediction]) -> set[int]:
    return {b.main.run_id for b in displayed(current) if b.family in LEADING}


def _refused(found: dict[str, ToGet], row: Prediction, is_leading: bool) -> None:
    if not row.refusals or any(r["kind"] not in GETTABLE for r in row.refusals):
        return
    by_how: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for refusal in row.refusals:
        how = _how(row, refusal["concept"])
        found.setdefault(how.id, ToGet(how))
        by_how[how.id].append(refusal)
    for key, refusals in by_how.items():
        one = found[key]
        for told in refusals:
            _once(one.messages, told["message"])
            one.mappings |= set(told.get("mappings", ()))
        settled = len(by_how) == 1 and one.how.way != "none"
        others = [found[other].how.what for other in by_how if other != key]
        if settled or not others:
            _once(one.settles if settled else one.waiting, _title(row))
        else:
            _once(one.waiting, f"{_title(row)} (also: {'; '.join(others)})")
        one.leading += settled and is_leading


def _did_without(found: dict[str, ToGet], row: Prediction) -> None:
    if row.value is None:
        return
    for given in row.inputs:
        if given["status"] not in DONE_WITHOUT:
            continue
        how = _how(row, given["concept"])
        one = found.setdefault(how.id, ToGet(how))
        _once(one.does_without, _title(row))


def _best_measure(current: Iterable[Prediction]) -> dict[tuple[str, str, str], Prediction]:
    """By concept, family and outcome: the variant that lacks fewest others beside it."""
    best: dict[tuple[str, str, str], Prediction] = {}
    for row in current:
        lacking = [given["concept"] for given in row.inputs if given["status"] == LACKING]
        if row.value is None or (row.outcome, row.horizon_years) not in MAIN:
            continue
        for concept in lacking:
            key = (concept, row.model_id.split("_")[0], row.outcome)
            known = best.get(key)
            if known is None or len(lacking) < _lacking(known):
                best[key] = row
    return best


def _lacking(row: Prediction) -> int:
    return sum(given["status"] == LACKING for given in row.inputs)


def _effect(found: dict[str, ToGet], key: tuple[str, str, str], row: Prediction) -> None:
    concept = key[0]
    effect = effects_of_missing(row).get(concept)
    if effect is None or row.value is None:
        return
    low, high = effect
    title = f"{outcome_label(row)} ({_title(row)})"
    shown = Effect(title, percent(row.value), percent(low), percent(high), high - low)
    found[_how(row, concept).id].effects.append(shown)


def _how(row: Prediction, concept: str) -> HowToGet:
    try:
        declared = model_as_run(row.model_id, row.model_version).input(concept)
    except KeyError:
        return how_to_get(concept, concept.replace("_", " "), "")
    return how_to_get(concept, declared.label, declared.order)


def _title(row: Prediction) -> str:
    try:
        return model_as_run(row.model_id, row.model_version).title
    except KeyError:
        return row.model_id


def _once(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)
