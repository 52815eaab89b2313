"""Which tests a visit brings: vital signs always, laboratory tests when they are due [J]."""

from collections.abc import Callable, Mapping
from datetime import date

from patients.synthetic import measuring
from patients.synthetic.chance import Chance
from patients.synthetic.chart import CARDIOVASCULAR, CKD_STAGES, Chart, Visit
from patients.synthetic.person import Person
from patients.synthetic.physiology import TrueValues

_AT_RISK = ("diabetes", "hypertension", *CKD_STAGES, *CARDIOVASCULAR, "heart_failure")
_HALF_YEAR, _YEAR, _TWO_YEARS, _THREE_YEARS = 150, 330, 690, 1050
# at the last visit everything older than this is taken again
_LAST_DAYS = 100
_SETTLED_HBA1C = 7.5
_DIABETES_HBA1C = 6.5

Interval = Callable[[Chart, Person, date], int | None]


def take_readings(
    visit: Visit, person: Person, chart: Chart, true: TrueValues, chance: Chance, *, last: bool
) -> None:
    """Fill in the visit's readings. The last visit takes again what is older than 100 days."""
    readings = measuring.vital_signs(true, chance)
    if visit.kind == "follow_up":
        readings = {key: readings[key] for key in ("systolic_bp", "diastolic_bp")}
    elif _is_due(chart, "height", visit.day, _THREE_YEARS):
        readings["height"] = round(person.height_cm, 1)
    if visit.kind == "check_up" and _smoking_is_due(chart, person, visit.day, last=last):
        visit.smoking = person.smoking_on(visit.day)
    if visit.kind != "emergency":
        readings |= _laboratory(visit.day, person, chart, true, chance, last=last)
    if last:
        readings |= person.final
    height = readings.get("height") or chart.latest("height") or person.height_cm
    if "weight" in readings:
        readings["bmi"] = measuring.body_mass_index(readings["weight"], height)
    visit.readings = {k: v for k, v in readings.items() if k not in person.unmeasured}


def _laboratory(
    day: date, person: Person, chart: Chart, true: TrueValues, chance: Chance, *, last: bool
) -> measuring.Readings:
    found: measuring.Readings = {}
    # every panel draws its errors whether due or not, so that a due date moves no other value
    for key, values in _every_panel(day, person, chart, true, chance).items():
        interval = _INTERVALS[key](chart, person, day)
        if interval is not None and _is_due(
            chart, key, day, min(interval, _LAST_DAYS) if last else interval
        ):
            found |= values
    return found


def _every_panel(
    day: date, person: Person, chart: Chart, true: TrueValues, chance: Chance
) -> Mapping[str, measuring.Readings]:
    """All panels by the reading that stands for them."""
    ace_inhibitor, thiazide = chart.takes_class("ace_inhibitor"), chart.takes_class("thiazide")
    return {
        "total_cholesterol": measuring.lipids(true, chance),
        "hba1c": measuring.hba1c(true, chance, diabetic=chart.has("diabetes")),
        "creatinine": measuring.kidney_function(true, person, day, chance),
        "urine_acr": measuring.albuminuria(true, chance),
        "potassium": measuring.electrolytes(
            true, chance, ace_inhibitor=ace_inhibitor, thiazide=thiazide
        ),
        "haemoglobin": measuring.blood_and_liver(true, person, chance),
        "phosphate": measuring.mineral_and_acid(true, chance),
    }


def _is_due(chart: Chart, key: str, day: date, interval: int) -> bool:
    since = chart.days_since(key, day)
    return since is None or since >= interval


def _smoking_is_due(chart: Chart, person: Person, day: date, *, last: bool) -> bool:
    """Asked every year, and written down at once when it has changed."""
    asked = [visit for visit in chart.visits if visit.smoking is not None]
    if not asked or last or asked[-1].smoking != person.smoking_on(day):
        return True
    return (day - asked[-1].day).days >= _YEAR


def _lipids(chart: Chart, person: Person, day: date) -> int:
    often = chart.has(*_AT_RISK) or chart.takes_class("statin") or person.age_on(day) >= 50
    return _YEAR if often else _TWO_YEARS


def _hba1c(chart: Chart, person: Person, day: date) -> int:
    newest = chart.latest("hba1c") or 0.0
    if chart.has("diabetes"):
        return _HALF_YEAR if newest < _SETTLED_HBA1C else 75
    if newest >= _DIABETES_HBA1C:
        return 20
    likely = chart.has("prediabetes") or person.bmi >= 27
    return _YEAR if likely else _TWO_YEARS


def _kidney(chart: Chart, person: Person, day: date) -> int:
    if chart.has(*CKD_STAGES) or (chart.latest("egfr") or 100.0) < 60:
        return _HALF_YEAR
    return _YEAR if chart.has(*_AT_RISK) or person.age_on(day) >= 40 else _TWO_YEARS


def _albuminuria(chart: Chart, person: Person, day: date) -> int | None:
    if chart.has(*_AT_RISK) or (chart.latest("urine_acr") or 0.0) >= 30:
        return _YEAR
    return 2 * _TWO_YEARS if person.age_on(day) >= 40 else None


def _electrolytes(chart: Chart, person: Person, day: date) -> int:
    return _YEAR if chart.has(*_AT_RISK) else _TWO_YEARS


def _blood_and_liver(chart: Chart, person: Person, day: date) -> int:
    return _TWO_YEARS


def _mineral_and_acid(chart: Chart, person: Person, day: date) -> int | None:
    return _YEAR if (chart.latest("egfr") or 100.0) < 45 else None


_INTERVALS: Mapping[str, Interval] = {
    "total_cholesterol": _lipids,
    "hba1c": _hba1c,
    "creatinine": _kidney,
    "urine_acr": _albuminuria,
    "potassium": _electrolytes,
    "haemoglobin": _blood_and_liver,
    "phosphate": _mineral_and_acid,
}
