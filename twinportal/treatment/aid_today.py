"""A shared proposal beside the ranking of now: whether it may still be shown, and what is new."""

from collections.abc import Iterable
from typing import Any

from models_engine.catalogue.treatment.ranking.results import Candidate, Ranking
from twinportal.treatment.doses import dose_words
from twinportal.treatment.sharing import why_not_shared

Json = dict[str, Any]
# a difference of a probability that is worth a word
CHANGED = 0.005
Known = frozenset[tuple[str, ...]]


def is_still_safe(result: Json, now: Ranking) -> bool:
    """Whether every option may still be shown, by the record of now."""
    fit = {one.key for one in now.candidates if not why_not_shared(one)}
    return not now.barred and all(one["key"] in fit for one in result["candidates"])


def has_changed(result: Json, now: Ranking) -> bool:
    """Whether a number, a finding of safety, a dose or an unreadable medicine is another one now."""
    current = {one.key: one for one in now.candidates}
    if set(result["unresolved"]) != {one.label for one in now.unresolved}:
        return True
    for kept in result["candidates"]:
        one = current.get(kept["key"])
        if one is None or _numbers_differ(kept, one):
            return True
        if kept["dose"] != dose_words(one) or _found(kept["findings"]) != _found_now(one):
            return True
    return False


def new_cautions(result: Json, now: Ranking) -> dict[str, tuple[str, ...]]:
    """By option, the words of the cautions of now that were not there when it was shared."""
    current = {one.key: one for one in now.candidates}
    found = {}
    for kept in result["candidates"]:
        one = current.get(kept["key"])
        before = _found(f for f in kept["findings"] if f["level"] == "C")
        new = [f for f in (one.safety.findings if one else ()) if f.level == "C"]
        told = {f["plain"] for f in kept["findings"] if f["level"] == "C"}
        words = [f.plain for f in new if _key(vars(f)) not in before and f.plain not in told]
        found[kept["key"]] = tuple(dict.fromkeys(words))
    return found


def _numbers_differ(kept: Json, one: Candidate) -> bool:
    fresh = {(c.outcome, c.plain_label): c for c in (*one.benefits, *one.harms)}
    old = {(c["outcome"], c["plain_label"]): c for c in (*kept["benefits"], *kept["harms"])}
    if set(fresh) != set(old):
        return True
    return any(
        abs(getattr(fresh[key], end) - change[end]) >= CHANGED
        for key, change in old.items()
        for end in ("before", "after")
    )


def _found_now(one: Candidate) -> Known:
    return _found(vars(f) for f in one.safety.findings)


def _found(findings: Iterable[Json]) -> Known:
    return frozenset(_key(one) for one in findings)


def _key(finding: Json) -> tuple[str, ...]:
    """What makes a finding the same one; its message carries values that move every day."""
    return tuple(str(finding[name]) for name in ("level", "kind", "table", "row", "other"))
