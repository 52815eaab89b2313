"""Measurements in a patient's words: what each is called, in which unit, and its usual range."""

from dataclasses import dataclass

from explain.wording.language import gettext, gettext_noop, pgettext
from explain.wording.phrases import Level

# groups of the page, each with its measurements, the first the one that matters most
GROUPS: dict[str, tuple[str, ...]] = {
    "blood_pressure": ("systolic_bp", "diastolic_bp"),
    "blood_sugar": ("hba1c", "glucose_fasting", "glucose"),
    "cholesterol": ("total_cholesterol", "ldl_cholesterol", "hdl_cholesterol"),
    "kidneys": ("egfr_reported", "creatinine", "urine_acr"),
    "weight": ("weight", "bmi"),
}
CONCEPTS = tuple(concept for group in GROUPS.values() for concept in group)
_GROUP_TITLES: dict[str, dict[Level, str]] = {
    "blood_pressure": {
        "plain": gettext_noop("Blood pressure"),
        "standard": gettext_noop("Blood pressure"),
        "detailed": gettext_noop("Blood pressure"),
    },
    "blood_sugar": {
        "plain": gettext_noop("Blood sugar"),
        "standard": gettext_noop("Blood sugar"),
        "detailed": gettext_noop("Glucose and HbA1c"),
    },
    "cholesterol": {
        "plain": gettext_noop("Fat in your blood (cholesterol)"),
        "standard": gettext_noop("Cholesterol"),
        "detailed": gettext_noop("Lipids"),
    },
    "kidneys": {
        "plain": gettext_noop("Your kidneys"),
        "standard": gettext_noop("Kidney tests"),
        "detailed": gettext_noop("Kidney function"),
    },
    "weight": {
        "plain": gettext_noop("Weight"),
        "standard": gettext_noop("Weight"),
        "detailed": gettext_noop("Weight and body mass index"),
    },
}
_NAMES: dict[str, dict[Level, str]] = {
    "systolic_bp": {
        "plain": gettext_noop("Top number"),
        "standard": gettext_noop("Upper number (systolic)"),
        "detailed": gettext_noop("Systolic blood pressure"),
    },
    "diastolic_bp": {
        "plain": gettext_noop("Bottom number"),
        "standard": gettext_noop("Lower number (diastolic)"),
        "detailed": gettext_noop("Diastolic blood pressure"),
    },
    "hba1c": {
        "plain": gettext_noop("Sugar over the last months (HbA1c)"),
        "standard": gettext_noop("Long-term blood sugar (HbA1c)"),
        "detailed": gettext_noop("HbA1c"),
    },
    "glucose_fasting": {
        "plain": gettext_noop("Sugar before food"),
        "standard": gettext_noop("Blood sugar before breakfast"),
        "detailed": gettext_noop("Fasting glucose"),
    },
    "glucose": {
        "plain": gettext_noop("Sugar at one moment"),
        "standard": gettext_noop("Blood sugar at one moment"),
        "detailed": gettext_noop("Glucose, not known to be fasting"),
    },
    "total_cholesterol": {
        "plain": gettext_noop("All of it (total cholesterol)"),
        "standard": gettext_noop("Total cholesterol"),
        "detailed": gettext_noop("Total cholesterol"),
    },
    "ldl_cholesterol": {
        "plain": gettext_noop("The bad fat (LDL)"),
        "standard": gettext_noop("Bad (LDL) cholesterol"),
        "detailed": gettext_noop("LDL cholesterol"),
    },
    "hdl_cholesterol": {
        "plain": gettext_noop("The good fat (HDL)"),
        "standard": gettext_noop("Good (HDL) cholesterol"),
        "detailed": gettext_noop("HDL cholesterol"),
    },
    "egfr_reported": {
        "plain": gettext_noop("How well they work (eGFR)"),
        "standard": gettext_noop("Kidney function (eGFR)"),
        "detailed": gettext_noop("eGFR as reported"),
    },
    "creatinine": {
        "plain": gettext_noop("Kidney blood test (creatinine)"),
        "standard": gettext_noop("Kidney blood test (creatinine)"),
        "detailed": gettext_noop("Serum creatinine"),
    },
    "urine_acr": {
        "plain": gettext_noop("Protein in your pee"),
        "standard": gettext_noop("Protein in your urine (ACR)"),
        "detailed": gettext_noop("Urine albumin-creatinine ratio"),
    },
    "weight": {
        "plain": gettext_noop("Weight"),
        "standard": gettext_noop("Weight"),
        "detailed": gettext_noop("Weight"),
    },
    "bmi": {
        "plain": gettext_noop("Weight for your height (BMI)"),
        "standard": gettext_noop("Weight for your height (BMI)"),
        "detailed": gettext_noop("Body mass index"),
    },
}
# of a UCUM unit, what is written and how many decimals mean something
_UNITS: dict[str, tuple[str, int]] = {
    "mm[Hg]": ("mmHg", 0),
    "%": ("%", 1),
    "mmol/mol": ("mmol/mol", 0),
    "mmol/L": ("mmol/L", 1),
    "mg/dL": ("mg/dL", 0),
    "mL/min/{1.73_m2}": ("mL/min/1.73 m²", 0),
    "umol/L": ("µmol/L", 0),
    "mg/g": ("mg/g", 0),
    "mg/mmol": ("mg/mmol", 1),
    "kg": ("kg", 1),
    "[lb_av]": (gettext_noop("pounds"), 0),
    "kg/m2": ("kg/m²", 1),
}
# a creatinine in mg/dL is told apart by its second decimal
_DECIMALS = {("creatinine", "mg/dL"): 2}


@dataclass(frozen=True)
class Written:
    """A number and its unit, as people read them."""

    number: str
    unit: str

    @property
    def text(self) -> str:
        return f"{self.number} {self.unit}"


def group_title(group: str, level: Level) -> str:
    """What a group of measurements is called. Raises KeyError for one that is not shown."""
    return gettext(_GROUP_TITLES[group][level])


def measurement_name(concept: str, level: Level) -> str:
    """What a measurement is called under its group. Raises KeyError for one that is not shown."""
    return gettext(_NAMES[concept][level])


def can_be_written(unit: str) -> bool:
    """Whether patients are told values in this UCUM unit."""
    return unit in _UNITS


def written(concept: str, value: float, unit: str) -> Written:
    """The value with the decimals that mean something. Raises KeyError for an unknown unit."""
    name, digits = _UNITS[unit]
    digits = _DECIMALS.get((concept, unit), digits)
    return Written(f"{value:.{digits}f}", gettext(name))


def usual_text(concept: str, low: float, high: float, unit: str) -> str:
    """ "Usual: 90 to 140 mmHg", or only up to a limit; `low` and `high` are in `unit`."""
    first, last = written(concept, low, unit), written(concept, high, unit)
    if low == 0:
        return pgettext("usual range", "Usual: up to %(high)s") % {"high": last.text}
    words = {"low": first.number, "high": last.text}
    return pgettext("usual range", "Usual: %(low)s to %(high)s") % words


def usual_note(level: Level) -> str:
    """How far the usual ranges may be trusted: their source was not opened."""
    return {
        "plain": gettext("The usual range is for most adults. We have not checked it yet."),
        "standard": gettext(
            "The usual range is one that is often used for adults. It is not yet checked here."
        ),
        "detailed": gettext(
            "Usual: a commonly used adult reference interval, not yet verified here."
        ),
    }[level]


def nothing_sent(group: str, level: Level) -> str:
    """Said where no value of a group has come."""
    name = {"name": group_title(group, level)}
    return {
        "plain": gettext("%(name)s: we have no test from you."),
        "standard": gettext("%(name)s: no result has been sent to us."),
        "detailed": gettext("%(name)s: no usable value is recorded."),
    }[level] % name


def course_text(
    name: str, count: int, first: Written, first_day: str, last: Written, last_day: str
) -> str:
    """The picture of a measurement in a sentence."""
    words = {
        "name": name,
        "count": count,
        "first": first.number,
        "first_day": first_day,
        "last": last.text,
        "last_day": last_day,
    }
    if count == 1:
        return gettext("%(name)s: %(last)s on %(last_day)s.") % words
    return (
        gettext(
            "%(name)s: %(count)s values, from %(first)s on %(first_day)s to %(last)s on "
            "%(last_day)s."
        )
        % words
    )
