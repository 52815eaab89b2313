"""What is wrong with the tables as a whole: names that nobody knows, doses with gaps, old rows. Pure.

A single row is checked when it is read (`schema.py`); here it is held against all others, and
against the concepts of the record.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from models_engine.catalogue.treatment.knowledge import schema
from models_engine.catalogue.treatment.knowledge.criteria import COMPUTED, Criteria, Criterion
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.medicines import index_of
from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS, Subject
from models_engine.catalogue.what_if.interventions import treatments
from patients.terminology.conditions import CONDITIONS
from patients.terminology.measurements import MEASUREMENTS

REVIEW_MONTHS = 24
DAYS_PER_MONTH = 365.25 / 12
ATC = re.compile(r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?")
PLACEBO = ("placebo", "none", "usual_care")


@dataclass(frozen=True)
class Problem:
    """An "error" would mislead a reader; a "warning" wants somebody to look."""

    table: str
    row: str
    text: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.table}: {self.row}: {self.text}"


def problems(
    knowledge: Knowledge, outcomes_of_models: Mapping[str, Collection[str]] | None = None
) -> tuple[Problem, ...]:
    """All that is wrong, in the order of the tables.

    `outcomes_of_models`: outcome ids by model id; without it the models of outcomes are not looked at.
    """
    found: list[Problem] = []
    for table, rows in knowledge.tables.items():
        for row in rows.values():
            texts = (*_sources(row, knowledge), *_subjects(row, table, knowledge))
            texts += tuple(_criteria(row, knowledge))
            found += [Problem(table, row.id, text) for text in texts]
    found += _of_classes(knowledge)
    found += _of_ingredients(knowledge)
    found += _of_options(knowledge)
    found += _of_outcomes(knowledge, outcomes_of_models)
    found += _of_dosing(knowledge)
    found += _of_single_columns(knowledge)
    found += _unused_sources(knowledge)
    order = list(knowledge.tables)
    return tuple(sorted(found, key=lambda one: order.index(one.table)))


def overdue(
    knowledge: Knowledge, today: date, months: float = REVIEW_MONTHS
) -> tuple[Problem, ...]:
    """Rows that nobody has looked at for so many months, or on a day that has not come."""
    found = []
    for table, rows in knowledge.tables.items():
        for row in rows.values():
            day = getattr(row, "reviewed", None)
            if day is None:
                continue
            if day > today:
                found.append(Problem(table, row.id, f"reviewed on {day}, which has not come"))
            elif (today - day).days > months * DAYS_PER_MONTH:
                text = f"last reviewed on {day}, more than {months:g} months ago"
                found.append(Problem(table, row.id, text, "warning"))
    return tuple(found)


def counts(knowledge: Knowledge) -> dict[str, dict[str, int]]:
    """How many rows of each evidence tag, by table; "" of a table that has none."""
    found: dict[str, dict[str, int]] = {}
    for table, rows in knowledge.tables.items():
        tags: defaultdict[str, int] = defaultdict(int)
        for row in rows.values():
            tags[getattr(row, "evidence", "")] += 1
        found[table] = dict(sorted(tags.items()))
    return found


def unverified(knowledge: Knowledge) -> Iterator[tuple[str, Any]]:
    """Table and row of all that no source was opened for."""
    for table, rows in knowledge.tables.items():
        for row in rows.values():
            if getattr(row, "evidence", "") == "M":
                yield table, row


def _sources(row: Any, knowledge: Knowledge) -> Iterator[str]:
    known = knowledge.tables["sources"]
    for name in getattr(row, "source", ()):
        if name not in known:
            yield f"source {name} does not exist"


def _unused_sources(knowledge: Knowledge) -> Iterator[Problem]:
    """Beside a site's own folder only its own: a row of it may replace the one that used a source."""
    has_own = len(knowledge.folders) > 1
    used = {
        name
        for rows in knowledge.tables.values()
        for row in rows.values()
        for name in getattr(row, "source", ())
    }
    for name in knowledge.tables["sources"]:
        if name not in used and (knowledge.is_own("sources", name) or not has_own):
            yield Problem("sources", name, "no row uses it", "warning")


def _subjects(row: Any, table: str, knowledge: Knowledge) -> Iterator[str]:
    for column, value in vars(row).items():
        if isinstance(value, tuple) and value and all(isinstance(v, Subject) for v in value):
            for subject in value:
                if text := _unknown_subject(subject, table, knowledge):
                    yield f"{column} {subject}: {text}"


def _unknown_subject(subject: Subject, table: str, knowledge: Knowledge) -> str:
    """Why a row cannot be about it; empty where it can."""
    if subject.kind == "change":
        if table != "event_effects":
            return "only effects on events are about a change"
        return "" if subject.name in MEASUREMENTS else "no measured concept"
    if subject.kind == "any":
        return ""
    tables = {"class": "classes", "ingredient": "ingredients", "option": "options"}
    return "" if subject.name in knowledge.tables[tables[subject.kind]] else "does not exist"


def _criteria(row: Any, knowledge: Knowledge) -> Iterator[str]:
    for column, value in vars(row).items():
        if isinstance(value, Criteria):
            for word in value.words:
                if text := _unknown_word(word, knowledge):
                    yield f"{column} {word}: {text}"


def _unknown_word(word: Criterion, knowledge: Knowledge) -> str:
    medicines = (*knowledge.tables["classes"], *knowledge.tables["ingredients"])
    known: dict[str, Collection[str]] = {
        "has": CONDITIONS,
        "lacks": CONDITIONS,
        "takes": medicines,
        "not": medicines,
        "for": INDICATIONS,
        "sex": ("female", "male"),
        "compare": (*MEASUREMENTS, *COMPUTED),
    }
    return "" if word.name in known[word.kind] else "nobody knows this name"


def _of_classes(knowledge: Knowledge) -> Iterator[Problem]:
    for row in knowledge.rows(schema.DrugClass):
        for atc in row.atc:
            if not ATC.fullmatch(atc):
                yield Problem("classes", row.id, f"{atc!r} is no ATC group")


def _of_ingredients(knowledge: Knowledge) -> Iterator[Problem]:
    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for row in knowledge.rows(schema.Ingredient):
        for kind in row.classes:
            if kind not in knowledge.tables["classes"]:
                yield Problem("ingredients", row.id, f"class {kind} does not exist")
        if row.evidence not in schema.EVIDENCE_TEXT:
            yield Problem("ingredients", row.id, f"evidence tag {row.evidence!r}")
        for atc in row.atc:
            if not ATC.fullmatch(atc):
                yield Problem("ingredients", row.id, f"{atc!r} is no ATC code")
        yield from _twice("name", {row.id, *row.aliases}, row.id, names)
        yield from _twice("code", {*row.atc, *([row.rxnorm] if row.rxnorm else [])}, row.id, codes)


def _twice(what: str, given: Iterable[str], row: str, seen: dict[str, str]) -> Iterator[Problem]:
    for one in sorted(given):
        other = seen.setdefault(one.lower(), row)
        if other != row:
            yield Problem("ingredients", row, f"{what} {one!r} is one of {other} too")


def _of_options(knowledge: Knowledge) -> Iterator[Problem]:
    index, paths = index_of(knowledge), treatments()
    classes, ingredients = knowledge.tables["classes"], knowledge.tables["ingredients"]
    for row in knowledge.rows(schema.Option):
        if unknown := [name for name in row.ingredients if name not in ingredients]:
            yield Problem("options", row.id, f"ingredient {', '.join(unknown)} does not exist")
            continue
        own = frozenset[str]().union(*(index.classes_of(name) for name in row.ingredients))
        if row.main_class not in classes:
            yield Problem("options", row.id, f"class {row.main_class} does not exist")
        elif row.main_class not in own:
            # a class of combinations may be of the whole alone
            level: Literal["error", "warning"] = "warning" if len(row.ingredients) > 1 else "error"
            text = f"none of its ingredients is of {row.main_class}"
            yield Problem("options", row.id, text, level)
        elif row.atc and not _is_in_class(row, index.groups[row.main_class], knowledge):
            text = f"ATC {row.atc} is not of class {row.main_class}, nor of its ingredient"
            yield Problem("options", row.id, text)
        if row.what_if and row.what_if not in paths:
            yield Problem("options", row.id, f"what-if treatment {row.what_if} does not exist")


def _is_in_class(row: schema.Option, groups: tuple[str, ...], knowledge: Knowledge) -> bool:
    """A combination has a code of its own; a single ingredient one of its codes or its class's."""
    if len(row.ingredients) > 1:
        return True
    ingredients = knowledge.by_id(schema.Ingredient)
    codes = {
        atc for name in row.ingredients if name in ingredients for atc in ingredients[name].atc
    }
    return row.atc in codes if codes else not groups or row.atc.startswith(groups)


def _of_outcomes(
    knowledge: Knowledge, models: Mapping[str, Collection[str]] | None
) -> Iterator[Problem]:
    known = knowledge.tables["outcomes"]
    columns: tuple[tuple[type, str], ...] = (
        (schema.EventEffect, "event"),
        (schema.Baseline, "event"),
        (schema.Harm, "weight"),
    )
    for kind, column in columns:
        table = next(name for name, row in schema.TABLES.items() if row is kind)
        for row in knowledge.tables[table].values():
            name = getattr(row, column)
            if name not in known:
                yield Problem(table, row.id, f"{column} {name!r} is no outcome")
    for outcome in knowledge.rows(schema.Outcome):
        for text in outcome.models if models is not None else ():
            model, _, name = text.partition(":")
            if models is not None and name not in models.get(model, ()):
                yield Problem("outcomes", outcome.id, f"{text}: no model has this outcome")
        if outcome.kind == "value" and outcome.id not in MEASUREMENTS:
            yield Problem("outcomes", outcome.id, "a value that is no measured concept")


def _of_dosing(knowledge: Knowledge) -> Iterator[Problem]:
    """Bands of one subject and measure leave no hole, and stand once for the same people.

    Above the highest nothing changes; below the lowest something must be said. Bands of its
    class count for an ingredient too.
    """
    index = index_of(knowledge)
    bound = [row for row in knowledge.rows(schema.Dosing) if row.is_bound]
    for subject, measure in dict.fromkeys((s, r.measure) for r in bound for s in r.applies_to):
        kinds = index.classes_of(subject.name) if subject.kind == "ingredient" else frozenset()
        about = {subject, *(Subject("class", kind) for kind in kinds)}
        rows = [row for row in bound if row.measure == measure and about & set(row.applies_to)]
        yield from _gaps(f"{subject} by {measure}", sorted(rows, key=_start))
        by_people: defaultdict[str, list[schema.Dosing]] = defaultdict(list)
        for row in rows:
            if subject in row.applies_to:
                by_people[str(row.when)].append(row)
        for same in by_people.values():
            yield from _overlaps(f"{subject} by {measure}", sorted(same, key=_start))


def _start(row: schema.Dosing) -> float:
    return float("-inf") if row.low is None else row.low


def _end(row: schema.Dosing) -> float:
    return float("inf") if row.high is None else row.high


def _gaps(what: str, rows: list[schema.Dosing]) -> Iterator[Problem]:
    reached = float("-inf")
    for row in rows:
        if _start(row) > reached:
            text = f"{what}: nothing is said from {reached:g} to {row.low:g}"
            yield Problem("dosing", row.id, text)
        reached = max(reached, _end(row))


def _overlaps(what: str, rows: list[schema.Dosing]) -> Iterator[Problem]:
    for one, two in pairwise(rows):
        if _start(two) < _end(one):
            text = (
                f"{what}: two rows of the same people overlap from {_start(two):g}, with {one.id}"
            )
            yield Problem("dosing", two.id, text)


def _of_single_columns(knowledge: Knowledge) -> Iterator[Problem]:
    for effect in knowledge.rows(schema.EventEffect):
        yield from _indication("event_effects", effect.id, effect.indication)
        medicines = (*knowledge.tables["classes"], *knowledge.tables["ingredients"])
        if effect.comparator not in (*PLACEBO, *medicines):
            text = f"comparator {effect.comparator!r} is no placebo, class or ingredient"
            yield Problem("event_effects", effect.id, text)
    for baseline in knowledge.rows(schema.Baseline):
        yield from _indication("baselines", baseline.id, baseline.indication)
    for advice in knowledge.rows(schema.Recommendation):
        yield from _indication("recommendations", advice.id, advice.indication)
    for test in knowledge.rows(schema.Monitoring):
        if test.concept and test.concept not in (*MEASUREMENTS, *COMPUTED):
            text = f"concept {test.concept!r} is not in the record's tables"
            yield Problem("monitoring", test.id, text)
    for rule in knowledge.rows(schema.GeneRule):
        if not rule.gene or not rule.phenotype:
            yield Problem("pharmacogenomics", rule.id, "no gene, or no phenotype")


def _indication(table: str, row: str, name: str) -> Iterator[Problem]:
    if name and name not in INDICATIONS:
        yield Problem(table, row, f"indication {name!r} does not exist")
