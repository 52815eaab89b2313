"""How much of a drug somebody takes in a day, as the dosage says it in numbers.

Nothing is guessed: a text alone, a range, "as needed", a course in steps and a dose in tablets of
unknown strength give no number, and `why_not` says so. A weekly dose is its mean per day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from patients.record.doses import MG, ROUTES
from patients.record.elements import Json, child, children, codings, text
from patients.terminology.units import UCUM_SYSTEMS

_DAYS = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 365.25 / 12}
# HL7 GTSAbbreviation [M]: how often a day
_ABBREVIATIONS = {"QD": 1.0, "BID": 2.0, "TID": 3.0, "QID": 4.0, "AM": 1.0, "PM": 1.0, "BED": 1.0}
_ABBREVIATIONS |= {"QOD": 0.5, "Q4H": 6.0, "Q6H": 4.0, "Q8H": 3.0, "WK": 1 / 7}
_UNITS = {
    *("tablet", "tablets", "tab", "tabs", "{tbl}", "{tablet}", "{tablets}"),
    *("capsule", "capsules", "cap", "caps", "{capsule}", "{capsules}", "{cap}", "{dose}"),
}
_SNOMED = "http://snomed.info/sct"
_HL7 = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
# what routes are called where only a code was sent: SNOMED CT and HL7 v3 [M]
ROUTE_WORDS = ROUTES | {
    (_SNOMED, "34206005"): "subcutaneous",
    (_SNOMED, "78421000"): "intramuscular",
    (_SNOMED, "37839007"): "sublingual",
    (_SNOMED, "37161004"): "rectal",
    (_SNOMED, "16857009"): "vaginal",
    (_SNOMED, "46713006"): "nasal",
    (_SNOMED, "447694001"): "inhaled",
    (_SNOMED, "54485002"): "into the eye",
    (_SNOMED, "10547007"): "into the ear",
    (_SNOMED, "45890007"): "through the skin",
    (_SNOMED, "6064005"): "on the skin",
    (_HL7, "SQ"): "subcutaneous",
    (_HL7, "IM"): "intramuscular",
    (_HL7, "SL"): "sublingual",
    (_HL7, "PR"): "rectal",
    (_HL7, "TRNSDERM"): "through the skin",
}
_RANGES = ("frequencyMax", "periodMax", "countMax", "durationMax")


@dataclass(frozen=True, slots=True)
class DailyDose:
    """`mg` a day; None with the reason in `why_not`. `text` is what was sent, to show."""

    mg: float | None
    text: str
    why_not: str
    route: str
    as_needed: bool


def daily_dose(dosages: Sequence[Json], strength_mg: float | None, ingredients: int) -> DailyDose:
    """What a list of FHIR Dosages says; `strength_mg` is that of one tablet or capsule."""
    shown = "; ".join(said for one in dosages if (said := _shown(one)))
    route = next((found for one in dosages if (found := _route(child(one, "route")))), "")
    as_needed = any(_is_as_needed(one) for one in dosages)
    mg, why = _together(dosages, strength_mg)
    if mg is not None and ingredients != 1:
        mg, why = None, "a combination: the dose of each ingredient is not worked out"
    return DailyDose(mg, shown, "" if mg is not None else why, route, as_needed)


def _together(dosages: Sequence[Json], strength_mg: float | None) -> tuple[float | None, str]:
    if not dosages:
        return None, "no dose was sent"
    numbers = [one.get("sequence") for one in dosages]
    if len(dosages) > 1 and (None in numbers or len(set(map(str, numbers))) > 1):
        return None, "several dosages, and it is not said that they are taken together"
    total = 0.0
    for one in dosages:
        mg, why = _daily(one, strength_mg)
        if mg is None:
            return None, why
        total += mg
    return total, ""


def _daily(dosage: Json, strength_mg: float | None) -> tuple[float | None, str]:
    if _is_as_needed(dosage):
        return None, "taken as needed: how much is not known"
    rates = children(dosage, "doseAndRate")
    if len(rates) != 1:
        return None, "the dose is in words only" if not rates else "several doses are given"
    if child(rates[0], "doseRange"):
        return None, "the dose is a range"
    if any(name.startswith("rate") for name in rates[0]):
        return None, "given by rate"
    each, why = _milligrams(child(rates[0], "doseQuantity"), strength_mg)
    if each is None:
        return None, why
    times, why = _times_a_day(child(dosage, "timing"))
    return (None, why) if times is None else (each * times, "")


def _milligrams(dose: Json, strength_mg: float | None) -> tuple[float | None, str]:
    value = _number(dose, "value")
    if value is None or value <= 0 or text(dose, "comparator"):
        return None, "no amount is recorded"
    code, unit = text(dose, "code"), text(dose, "unit")
    is_ucum = bool(code) and text(dose, "system") in UCUM_SYSTEMS
    by_code, by_unit = MG.get(code) if is_ucum else None, MG.get(unit)
    if by_code and by_unit and by_code != by_unit:
        return None, f"its units {code} and {unit} contradict each other"
    # a code of UCUM that is no weight is not outvoted by a text
    factor = by_code or (None if is_ucum and code not in ("1", *_UNITS) else by_unit)
    if factor is not None:
        return value * factor, ""
    named = {name.casefold() for name in (code, unit) if name}
    if named & _UNITS and named <= _UNITS | {"1"}:
        if strength_mg is None:
            return None, "the strength of a tablet is not known"
        return value * strength_mg, ""
    return None, f"the dose is in {code or unit or 'no unit'}, not in mg"


def _times_a_day(timing: Json) -> tuple[float | None, str]:
    repeat = child(timing, "repeat")
    if any(name in repeat for name in _RANGES):
        return None, "how often is a range"
    if "dayOfWeek" in repeat:
        return None, "on certain days of the week"
    if "count" in repeat:
        return None, "a fixed number of doses"
    frequency, period = _number(repeat, "frequency"), _number(repeat, "period")
    if period is not None:
        days = _DAYS.get(text(repeat, "periodUnit"))
        if days is None or period <= 0 or (frequency is not None and frequency <= 0):
            return None, "how often is not clear"
        return (1.0 if frequency is None else frequency) / (period * days), ""
    for name in ("timeOfDay", "when"):
        moments = repeat.get(name)
        if isinstance(moments, list) and moments and frequency is None:
            return float(len(moments)), ""
    known = {_ABBREVIATIONS[c.code] for c in codings(child(timing, "code")) if _is_known(c.code)}
    if len(known) == 1 and not repeat:
        return known.pop(), ""
    return None, "how often is not recorded"


def _is_known(code: str) -> bool:
    return code in _ABBREVIATIONS


def _is_as_needed(dosage: Json) -> bool:
    return dosage.get("asNeededBoolean") is True or bool(child(dosage, "asNeededCodeableConcept"))


def _number(node: Json, name: str) -> float | None:
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _route(concept: Json) -> str:
    """As it was sent in words, else the words of a code that we know, else the code, said to be one."""
    sent = list(codings(concept))
    named = next((c.display for c in sent if c.display), "")
    known = next((w for c in sent if (w := ROUTE_WORDS.get((c.system, c.code)))), "")
    coded = next((f"route code {c.code}" for c in sent if c.code), "")
    return text(concept, "text") or named or known or coded


def _shown(dosage: Json) -> str:
    """The sender's words, else the numbers put together."""
    words = text(dosage, "text") or text(dosage, "patientInstruction")
    if words:
        return words
    doses = [child(one, "doseQuantity") for one in children(dosage, "doseAndRate")]
    amounts = [
        f"{value:g} {text(dose, 'unit') or text(dose, 'code')}".strip()
        for dose in doses
        if (value := _number(dose, "value")) is not None
    ]
    parts = [*amounts, _often(child(dosage, "timing"))]
    if _is_as_needed(dosage):
        parts.append("as needed")
    return ", ".join(part for part in parts if part)


def _often(timing: Json) -> str:
    repeat = child(timing, "repeat")
    frequency, period = _number(repeat, "frequency"), _number(repeat, "period")
    unit = text(repeat, "periodUnit")
    if period is not None and unit:
        each = unit if period == 1 else f"{period:g} {unit}"
        return f"{1 if frequency is None else frequency:g} times every {each}"
    code = child(timing, "code")
    return text(code, "text") or next((c.display or c.code for c in codings(code)), "")
