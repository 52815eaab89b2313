"""What often comes next for one person, or why nothing is said."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease.aalen_johansen import Share
from models_engine.catalogue.disease.artefact import Trajectories
from models_engine.catalogue.disease.landmarks import Landmarks, Rules, View, view
from models_engine.catalogue.disease.methods import Method
from models_engine.catalogue.disease.people import People, Person

SHOWN = 5


class Refusal(StrEnum):
    """Why there is no number."""

    DIED = "died"
    NOT_OBSERVED = "not_observed"
    RECORD_TOO_SHORT = "record_too_short"
    NOTHING_KNOWN = "nothing_known"
    HISTORY_TOO_SHORT = "history_too_short"
    NOTHING_AT_RISK = "nothing_at_risk"


@dataclass(frozen=True)
class Next:
    """A diagnosis that may come: its share in people with a like history, and in people of this
    age and sex whatever their history. `nearest`: where the first is larger, the known diagnosis
    that says most for it.
    """

    token: str
    label: str
    share: Share
    same_age_sex: Share | None
    nearest: str


@dataclass(frozen=True)
class Found:
    """The likeliest first. `known` of the person's diagnoses are in the vocabulary, `unknown` not."""

    rows: tuple[Next, ...]
    refusal: Refusal | None
    known: int
    unknown: int


def next_conditions(
    trajectories: Trajectories, person: Person, as_of: int, most: int = SHOWN
) -> Found:
    """The `most` likeliest first diagnoses within the window after the day `as_of`.

    What was diagnosed on that day or before is known; later entries are not looked at.
    """
    tokens = trajectories.tokens
    past = {token for token, day, _ in person.diagnoses if day <= as_of}
    known = len(past & set(tokens))
    unknown = len(past) - known
    refusal = _refusal(person, as_of, trajectories.rules, known, unknown)
    if refusal is not None:
        return Found((), refusal, known, unknown)
    kept = tuple(row for row in person.diagnoses if row[1] <= as_of)
    one = Person(person.key, person.birth, person.sex, person.periods, kept)
    index = Landmarks(np.array([0]), np.array([float(as_of)]), np.array([as_of + 1.0]))
    seen = view(People(tokens, (one,), 0), index)
    rows = _rows(trajectories, seen, most)
    return Found(rows, None if rows else Refusal.NOTHING_AT_RISK, known, unknown)


def _refusal(person: Person, as_of: int, rules: Rules, known: int, unknown: int) -> Refusal | None:
    if person.death is not None and person.death <= as_of:
        return Refusal.DIED
    now = [first for first, last in person.periods if first <= as_of <= last]
    if not now:
        return Refusal.NOT_OBSERVED
    if as_of - now[0] < rules.run_in:
        return Refusal.RECORD_TOO_SHORT
    if known == 0 and unknown:
        return Refusal.NOTHING_KNOWN
    return Refusal.HISTORY_TOO_SHORT if known < rules.min_history else None


def _rows(trajectories: Trajectories, seen: View, most: int) -> tuple[Next, ...]:
    method, outcomes = trajectories.method, trajectories.outcomes
    scores = {m: trajectories.fitted.scores(m, seen)[0] for m in {method, Method.AGE_SEX}}
    found: list[tuple[float, float, int, Share]] = []
    for at, place in enumerate(outcomes):
        share = _share(trajectories, method, at, scores[method][place])
        if share is not None and seen.at_risk[0, place]:
            found.append((-share.probability, -float(scores[method][place]), at, share))
    rows = []
    for _, _, at, share in sorted(found, key=lambda row: row[:3])[:most]:
        place = int(outcomes[at])
        other = _share(trajectories, Method.AGE_SEX, at, scores[Method.AGE_SEX][place])
        raised = other is not None and share.probability > other.probability
        rows.append(
            Next(
                token=trajectories.tokens[place],
                label=trajectories.content["labels"][place],
                share=share,
                same_age_sex=other,
                nearest=_nearest(trajectories, seen, place) if raised else "",
            )
        )
    return tuple(rows)


def _share(trajectories: Trajectories, method: Method, at: int, score: float) -> Share | None:
    group = trajectories.groups(method)[at]
    return None if group is None else group.shares[int(group.place(np.array([score]))[0])]


def _nearest(trajectories: Trajectories, seen: View, place: int) -> str:
    """The label of the known diagnosis that says most for the one at `place`; "" if none does."""
    fitted = trajectories.fitted
    says: FloatArray = {
        Method.CONDITIONAL: fitted.lifts[:, place],
        Method.EMBEDDING: fitted.vectors @ fitted.vectors[place],
    }.get(trajectories.method, np.zeros(len(trajectories.tokens)))
    says = np.where(seen.known[0], says, -np.inf)
    best = int(np.argmax(says))
    return str(trajectories.content["labels"][best]) if says[best] > 0 else ""
