"""The stored forecasts as a what-if reads them. Stores nothing."""

from collections.abc import Iterator
from datetime import timedelta

from models_engine.catalogue.trajectory.specs import specs
from models_engine.catalogue.what_if.effects import effects
from models_engine.catalogue.what_if.forecasting import Standing
from models_engine.models import Forecast
from models_engine.selectors import current_forecasts, unsupported_forecasts
from models_engine.series import points_of
from patients.models import Patient
from patients.record.state import State

# what a figure shows of the past
HISTORY = timedelta(days=3 * 365.25)
NONE_YET = (
    "no forecast has been made. One needs values on 3 days, 90 days apart, and is made when the "
    "twin is refreshed."
)
CORRECTED = (
    "the forecast rested on data that have since been corrected, deleted or moved to another "
    "patient. It is being made anew."
)
TOO_OLD = "the newest value is too old by now."
NEWER = "A newer value has arrived since this forecast was made; it is not in it yet."


def standing_forecasts(patient_id: int, state: State) -> dict[str, Standing]:
    """By every concept that a what-if may move: its forecast, or the reason why there is none."""
    wanted = [concept for concept in effects().order if concept in specs()]
    rows = {row.concept: row for row in current_forecasts(patient_id).filter(concept__in=wanted)}
    wrong = unsupported_forecasts(Patient.objects.get(pk=patient_id)) if rows else set()
    return {c: _standing(c, rows.get(c), wrong, state) for c in wanted}


def _standing(concept: str, row: Forecast | None, wrong: set[int], state: State) -> Standing:
    label = specs()[concept].label
    reason = _why_none(row, wrong, state, label)
    if row is None or reason:
        return Standing(concept, label, reason=reason)
    measured = tuple((p.at, p.number) for p in points_of(state, concept)[0])
    shown = tuple(p for p in measured if p[0] > state.as_of - HISTORY) or measured[-1:]
    if not shown:
        return Standing(concept, label, reason=f"{label}: {CORRECTED}")
    return Standing(
        concept,
        label,
        unit=row.unit,
        as_of=row.as_of,
        bands=row.bands,
        state=row.state,
        validated=row.validated,
        statement=row.statement,
        released=row.released_at is not None,
        notes=tuple(_notes(row, shown[-1][0] > row.as_of)),
        measured=shown,
    )


def _why_none(row: Forecast | None, wrong: set[int], state: State, label: str) -> str:
    if row is None:
        return f"{label}: {NONE_YET}"
    if row.refusal is not None:
        return str(row.refusal["message"])
    if row.pk in wrong:
        return f"{label}: {CORRECTED}"
    is_old = row.valid_until is not None and state.as_of.date() >= row.valid_until
    return f"{label}: {TOO_OLD}" if is_old else ""


def _notes(row: Forecast, is_behind: bool) -> Iterator[str]:
    yield from row.notes
    if is_behind:
        yield NEWER
