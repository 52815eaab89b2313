"""The one place that runs models, explains them, stores both and writes back to FHIR.

A refresh is a batch of one: what is read, computed and stored is the same for one twin and for
many, to the last bit of every number. It is idempotent and safe to kill: everything it does is one
transaction, and a stale mark goes away in that transaction only if nothing changed since the facts
were read.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.db import connection, transaction

from explain.attribution.attribute import BaselineId
from explain.attribution.comparison import Comparison
from explain.models import Attribution
from models_engine import fingerprints
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.treatment.indications import Indicated
from models_engine.catalogue.treatment.knowledge.schema import Indication, Outcome
from models_engine.catalogue.treatment.person import TreatmentPerson
from models_engine.catalogue.treatment.ranking.results import Preferences, Ranking
from models_engine.catalogue.treatment.safety.deprescribing import (
    MedicinesReview,
    review_medicines,
)
from models_engine.catalogue.what_if.forecasting import DEFAULT_MONTHS
from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.catalogue.what_if.simulation import Simulation
from models_engine.models import ModelRun, Prediction
from models_engine.registry import all_models
from models_engine.services import evidence, forecasts, store, treatment
from models_engine.services.run import ModelResult, run_models_on
from models_engine.services.simulate import StartingPoint, starting_point
from models_engine.services.simulate import simulate as simulate_models
from models_engine.services.standing import standing_forecasts
from models_engine.treatment_knowledge import treatment_knowledge
from models_engine.treatment_person import treatment_person
from patients.models import Patient
from patients.record.genotypes import genotypes_of
from patients.record.loading import state_of
from patients.record.state import State
from patients.record.state_as_of import state_as_of
from patients.selectors.allergies import allergy_details_of
from patients.selectors.medicines import medicines_of
from patients.selectors.quarantine import waiting_about
from twinportal import comparisons, reasons, staleness, twins, write_back
from twinportal.attention import services as attention
from twinportal.attention.services import Standing
from twinportal.history import anchors
from twinportal.lost import why_lost
from twinportal.reasons import Stored
from twinportal.release.services import forecasts_released_at_once, released_at_once
from twinportal.similar import services as similar
from twinportal.treatment.withdrawal import withdraw_of_deleted as withdraw_treatment_of_deleted
from twinportal.twins import Twin
from twinportal.what_if.withdrawal import withdraw_of_deleted
from twinportal.write_back import Amendment

log = logging.getLogger(__name__)
# first key of PostgreSQL's two-key advisory locks: one refresh of a twin at a time
REFRESH_LOCK = 7001
NEWER_DATA = "newer data or a later date"
OLDER_DATA = "older data arrived after it was replayed"
AmendedStatus = Literal["cancelled", "entered-in-error"]
DELETED = "the Patient resource was deleted"
LOCK = """
    SELECT id FROM unnest(%s::int[]) AS id WHERE pg_try_advisory_xact_lock(%s, id)
"""


@dataclass
class Refresh:
    """What one refresh did, for logs and tests."""

    created: int = 0
    kept: int = 0
    superseded: int = 0


@dataclass
class ModelCount:
    """What a batch did with one model; `refused`: there is no number, and the page says why."""

    created: int = 0
    kept: int = 0
    refused: int = 0


@dataclass
class Scored:
    """What became of a batch: `held` were in the hands of another worker, `failed` say why."""

    refreshed: dict[int, Refresh] = field(default_factory=dict)
    held: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    models: dict[str, ModelCount] = field(default_factory=dict)

    def add(self, other: "Scored") -> None:
        """Take in what became of another batch."""
        self.refreshed |= other.refreshed
        self.held += other.held
        self.failed |= other.failed
        for model_id, count in other.models.items():
            mine = self.models.setdefault(model_id, ModelCount())
            mine.created += count.created
            mine.kept += count.kept
            mine.refused += count.refused


@dataclass(frozen=True)
class _Fresh:
    """A result that is to be stored."""

    result: ModelResult
    as_of: datetime
    replayed: bool


@dataclass
class _Work:
    """What is to be written of one twin; `told` are the results of each moment, the last is now."""

    twin: Twin
    done: Refresh = field(default_factory=Refresh)
    told: dict[datetime, list[ModelResult]] = field(default_factory=dict)
    endings: list[store.Ending] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    kept: list[tuple[ModelRun, ModelResult, datetime]] = field(default_factory=list)
    fresh: list[_Fresh] = field(default_factory=list)
    stands: list[Stored] = field(default_factory=list)


def refresh_twin(patient_id: int, *, now: datetime) -> Refresh | None:
    """Bring the predictions of one twin up to date; None when there was nothing to do.

    A failure is recorded on the stale mark, which stays, and raised.
    """
    try:
        scored = _together([patient_id], now=now, only_stale=True)
    except Exception as error:
        staleness.record_failure(patient_id, error, now=now)
        raise
    done = scored.refreshed.get(patient_id)
    if done is not None:
        log.info(
            "refreshed twin %s: %s new, %s kept, %s superseded",
            patient_id,
            done.created,
            done.kept,
            done.superseded,
        )
    return done


def score_twins(patient_ids: Sequence[int], *, now: datetime, only_stale: bool = False) -> Scored:
    """The same for many twins in one transaction, whether they are marked stale or not.

    One that fails does not take the others with it: the batch is halved until it stands alone, and
    its failure is recorded on its mark.
    """
    try:
        return _together(patient_ids, now=now, only_stale=only_stale)
    except Exception as error:  # noqa: BLE001 whatever it is
        if len(patient_ids) == 1:
            staleness.record_failure(patient_ids[0], error, now=now)
            log.error("refresh failed: %s", type(error).__name__)
            return Scored(failed={patient_ids[0]: type(error).__name__})
    middle = len(patient_ids) // 2
    scored = score_twins(patient_ids[:middle], now=now, only_stale=only_stale)
    scored.add(score_twins(patient_ids[middle:], now=now, only_stale=only_stale))
    return scored


@transaction.atomic
def _together(patient_ids: Sequence[int], *, now: datetime, only_stale: bool) -> Scored:
    # the one who holds a lock leaves the mark if anything changed since it looked
    mine = _lock(patient_ids)
    marks = staleness.marks_of(mine)
    wanted = [key for key in mine if key in marks or not only_stale]
    scored = Scored(held=sorted({*patient_ids} - mine))
    if not wanted:
        return scored
    past = anchors(now)
    batch = [_Work(twin) for twin in twins.read(wanted, past)]
    offered = {model.id: (model.version, model.artefact_hash) for model in _models()}
    for work in batch:
        _end_the_wrong(work, offered)
    _run([work for work in batch if work.twin.patient.active], [*past, now])
    for work in batch:
        _replay(work, past)
        _run_now(work, now, scored)
    _write(batch, now)
    deleted = [work.twin.patient.pk for work in batch if not work.twin.patient.active]
    withdraw_of_deleted(deleted, now=now, reason=DELETED)
    withdraw_treatment_of_deleted(deleted, now=now, reason=DELETED)
    reasons.explain([stored for work in batch for stored in work.stands])
    may_see = forecasts_released_at_once([work.twin.patient.pk for work in batch])
    forecasts.refresh([work.twin for work in batch], now, release=may_see)
    attention.refresh([_standing(work, now) for work in batch], now)
    similar.refresh([(work.twin.patient, work.twin.facts) for work in batch], now)
    staleness.done(
        {
            marks[work.twin.patient.pk]: [fact.effective_at for fact in work.twin.facts]
            for work in batch
            if work.twin.patient.pk in marks
        },
        now=now,
    )
    scored.refreshed = {work.twin.patient.pk: work.done for work in batch}
    return scored


def _lock(patient_ids: Collection[int]) -> set[int]:
    """Those of the twins that nobody else refreshes at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sorted(patient_ids), REFRESH_LOCK])
        return {row[0] for row in cursor.fetchall()}


def _models() -> tuple[ClinicalModel, ...]:
    return all_models(settings.KFRE_REGION, settings.SCORE2_REGION)


def _end_the_wrong(work: _Work, offered: Mapping[str, tuple[str, str]]) -> None:
    """End every run whose evidence is gone or whose model is; keep the others in the twin."""
    twin = work.twin
    current = {run_id for run_id, rows in twin.rows.items() if rows}
    for run in twin.runs:
        lost = fingerprints.lost_evidence(run, twin.usable)
        if not twin.patient.active:
            _supersede(work, run, DELETED, "entered-in-error")
        elif lost:
            _supersede(work, run, why_lost(run, lost), "entered-in-error")
        elif offered.get(run.model_id) != (run.model_version, run.artefact_hash):
            reason = f"model version {run.model_version} was withdrawn"
            _supersede(work, run, reason, "cancelled")
        elif run.replayed:
            twin.replayed[run.model_id, run.as_of] = run
        elif run.pk in current:
            twin.current[run.model_id] = run


def _supersede(work: _Work, run: ModelRun, reason: str, status: AmendedStatus) -> None:
    work.endings.append(store.Ending(run, Prediction.Status.SUPERSEDED, reason))
    work.amendments.append(Amendment(run, status, reason))
    work.done.superseded += 1


def _run(batch: Sequence[_Work], moments: Sequence[datetime]) -> None:
    """What the models say of every twin at every moment: one call a model."""
    states = [
        state_as_of(work.twin.demographics, work.twin.facts, moment)
        for work in batch
        for moment in moments
    ]
    told = iter(
        run_models_on(
            states, kfre_region=settings.KFRE_REGION, score2_region=settings.SCORE2_REGION
        )
    )
    for work in batch:
        work.told = {moment: next(told) for moment in moments}


def _replay(work: _Work, past: Sequence[datetime]) -> None:
    """What the models say of fixed past moments, by what the record now says of them."""
    for moment in past:
        results = [result for result in work.told.get(moment, ()) if result.has_numbers]
        said = {result.model.id for result in results}
        for (model_id, as_of), run in work.twin.replayed.items():
            if as_of == moment and model_id not in said:
                _supersede(work, run, OLDER_DATA, "cancelled")
        for result in results:
            known = work.twin.replayed.get((result.model.id, moment))
            if known is not None and known.state_hash == result.state_hash:
                work.kept.append((known, result, moment))
                continue
            if known is not None:
                _supersede(work, known, OLDER_DATA, "cancelled")
            work.fresh.append(_Fresh(result, moment, replayed=True))


def _run_now(work: _Work, now: datetime, scored: Scored) -> None:
    for result in work.told.get(now, ()):
        known = work.twin.current.get(result.model.id)
        count = scored.models.setdefault(result.model.id, ModelCount())
        if known is not None and known.state_hash == result.state_hash:
            work.kept.append((known, result, now))
            work.done.kept += 1
            count.kept += 1
            count.refused += not result.has_numbers
            continue
        if known is not None:
            work.endings.append(store.Ending(known, Prediction.Status.PAST, NEWER_DATA))
        if not result.says_nothing:
            work.fresh.append(_Fresh(result, now, replayed=False))
            count.created += 1
            count.refused += not result.has_numbers
    work.done.created = len(work.fresh)


def _write(batch: Sequence[_Work], now: datetime) -> None:
    """Endings, then what takes their place; `stands` is what there is in the end."""
    store.end_predictions([ending for work in batch for ending in work.endings], at=now)
    write_back.amend([one for work in batch for one in work.amendments], now=now)
    drafts = _drafts(batch, now)
    may_see = released_at_once([work.twin.patient.pk for work in batch])
    made = store.create_runs(drafts, made_at=now, release=may_see)
    store.link_successors(
        [
            row
            for draft, (_, rows) in zip(drafts, made, strict=True)
            if not draft.replayed
            for row in rows
        ]
    )
    store.extend_validity(
        [
            (run, result.features.valid_until, result.features.expires_at)
            for work in batch
            for run, result, moment in work.kept
            if moment == now
        ]
    )
    stored = iter(made)
    for work in batch:
        work.stands = [
            reasons.kept(run, work.twin.rows[run.pk], result, moment)
            for run, result, moment in work.kept
        ]
        work.stands += [reasons.created(*next(stored), one.result) for one in work.fresh]


def _drafts(batch: Sequence[_Work], now: datetime) -> list[store.Draft]:
    fresh = [(work.twin, one) for work in batch for one in work.fresh]
    live = [at for at, (_, one) in enumerate(fresh) if not one.replayed]
    written = write_back.publish(
        [(fresh[at][0].patient, fresh[at][1].result, now) for at in live], now=now
    )
    resources = dict(zip(live, written, strict=True))
    return [
        store.Draft(
            patient_id=twin.patient.pk,
            result=one.result,
            evidence=evidence.evidence_of(one.result, twin.fingerprints, twin.demographics),
            as_of=one.as_of,
            status=Prediction.Status.PAST if one.replayed else Prediction.Status.CURRENT,
            replayed=one.replayed,
            risk_assessment=resources.get(at),
        )
        for at, (twin, one) in enumerate(fresh)
    ]


def _standing(work: _Work, now: datetime) -> Standing:
    lines = [line for stored in work.stands if stored.moment == now for line in stored.lines]
    return Standing(work.twin.patient.pk, lines, work.twin.newest_measurement(now))


def what_if_start(patient_id: int, *, now: datetime, state: State | None = None) -> StartingPoint:
    """What every what-if of this twin starts from: `simulate` may be asked of it many times."""
    models = all_models(settings.KFRE_REGION, settings.SCORE2_REGION)
    apart = waiting_about(Patient(pk=patient_id))
    found = state or state_of(patient_id, now)
    return starting_point(
        found,
        models,
        standing_forecasts(patient_id, found),
        allergies_waiting=apart is not None and "AllergyIntolerance" in apart.types,
    )


def lowering_start(state: State, models: Iterable[ClinicalModel]) -> StartingPoint:
    """As `what_if_start`, of some models and without forecasts: no query."""
    return starting_point(state, models, {})


def simulate(
    patient_id: int,
    interventions: Iterable[Intervention],
    *,
    now: datetime,
    start: StartingPoint | None = None,
    months: int = DEFAULT_MONTHS,
) -> Simulation:
    """What the models and the standing forecasts would say after some changes.

    Reads the twin (or `start`), writes nothing. What is set is reached after `months`. Raises
    ScenarioError on interventions that do not make sense together.
    """
    start = start or what_if_start(patient_id, now=now)
    return simulate_models(start, interventions, months=months)


def treatment_start(patient_id: int, *, now: datetime) -> tuple[StartingPoint, TreatmentPerson]:
    """The twin as rankings of treatments start from it: several indications read it once."""
    start = what_if_start(patient_id, now=now)
    state = start.reader.state
    person = treatment_person(
        state,
        start.reader,
        medicines_of(patient_id, now),
        genotypes_of(state),
        knowledge=treatment_knowledge(),
        allergy_details=allergy_details_of(patient_id),
        allergies_waiting=start.person.allergies_unread,
    )
    return start, person


def treatment_indications(
    patient_id: int, *, now: datetime, begin: tuple[StartingPoint, TreatmentPerson] | None = None
) -> tuple[Indicated, ...]:
    """For which indications this twin can be asked about treatments, and why."""
    return treatment.indications_of(*(begin or treatment_start(patient_id, now=now)))


def treatment_ranking(
    patient_id: int,
    indication: Indication,
    preferences: Preferences | None = None,
    *,
    now: datetime,
    begin: tuple[StartingPoint, TreatmentPerson] | None = None,
    with_models: bool = True,
) -> Ranking:
    """Every way to treat an indication of this twin, compared with today, best first.

    Reads the twin (or `begin`), writes nothing. `with_models`: every model is rerun with the values
    of each way (`Candidate.comparisons`). Raises KeyError on an unknown indication.
    """
    start, person = begin or treatment_start(patient_id, now=now)
    return treatment.rank_treatments(
        start,
        person,
        indication,
        preferences,
        knowledge=treatment_knowledge(),
        with_models=with_models,
    )


def silent_models(start: StartingPoint, ranking: Ranking) -> list[tuple[str, list[str]]]:
    """Models that would give a probability of today if they had their inputs, with what is missing.

    Only where a benefit could not be counted.
    """
    if not any(one.is_score_partial for one in ranking.candidates):
        return []
    first = {
        outcome.models[-1].partition(":")[0]
        for outcome in treatment_knowledge().rows(Outcome)
        if outcome.models and outcome.kind == "event"
    }
    return [
        (one.model.title, [refusal.message for refusal in one.features.refusals])
        for one in start.models
        if one.model.id in first and not one.features.is_usable and not one.model.research
    ]


def reasons_against(
    row: Prediction, against: BaselineId, stored: Attribution | None = None
) -> Comparison:
    """Why a stored number is what it is, against one of the baselines; writes nothing.

    Raises `comparisons.NotShown` when that cannot be said, or is not what is `stored`.
    """
    return comparisons.compare(row, against, stored)


def reasons_for_change(row: Prediction, earlier: Prediction) -> Comparison:
    """What moved the number since an earlier run; writes nothing. Raises `NotShown`."""
    return comparisons.compare_with_earlier(row, earlier)


def effects_of_missing(row: Prediction) -> list[comparisons.Effect]:
    """What the missing and assumed inputs could change of a stored number. Raises `NotShown`."""
    return comparisons.effects_of_missing(row)


def medication_review(person: TreatmentPerson) -> MedicinesReview:
    """What to look at again of what is taken, what interacts, and what nothing names."""
    return review_medicines(person, treatment_knowledge())
