"""Counts over the runs that stand now, in SQL: who has a number, who has none, and of what values.

All of it reads `monitored_run`, a temporary table of the standing runs of every twin, so that the
predictions are gone through once; inputs stay where they are. Nothing is loaded but sums.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from models_engine.catalogue.contract import ClinicalModel, Input
from models_engine.monitoring.drift import (
    DECILES,
    LEAST_IN_BIN,
    MOST_VALUES,
    between,
    cut_points,
    is_by_value,
    merged,
    rounded,
)

# how an input came about, by the status that is stored with a run
HOW = {
    "used": "recorded",
    "verify": "recorded",
    "derived": "recorded",
    "demographic": "recorded",
    "assumed_absent": "assumed absent",
    "missing_term": "stood in for",
    "not_assessable": "stood in for",
}
REFUSED = {"missing": "missing", "too_old": "too old", "out_of_range": "out of range"}
WAYS = (*dict.fromkeys(HOW.values()), *REFUSED.values())
_STANDING = """
CREATE TEMPORARY TABLE monitored_run ON COMMIT DROP AS
SELECT r.id, r.model_id, r.model_version, r.refusals,
       r.refusals = '[]'::jsonb AS has_number,
       r.refusals @> '[{"kind": "not_applicable"}]'::jsonb AS not_applicable
FROM models_engine_modelrun r JOIN patients_patient p ON p.id = r.patient_id
WHERE p.active AND p.merged_into_id IS NULL
  AND r.id IN (SELECT run_id FROM models_engine_prediction WHERE status = 'current')
"""
_INDEX = "CREATE INDEX ON monitored_run (model_id, model_version)"
_TOTALS = """
SELECT model_id, model_version, count(*),
       count(*) FILTER (WHERE NOT not_applicable), count(*) FILTER (WHERE has_number)
FROM monitored_run GROUP BY 1, 2
"""
_REASONS = """
SELECT r.model_id, r.model_version, f->>'kind', f->>'concept', count(DISTINCT r.id)
FROM monitored_run r, jsonb_array_elements(r.refusals) f
WHERE r.not_applicable = (f->>'kind' = 'not_applicable') GROUP BY 1, 2, 3, 4
"""
_STATUSES = """
SELECT i->>'concept', i->>'status', count(*)
FROM monitored_run r JOIN models_engine_modelrun m ON m.id = r.id,
     jsonb_array_elements(m.inputs) i
WHERE r.model_id = %s AND r.model_version = %s AND NOT r.not_applicable GROUP BY 1, 2
"""
# inputs and outputs in one list; a name begins with which of them it is
_VALUES = """
SELECT 'input:' || (i->>'concept') AS name, (i->>'value')::float8 AS value
FROM monitored_run r JOIN models_engine_modelrun m ON m.id = r.id,
     jsonb_array_elements(m.inputs) i
WHERE r.model_id = %(id)s AND r.model_version = %(version)s AND NOT r.not_applicable
  AND i->>'value' IS NOT NULL
UNION ALL
SELECT 'output:' || p.outcome, p.value
FROM monitored_run r JOIN models_engine_prediction p ON p.run_id = r.id
WHERE r.model_id = %(id)s AND r.model_version = %(version)s
  AND p.status = 'current' AND p.value IS NOT NULL
"""
_SPREAD = f"""
SELECT name, (array_agg(DISTINCT value ORDER BY value))[1:{MOST_VALUES + 1}],
       percentile_cont(%(shares)s::float8[]) WITHIN GROUP (ORDER BY value)
FROM ({_VALUES}) v GROUP BY name
"""  # noqa: S608 our own text
_BINNED = f"""
WITH c AS MATERIALIZED (
    SELECT key AS name, (SELECT array_agg(e::float8 ORDER BY e::float8)
                         FROM jsonb_array_elements_text(value) e) AS cuts
    FROM jsonb_each(%(cuts)s::jsonb)
)
SELECT v.name, CASE WHEN c.cuts IS NULL THEN 0 ELSE width_bucket(v.value, c.cuts) END, count(*)
FROM ({_VALUES}) v JOIN c ON c.name = v.name GROUP BY 1, 2
"""  # noqa: S608 our own text

Key = tuple[str, str]


@dataclass(frozen=True)
class Bins:
    """One input or output: where its bins begin, how many people are in each."""

    cuts: tuple[float, ...]
    counts: tuple[int, ...]
    by_value: bool


@dataclass(frozen=True)
class Counts:
    """One model version now. `reasons` are (kind, concept, twins): of those whom it was not made
    for why not, of the others why there is no number; a twin may be in several."""

    asked: int = 0
    applicable: int = 0
    numbers: int = 0
    reasons: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class Distribution:
    """`values` by "input:<concept>" and "output:<outcome>"; `ways` by concept: how it came about."""

    values: Mapping[str, Bins] = field(default_factory=dict)
    ways: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def hold_standing_runs() -> None:
    """Make the temporary table, which goes with the transaction that must be open."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS monitored_run")
        cursor.execute(_STANDING)
        cursor.execute(_INDEX)
        cursor.execute("ANALYZE monitored_run")


def counts() -> dict[Key, Counts]:
    """Every model version with standing runs. Two statements."""
    with _cursor() as cursor:
        cursor.execute(_TOTALS)
        totals = cursor.fetchall()
        cursor.execute(_REASONS)
        reasons = defaultdict(list)
        for model_id, version, kind, concept, number in cursor.fetchall():
            reasons[model_id, version].append((kind, concept, number))
    return {
        (model_id, version): Counts(
            asked,
            applicable,
            numbers,
            tuple(sorted(reasons[model_id, version], key=lambda r: (-r[2], r[:2]))),
        )
        for model_id, version, asked, applicable, numbers in totals
    }


def distribution(model: ClinicalModel, counted: Counts) -> Distribution:
    """The present one, with bins of its own. Three statements."""
    values = {"id": model.id, "version": model.version, "shares": list(DECILES)}
    with _cursor() as cursor:
        cursor.execute(_SPREAD, values)
        spread = cursor.fetchall()
    by_value = {name: is_by_value(distinct) for name, distinct, _ in spread}
    cuts = {name: cut_points(distinct, quantiles) for name, distinct, quantiles in spread}
    cuts = {name: c if by_value[name] else rounded(c) for name, c in cuts.items()}
    found = binned(model, counted, cuts, by_value)
    # yes and no, female and male are nobody's own
    anybodys = {f"input:{i.concept}" for i in model.inputs if is_yes_no(i) or i.concept == "sex"}
    binned_values: dict[str, Bins] = {
        name: found.values[name] if name in anybodys else _of_many(found.values[name], distinct)
        for name, distinct, _ in spread
    }
    return Distribution(binned_values, found.ways)


def is_yes_no(declared: Input) -> bool:
    return declared.role in ("condition", "medication")


def _of_many(bins: Bins, distinct: Sequence[float]) -> Bins:
    """No limit of a bin near the value of a few people, nor a value of its own that they have."""
    if not bins.by_value:
        return Bins(*merged(bins.cuts, bins.counts), by_value=False)
    # the first is below all values, the last above
    own = bins.counts[1:-1]
    if all(number >= LEAST_IN_BIN for number in own):
        return bins
    return Bins(*merged(between(distinct), own), by_value=False)


def binned(
    model: ClinicalModel,
    counted: Counts,
    cuts: Mapping[str, Sequence[float]],
    by_value: Mapping[str, bool],
) -> Distribution:
    """The present one in given bins. Two statements."""
    found: dict[str, list[int]] = {name: [0] * (len(c) + 1) for name, c in cuts.items()}
    given = {"id": model.id, "version": model.version, "cuts": json.dumps(dict(cuts))}
    with _cursor() as cursor:
        cursor.execute(_BINNED, given)
        for name, at, number in cursor.fetchall():
            found[name][at] = number
        cursor.execute(_STATUSES, [model.id, model.version])
        statuses = cursor.fetchall()
    return Distribution(
        {n: Bins(tuple(cuts[n]), tuple(c), by_value.get(n, False)) for n, c in found.items()},
        _ways(model, counted, statuses),
    )


def _ways(
    model: ClinicalModel, counted: Counts, statuses: Sequence[tuple[str, str, int]]
) -> dict[str, dict[str, int]]:
    """How each input came about, or why it did not, over the twins whom the model was made for."""
    ways = {i.concept: dict.fromkeys(WAYS, 0) for i in model.inputs}
    for concept, status, number in statuses:
        if concept in ways and status in HOW:
            ways[concept][HOW[status]] += number
    for kind, concept, number in counted.reasons:
        if concept in ways and kind in REFUSED:
            ways[concept][REFUSED[kind]] += number
            if kind == "out_of_range":
                # it is recorded, and was counted as that too
                ways[concept]["recorded"] = max(0, ways[concept]["recorded"] - number)
    return ways


def _cursor() -> AbstractContextManager[Any]:
    return connection.cursor()
