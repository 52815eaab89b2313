"""The hidden course of one body: untreated values that drift, and what treatment makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp

from patients.synthetic import kidney, treatment_effects
from patients.synthetic.person import YEAR, Person
from patients.synthetic.vocabulary import Drug

# what a late rise adds, a year [J]
_LATE_SBP, _LATE_LDL, _LATE_HBA1C, _LATE_BMI = 30.0, 1.2, 0.6, 1.3
_SBP_PER_BMI = 0.9  # mmHg for each kg/m2 gained [J]
# nobody of the cohort comes to dialysis [J]
_LEAST_EGFR = 13.0
_STEP_DAYS = 91
# from here on HbA1c of who is on the way to diabetes rises faster [J]
_PROGRESSING, _ISLETS_FAIL_AT, _RUNAWAY = 0.12, 6.2, 4.5


@dataclass(frozen=True, slots=True)
class TrueValues:
    """What an ideal instrument would read today. Lipids in mmol/L."""

    weight_kg: float
    sbp: float
    dbp: float
    heart_rate: float
    ldl: float
    hdl: float
    triglycerides: float
    hba1c: float
    egfr: float
    acr: float


class Physiology:
    """Advances a person's untreated values day by day; `read` applies the drugs being taken."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.today = person.first_visit
        self.bmi = person.bmi
        self.sbp = person.sbp
        self.ldl = person.ldl
        self.hba1c = person.hba1c
        self.egfr = person.egfr
        self.acr = person.acr

    def advance_to(self, day: date, drugs: Sequence[Drug]) -> None:
        """Move on in steps of at most a quarter, since kidneys answer to today's pressure."""
        while self.today < day:
            days = min((day - self.today).days, _STEP_DAYS)
            self._step(days, drugs)
            self.today = date.fromordinal(self.today.toordinal() + days)

    def _late_years(self, days: int) -> float:
        """How much of the next `days` lies in the late rise before the last visit."""
        left = (self.person.last_visit - self.today).days
        rising = min(left, self.person.late_rise * YEAR) - max(left - days, 0)
        return max(rising, 0) / YEAR

    def _step(self, days: int, drugs: Sequence[Drug]) -> None:
        person, years, late = self.person, days / YEAR, self._late_years(days)
        gain = years * (person.bmi_slope if person.age_on(self.today) < 62 else 0.0)
        gain += late * _LATE_BMI
        self.bmi += gain
        self.sbp += years * person.sbp_slope + late * _LATE_SBP + _SBP_PER_BMI * gain
        self.ldl += years * 0.015 + late * _LATE_LDL
        self.hba1c += years * self._hba1c_slope(drugs) + late * _LATE_HBA1C
        now = self.read(drugs)
        slope = kidney.annual_slope(
            person.egfr_slope, now.acr, now.sbp, on_ace_inhibitor=_has(drugs, "ace_inhibitor")
        )
        self.egfr = max(self.egfr + years * slope, _LEAST_EGFR)
        self.acr *= exp(years * person.acr_growth)

    def _hba1c_slope(self, drugs: Sequence[Drug]) -> float:
        """Untreated glucose runs away once the islets fail; treated, it drifts."""
        slope = self.person.hba1c_slope
        if any(drug.hba1c_drop is not None for drug in drugs):
            return min(slope, self.person.hba1c_drift)
        failing = slope >= _PROGRESSING and self.hba1c >= _ISLETS_FAIL_AT
        return min(_RUNAWAY * slope, max(slope, 1.4)) if failing else slope

    def read(self, drugs: Sequence[Drug]) -> TrueValues:
        person = self.person
        metres = person.height_cm / 100
        diastolic = _diastolic(self.sbp, person.age_on(self.today)) + person.dbp_offset
        sbp, dbp = treatment_effects.treated_pressure(self.sbp, diastolic, drugs, person.adherence)
        hba1c = treatment_effects.treated_hba1c(self.hba1c, drugs, person.adherence)
        return TrueValues(
            weight_kg=self.bmi * metres**2 + sum(drug.weight_kg for drug in drugs),
            sbp=sbp,
            dbp=dbp,
            heart_rate=person.heart_rate + min((drug.heart_rate for drug in drugs), default=0.0),
            ldl=self.ldl * treatment_effects.ldl_factor(drugs, person.adherence),
            hdl=person.hdl,
            triglycerides=person.triglycerides * exp(0.02 * (self.bmi - person.bmi)),
            hba1c=hba1c,
            egfr=self.egfr,
            acr=self.acr * treatment_effects.acr_factor(drugs),
        )


def _has(drugs: Sequence[Drug], drug_class: str) -> bool:
    return any(drug_class in drug.classes for drug in drugs)


def _diastolic(sbp: float, age: int) -> float:
    """Diastolic pressure rises with systolic and falls as arteries stiffen after about 55 [J]."""
    return 79 + 0.42 * (sbp - 125) - 0.35 * max(age - 55, 0) - 0.15 * max(40 - age, 0)
