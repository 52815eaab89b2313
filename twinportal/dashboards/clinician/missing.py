"""What is missing over all models, and how to get it: one list of things to do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explain.wording.numbers import percent
from models_engine.catalogue.display import LEADING, displayed
from models_engine.catalogue.how_to_get import WAYS, HowToGet, how_to_get
from models_engine.models import Prediction
from models_engine.registry import model_as_run, quiet_ids, research_ids
from patients.record.state import State
from patients.record.value import Value
from twinportal.dashboards.display import outcome_label
from twinportal.missing_effects import LACKING, effects_of_missing

GETTABLE = ("missing", "too_old")
DONE_WITHOUT = ("missing_term", "not_assessable")
# before what else a model waits for
ALSO = " (also: "
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
    `does_without`: they gave a number without it. `quiet`: those among them that no page leads
    with (scores, research): they are named last and never put a thing first.
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
    quiet: set[str] = field(default_factory=set)

    @property
    def named(self) -> str:
        """For whom, in a line: "settles FIB-4 index and 2 more models". Shown models first."""
        quiet = not self._is_asked_by_shown
        if self.settles and (quiet or self._shown(self.settles)):
            return f"settles {_some(self.settles)}"
        if self.effects:
            return f"could move a number: {self.effects[0].title}"
        if self.waiting and (quiet or self._shown(self.waiting)):
            return f"one of several things for {_some(self.waiting)}"
        return f"{_some(self.does_without)} did without" if self.does_without else ""

    @property
    def _is_asked_by_shown(self) -> bool:
        return any(map(self._shown, (self.settles, self.waiting, self.does_without)))

    def _shown(self, titles: Sequence[str]) -> int:
        return sum(title not in self.quiet for title in titles)

    @property
    def way(self) -> str:
        return WAYS[self.how.way]

    @property
    def order(self) -> tuple[bool | float | str, ...]:
        """First what settles the leading models, then most models, then moves a number most.

        Models that no page leads with count after all others. Last what cannot be got.
        """
        return (
            self.how.way == "none",
            -self.leading,
            -self._shown(self.settles),
            -max((effect.width for effect in self.effects), default=0.0),
            -self._shown(self.waiting),
            -self._shown(self.does_without),
            -len(self.settles),
            -len(self.waiting),
            self.how.id,
        )

    def put_quiet_last(self) -> None:
        for titles in (self.settles, self.waiting, self.does_without):
            titles.sort(key=self.quiet.__contains__)


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
    quiet = quiet_ids() | research_ids()
    for row in _one_a_run(current):
        _refused(found, row, row.run_id in leading, row.model_id in quiet)
    for row in _one_a_run(current):
        _did_without(found, row, row.model_id in quiet)
    shown = [row for row in current if row.model_id not in quiet]
    for concept, row in _best_measure(shown).items():
        _effect(found, concept, row)
    for one in found.values():
        one.put_quiet_last()
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


def _refused(found: dict[str, ToGet], row: Prediction, is_leading: bool, is_quiet: bool) -> None:
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
        title = _title(row)
        if not settled and others:
            title += f"{ALSO}{'; '.join(others)})"
        _once(one.settles if settled else one.waiting, title)
        if is_quiet:
            one.quiet.add(title)
        one.leading += settled and is_leading


def _did_without(found: dict[str, ToGet], row: Prediction, is_quiet: bool) -> None:
    if row.value is None:
        return
    for given in row.inputs:
        if given["status"] not in DONE_WITHOUT:
            continue
        how = _how(row, given["concept"])
        one = found.setdefault(how.id, ToGet(how))
        _once(one.does_without, _title(row))
        if is_quiet:
            one.quiet.add(_title(row))


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


def _some(titles: Sequence[str]) -> str:
    """The first by its name, and how many more."""
    more = len(titles) - 1
    first = titles[0].partition(ALSO)[0]
    return f"{first} and {more} more model{'s' if more > 1 else ''}" if more else first


def _once(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)
