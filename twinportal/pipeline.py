"""The one place that runs models, explains them, stores both and writes back to FHIR.

`refresh_twin` is idempotent and safe to kill: everything it does is one transaction, and the
stale mark goes away in that transaction only if nothing changed since the facts were read.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.db import connection, transaction

from explain.models import Attribution
from explain.services import explain_run
from models_engine import fingerprints, selectors
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.display import displayed
from models_engine.models import ModelRun, Prediction
from models_engine.plugins import package_of
from models_engine.registry import all_models
from models_engine.services import evidence, store
from models_engine.services.run import ModelResult, run_models
from patients.models import Fact, Patient, StaleTwin
from patients.record.loading import demographics_of
from patients.record.state import Demographics, State
from patients.record.state_as_of import state_as_of
from twinportal import staleness, write_back
from twinportal.attention import services as attention
from twinportal.history import anchors
from twinportal.lost import why_lost

log = logging.getLogger(__name__)
# first key of PostgreSQL's two-key advisory locks: one refresh of a twin at a time
REFRESH_LOCK = 7001
NEWER_DATA = "newer data or a later date"
AmendedStatus = Literal["cancelled", "entered-in-error"]
OLDER_DATA = "older data arrived after it was replayed"


@dataclass
class Refresh:
    """What one refresh did, for logs and tests."""

    created: int = 0
    kept: int = 0
    superseded: int = 0


@dataclass
class Twin:
    """One patient's record as the refresh read it, and the runs that still stand."""

    patient: Patient
    facts: list[Fact]
    demographics: Demographics
    now: datetime
    current: dict[str, ModelRun] = field(default_factory=dict)
    replayed: dict[tuple[str, datetime], ModelRun] = field(default_factory=dict)


def refresh_twin(patient_id: int, *, now: datetime) -> Refresh | None:
    """Bring the predictions of one twin up to date; None when there was nothing to do.

    A failure is recorded on the stale mark, which stays, and raised.
    """
    try:
        done = _refresh_once(patient_id, now=now)
    except Exception as error:
        staleness.record_failure(patient_id, error, now=now)
        raise
    return done


@transaction.atomic
def _refresh_once(patient_id: int, *, now: datetime) -> Refresh | None:
    if not _lock(patient_id):
        # the one who holds the lock leaves the mark if anything changed since it looked
        return None
    stale = StaleTwin.objects.filter(pk=patient_id).first()
    if stale is None:
        return None
    refresh = Refresh()
    twin = _read(patient_id, now)
    _supersede_the_wrong(twin, refresh)
    if twin.patient.active:
        _replay(twin, refresh)
        _run_now(twin, refresh)
    attention.refresh(patient_id, now)
    staleness.done(stale, [fact.effective_at for fact in twin.facts], now=now)
    log.info(
        "refreshed twin %s: %s new, %s kept, %s superseded",
        patient_id,
        refresh.created,
        refresh.kept,
        refresh.superseded,
    )
    return refresh


def _lock(patient_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [REFRESH_LOCK, patient_id])
        return bool(cursor.fetchone()[0])


def _read(patient_id: int, now: datetime) -> Twin:
    patient = Patient.objects.get(pk=patient_id)
    return Twin(
        patient=patient,
        facts=list(Fact.objects.filter(patient_id=patient_id)),
        demographics=demographics_of(patient),
        now=now,
    )


def _supersede_the_wrong(twin: Twin, refresh: Refresh) -> None:
    """End every run whose evidence is gone or whose model is; keep the others in `twin`."""
    usable = fingerprints.usable_fingerprints(twin.facts, twin.demographics)
    artefacts = {
        model.id: (model.version, model.artefact_hash)
        for model in all_models(settings.KFRE_REGION, settings.SCORE2_REGION)
    }
    current = {run.pk for run in selectors.current_runs(twin.patient.pk)}
    for run in selectors.standing_runs(twin.patient.pk):
        lost = fingerprints.lost_evidence(run, usable)
        if not twin.patient.active:
            _supersede(twin, run, "the Patient resource was deleted", "entered-in-error", refresh)
        elif lost:
            _supersede(twin, run, why_lost(run, lost), "entered-in-error", refresh)
        elif artefacts.get(run.model_id) != (run.model_version, run.artefact_hash):
            reason = f"model version {run.model_version} was withdrawn"
            _supersede(twin, run, reason, "cancelled", refresh)
        elif run.pk in current:
            twin.current[run.model_id] = run
        elif run.replayed:
            twin.replayed[run.model_id, run.as_of] = run


def _supersede(
    twin: Twin, run: ModelRun, reason: str, status: AmendedStatus, refresh: Refresh
) -> None:
    store.end_predictions([run], status=Prediction.Status.SUPERSEDED, reason=reason, at=twin.now)
    write_back.amend(run, status=status, reason=reason, now=twin.now)
    refresh.superseded += 1


def _results(state: State) -> list[ModelResult]:
    return run_models(state, kfre_region=settings.KFRE_REGION, score2_region=settings.SCORE2_REGION)


def _replay(twin: Twin, refresh: Refresh) -> None:
    """What the models say of fixed past moments, by what the record now says of them."""
    told: dict[datetime, list[ModelResult]] = {}
    for moment in anchors(twin.now):
        state = state_as_of(twin.demographics, twin.facts, moment)
        results = told[moment] = [r for r in _results(state) if r.has_numbers]
        said = {r.model.id for r in results}
        for (model_id, as_of), run in list(twin.replayed.items()):
            if as_of == moment and model_id not in said:
                _supersede(twin, run, OLDER_DATA, "cancelled", refresh)
        fresh = []
        for result in results:
            known = twin.replayed.get((result.model.id, moment))
            if known is not None and known.state_hash == result.state_hash:
                continue
            if known is not None:
                _supersede(twin, known, OLDER_DATA, "cancelled", refresh)
            fresh.append(result)
        _store(twin, fresh, as_of=moment, replayed=True)
        refresh.created += len(fresh)
    standing = list(selectors.replayed_predictions(twin.patient.pk, told))
    _explain(
        ([row for row in standing if row.as_of == moment], results)
        for moment, results in told.items()
    )


def _run_now(twin: Twin, refresh: Refresh) -> None:
    state = state_as_of(twin.demographics, twin.facts, twin.now)
    fresh, replaced = [], []
    results = _results(state)
    for result in results:
        known = twin.current.get(result.model.id)
        if known is not None and known.state_hash == result.state_hash:
            features = result.features
            store.extend_validity(known, features.valid_until, features.expires_at)
            refresh.kept += 1
            continue
        if known is not None:
            replaced.append(known)
        if not result.says_nothing:
            fresh.append(result)
    store.end_predictions(replaced, status=Prediction.Status.PAST, reason=NEWER_DATA, at=twin.now)
    pairs = _store(twin, fresh, as_of=twin.now, replayed=False)
    created = [row for _, rows in pairs for row in rows]
    store.link_successors(twin.patient.pk, created)
    runs = [run for run, _ in pairs]
    write_back.publish(twin.patient, list(zip(fresh, runs, strict=True)), now=twin.now)
    refresh.created += len(fresh)
    _explain([(list(selectors.current_predictions(twin.patient.pk)), results)])


def _store(
    twin: Twin, results: Sequence[ModelResult], *, as_of: datetime, replayed: bool
) -> list[tuple[ModelRun, list[Prediction]]]:
    """Runs and their predictions, together."""
    by_id = {fact.pk: fact for fact in twin.facts}
    status = Prediction.Status.PAST if replayed else Prediction.Status.CURRENT
    drafts = [
        store.Draft(
            result=result,
            evidence=evidence.evidence_of(result, by_id, twin.demographics),
            as_of=as_of,
            status=status,
            replayed=replayed,
        )
        for result in results
    ]
    release = settings.RELEASE_POLICY == "auto" and not replayed
    return store.create_runs(drafts, patient_id=twin.patient.pk, made_at=twin.now, release=release)


def _explain(
    moments: Iterable[tuple[Sequence[Prediction], Sequence[ModelResult]]],
) -> None:
    """Explain what a page would show of each moment, unless that was done before.

    Of the variants of a model only one is shown: exact Shapley values of all would cost most of
    a refresh. A variant that becomes the one shown is explained then. Research models and plug-ins
    are all shown.
    """
    wanted: dict[int, tuple[ModelResult, list[Prediction]]] = {}
    for rows, results in moments:
        by_id = {result.model.id: result for result in results}
        of_run: Mapping[int, list[Prediction]] = _by_run(rows)
        alone = {key for key, result in by_id.items() if _stands_alone(result.model)}
        shown = [row for block in displayed(rows) for row in block.predictions]
        shown += [row for row in rows if row.model_id in alone]
        for row in shown:
            if row.value is not None:
                wanted[row.run_id] = by_id[row.model_id], of_run[row.run_id]
    explained = set(
        Attribution.objects.filter(prediction__run__in=wanted).values_list(
            "prediction__run_id", flat=True
        )
    )
    Attribution.objects.bulk_create(
        attribution
        for run_id, (result, predictions) in wanted.items()
        if run_id not in explained
        for attribution in explain_run(result.model, result.features, predictions)
    )


def _stands_alone(model: ClinicalModel) -> bool:
    """True of a probability that no block of the page chooses among variants."""
    return model.is_probability and (model.research or bool(package_of(model)))


def _by_run(rows: Iterable[Prediction]) -> dict[int, list[Prediction]]:
    found: defaultdict[int, list[Prediction]] = defaultdict(list)
    for row in rows:
        found[row.run_id].append(row)
    return found
