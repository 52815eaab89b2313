"""Encounter -> stays in a hospital: which kind, from when to when, planned or not, how it ended.

Only encounters in a hospital give facts. A visit to a practice says nothing that a model asks for,
and there are many of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from patients.record.drafts import FactDraft, Kind, Quality
from patients.record.elements import Coding, Json, child, children, codings, shown, text
from patients.record.judgement import FINE, Judgement, inactive, settled, unclassified, verify
from patients.record.moments import Moment, end_of, period_or_instant, start_of
from patients.terminology.codings import code_of
from patients.terminology.encounters import (
    INPATIENT,
    NAMES,
    Element,
    EncounterCode,
    encounter_code,
)

DISPOSITION = "discharge_disposition"
SERVICE = "hospital_service"
PROCEDURE = "hospital_procedure"
# as R4 writes it, and as senders do: [M]
ICD_10_PCS = frozenset(
    {"http://www.cms.gov/Medicare/Coding/ICD10", "http://hl7.org/fhir/sid/icd-10-pcs"}
)
_GOING_ON = {"arrived", "triaged", "in-progress", "onleave"}
_NOT_REAL = {
    "planned": inactive("planned: not begun"),
    "cancelled": inactive("cancelled"),
    "entered-in-error": inactive("entered in error"),
}
_DAY_LENGTH = len("2026-11-20")


@dataclass(frozen=True, slots=True)
class _Span:
    at: Moment | None
    end: datetime | None
    days: int | None
    judgement: Judgement


def encounter_facts(resource: Json) -> Iterator[FactDraft]:
    """The stay itself; of an inpatient one also the disposition and the service, where coded.

    `value` of the stay is its length in calendar days, as the dates were sent (their own time
    zone); `value_code` is emergency, elective, or empty when nothing tells how planned it was.
    """
    coding = _class(resource)
    known = _meaning("class", [coding]) if coding else None
    if coding is None or known is None:
        return
    span = _span(resource)
    admission, doubt = _admission(resource)
    judgement = settled(span.judgement, doubt)
    yield FactDraft(
        path="Encounter",
        concept=known.meaning,
        kind=Kind.ENCOUNTER,
        quality=judgement.quality,
        value=None if span.days is None else float(span.days),
        unit="" if span.days is None else "d",
        value_code=admission,
        system=coding.system,
        code=coding.code,
        display=NAMES[known.meaning],
        effective_at=span.at.at if span.at else None,
        effective_precision=span.at.precision if span.at else "",
        end_at=span.end,
        reason=judgement.reason,
    )
    if known.meaning == INPATIENT:
        yield from _details(resource, span)


def _details(resource: Json, span: _Span) -> Iterator[FactDraft]:
    hospitalization = child(resource, "hospitalization")
    places: tuple[tuple[str, str, Element, Json], ...] = (
        (
            "Encounter.hospitalization",
            DISPOSITION,
            "disposition",
            child(hospitalization, "dischargeDisposition"),
        ),
        ("Encounter.serviceType", SERVICE, "service", child(resource, "serviceType")),
    )
    for path, concept, element, node in places:
        for coding in codings(node):
            known = _meaning(element, [coding])
            if known is None:
                continue
            yield FactDraft(
                path=path,
                concept=concept,
                kind=Kind.ENCOUNTER,
                quality=span.judgement.quality,
                value_code=known.meaning,
                system=coding.system,
                code=coding.code,
                display=coding.display or known.display,
                effective_at=span.at.at if span.at else None,
                effective_precision=span.at.precision if span.at else "",
                end_at=span.end,
                reason=span.judgement.reason,
            )
            break


def _class(resource: Json) -> Coding | None:
    """Encounter.class is a Coding, not a CodeableConcept."""
    node = child(resource, "class")
    system, code = text(node, "system"), text(node, "code")
    return Coding(system, code, text(node, "display"), code_of(system, code)) if code else None


def _meaning(element: Element, sent: Iterable[Coding]) -> EncounterCode | None:
    """What the first coding that the table knows says."""
    found = (encounter_code(element, coding.known) for coding in sent if coding.known)
    return next((known for known in found if known), None)


def _admission(resource: Json) -> tuple[str, Judgement]:
    """emergency (urgent included), elective, or empty; empty, too, when elements disagree."""
    nodes = [
        child(child(resource, "hospitalization"), "admitSource"),
        child(resource, "priority"),
        *children(resource, "type"),
    ]
    said = {
        known.meaning: None
        for node in nodes
        if (known := _meaning("admission", codings(node))) is not None
    }
    if len(said) > 1:
        return "", verify("elements disagree whether the admission was planned")
    return next(iter(said), ""), FINE


def _span(resource: Json) -> _Span:
    period = child(resource, "period")
    at, end = start_of(period), end_of(period)
    status = text(resource, "status")
    if at and end and end < at.at:
        judgement = Judgement(Quality.IMPLAUSIBLE, "ends before it begins")
        return _Span(at, end, None, settled(_NOT_REAL.get(status, FINE), judgement))
    days = _days(period)
    if status in _NOT_REAL:
        return _Span(at, end, days, _NOT_REAL[status])
    if status in _GOING_ON:
        doubts = [
            FINE if at else verify("no start: counted from the day it reached us"),
            verify(f"{status}, and yet with an end: it may be a plan") if end else FINE,
        ]
        return _Span(at, end, days, settled(*doubts))
    if status != "finished":
        return _Span(at, end, days, unclassified(f"status {status or 'not sent'}"))
    if at is None:
        return _Span(None, end, None, inactive("over, without a start"))
    if end is None:
        # over, nobody says since when: never going on, and of unknown length
        return _Span(at, at.at, None, verify("over; the day of its end is not recorded"))
    return _Span(at, end, days, FINE)


def _days(period: Json) -> int | None:
    """Calendar days from the first to the last, by the dates as sent; None if one is partial."""
    try:
        start, end = (
            date.fromisoformat(text(period, name)[:_DAY_LENGTH]) for name in ("start", "end")
        )
    except ValueError:
        return None
    return (end - start).days if end >= start else None


def hospital_procedure_facts(resource: Json) -> Iterator[FactDraft]:
    """A Procedure with an ICD-10-PCS code: one that hospitals code, whatever it was."""
    coded = [c for c in codings(child(resource, "code")) if c.system.rstrip("/") in ICD_10_PCS]
    if not coded:
        return
    at, end = period_or_instant(resource, "performed")
    status = text(resource, "status")
    known = FINE if status == "completed" else inactive(f"procedure {status or 'without status'}")
    undated = FINE if at else Judgement(Quality.UNDATED, "no day on which it was performed")
    judgement = settled(known, undated)
    yield FactDraft(
        path="Procedure",
        concept=PROCEDURE,
        kind=Kind.ENCOUNTER,
        quality=judgement.quality,
        system=coded[0].system,
        code=coded[0].code,
        display=shown(child(resource, "code"), coded[0]),
        effective_at=at.at if at else None,
        effective_precision=at.precision if at else "",
        end_at=end,
        reason=judgement.reason,
    )
