"""Forecasts that keep missing, in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from models_engine.catalogue.trajectory.specs import specs
from models_engine.catalogue.trajectory.surprise import FLAG_WORDS, flag
from models_engine.models import ForecastCheck


def flag_of(checks: Sequence[ForecastCheck]) -> str:
    """What is systematic about the checks of one measurement, newest first; "" for nothing.

    The first value of each day counts: values of one day are one.
    """
    by_day = {check.effective_at.date(): check.z for check in checks}
    return FLAG_WORDS.get(flag([by_day[day] for day in sorted(by_day)]), "")


def keeps_missing(checks: Iterable[ForecastCheck]) -> list[tuple[str, str, str]]:
    """Concept, its name and what is systematic, of those where something is."""
    by_concept: defaultdict[str, list[ForecastCheck]] = defaultdict(list)
    for check in checks:
        by_concept[check.concept].append(check)
    found = [(concept, flag_of(rows)) for concept, rows in sorted(by_concept.items())]
    known = specs()
    return [
        (concept, known[concept].label, words)
        for concept, words in found
        if words and concept in known
    ]
