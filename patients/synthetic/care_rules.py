"""How the synthetic doctor acts on a visit's readings: diagnoses, drugs, and when to come back.

Thresholds are those of everyday guidelines (140/90 mmHg twice, HbA1c 6.5 % twice, KDIGO stages
over 90 days); which drug and how quickly is our judgement [J]. The doctor sees the chart, never
the hidden values. Each rule gives the days until a follow-up, or None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from patients.synthetic.chance import Chance
from patients.synthetic.chart import CARDIOVASCULAR, CKD_STAGES, Chart, Visit
from patients.synthetic.kidney import ckd_stage
from patients.synthetic.person import Person

_HIGH_SBP, _HIGH_DBP = 140, 90
_RECHECK, _AFTER_A_CHANGE = 35, 90
_SETTLING_DAYS = 75
_CHRONIC_DAYS = 90


@dataclass
class Case:
    """One visit as the doctor meets it."""

    person: Person
    chart: Chart
    visit: Visit
    chance: Chance

    @property
    def day(self) -> date:
        return self.visit.day

    @property
    def age(self) -> int:
        return self.person.age_on(self.day)

    def lets_it_pass(self) -> bool:
        return self.chance.happens(self.person.inertia)


def review(case: Case) -> int | None:
    """Apply every rule; the soonest follow-up that any of them asks for."""
    if case.visit.kind == "emergency":
        return _RECHECK
    wanted = [days for rule in _RULES if (days := rule(case)) is not None]
    return min(wanted, default=None)


def blood_pressure(case: Case) -> int | None:
    """Hypertension after two high readings; a drug at a time until below 140/90."""
    chart = case.chart
    if chart.has("pregnancy") or not _is_high(case.visit) or case.lets_it_pass():
        return None
    if not chart.has("hypertension"):
        before = [v for v in chart.visits if v.day < case.day and "systolic_bp" in v.readings]
        if not before or not _is_high(before[-1]):
            return _RECHECK
        chart.diagnose("hypertension", case.day)
    newest = max(
        (p.start for p in chart.prescriptions if p.drug.bp_dose and p.end is None), default=None
    )
    if newest is not None and (case.day - newest).days < _SETTLING_DAYS:
        return _RECHECK
    return _AFTER_A_CHANGE if _step_up(case) else None


def _is_high(visit: Visit) -> bool:
    sbp, dbp = visit.readings.get("systolic_bp", 0), visit.readings.get("diastolic_bp", 0)
    return sbp >= _HIGH_SBP or dbp >= _HIGH_DBP


def _step_up(case: Case) -> bool:
    """Raise a dose or add a class; False when there is nothing left to add."""
    chart = case.chart
    for low, high in (("lisinopril_10", "lisinopril_20"), ("amlodipine_2_5", "amlodipine_5")):
        if chart.takes(low):
            chart.replace(low, high, case.day, "Dose raised: blood pressure above target")
            return True
    options = ["lisinopril_10", "amlodipine_5", "hydrochlorothiazide"]
    if (chart.latest("egfr") or 100.0) < 30:
        options.remove("hydrochlorothiazide")
    if chart.takes_class("ace_inhibitor") or (chart.latest("potassium") or 4.0) > 5.2:
        options.remove("lisinopril_10")
    options = [key for key in options if not chart.takes(key)]
    if not options:
        return False
    protected = chart.has("diabetes", *CKD_STAGES, *CARDIOVASCULAR, "heart_failure")
    first = protected and "lisinopril_10" in options
    chart.prescribe(
        "lisinopril_10" if first else case.chance.pick(options), case.day, "hypertension"
    )
    return True


def glucose(case: Case) -> int | None:
    """Type 2 diabetes after two HbA1c of 6.5 % or more; metformin, sulfonylurea, insulin."""
    chart, hba1c = case.chart, case.visit.readings.get("hba1c")
    if hba1c is None:
        return None
    earlier = [value for day, value in chart.readings("hba1c") if day < case.day]
    previous = earlier[0] if earlier else 0.0
    if chart.has("diabetes"):
        return _intensify(case, hba1c, previous)
    if hba1c >= 6.5:
        if previous < 6.5:
            return _RECHECK
        chart.end_diagnosis("prediabetes", case.day)
        chart.diagnose("diabetes", case.day)
        _start_first_glucose_drug(case)
        return _AFTER_A_CHANGE
    if hba1c >= 5.7 and previous >= 5.7 and not case.lets_it_pass():
        chart.diagnose("prediabetes", case.day)
    return None


def _start_first_glucose_drug(case: Case) -> None:
    egfr = case.chart.latest("egfr") or 90.0
    case.chart.prescribe("metformin" if egfr >= 45 else "glipizide", case.day, "diabetes")


def _intensify(case: Case, hba1c: float, previous: float) -> int | None:
    """The next drug when two HbA1c stay above target half a year after the last change."""
    chart, target = case.chart, 8.5 if case.age >= 80 else 7.5
    if hba1c < target or previous < target - 0.4 or case.lets_it_pass():
        return None
    ladder = ("metformin", "glipizide", "insulin")
    taken = [key for key in (*ladder, "metformin_reduced") if chart.takes(key)]
    if min(chart.days_on(key, case.day) for key in taken) < 2 * _SETTLING_DAYS:
        return _AFTER_A_CHANGE
    for key in ladder[1:]:
        if not chart.takes(key):
            chart.prescribe(key, case.day, "diabetes")
            return _AFTER_A_CHANGE
    return None


def metformin_and_kidneys(case: Case) -> int | None:
    """Metformin halves at an eGFR of 30 to 44 and stops below 30, as its label says."""
    chart, egfr = case.chart, case.visit.readings.get("egfr")
    if egfr is None:
        return None
    if egfr < 30:
        for key in ("metformin", "metformin_reduced"):
            if chart.takes(key):
                chart.stop(key, case.day, "Kidney function below 30")
                if not chart.takes("insulin", "glipizide"):
                    chart.prescribe("glipizide", case.day, "diabetes")
    elif egfr < 45 and chart.takes("metformin"):
        chart.replace("metformin", "metformin_reduced", case.day, "Kidney function below 45")
    return None


def lipids(case: Case) -> int | None:
    """A statin for diabetes from 40, for LDL from 190 mg/dL, and for some at raised risk."""
    chart, ldl = case.chart, case.visit.readings.get("ldl_cholesterol")
    if ldl is None or chart.takes_class("statin") or chart.has("pregnancy") or case.age >= 80:
        return None
    raised_risk = case.age >= 45 and (
        case.visit.smoking == "current" or chart.has("hypertension", *CKD_STAGES)
    )
    if ldl >= 190:
        probability = 0.85
    elif chart.has("diabetes") and case.age >= 40:
        probability = 0.55
    elif ldl >= 130 and raised_risk:
        probability = 0.3
    else:
        return None
    if not case.chance.happens(probability) or case.lets_it_pass():
        return None
    chart.diagnose("hyperlipidaemia", case.day)
    options = ("simvastatin_20", "atorvastatin_20", "rosuvastatin_10")
    chart.prescribe(case.chance.pick(options), case.day, "hyperlipidaemia")
    return _AFTER_A_CHANGE


def kidneys(case: Case) -> int | None:
    """CKD when two results at least 90 days apart agree; its stage only ever gets worse."""
    chart = case.chart
    egfr = _lasting(chart, "egfr", case.day, best=max)
    if egfr is None or "egfr" not in case.visit.readings:
        return None
    stage = ckd_stage(egfr, _lasting(chart, "urine_acr", case.day, best=min))
    current = next((s for s in CKD_STAGES if chart.has(s)), None)
    if stage is None or (current and CKD_STAGES.index(stage) <= CKD_STAGES.index(current)):
        return None
    if current:
        chart.end_diagnosis(current, case.day)
    chart.diagnose(stage, case.day)
    if chart.has("diabetes"):
        chart.diagnose("diabetic_kidney", case.day)
    if stage in ("ckd_g4", "ckd_g5"):
        chart.specialists.setdefault("nephrology", case.day)
    albuminuric = (chart.latest("urine_acr") or 0.0) >= 30
    if albuminuric and not chart.takes_class("ace_inhibitor") and not chart.has("pregnancy"):
        chart.prescribe("lisinopril_10", case.day, stage)
        return _AFTER_A_CHANGE
    return None


def _lasting(
    chart: Chart, key: str, day: date, *, best: Callable[[float, float], float]
) -> float | None:
    """The better of the newest value and the one at least 90 days older; None without both."""
    values = chart.readings(key)
    if not values:
        return None
    newest_day, newest = values[0]
    older = next((v for taken, v in values if (newest_day - taken).days >= _CHRONIC_DAYS), None)
    return None if older is None else best(newest, older)


_RULES = (glucose, metformin_and_kidneys, kidneys, blood_pressure, lipids)
