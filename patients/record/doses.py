"""How much of a drug a MedicationAdministration says was given, when, and by which route.

Nothing is guessed: a dose per weight, a rate without an amount, a day without a time, a route that
is not named and an administration that was stopped early give no dose, and `why_not` says so.
"""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from patients.record.elements import Json, child, codings, text
from patients.record.moments import TIME, moment_in, period_or_instant
from patients.terminology.units import UCUM_SYSTEMS

INTRAVENOUS, ORAL = "intravenous", "oral"
# SNOMED CT route codes [M] and HL7 v3 RouteOfAdministration codes [M]; texts as they are written
ROUTES = {
    ("http://snomed.info/sct", "47625008"): INTRAVENOUS,
    ("http://snomed.info/sct", "26643006"): ORAL,
    ("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "IV"): INTRAVENOUS,
    ("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "PO"): ORAL,
}
ROUTE_TEXTS = {
    "iv": INTRAVENOUS,
    "intravenous": INTRAVENOUS,
    "intravenous route": INTRAVENOUS,
    "po": ORAL,
    "oral": ORAL,
    "oral route": ORAL,
}
MG = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001, "µg": 0.001, "μg": 0.001}


@dataclass(frozen=True, slots=True)
class GivenDose:
    """`amount` in mg; `hours` None when only the start is recorded. Used if `why_not` is empty."""

    start: datetime | None
    amount: float | None = None
    hours: float | None = None
    route: str = ""
    why_not: str = ""


def given_dose(resource: Json) -> GivenDose:
    """What one MedicationAdministration says."""
    at, end = period_or_instant(resource, "effective")
    start = at.at if at else None
    status = text(resource, "status")
    if status != "completed":
        why = "stopped: how much was given is not certain" if status == "stopped" else status
        return GivenDose(start, why_not=why or "without status")
    if at is None or at.precision != TIME:
        return GivenDose(start, why_not="the time of day is not recorded")
    dosage = child(resource, "dosage")
    amount, why = _milligrams(child(dosage, "dose"))
    route = _route(child(dosage, "route"))
    if amount is None:
        return GivenDose(start, route=route, why_not=why)
    hours, why = _hours(resource, at.at, end)
    if not route:
        why = "the route is not recorded, or not one that we know"
    return GivenDose(start, amount, hours, route, why)


def _milligrams(dose: Json) -> tuple[float | None, str]:
    value, code, unit = dose.get("value"), text(dose, "code"), text(dose, "unit")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, "no amount is recorded"
    if text(dose, "comparator"):
        return None, "the amount is a bound, not a value"
    by_code = MG.get(code) if text(dose, "system") in UCUM_SYSTEMS else None
    by_unit = MG.get(unit)
    if by_code and by_unit and by_code != by_unit:
        return None, f"its units {code} and {unit} contradict each other"
    # a code of UCUM that is no weight is not outvoted by a text
    is_other = bool(code) and text(dose, "system") in UCUM_SYSTEMS and not by_code
    factor = None if is_other else by_code or by_unit
    if factor is None:
        return None, f"the amount is in {code or unit or 'no unit'}, not in mg"
    amount = float(value) * factor
    return (amount, "") if isfinite(amount) and amount > 0 else (None, "the amount is not above 0")


def _route(concept: Json) -> str:
    """A route that we know; "" where its codes contradict each other, or none is known."""
    known = {ROUTES[c.system, c.code] for c in codings(concept) if (c.system, c.code) in ROUTES}
    if not known and (named := ROUTE_TEXTS.get(text(concept, "text").casefold())):
        known = {named}
    return known.pop() if len(known) == 1 else ""


def _hours(resource: Json, start: datetime, end: datetime | None) -> tuple[float | None, str]:
    """From a period with a time at both ends."""
    if end is None:
        return None, ""
    closing = moment_in(child(resource, "effectivePeriod"), "end")
    if closing is None or closing.precision != TIME:
        return None, ""
    hours = (end - start).total_seconds() / 3600.0
    return (hours, "") if 0 < hours <= 24 else (None, "it ends before it begins, or a day later")
