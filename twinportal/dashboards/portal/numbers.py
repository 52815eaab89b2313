"""A patient's measurements over time, in their words, with who sent each value."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F
from django.utils.translation import gettext as _

from explain.figures.sparkline import Sparkline, sparkline
from explain.wording import measurements as wording
from explain.wording.measurements import Written
from explain.wording.phrases import Level
from patients.models import Fact, Patient, ResourceVersion
from patients.record.state import State
from patients.record.value import Value
from patients.selectors.senders import sender_names
from patients.terminology.senders import SERVER, sender_of
from patients.terminology.units import CONVERSIONS
from twinportal.dashboards.portal.days import day_of, day_text, time_text
from twinportal.dashboards.reference import REFERENCE
from twinportal.known_units import known_units

# fact -> who sent it, in words
Senders = dict[int, str]


@dataclass(frozen=True)
class Reading:
    """One value of one day as it stands in the table. `senders` all sent this very value."""

    written: Written
    day: str
    time: str
    senders: tuple[str, ...]
    is_unusual: bool
    value: Value


class Measurement:
    """The values of one concept, oldest first, at least one; the same numbers at every level."""

    def __init__(
        self, concept: str, values: Sequence[Value], unit: str, level: Level, senders: Senders
    ) -> None:
        self.concept, self.level, self._unit = concept, level, unit
        self.name = wording.measurement_name(concept, level)
        self.readings = self._readings(values, senders)

    @property
    def last(self) -> Reading:
        return self.readings[-1]

    @property
    def newest_first(self) -> list[Reading]:
        return self.readings[::-1]

    @cached_property
    def spark(self) -> Sparkline:
        """Drawn from the very numbers that the table writes."""
        points = [(r.value.effective_at, float(r.written.number)) for r in self.readings]
        return sparkline(points, self._usual)

    @property
    def dots(self) -> list[tuple[float, float, str]]:
        """Every point of the picture with the number that it stands for."""
        return [
            (x, y, reading.written.number)
            for (x, y), reading in zip(self.spark.points, self.readings, strict=True)
        ]

    @property
    def usual(self) -> str:
        """The usual range in words; "" where there is none."""
        if self._usual is None:
            return ""
        return wording.usual_text(self.concept, *self._usual, self._unit)

    @property
    def summary(self) -> str:
        """The picture in a sentence."""
        first, last = self.readings[0], self.last
        return wording.course_text(
            self.name, len(self.readings), first.written, first.day, last.written, last.day
        )

    @property
    def _usual(self) -> tuple[float, float] | None:
        if self.concept not in REFERENCE:
            return None
        low, high = REFERENCE[self.concept]
        conversion = CONVERSIONS[self.concept, self._unit]
        return (conversion.back(low) if low else 0.0, conversion.back(high))

    def _readings(self, values: Sequence[Value], senders: Senders) -> list[Reading]:
        """One for each different number of a day, however often it was sent."""
        conversion = CONVERSIONS[self.concept, self._unit]
        days: dict[str, dict[str, list[Value]]] = {}
        for value in reversed(values):
            if value.value is None:
                continue
            number = wording.written(self.concept, conversion.back(value.value), self._unit).number
            # a day that is only known as a month stays apart from the days of that month
            day = f"{day_of(value.effective_at, value.precision)} {_precision(value)}"
            days.setdefault(day, {}).setdefault(number, []).append(value)
        return [
            self._reading(same, senders, has_rivals=len(numbers) > 1)
            for numbers in days.values()
            for same in numbers.values()
        ]

    def _reading(self, same: list[Value], senders: Senders, *, has_rivals: bool) -> Reading:
        """`same` are equal numbers of one day; the newest of them stands for all."""
        value = same[-1]
        number = CONVERSIONS[self.concept, self._unit].back(value.value or 0.0)
        names = [senders[v.fact_id] for v in same if v.fact_id in senders]
        has_time = has_rivals and value.precision == "time"
        return Reading(
            wording.written(self.concept, number, self._unit),
            day_text(value.effective_at, value.precision),
            time_text(value.effective_at) if has_time else "",
            tuple(dict.fromkeys(names)),
            any(v.quality == Fact.Quality.VERIFY for v in same),
            value,
        )


@dataclass(frozen=True)
class Group:
    """Measurements that belong together; `missing` is what to say where there is none."""

    id: str
    title: str
    measurements: tuple[Measurement, ...]
    missing: str


def measured_groups(patient: Patient, state: State, level: Level) -> list[Group]:
    """Every group of the page, those without a value too. Three queries."""
    units, senders = known_units(patient, wording.CONCEPTS), _senders(patient)
    found = []
    for group, concepts in wording.GROUPS.items():
        made = [
            Measurement(concept, state.series(concept), units[concept].ucum, level, senders)
            for concept in concepts
            if any(v.value is not None for v in state.series(concept))
        ]
        missing = "" if made else wording.nothing_sent(group, level)
        found.append(Group(group, wording.group_title(group, level), tuple(made), missing))
    return found


def _precision(value: Value) -> str:
    return value.precision if value.precision in ("year", "month") else "day"


def _senders(patient: Patient) -> Senders:
    """Who sent the version that each value was read from. Two queries."""
    rows = ResourceVersion.objects.filter(
        resource__facts__patient=patient,
        resource__facts__concept__in=wording.CONCEPTS,
        version=F("resource__facts__resource_version"),
    ).values_list("resource__facts__pk", "source")
    names = sender_names() | {SERVER: _("files that your clinic loaded")}
    gone = _("a system that is no longer connected")
    return {fact: names.get(sender_of(source), gone) for fact, source in rows}
