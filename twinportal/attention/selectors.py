"""Reads of the worklist: a clinician's panel by filters, and what was acknowledged."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
)
from django.utils import timezone

from models_engine.catalogue.display import FURTHER
from models_engine.models import Prediction
from patients.models import Fact, Patient
from twinportal.attention.models import Acknowledgement, Visit
from twinportal.attention.rules import RULES

# of a probability, in 0..1: less than this is no change to speak of
SMALLEST_CHANGE = 0.005
NOTABLE_CHANGE = 0.02
# outcomes of the blocks of a page, as WorklistEntry.shown names them
SHOWN_OUTCOMES = (
    *("cvd", "ascvd", "hf", "kidney_failure_5y", "kidney_failure_2y"),
    *(outcome for _, _, outcome in FURTHER),
)
# lowest and highest completed years
AGE_BANDS: dict[str, tuple[int, int | None]] = {
    "18-39": (18, 39),
    "40-49": (40, 49),
    "50-59": (50, 59),
    "60-69": (60, 69),
    "70-79": (70, 79),
    "80": (80, None),
}
Panel = QuerySet[Patient]


def in_force(user: Any, now: datetime) -> Q:
    """Acknowledgements of `user` that quiet their flag today."""
    today = timezone.localdate(now)
    return Q(user=user, ended_at__isnull=True) & (Q(until__isnull=True) | Q(until__gt=today))


def filtered(patients: Panel, chosen: Mapping[str, Any], *, user: Any, now: datetime) -> Panel:
    """Of these patients, those that all chosen filters leave; an empty one leaves everybody.

    Keys and coded values are those of the worklist's form.
    """
    if chosen.get("outcome") or chosen.get("p") not in (None, ""):
        patients = _by_probability(patients, chosen.get("outcome"), chosen.get("p"))
    for key, value in chosen.items():
        if value not in (None, "") and key in FILTERS:
            patients = FILTERS[key](patients, value, user, now)
    return patients


def acknowledged_by(user: Any, now: datetime) -> list[int]:
    """Patients whose flag `user` has acknowledged; few, beside a panel."""
    given = Acknowledgement.objects.filter(in_force(user, now), flag__ended_at__isnull=True)
    return list(given.values_list("flag__patient", flat=True))


def _by_rule(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    if value == "none":
        return patients.filter(attention__rule_id="")
    return patients.filter(_fires(value))


def _by_level(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    # each level is that of a rule: there is one at least
    return patients.filter(reduce(or_, [_fires(r.id) for r in RULES if r.level == value]))


def _fires(rule_id: str) -> Q:
    """Whether it is among the firing rules; of a line from before they were kept, the first."""
    return Q(attention__rule_id=rule_id) | Q(attention__firing__contains=[rule_id])


def _by_probability(patients: Panel, outcome: str | None, value: Any) -> Panel:
    """Of that outcome (else any), a probability of the twin's blocks, of that many % at least."""
    is_asked = value not in (None, "")
    least = float(value) / 100 if is_asked else 0.0
    outcomes = SHOWN_OUTCOMES if not outcome else (outcome,)
    # the line's own too: it is all that is kept of a line from before the others were
    # without a number it is of its outcome still: a value beyond the model's range
    found = Q(attention__probability__gte=least) if is_asked else Q()
    if outcome:
        found &= Q(attention__outcome=outcome)
    for one in outcomes:
        found |= Q(**{f"attention__shown__{one}__gte": least})
    return patients.filter(found)


def _by_data(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    if value == "none":
        return patients.filter(attention__newest_data_at__isnull=True)
    return patients.filter(attention__newest_data_at__lt=now - timedelta(days=int(value)))


def _by_release(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    return patients.filter(
        attention__prediction__value__isnull=False,
        attention__prediction__status=Prediction.Status.CURRENT,
        attention__prediction__released_at__isnull=value == "waiting",
    )


def _by_stale(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    return patients.filter(stale__isnull=value != "yes")


def _by_sex(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    return patients.filter(sex="" if value == "none" else value)


def _by_age(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    if value == "none":
        return patients.filter(birth_date__isnull=True)
    youngest, oldest = AGE_BANDS[value]
    today = now.date()
    patients = patients.filter(birth_date__lte=_years_before(today, youngest))
    return (
        patients
        if oldest is None
        else patients.filter(birth_date__gt=_years_before(today, oldest + 1))
    )


def _by_acknowledged(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    return patients.filter(pk__in=acknowledged_by(user, now)) if value == "yes" else patients


def _by_change(patients: Panel, value: str, user: Any, now: datetime) -> Panel:
    if value == "90":
        return patients.filter(
            Q(attention__change__gte=NOTABLE_CHANGE) | Q(attention__change__lte=-NOTABLE_CHANGE)
        )
    visits = Visit.objects.filter(user=user, patient=OuterRef("pk"))
    if value == "never":
        return patients.filter(~Exists(visits))
    number = ExpressionWrapper(OuterRef("attention__probability"), output_field=FloatField())
    newest = ExpressionWrapper(OuterRef("attention__newest_data_at"), output_field=DateTimeField())
    differs = (
        ~Q(rule_id=OuterRef("attention__rule_id"))
        | ~Q(outcome=OuterRef("attention__outcome"))
        | Q(probability__lte=F("number") - SMALLEST_CHANGE)
        | Q(probability__gte=F("number") + SMALLEST_CHANGE)
        | Q(probability__isnull=True, number__isnull=False)
        | Q(probability__isnull=False, number__isnull=True)
        | Q(newest_data_at__lt=F("newest"))
        | Q(newest_data_at__isnull=True, newest__isnull=False)
    )
    changed = visits.annotate(number=number, newest=newest).filter(differs)
    # what waits for its refresh has new data, whatever will come of them
    return patients.filter(Q(stale__isnull=False) & Exists(visits) | Exists(changed))


FILTERS: dict[str, Callable[[Panel, Any, Any, datetime], Panel]] = {
    "rule": _by_rule,
    "level": _by_level,
    "since": _by_change,
    "older": _by_data,
    "review": _by_release,
    "ack": _by_acknowledged,
    "stale": _by_stale,
    "age": _by_age,
    "sex": _by_sex,
}


def _years_before(day: date, years: int) -> date:
    """The same day so many years ago; 28 February where there is no 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def visits_of(user: Any, patient_ids: Collection[int]) -> dict[int, Visit]:
    """By patient, when `user` last opened the twin."""
    return {v.patient_id: v for v in Visit.objects.filter(user=user, patient__in=patient_ids)}


def new_since(visits: Mapping[int, Visit]) -> dict[int, int]:
    """By patient, how many resources with usable or unusable values came or changed since."""
    if not visits:
        return {}
    newer = Q()
    for patient_id, visit in visits.items():
        newer |= Q(patient=patient_id, recorded_at__gt=visit.at)
    rows = Fact.objects.filter(newer).values_list("patient_id")
    return dict(rows.annotate(n=Count("resource", distinct=True)))


def acknowledgements_on(flag_ids: Collection[int]) -> dict[int, list[Acknowledgement]]:
    """By flag, those that were not ended, of everybody, newest first."""
    found: dict[int, list[Acknowledgement]] = {}
    rows = Acknowledgement.objects.filter(flag__in=flag_ids, ended_at__isnull=True)
    for row in rows.select_related("user").order_by("-at", "-pk"):
        found.setdefault(row.flag_id, []).append(row)
    return found


def acknowledgements_of(patient: Patient) -> "QuerySet[Acknowledgement]":
    """Everything that was ever said of this patient's flags, newest first. One query."""
    return (
        Acknowledgement.objects.filter(flag__patient=patient)
        .select_related("flag", "user")
        .order_by("-at", "-pk")
    )
