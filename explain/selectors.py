"""Reads of stored explanations."""

from collections.abc import Iterable

from explain.models import Attribution


def attributions_of(prediction_ids: Iterable[int]) -> dict[tuple[int, str], Attribution]:
    """By (prediction id, baseline), with one query."""
    rows = Attribution.objects.filter(prediction__in=list(prediction_ids))
    return {(row.prediction_id, row.baseline): row for row in rows}
