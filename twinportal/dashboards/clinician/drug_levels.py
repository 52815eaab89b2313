"""The drug-level page of one patient and one drug: what is expected, and what the levels make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from explain.figures.course import CourseFigure, course_figure
from models_engine.catalogue.contract import FloatArray, Refusal
from models_engine.catalogue.mechanistic import renal
from models_engine.catalogue.mechanistic.drugs import PATIENT_INPUTS, Drug, Prior
from models_engine.catalogue.mechanistic.individual import (
    Expected,
    Kinetics,
    Span,
    before_levels,
    chances,
    course,
    expected,
    individualised,
)
from models_engine.catalogue.mechanistic.kinetics import Regimen
from models_engine.catalogue.mechanistic.parameters import Parameter
from models_engine.catalogue.mechanistic.refusing import refusals_of
from models_engine.catalogue.mechanistic.renal import RenalPatient, creatinine_clearance
from patients.models import Patient
from patients.record.loading import state_of
from patients.selectors.doses import doses_of
from patients.selectors.mappings import readings
from twinportal.dashboards.clinician.drug_course import (
    DoseRow,
    decided,
    dose_rows,
    hours_since,
    level_rows,
    simulated_doses,
    simulated_levels,
    told_twice,
)
from twinportal.dashboards.clinician.drug_level_form import (
    BOTH_GIVEN,
    FIRST_ONLY,
    MOST_DOSES,
    dose_days,
)
from twinportal.dashboards.clinician.moments import moment_text, zone_name
from twinportal.dashboards.clinician.renal_stability import (
    LOOK_BACK_DAYS,
    recent_creatinine,
    unstable_creatinine,
)
from twinportal.dashboards.clinician.simulation_inputs import patient_inputs
from twinportal.dashboards.clinician.trends import number
from twinportal.dashboards.clinician.twin_page import Banner

ATC = ("http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73")
NEVER_WITH = ("pregnancy", "dialysis")
BECAUSE = "These kinetics were not made for it."
DRAWN = 500
POINTS = 160
AHEAD_HOURS = 24.0
A_MINUTE = 1 / 60


@dataclass(frozen=True)
class KineticsRow:
    """One quantity before and after the levels, as texts."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class CourseRow:
    """One moment of the drawn course, as texts in the drug's unit."""

    at: datetime
    what: str
    before: str
    value: str
    band: str
    measured: str


class DrugLevelsPage:
    """`given` is what was typed, cleaned; empty for a first look."""

    def __init__(self, patient: Patient, drug: Drug, given: dict[str, Any], now: datetime) -> None:
        self.patient, self.drug, self.given, self.now = patient, drug, given, now
        self.state = state_of(patient.pk, now)
        self.banner = Banner(patient, self.state, now)
        self.inputs = patient_inputs(
            self.state,
            (*PATIENT_INPUTS, *drug.further),
            never_with=NEVER_WITH,
            because=BECAUSE,
        )
        self.since = now - timedelta(days=drug.course_days)
        codes = {(system, code) for system in ATC for code in drug.atc}
        self.dose_days = dose_days(drug)
        begun = now - timedelta(days=self.dose_days)
        recorded = doses_of(patient, drug.id, codes, since=begun, until=now, most=MOST_DOSES)
        rows = dose_rows(
            drug,
            recorded,
            given.get("doses") or [],
            only_typed=bool(given.get("only_typed")),
            recorded_hours=given.get("recorded_hours"),
        )
        # every drawn course costs time for every dose: so many are a fault of the record
        self.has_too_many = len(rows) > MOST_DOSES
        rows = rows[-MOST_DOSES:]
        self.told_twice = [] if self.has_too_many else told_twice(rows)
        self.said_of_them = given.get("told_twice") or ""
        self.doses = decided(rows, self.told_twice, self.said_of_them)
        self.used_doses = [row for row in self.doses if not row.why_not]
        self.levels = level_rows(drug, self.state, self.doses, self.since)
        self.used_levels = [row for row in self.levels if row.is_used]
        self.failure = ""

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        """What stands in the way of any kinetics."""
        if self.inputs.refusals:
            return self.inputs.refusals
        if self.has_too_many:
            text = (
                f"More than {MOST_DOSES} doses in {self.dose_days} days: too many to be simulated. "
                "Listed are the last. Are they recorded more than once?"
            )
            return (Refusal("out_of_range", "doses", text),)
        values = self.inputs.values
        bmi = renal.body_mass_index(values["weight"], values["height"])
        return refusals_of((renal.BMI,), {"bmi": bmi})

    @cached_property
    def renal_patient(self) -> RenalPatient | None:
        if self.refusals:
            return None
        return RenalPatient(**{i.concept: self.inputs.values[i.concept] for i in renal.INPUTS})

    @property
    def zone(self) -> str:
        """The zone of every time on the page."""
        return zone_name()

    @property
    def clearance_text(self) -> str:
        """Creatinine clearance in words, with the weight that it was computed with."""
        if self.renal_patient is None:
            return ""
        weight = renal.dosing_weight(self.renal_patient)
        crcl = creatinine_clearance(self.renal_patient)
        return f"{crcl:.0f} mL/min (Cockcroft-Gault, with {weight:.0f} kg)"

    @property
    def stability_text(self) -> str:
        """What a single creatinine cannot tell."""
        if self.renal_patient is None:
            return ""
        if len(recent_creatinine(self.state.series("creatinine"), self.now)) > 1:
            return ""
        return (
            f"It is the only creatinine of the last {LOOK_BACK_DAYS} days: whether the kidneys' "
            "clearance is stable cannot be told."
        )

    @cached_property
    def prior(self) -> Prior | None:
        who = self.renal_patient
        return self.drug.prior(who, self.inputs.values) if who else None

    @cached_property
    def before(self) -> Kinetics | None:
        return before_levels(self.prior) if self.prior else None

    @property
    def start(self) -> datetime | None:
        """The first dose that is used."""
        return self.used_doses[0].at if self.used_doses else None

    @cached_property
    def after(self) -> Kinetics | None:
        """What the levels make of it; None without a level that can be used."""
        if self.prior is None or self.start is None or not self.used_levels:
            return None
        doses = simulated_doses(self.doses, self.start)
        levels = simulated_levels(self.levels, self.drug, self.start)
        try:
            return individualised(self.prior, doses, levels)
        except ArithmeticError:
            self.failure = "No kinetics fit these levels: check the times of doses and levels."
            return None

    @property
    def best(self) -> Kinetics | None:
        return self.after or self.before

    @property
    def kinetics(self) -> list[KineticsRow]:
        """Clearance, volume and half-life, expected and individual, each with its interval."""
        rows = (
            ("Clearance", "clearance_span", "L/h"),
            ("Volume of distribution", "volume_span", "L"),
            ("Half-life", "half_life_span", "h"),
        )
        return [
            KineticsRow(label, _of(self.before, name, unit), _of(self.after, name, unit))
            for label, name, unit in rows
        ]

    @property
    def warnings(self) -> list[str]:
        """What a reader of these numbers should know of this patient."""
        found = list(self.inputs.notes)
        if self.renal_patient is not None and self.renal_patient.bmi >= renal.OBESE:
            found.append(
                f"Body mass index {self.renal_patient.bmi:.1f} kg/m2: what is expected without "
                f"levels is less sure in obesity. {self.drug.in_obesity}"
            )
        found += unstable_creatinine(self.state.series("creatinine"), self.now)
        found += [_may_be_one(group, self.said_of_them) for group in self.told_twice]
        if self.after and self.after.misfits:
            found.append(
                "A level is more than three standard deviations from what is predicted with the "
                "others: check its time, the doses, and from which arm or line it was drawn."
            )
        if self.after and self.after.is_unusual:
            found.append("The individual kinetics are far outside those of most people.")
        return found

    @property
    def missing(self) -> list[str]:
        """What keeps the levels from being used, by name."""
        found = [refusal.message for refusal in self.refusals]
        name = self.drug.name.lower()
        if not self.levels:
            found.append(f"No {name} level of the last {self.drug.course_days} days is recorded.")
        if not self.used_doses:
            found.append(
                f"No dose of {name} of the last {self.dose_days} days can be used. Type the "
                "doses that were given, with their times."
            )
        if self.is_undecided:
            found.append(
                "Doses within an hour of each other may be one, told twice. No course is drawn, and no "
                "level after them is used, until you say below which they are."
            )
        if self.levels and self.used_doses and not self.used_levels:
            found.append("No level can be used: the list of levels says why.")
        if self.failure:
            found.append(self.failure)
        return found

    @property
    def is_undecided(self) -> bool:
        """Whether nobody has said yet if doses near each other are one."""
        return bool(self.told_twice) and not self.said_of_them

    @cached_property
    def regimen(self) -> Regimen | None:
        amount, interval = self.given.get("amount"), self.given.get("interval")
        if amount is None or interval is None:
            return None
        return Regimen(amount * self.drug.bioavailability, interval, self.given.get("hours") or 0.0)

    @property
    def regimen_text(self) -> str:
        given = self.given
        over = f" over {given['hours']:g} h" if given.get("hours") else ""
        return f"{given['amount']:g} mg{over} every {given['interval']:g} h"

    @property
    def regimen_rows(self) -> list[KineticsRow]:
        """What the typed regimen leads to at steady state."""
        if self.regimen is None or self.before is None:
            return []
        before = expected(self.before, self.regimen)
        after = expected(self.after, self.regimen) if self.after else None
        unit = self.drug.level_unit
        rows = [
            ("AUC24", "auc24", f"{self._auc_unit}"),
            ("Highest level (end of the dose)", "peak", unit),
            ("Lowest level (trough)", "trough", unit),
            ("Mean level", "average", unit),
        ]
        return [
            KineticsRow(label, self._span(before, name, u), self._span(after, name, u))
            for label, name, u in rows
        ]

    @property
    def target_text(self) -> str:
        """The usual target, and how probably the typed regimen leads there: a point is no verdict."""
        target = self.drug.target
        if target is None:
            return ""
        known = " (published, not yet verified here)" if target.evidence == "M" else ""
        text = f"Usual target: {target.text}{known}."
        if self.regimen is None or self.best is None:
            return text
        span, per = getattr(expected(self.best, self.regimen), target.of), self.drug.shown_per_mg_l
        found = chances(self.best, span.value * per, target.low, target.high)
        parts = (
            f"inside it with a probability of {_percent(found.inside)}, below it with "
            f"{_percent(found.below)} and above it with {_percent(found.above)}"
        )
        value = (
            f"{number(span.value * per)} ({number(span.low * per)} to {number(span.high * per)})"
        )
        if self.after:
            return (
                f"{text} With the levels, the typed regimen's {value} is {parts}: by the normal "
                "approximation, if renal function stays and doses, times and levels are right."
            )
        return (
            f"{text} No level is used: {value} is what people with this renal function and weight "
            f"are expected to have, {parts}. Where this patient lies is not known before a "
            "measured level can be used."
        )

    @property
    def _auc_unit(self) -> str:
        return f"{self.drug.level_unit.replace('/L', '')} h/L"

    def _span(self, found: Expected | None, name: str, unit: str) -> str:
        if found is None:
            return ""
        return _text(getattr(found, name), unit, self.drug.shown_per_mg_l)

    @cached_property
    def _times(self) -> FloatArray:
        """Hours since the first dose: an even grid, and every moment that the table names."""
        return np.unique(np.concatenate((np.linspace(0.0, self._last, POINTS), self._named)))

    @property
    def _last(self) -> float:
        assert self.start is not None  # noqa: S101 asked for only where there is a dose
        ends = [dose.at + dose.duration for dose in simulated_doses(self.doses, self.start)]
        seen = [hours_since(self.start, row.value.effective_at) for row in self.levels]
        return max(*ends, *seen, 0.0) + AHEAD_HOURS

    @property
    def _named(self) -> FloatArray:
        return np.array(sorted(self._moments))

    @property
    def _moments(self) -> dict[float, str]:
        """What happens when, by hours since the first dose."""
        assert self.start is not None  # noqa: S101
        found: dict[float, str] = {}
        for dose in simulated_doses(self.doses, self.start):
            if dose.duration:
                found[dose.at] = "before a dose"
                found.setdefault(dose.at + dose.duration, "end of a dose")
            else:
                found.setdefault(max(dose.at - A_MINUTE, 0.0), "before a dose")
                found[dose.at] = "dose, taken up at once"
        for row in self.levels:
            at = hours_since(self.start, row.value.effective_at)
            if at >= 0:
                found[at] = "level"
        found.setdefault(self._last, "end of the drawing")
        return found

    @cached_property
    def _drawn(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None:
        """Predicted, low, high and expected before the levels, in the drug's unit."""
        if self.start is None or self.before is None or self.best is None or self.is_undecided:
            return None
        doses = simulated_doses(self.doses, self.start)
        best = course(self.best, doses, self._times, number=DRAWN)
        plain = course(self.before, doses, self._times, number=2).value
        per = self.drug.shown_per_mg_l
        return best.value * per, best.low * per, best.high * per, plain * per

    @cached_property
    def figure(self) -> CourseFigure | None:
        if self._drawn is None or self.start is None:
            return None
        value, low, high, plain = self._drawn
        points = [
            (
                hours_since(self.start, row.value.effective_at),
                float(row.value.value),
                not row.is_used,
            )
            for row in self.levels
            if row.value.value is not None
        ]
        return course_figure(
            list(self._times),
            list(value),
            band=(list(low), list(high)),
            second=list(plain) if self.after else None,
            points=points,
        )

    @property
    def summary(self) -> str:
        """The picture in a sentence."""
        what = "fitted to the levels" if self.after else "expected without any level"
        doses, levels = len(self.used_doses), len(self.levels)
        return (
            f"{self.drug.name}, concentration over time {what}: {doses} "
            f"dose{'' if doses == 1 else 's'}, {len(self.used_levels)} of {levels} "
            f"level{'' if levels == 1 else 's'} used."
        )

    @property
    def course_rows(self) -> list[CourseRow]:
        """The same values at each dose and level."""
        if self._drawn is None or self.start is None:
            return []
        value, low, high, plain = self._drawn
        measured = {
            hours_since(self.start, row.value.effective_at): row.value.value for row in self.levels
        }
        rows = []
        for hours, what in sorted(self._moments.items()):
            at = int(np.searchsorted(self._times, hours))
            seen = measured.get(hours)
            rows.append(
                CourseRow(
                    self.start + timedelta(hours=hours),
                    what,
                    number(plain[at]),
                    number(value[at]),
                    f"{number(low[at])} to {number(high[at])}",
                    number(seen) if seen is not None else "",
                )
            )
        return rows

    @property
    def parameters(self) -> list[Parameter]:
        return [*self.drug.parameters, *renal.PARAMETERS]

    @cached_property
    def readings(self) -> dict[int, str]:
        """What is said of every mapping that has read something on the page."""
        numbers = set(self.inputs.read_by)
        numbers |= {n for row in self.levels for n in row.value.mappings}
        numbers |= {n for row in self.doses if row.source for n in row.source.mappings}
        return readings(numbers)


def _may_be_one(group: Sequence[DoseRow], said: str) -> str:
    """A question that names every dose of the group."""
    told = " and ".join(
        f"{row.amount_text} on {moment_text(row.at)} ({'recorded' if row.source else 'typed'})"
        for row in group
        if row.at
    )
    outcome = {
        BOTH_GIVEN: "As you said, every one counts.",
        FIRST_ONLY: "As you said, only the first counts.",
    }.get(said, "None of them counts until you say so below.")
    return f"{told}: are they one, recorded twice? {outcome}"


def _percent(probability: float) -> str:
    """Whole percent; nothing is certain."""
    if probability < 0.01:
        return "less than 1 %"
    if probability > 0.99:
        return "more than 99 %"
    return f"{100 * probability:.0f} %"


def _of(kinetics: Kinetics | None, name: str, unit: str) -> str:
    return "" if kinetics is None else _text(getattr(kinetics, name), unit)


def _text(span: Span, unit: str, per: float = 1.0) -> str:
    value, low, high = (number(part * per) for part in (span.value, span.low, span.high))
    return f"{value} {unit} ({low} to {high})"
