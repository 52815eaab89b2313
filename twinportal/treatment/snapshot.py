"""A ranking's chosen candidates as JSON: what a proposal keeps, and what the patient is shown."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from models_engine.catalogue.treatment.ranking.results import Candidate, EventChange, Ranking
from twinportal.treatment.doses import dose_words, name_of
from twinportal.treatment.sharing import why_not_shared

Json = dict[str, Any]
# of a finding, what is kept; the rows of knowledge may change later, the words of that day stay
_FINDING = (
    "kind",
    "level",
    "message",
    "plain",
    "table",
    "row",
    "missing",
    "dose",
    "daily_mg",
    "other",
)


def snapshot(ranking: Ranking, keys: Iterable[str]) -> Json:
    """The candidates of these keys, in the order of the ranking. Raises KeyError on another key."""
    found = {one.key: one for one in ranking.candidates}
    wanted = set(keys)
    if unknown := wanted - set(found):
        raise KeyError(", ".join(sorted(unknown)))
    return {
        "indication": ranking.indication,
        "as_of": ranking.as_of.isoformat(),
        "candidates": [_candidate(one) for key, one in found.items() if key in wanted],
        "current": [_finding(one) for one in ranking.current],
        "unresolved": [one.label for one in ranking.unresolved],
    }


def _candidate(one: Candidate) -> Json:
    option = one.option
    return {
        "key": one.key,
        "kind": one.kind,
        "label": one.label,
        "plain_label": one.plain_label,
        "name": name_of(one),
        "dose": dose_words(one),
        "dose_why": one.dose_why,
        "plain_dose": option.plain_dose if option else "",
        "daily_mg": option.daily_mg if option else None,
        "every": option.every if option else "",
        "route": option.route if option else "",
        "atc": option.atc if option else "",
        "rxnorm": option.rxnorm if option else "",
        "option": option.id if option else "",
        "cost": option.cost if option else "",
        "benefits": [event(change) for change in one.benefits],
        "harms": [event(change) for change in one.harms],
        "values": [asdict(change) for change in one.values],
        "findings": [_finding(found) for found in one.safety.findings],
        "level": one.safety.level,
        "monitoring": [{"test": row.test, "when": row.when} for row in one.monitoring],
        "unknown": list(one.unknown),
        "tier": one.tier,
        "replaces": one.replaces.label if one.replaces else "",
        "why_not_shared": why_not_shared(one),
        "score": one.score,
    }


def event(change: EventChange) -> Json:
    """One event before and after."""
    return {
        **asdict(change),
        "difference": change.difference,
        "difference_low": change.difference_low,
        "difference_high": change.difference_high,
    }


def _finding(finding: Any) -> Json:
    return {name: getattr(finding, name) for name in _FINDING}
