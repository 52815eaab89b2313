"""Keeps the forecasts of twins: ends the wrong, scores the new values, makes what is due.

Runs inside the transaction of a twin's refresh.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np

from models_engine.catalogue.contract import Refusal
from models_engine.catalogue.risk.ckd_epi_2021 import ADULT_AGE
from models_engine.catalogue.trajectory import forecast as pure
from models_engine.catalogue.trajectory.measurement import MeasurementSpec
from models_engine.catalogue.trajectory.specs import specs
from models_engine.fingerprints import demographics_fingerprint
from models_engine.models import Forecast, ForecastCheck
from models_engine.series import Point, Series, series_of, years
from patients.models import Patient
from patients.record.state import Demographics, State
from patients.record.state_as_of import StoredFact, state_as_of

# years ahead at which the bands are stored; the fan is drawn through them
HORIZONS = np.array([0.02, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0])
NEWER_DATA = "newer data"
# Before its first forecast a twin has taught nothing. Of these the last values are looked at as if
# there had been one before each: what a clinician wants to know of a method at the first glance.
REPLAYED = ("systolic_bp", "hba1c", "egfr", "ldl_cholesterol", "weight")
REPLAYS = 3
A_REPLAY = "replayed"
GONE = "corrected, deleted, read otherwise or moved to another patient"
REASON_LENGTH = 200


@dataclass
class Refreshed:
    """What was done, for logs and tests."""

    created: int = 0
    kept: int = 0
    superseded: int = 0
    checked: int = 0
    replayed: int = 0


class Record(Protocol):
    """What is known of one twin: `fingerprints` of all facts by key, `usable` what stands now."""

    @property
    def patient(self) -> Patient: ...
    @property
    def facts(self) -> Sequence[StoredFact]: ...
    @property
    def demographics(self) -> Demographics: ...
    @property
    def fingerprints(self) -> Mapping[int, str]: ...
    @property
    def usable(self) -> set[str]: ...


@dataclass
class _Writes:
    """What one refresh writes, of all its twins together."""

    now: datetime
    ended: list[Forecast] = field(default_factory=list)
    made: list[Forecast] = field(default_factory=list)
    checks: list[ForecastCheck] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    done: Refreshed = field(default_factory=Refreshed)

    def end(self, row: Forecast, status: str, reason: str) -> None:
        row.status, row.ended_at, row.ended_reason = status, self.now, reason[:REASON_LENGTH]
        self.ended.append(row)

    def save(self) -> None:
        """What ends first: one forecast of a measurement is current at a time."""
        if self.withdrawn:
            rows = ForecastCheck.objects.filter(pk__in=self.withdrawn)
            rows.update(withdrawn_at=self.now)
        if self.ended:
            Forecast.objects.bulk_update(self.ended, ["status", "ended_at", "ended_reason"])
        Forecast.objects.bulk_create(self.made)
        ForecastCheck.objects.bulk_create(self.checks, ignore_conflicts=True)


def seen_by_none(patient_id: int, concept: str) -> bool:
    """Every forecast waits."""
    return False


def refresh(
    records: Sequence[Record], now: datetime, *, release: Callable[[int, str], bool] = seen_by_none
) -> Refreshed:
    """Bring the forecasts of these twins up to date; unchanged facts write nothing.

    `release`: whose new, validated forecast of which measurement the patient may see at once,
    unless its newest value lies far off. At most eight queries for any number of twins.
    """
    ids = [record.patient.pk for record in records]
    writes = _Writes(now)
    rows = Forecast.objects.filter(patient_id__in=ids)
    standing = rows.exclude(status=Forecast.Status.SUPERSEDED)
    by_patient: defaultdict[int, list[Forecast]] = defaultdict(list)
    # the states of past forecasts are not needed, and there are many
    past = standing.exclude(status=Forecast.Status.CURRENT).only("patient_id", "evidence", "status")
    for row in (*standing.filter(status=Forecast.Status.CURRENT), *past):
        by_patient[row.patient_id].append(row)
    known: defaultdict[int, set[str]] = defaultdict(set)
    for patient_id, concept in rows.values_list("patient_id", "concept").distinct():
        known[patient_id].add(concept)
    checks: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    unwithdrawn = ForecastCheck.objects.filter(patient_id__in=ids, withdrawn_at=None)
    for patient_id, pk, mark in unwithdrawn.values_list("patient_id", "pk", "fingerprint"):
        checks[patient_id].append((pk, mark))
    for record in records:
        key = record.patient.pk
        # a value that was corrected or deleted taught nothing
        writes.withdrawn += [
            pk for pk, mark in checks[key] if not record.patient.active or mark not in record.usable
        ]
        current = _end_the_wrong(record, by_patient[key], writes)
        if record.patient.active:
            _refresh_one(record, current, known[key], writes, release)
    writes.save()
    return writes.done


def _refresh_one(
    record: Record,
    standing: Mapping[str, Forecast],
    known: Collection[str],
    writes: _Writes,
    release: Callable[[int, str], bool],
) -> None:
    now, done = writes.now, writes.done
    state = state_as_of(record.demographics, record.facts, now)
    for concept, spec in specs().items():
        series, current = series_of(state, spec), standing.get(concept)
        if not series.points and current is None:
            continue
        reason = _not_for(state, spec)
        may_see = release(record.patient.pk, concept)
        digest = series.input_hash(f"{spec.version} {reason.code if reason else ''}")
        if current is not None and _still_says(current, digest, now):
            done.kept += 1
            continue
        if current is not None:
            found = _score(current, series, record.fingerprints, now)
            writes.checks += found
            done.checked += len(found)
            writes.end(current, Forecast.Status.PAST, NEWER_DATA)
        writes.made.append(_made(record, spec, series, reason, digest, now, may_see))
        done.created += 1
        if concept in REPLAYED and concept not in known and reason is None:
            _replay(record, spec, series, writes)


def _evidence(record: Record, series: Series) -> list[str]:
    """What a forecast of the series rests on."""
    marks = {record.fingerprints[pk] for pk in series.facts}
    return [demographics_fingerprint(record.demographics), *sorted(marks)]


def _still_says(current: Forecast, digest: str, now: datetime) -> bool:
    overdue = current.valid_until is not None and now.date() >= current.valid_until
    return current.input_hash == digest and not (overdue and current.refusal is None)


def _not_for(state: State, spec: MeasurementSpec) -> Refusal | None:
    """Whose measurements follow another course than the adults the forecasts are made for."""
    if state.deceased:
        return Refusal("not_applicable", spec.concept, "The patient has died.")
    if state.age is None or state.age < ADULT_AGE:
        text = f"{spec.label}: forecasts are made for adults whose age is known."
        return Refusal("not_applicable", spec.concept, text)
    if state.active("pregnancy"):
        text = f"{spec.label}: no forecast is made during a pregnancy."
        return Refusal("not_applicable", spec.concept, text)
    return None


def _made(
    record: Record,
    spec: MeasurementSpec,
    series: Series,
    reason: Refusal | None,
    digest: str,
    now: datetime,
    release: bool,
) -> Forecast:
    found = reason or pure.forecast(spec, *series.arrays(now), HORIZONS)
    row = Forecast(
        patient=record.patient,
        concept=spec.concept,
        unit=spec.unit,
        version=spec.version,
        as_of=now,
        made_at=now,
        input_hash=digest,
        validated=spec.validated,
        statement=spec.statement,
        evidence=_evidence(record, series),
        notes=list(series.notes),
    )
    if isinstance(found, Refusal):
        row.refusal = found.to_dict()
        return row
    row.method, row.state = found.method, found.state
    row.bands = list(_rows(found))
    row.notes = [*found.notes, *series.notes]
    row.valid_until = _too_old_on(series.points[-1], spec)
    # what was not checked in people like them is for clinicians, and so is a value to look at first
    may_see = release and spec.validated and not found.newest_is_far
    row.released_at = now if may_see else None
    return row


def _rows(found: pure.Forecast) -> Iterator[dict[str, float]]:
    names = ("median", "low50", "high50", "low90", "high90")
    for index, horizon in enumerate(found.horizons):
        edges = {name: float(getattr(found, name)[index]) for name in names}
        yield {"years": float(horizon), **edges}


def _too_old_on(newest: Point, spec: MeasurementSpec) -> date:
    return (newest.at + timedelta(days=spec.max_age_years * pure.DAYS_PER_YEAR)).date() + timedelta(
        days=1
    )


def _replay(record: Record, spec: MeasurementSpec, series: Series, writes: _Writes) -> None:
    """The last values, each by a forecast from the day of measurement before it."""
    firsts = [
        i
        for i in range(1, len(series.points))
        if series.points[i].at.date() != series.points[i - 1].at.date()
    ]
    for index in firsts[-REPLAYS:]:
        as_of, point = series.points[index - 1].at, series.points[index]
        before = series.until(as_of)
        found = pure.forecast(spec, *before.arrays(as_of), HORIZONS)
        if isinstance(found, Refusal) or years(point.at, as_of) > pure.MAX_HORIZON:
            continue
        row = Forecast(
            patient=record.patient,
            concept=spec.concept,
            unit=spec.unit,
            method=found.method,
            version=spec.version,
            as_of=as_of,
            made_at=writes.now,
            input_hash=before.input_hash(spec.version),
            bands=list(_rows(found)),
            state=found.state,
            notes=[*found.notes, *before.notes],
            validated=spec.validated,
            statement=spec.statement,
            evidence=_evidence(record, before),
            replayed=True,
            status=Forecast.Status.PAST,
            ended_at=writes.now,
            ended_reason=A_REPLAY,
        )
        writes.made.append(row)
        writes.done.replayed += 1
        if point.value.fact_id is not None:
            mark = record.fingerprints[point.value.fact_id]
            writes.checks.append(_check(row, series, point, mark, writes.now))


def _score(
    current: Forecast, series: Series, marks: Mapping[int, str], now: datetime
) -> list[ForecastCheck]:
    """Every value that was measured after the forecast and is not among what it knew."""
    if current.refusal is not None:
        return []
    known = set(current.evidence)
    return [
        _check(current, series, point, marks[point.value.fact_id], now)
        for point in series.points
        if point.value.fact_id is not None
        and point.at > current.as_of
        and years(point.at, current.as_of) <= pure.MAX_HORIZON
        and marks[point.value.fact_id] not in known
    ]


def _check(
    current: Forecast, series: Series, point: Point, mark: str, now: datetime
) -> ForecastCheck:
    ahead = years(point.at, current.as_of)
    score = pure.scored(current.state, ahead, point.number)
    expected = score.expected
    return ForecastCheck(
        forecast=current,
        patient_id=current.patient_id,
        concept=current.concept,
        unit=current.unit,
        effective_at=point.at,
        years=ahead,
        observed=point.number,
        median=expected.median,
        low50=expected.low50,
        high50=expected.high50,
        low90=expected.low90,
        high90=expected.high90,
        inside50=score.inside50,
        inside90=score.inside90,
        z=score.z,
        treatment_changed=any(current.as_of < at <= point.at for at in series.changes),
        fingerprint=mark,
        resource_type=point.value.resource_type,
        resource_id=point.value.resource_id,
        resource_version=point.value.resource_version,
        checked_at=now,
    )


def _end_the_wrong(
    record: Record, rows: Sequence[Forecast], writes: _Writes
) -> dict[str, Forecast]:
    """Supersede what rests on facts that are gone or parameters that are; the current by concept."""
    versions = {concept: spec.version for concept, spec in specs().items()}
    current = {}
    for row in rows:
        is_current = row.status == Forecast.Status.CURRENT
        lost = sorted({mark.split(" ", 1)[0] for mark in row.evidence if mark not in record.usable})
        if not record.patient.active:
            reason = "the Patient resource was deleted"
        elif lost:
            reason = f"{', '.join(lost)}: {GONE}"
        elif is_current and versions.get(row.concept) != row.version:
            reason = f"the parameters of version {row.version} were withdrawn"
        else:
            if is_current:
                current[row.concept] = row
            continue
        writes.end(row, Forecast.Status.SUPERSEDED, reason)
        writes.done.superseded += 1
    return current
