"""All data of a patient as one FHIR Bundle, and their estimates explained. An estimate that their
pages do not show is in neither."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from explain.models import Attribution
from explain.selectors import attributions_of
from explain.wording.language import current_language
from explain.wording.phrases import Level
from models_engine.models import ModelRun, Prediction
from models_engine.registry import model_as_run
from patients.access.consent import Purpose, permits
from patients.api.responses import instant
from patients.api.searching import entry
from patients.fhir.search_index import SEPARATOR
from patients.models import AuditEvent, Patient, Resource
from patients.selectors.everything import everything
from patients.services.server_written import OWN_MARKS, OWN_SYSTEM
from twinportal.dashboards.portal.history import number_histories
from twinportal.dashboards.portal.results import Result, released_results
from twinportal.treatment.models import TreatmentProposal

PAGE = 500
MOST_DOWNLOADS, IN_TIME = 10, timedelta(hours=1)
# what this server wrote about a patient for the patient
FOR_THE_PATIENT = ("Consent", "Task")


def may_download(patient: Patient, *, now: datetime) -> bool:
    """Not more often than a person would: a file is made of the whole record."""
    recent = AuditEvent.objects.filter(
        patient_ids__contains=[patient.pk], what="own data", at__gt=now - IN_TIME
    )
    return recent.count() < MOST_DOWNLOADS


def patients_resources(patient: Patient) -> "QuerySet[Resource]":
    """What the patient may have of all resources.

    All that was sent to this server. Of what this server wrote itself: choices and wishes, the
    estimates that the patient's pages show, and comparisons of treatments that were shared.
    """
    own = Q(tokens__overlap=OWN_MARKS)
    runs = ModelRun.objects.filter(risk_assessment=OuterRef("pk"), pk__in=_shown_runs(patient))
    # one RiskAssessment holds all outcomes of a run: the heart's number, and heart failure alone
    waiting = Prediction.objects.filter(
        run__risk_assessment=OuterRef("pk"), value__isnull=False, released_at=None
    )
    seen = Q(type="RiskAssessment") & Exists(runs) & ~Exists(waiting)
    shared = TreatmentProposal.objects.about(patient.pk).shared()
    if not permits(patient, Purpose.SEE_PREDICTIONS):
        seen, shared = Q(pk__in=[]), shared.none()
    proposals = TreatmentProposal.resources.through.objects.filter(
        treatmentproposal__in=shared.order_by().values("pk")
    )
    allowed = Q(type__in=FOR_THE_PATIENT) | seen | Q(pk__in=proposals.values("resource"))
    # who sent what
    allowed |= Q(tokens__contains=[f"_tag{SEPARATOR}{OWN_SYSTEM}|ingest"])
    return Resource.objects.filter(~own | allowed)


def _shown_runs(patient: Patient) -> set[int]:
    """Of the numbers that the patient's pages show, now and over time."""
    # the level changes words, never numbers
    results = released_results(patient, "plain")
    shown = {result.prediction.run_id for result in results}
    for history in number_histories(patient, results, "plain"):
        shown.update(past.prediction.run_id for past in history.numbers)
    return shown


def record_bundle(patient: Patient, base_url: str, *, now: datetime) -> Iterator[bytes]:
    """The Bundle in pieces: a page of the record at a time is in memory.

    What is allowed, and in which language, is settled now, not when the pieces are sent.
    """
    among, last = patients_resources(patient), orjson.dumps(_what_is_not_in_it())
    return _pieces(patient, among, last, base_url, now)


def _pieces(
    patient: Patient, among: "QuerySet[Resource]", last: bytes, base_url: str, now: datetime
) -> Iterator[bytes]:
    head = {"resourceType": "Bundle", "type": "searchset", "timestamp": instant(now)}
    yield orjson.dumps(head)[:-1] + b',"entry":['
    after, seen, separator = 0, set[int](), b""
    while True:
        record = everything(among, patient, count=PAGE, after=after)
        found = [(row, "match") for row in record.rows]
        for row, mode in (*found, *((row, "include") for row in record.supporting)):
            if row.resource_id not in seen:
                seen.add(row.resource_id)
                yield separator + orjson.dumps(entry(row, base_url, mode))
                separator = b","
        if not record.next_cursor:
            break
        after = record.next_cursor[-1]
    yield separator + last + b"]}"


def _what_is_not_in_it() -> dict[str, Any]:
    """Said in the file itself, as FHIR says it of a search: whoever reads it later has no page."""
    said = _(
        "This file has only the estimates that your pages show. Others may be with your clinic. "
        "Ask them if you want to know."
    )
    issue = {"severity": "information", "code": "informational", "details": {"text": said}}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    return {"resource": outcome, "search": {"mode": "outcome"}}


def explanation(patient: Patient, level: Level, *, now: datetime) -> dict[str, Any]:
    """Every released estimate: number, sentences, reasons, inputs with their FHIR references."""
    results = released_results(patient, level)
    reasons = attributions_of([result.prediction.pk for result in results])
    return {
        "made_at": instant(now),
        "patient": f"Patient/{patient.fhir_id}",
        "language": current_language(),
        "words": level,
        "estimates": [
            _explained(one, reasons[one.prediction.pk, Attribution.Baseline.OPTIMAL])
            for one in results
        ],
    }


def _explained(result: Result, reasons: Attribution) -> dict[str, Any]:
    row, text = result.prediction, result.text
    try:
        title = model_as_run(row.model_id, row.model_version).title
    except KeyError:
        title = row.model_id
    return {
        "title": text.title,
        "main": text.main,
        "otherwise": text.otherwise,
        "comparison": text.comparison,
        "probability": result.probability,
        "compared_with": result.baseline,
        "horizon_years": result.horizon,
        "range": None if row.low is None else [row.low, row.high],
        "raising": list(text.raising),
        "lowering": list(text.lowering),
        "medicines": text.medicines,
        "reasons_uncertain": result.reasons_are_uncertain,
        "reasons_doubt": result.doubt if result.reasons.any else "",
        "model": {"id": row.model_id, "title": title, "version": row.model_version},
        "as_of": row.as_of,
        "released_at": row.released_at,
        "inputs": [_input(one) for one in row.inputs],
        "contributions": [
            {key: one[key] for key in ("concept", "label", "modifiable", "contribution")}
            for one in reasons.contributions
        ],
    }


def _input(used: dict[str, Any]) -> dict[str, Any]:
    """One value that the model used; a computed one names the resources behind it."""
    behind = [used, *used.get("derived_from", [])]
    return {
        "label": used["label"],
        "value": used["display"],
        "status": used["status"],
        "day": (used["effective_at"] or "")[:10],
        "references": [one["reference"] for one in behind if one["reference"]],
    }
