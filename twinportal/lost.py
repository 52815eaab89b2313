"""Why a prediction does not rest any more on what it was made of, in words."""

from collections.abc import Collection, Iterator
from typing import Any

from models_engine.models import ModelRun
from patients.models import Mapping


def why_lost(run: ModelRun, lost: Collection[str]) -> str:
    """`lost`: references to resources that no longer say what the run used. Without PHI."""
    words = f"{', '.join(lost)}: corrected, deleted, read otherwise or moved to another patient"
    numbers = {
        number
        for row in _rows(run.inputs)
        if str(row.get("reference", "")).partition("/_history/")[0] in lost
        for number in row.get("mappings", ())
    }
    ended = Mapping.objects.filter(pk__in=numbers, ended_at__isnull=False) if numbers else ()
    named = [f"mapping {mapping.pk} of a data steward has ended" for mapping in ended]
    return "; ".join([*sorted(named), words])


def _rows(inputs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The inputs, and what some of them were computed from."""
    for row in inputs:
        yield row
        yield from _rows(row.get("derived_from", []))
