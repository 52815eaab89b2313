"""A twin on two days: what was new, what was gone, what had changed, and the predictions of both.

Both days are read from what the record says today of them: a correction changes both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from explain.wording.numbers import percent, points
from models_engine.catalogue.display import displayed
from models_engine.models import Prediction
from patients.models import Patient, Resource
from patients.record.allergy_status import AllergyStatus, allergy_status
from patients.record.loading import demographics_of, facts_of
from patients.record.state import State
from patients.record.state_as_of import state_as_of
from patients.record.value import Value
from patients.terminology.measurements import OBSERVATIONS
from twinportal.dashboards.clinician.against import is_earlier
from twinportal.dashboards.clinician.trends import number, unit_text
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.dashboards.display import outcome_label

MINUS = "−"


@dataclass(frozen=True)
class Pair:
    """The newest value of a measurement or an answer on both days; None: there was none."""

    title: str
    then: Value | None
    now: Value | None

    @property
    def then_text(self) -> str:
        return _text(self.then)

    @property
    def now_text(self) -> str:
        return _text(self.now)

    @property
    def difference(self) -> str:
        """ "+12 mmHg", of the numbers as they are shown; "" where there are not two."""
        if not self.then or not self.now:
            return ""
        if self.then.value is None or self.now.value is None:
            return "no difference" if self.then.code == self.now.code else "changed"
        then, now = (
            Decimal(number(value).replace(",", "")) for value in (self.then.value, self.now.value)
        )
        if then == now:
            return "no difference"
        sign = "+" if now > then else MINUS
        return f"{sign}{abs(now - then):,f} {unit_text(self.now.unit)}".strip()

    @property
    def is_same(self) -> bool:
        """Nothing was measured or asked anew between the days."""
        return self.then == self.now


@dataclass(frozen=True)
class Listed:
    """Conditions, medicines or allergies of both days."""

    title: str
    new: list[Value]
    gone: list[Value]
    kept: list[Value]


@dataclass(frozen=True)
class Told:
    """One outcome on both days, by one model; None: nothing is stored."""

    title: str
    then: Prediction | None
    now: Prediction | None

    @property
    def then_text(self) -> str:
        return _said(self.then)

    @property
    def now_text(self) -> str:
        return _said(self.now)

    @property
    def difference(self) -> str:
        """In percentage points, where the same version of the model said both."""
        if not self.then or not self.now or self.then.value is None or self.now.value is None:
            return ""
        if not self.is_one_version:
            return "not compared: another version of the model"
        return f"{points(self.now.value - self.then.value)} points"

    @property
    def is_one_version(self) -> bool:
        return bool(
            self.then and self.now and self.then.run.model_version == self.now.run.model_version
        )

    @property
    def why(self) -> str:
        """What the prediction page is asked to compare with; "" where there is nothing to."""
        if not self.then or not self.now or not self.is_one_version:
            return ""
        return f"?against={self.then.pk}" if is_earlier(self.now, self.then) else ""


class Comparison:
    """One patient at the end of two days. `end` is no later than `now`. Four queries."""

    def __init__(self, patient: Patient, start: date, end: date, now: datetime) -> None:
        self.patient, self.start, self.end = patient, start, end
        person, facts = demographics_of(patient), facts_of(patient.pk)
        moments = [min(end_of_day(day), now) for day in (start, end)]
        self.then, self.now = (state_as_of(person, facts, moment) for moment in moments)
        self.banner = Banner(patient, state_as_of(person, facts, now), now)
        self._told = [_standing(patient.pk, moment) for moment in moments]

    @property
    def measurements(self) -> list[Pair]:
        """Measured or asked anew between the days, by name."""
        return [pair for pair in self._pairs() if not pair.is_same]

    @property
    def unchanged(self) -> list[Pair]:
        """The newest value of the later day is that of the earlier."""
        return [pair for pair in self._pairs() if pair.is_same]

    def _pairs(self) -> list[Pair]:
        concepts = (self.then.values.keys() | self.now.values.keys()) & OBSERVATIONS.keys()
        found = [
            Pair(OBSERVATIONS[c].display, _newest(self.then, c), _newest(self.now, c))
            for c in concepts
        ]
        return sorted(found, key=lambda pair: pair.title)

    @property
    def lists(self) -> list[Listed]:
        states = (self.then, self.now)
        return [
            _listed("Conditions", *(_active(s, "condition", _condition) for s in states)),
            _listed("Medicines", *(_active(s, "medication", _medicine) for s in states)),
            _listed("Allergies", *(_allergies(s) for s in states)),
        ]

    @property
    def allergies(self) -> tuple[AllergyStatus, AllergyStatus]:
        return allergy_status(self.then), allergy_status(self.now)

    @property
    def predictions(self) -> list[Told]:
        """What the later day's page leads with, by the same model on both days where it can be."""
        then, now = self._told
        rows: list[Told] = []
        for block in displayed(now.values()):
            for row in block.predictions:
                rows.append(_pair(row, then))
        families = {block.family for block in displayed(now.values())}
        for block in displayed(then.values()):
            if block.family not in families:
                rows.append(Told(outcome_label(block.main), block.main, None))
        return rows

    @property
    def has_earlier(self) -> bool:
        return bool(self._told[0])


Key = tuple[str, str]


def end_of_day(day: date) -> datetime:
    """The last moment of a day in the zone of the site."""
    midnight = datetime.combine(day + timedelta(days=1), time(), timezone.get_current_timezone())
    return midnight - timedelta(microseconds=1)


def last_visit(patient: Patient, before: date) -> date | None:
    """The day the last encounter before that day began; None when none is recorded."""
    begun = (
        Resource.objects.filter(
            patient__in=[patient.pk, *patient.merged.values_list("pk", flat=True)],
            type="Encounter",
            deleted=False,
            date_low__lt=end_of_day(before - timedelta(days=1)),
        )
        .order_by("-date_low")
        .values_list("date_low", flat=True)
        .first()
    )
    return timezone.localtime(begun).date() if begun else None


def _standing(patient_id: int, moment: datetime) -> dict[Key, Prediction]:
    """By model and outcome, the newest that was made for that moment or before, and stands."""
    rows = (
        Prediction.objects.filter(patient_id=patient_id, as_of__lte=moment)
        .exclude(status=Prediction.Status.SUPERSEDED)
        .select_related("run")
        .order_by("model_id", "outcome", "-as_of", "-pk")
        .distinct("model_id", "outcome")
    )
    return {(row.model_id, row.outcome): row for row in rows}


def _pair(now: Prediction, then: Mapping[Key, Prediction]) -> Told:
    return Told(outcome_label(now), then.get((now.model_id, now.outcome)), now)


def _said(row: Prediction | None) -> str:
    if row is None:
        return ""
    if row.value is None:
        return "no number"
    return percent(row.value)


def _newest(state: State, concept: str) -> Value | None:
    return next(iter(state.series(concept)), None)


def _text(value: Value | None) -> str:
    if value is None:
        return ""
    if value.value is None:
        return value.code.replace("_", " ")
    return f"{number(value.value)} {unit_text(value.unit)}".strip()


def _condition(value: Value) -> str:
    # two stages of one disease are one concept and not the same diagnosis
    return value.source_code or value.display.lower() or value.concept


def _medicine(value: Value) -> str:
    # a new prescription of the same drug is no new medicine
    return (value.code or value.display).lower()


def _active(state: State, kind: str, key: Callable[[Value], str]) -> dict[str, Value]:
    going_on = [
        value
        for values in state.values.values()
        for value in values
        if value.kind == kind and value.is_active(state.as_of)
    ]
    return {key(value): value for value in sorted(going_on, key=lambda v: v.effective_at)}


def _allergies(state: State) -> dict[str, Value]:
    return {value.display.lower(): value for value in allergy_status(state).listed}


def _listed(title: str, then: Mapping[str, Value], now: Mapping[str, Value]) -> Listed:
    return Listed(
        title,
        new=[value for key, value in now.items() if key not in then],
        gone=[value for key, value in then.items() if key not in now],
        kept=[value for key, value in now.items() if key in then],
    )
