"""What the monitoring pages say: counts without small ones, reasons, verdicts."""

from collections.abc import Mapping
from typing import Any

from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.display import POPULATION
from models_engine.monitoring.calibration import poisson_limits
from twinportal.dashboards.monitoring.suppression import (
    MANY,
    SMALLEST,
    WITHHELD,
    count,
    is_small,
    protected,
)

# what the pages ask for as words.*
__all__ = ["MANY", "SMALLEST", "WITHHELD", "count"]

# a ratio to less than this says nothing while there is no event
LEAST_EXPECTED = 0.1
LEVELS = {
    "too_few": "too few to say",
    "none": "no drift seen",
    "some": "some drift",
    "large": "large drift",
}
REASONS = {
    "missing": "missing",
    "too_old": "too old",
    "out_of_range": "outside the model's range",
}
OTHER_CONCEPTS = {
    POPULATION: "unlike the people the model was built from",
    "deceased": "the person has died",
    "model": "the plug-in failed",
}


def parts(part: int, whole: int) -> tuple[str, str]:
    """Two counts that make up `whole`, so that neither tells a small one by subtraction."""
    told = protected((part, whole - part))
    if is_small(part) != is_small(whole - part) and not told.nothing:
        part_words, rest_words = ("the others" if w == WITHHELD else w for w in told.words)
        return part_words, rest_words
    return told.words[0], told.words[1]


def share(part: int, whole: int) -> str:
    """ "37 %"; nothing where one of the counts is not shown."""
    if not whole or is_small(part) or is_small(whole - part):
        return ""
    return f"{100 * part / whole:.0f} %"


def share_in_words(part: int, whole: int) -> str:
    """The same for a sentence, of a whole that is large."""
    few = "hardly any" if is_small(part) else "nearly all"
    return share(part, whole) or few


def label(model: ClinicalModel | None, concept: str) -> str:
    """An input's name; of anything else the concept in words."""
    if concept in OTHER_CONCEPTS:
        return OTHER_CONCEPTS[concept]
    named = {i.concept: i.label for i in model.inputs} if model else {}
    return named.get(concept) or concept.replace("_", " ").capitalize()


def reason(model: ClinicalModel | None, kind: str, concept: str) -> str:
    """ "Systolic blood pressure: too old"; of whom a model was not made for, what stands in the
    way."""
    named = label(model, concept)
    return f"{named}: {REASONS[kind]}" if kind in REASONS else named[:1].upper() + named[1:]


def outcome_label(model: ClinicalModel | None, outcome_id: str) -> str:
    for outcome in model.outcomes if model else ():
        if outcome.id == outcome_id:
            years = outcome.horizon_years
            return f"{outcome.label}, {years:g} years" if years else outcome.label
    return outcome_id.replace("_", " ")


def ratio(row: Mapping[str, Any], which: str = "ratio") -> str:
    """ "1.24 (0.98 to 1.55)"; with few events only what it is at most."""
    found, events = row[which], row["events"]
    if found is None or (not events and found["expected"] < LEAST_EXPECTED):
        return "not yet"
    if 0 < events < SMALLEST:
        return f"at most {poisson_limits(SMALLEST - 1)[1] / found['expected']:.2f}"
    return f"{found['ratio']:.2f} ({found['low']:.2f} to {found['high']:.2f})"


def expected(row: Mapping[str, Any], which: str = "ratio") -> str:
    found = row[which]
    if found is None:
        return "0"
    return f"{found['expected']:.1f}" if found["expected"] >= 0.05 else "less than 0.1"


def verdict(row: Mapping[str, Any], years: float | None) -> str:
    """One or two sentences on a group of predictions; see models_engine.monitoring.judging."""
    if row["people"] and row["people"] < SMALLEST:
        return "Fewer than 5 people: nothing is told of them."
    status = row["status"]
    none = "No event has been recorded. " if not row["events"] else ""
    if status == "nobody":
        return "No prediction can be judged."
    if status == "not_followed":
        return "No outcomes yet: nothing has been recorded of these people since."
    if status == "early":
        horizon = f"{years:g} years" if years and years > 1 else "the year"
        return (
            f"{none and 'No outcomes yet. '}Too early to judge: on average {100 * row['followed']:.0f} % of {horizon} has "
            "been followed. Expected so far assumes the risk to be spread evenly over the time."
        )
    if status == "too_low":
        return "More events than foretold: the model says too little here."
    if status == "too_high":
        return f"{none}Fewer events than foretold: the model says too much here, or events are not recorded."
    return f"{none}No clear departure from what was foretold."
