"""Inputs that no single value states: how long, how often, how many; read from the whole state."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from statistics import stdev

from models_engine.catalogue.calendar import first_day_too_old, next_birthday
from models_engine.catalogue.contract import Input
from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.risk.inputs import FIVE_YEARS
from models_engine.catalogue.risk.ukpds_inputs import (
    MICROALBUMINURIA_ACR,
    MICROALBUMINURIA_ALBUMIN,
)
from models_engine.found import Found, derived, expiry, missing, source_of, too_old
from patients.record.age import completed_years
from patients.record.condition_facts import NO_DATE, NO_ONSET, UNCLASSIFIED
from patients.record.state import State, Value

Reader = Callable[[Input], Found]

# two treatments on different days of the last seven
DIALYSIS_DAYS, DIALYSIS_TREATMENTS = 7, 2
UNREADABLE = ("unclassified", "modified")


def record_readers(state: State, today: date) -> Mapping[str, Reader]:
    """The readers by the concept of the input."""
    reader = _RecordReader(state, today)
    return {
        "uncounted_diagnoses": reader.uncounted_diagnoses,
        "labile_inr": reader.labile_inr,
        "dialysis_last_week": reader.dialysis_last_week,
        "diabetes_duration": reader.diabetes_duration,
        "age_at_diabetes": reader.age_at_diabetes,
        "race_black": reader.race,
        "ischaemic_heart_disease": reader.ischaemic_heart_disease,
        "albuminuria": reader.albuminuria,
        "systolic_bp_sd": reader.systolic_bp_sd,
    }


class _RecordReader:
    def __init__(self, state: State, today: date) -> None:
        self.state, self.today = state, today

    def uncounted_diagnoses(self, declared: Input) -> Found:
        """How many diagnoses carry no ICD-10 code; missing when none of several does."""
        counted = {_resource(v) for v in self._of_kind("comorbidity")}
        unread = self.state.not_used.get(UNCLASSIFIED, ())
        stated = [*self._of_kind("condition"), *(v for v in unread if v.quality in UNREADABLE)]
        diagnoses = {_resource(v) for v in stated if v.resource_type == "Condition"} | counted
        uncounted = len(diagnoses - counted)
        if diagnoses and not counted:
            text = f"{declared.label}: none of {len(diagnoses)} is coded in ICD-10. "
            return missing(declared, text + declared.order)
        shown = f"{uncounted} of {len(diagnoses)}"
        if not uncounted:
            return Found(0.0, InputUsed(declared.concept, declared.label, 0.0, "", "used", shown))
        note = (
            f"At least this score: {shown} diagnoses are not coded in ICD-10 and could not be "
            "counted."
        )
        source = InputUsed(
            declared.concept,
            declared.label,
            float(uncounted),
            "",
            "not_assessable",
            shown,
            note=note,
        )
        return Found(float(uncounted), source, notes=(note,))

    def _of_kind(self, kind: str) -> list[Value]:
        return [v for values in self.state.values.values() for v in values if v.kind == kind]

    def labile_inr(self, declared: Input) -> Found:
        """Without a vitamin K antagonist it does not apply; with one, it is not computed."""
        taken = self.state.active("vitamin_k_antagonist")
        if taken is None:
            note = "does not apply: no vitamin K antagonist recorded"
            absent = InputUsed(
                declared.concept, declared.label, 0.0, "", "assumed_absent", "no", note=note
            )
            return Found(0.0, absent, notes=(f"{declared.label}: {note}.",))
        return missing(declared, f"{declared.label}: not recorded. {declared.order}")

    def dialysis_last_week(self, declared: Input) -> Found:
        """Yes on at least two treatments in seven days, or on chronic dialysis as a diagnosis.

        A diagnosis of dependence on dialysis is read as two treatments a week or more [J].
        """
        recorded = self.state.series("dialysis")
        going_on = [
            v for v in recorded if v.resource_type == "Condition" and v.is_active(self.state.as_of)
        ]
        if going_on:
            shown = going_on[0].display or "yes"
            return Found(1.0, source_of(declared, going_on[0], 1.0, "used", shown))
        since = self.today - timedelta(days=DIALYSIS_DAYS)
        treated = {
            v.effective_date: v
            for v in recorded
            if v.resource_type == "Procedure" and v.effective_date > since
        }
        if len(treated) >= DIALYSIS_TREATMENTS:
            days = sorted(treated, reverse=True)
            shown = f"{len(days)} treatments in {DIALYSIS_DAYS} days"
            source = source_of(declared, treated[days[0]], 1.0, "used", shown)
            ends = days[DIALYSIS_TREATMENTS - 1] + timedelta(days=DIALYSIS_DAYS)
            return Found(1.0, source, expires=ends)
        note = "assumed absent: fewer than two treatments recorded in the last 7 days"
        absent = InputUsed(
            declared.concept, declared.label, 0.0, "", "assumed_absent", "no", note=note
        )
        return Found(0.0, absent, notes=(f"{declared.label}: {note}.",))

    def diabetes_duration(self, declared: Input) -> Found:
        """Completed years since the first onset; a day of recording is no onset."""
        recorded = self.state.series("diabetes_type_2")
        dated = [v for v in recorded if _has_onset(v)]
        if not dated:
            text = f"{declared.label}: the day of the diagnosis is not recorded. {declared.order}"
            return missing(declared, text)
        first = min(dated, key=lambda v: v.effective_at)
        if any(v.effective_at < first.effective_at for v in recorded if not _has_onset(v)):
            # a complication has an onset, the disease itself has none
            text = f"{declared.label}: known before its first recorded onset. {declared.order}"
            return missing(declared, text)
        # a year or a month counts from its first day
        years = completed_years(first.effective_date, "day", self.today) or 0
        source = source_of(declared, first, float(years), "used", f"{years} years")
        notes: tuple[str, ...] = ()
        if first.precision in ("year", "month"):
            vague = f"only the {first.precision} of the diagnosis is recorded"
            notes = (f"{declared.label}: {vague}; counted from its first day.",)
        again = next_birthday(first.effective_date, "day", self.today)
        return Found(float(years), source, notes=notes, expires=again)

    def age_at_diabetes(self, declared: Input) -> Found:
        """Completed years at the earliest onset; a date of recording is no onset."""
        recorded = [v for c in declared.recorded_concepts for v in self.state.series(c)]
        first = min(recorded, key=lambda v: v.effective_at, default=None)
        if first is None:
            return missing(declared, f"{declared.label}: none recorded. {declared.order}")
        if not _has_onset(first):
            text = f"{declared.label}: the record has no date of its onset. {declared.order}"
            return missing(declared, text)
        born, on = self.state.birth_date, first.effective_date
        age = completed_years(born, self.state.birth_date_precision, on) if born else None
        if age is None:
            text = f"{declared.label}: the birth date is not recorded, or too vague to tell."
            return missing(declared, text)
        source = source_of(declared, first, float(age), "used", f"{age} years")
        vague = first.precision == "year"
        note = f"{declared.label}: the year of the onset is known, not the day."
        return Found(float(age), source, notes=(note,) if vague else ())

    def race(self, declared: Input) -> Found:
        """The twin holds no race, and none is guessed: the coefficients for all others."""
        note = "the twin does not hold race; the coefficients for White and other people are used"
        source = InputUsed(
            declared.concept, declared.label, 0.0, "", "assumed_absent", "not held", note=note
        )
        return Found(0.0, source, notes=(f"{declared.label}: {note}.",))

    def ischaemic_heart_disease(self, declared: Input) -> Found:
        """Coronary disease that is recorded by itself: an infarction alone is counted apart."""
        infarctions = {_resource(v) for v in self.state.series("myocardial_infarction")}
        recorded = self.state.series("coronary_heart_disease")
        alone = next((v for v in recorded if _resource(v) not in infarctions), None)
        if alone is not None:
            return Found(1.0, source_of(declared, alone, 1.0, "used", alone.display or "yes"))
        note = "assumed absent: none recorded"
        absent = InputUsed(
            declared.concept, declared.label, 0.0, "", "assumed_absent", "no", note=note
        )
        return Found(0.0, absent, notes=(f"{declared.label}: {note}.",))

    def albuminuria(self, declared: Input) -> Found:
        """From the newest urine albumin, else the ratio to creatinine, and says which."""
        limits = {
            "urine_albumin": (MICROALBUMINURIA_ALBUMIN, "mg/L", "as the equations define it"),
            "urine_acr": (
                MICROALBUMINURIA_ACR,
                "mg/g",
                "read from the albumin-to-creatinine ratio, not from urine albumin of 50 mg/L",
            ),
        }
        newest = [
            found
            for concept in limits
            if (found := next((v for v in self.state.series(concept) if v.value is not None), None))
        ]
        if not newest:
            return missing(declared, f"{declared.label}: none recorded. {declared.order}")
        used = max(newest, key=lambda v: v.effective_date)
        limit, unit, how = limits[used.concept]
        until = expiry(declared, used)
        if until is not None and self.today >= until:
            return too_old(declared, used.effective_date)
        amount = float(used.value or 0.0)
        value = float(amount >= limit)
        words = "yes" if value else "no"
        source = source_of(declared, used, value, "used", f"{words} ({amount:.4g} {unit})")
        note = f"{declared.label}: {how}."
        return Found(
            value, source, notes=(note,) if used.concept == "urine_acr" else (), expires=until
        )

    def systolic_bp_sd(self, declared: Input) -> Found:
        """Sample standard deviation of the newest value of each day, of two days or more."""
        limit = declared.max_age_days or FIVE_YEARS
        of_day: dict[date, Value] = {}
        for value in self.state.series("systolic_bp"):
            if value.value is not None and self.today < first_day_too_old(
                value.effective_date, limit
            ):
                of_day.setdefault(value.effective_date, value)
        days = sorted(of_day, reverse=True)
        if len(days) < 2:
            text = f"{declared.label}: needs values of two days in {limit // 365} years. "
            return missing(declared, text + declared.order)
        used = tuple(of_day[day] for day in days)
        spread = stdev(float(v.value or 0.0) for v in used)
        found = derived(declared, spread, used[0], used, f"from the values of {len(days)} days")
        return replace(found, expires=first_day_too_old(days[-1], limit))


def _has_onset(value: Value) -> bool:
    """Whether its date is that of its onset, and not of a recording or of its arrival here."""
    return bool(value.precision) and NO_ONSET not in value.reason and NO_DATE not in value.reason


def _resource(value: Value) -> tuple[str, str]:
    return value.resource_type, value.resource_id
