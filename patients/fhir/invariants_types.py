"""Error invariants of the data types (R4 datatypes.html). Conformance types are left out."""

import re

from patients.fhir import dates
from patients.fhir.invariants import (
    Invariant,
    Json,
    at_least_one,
    needs,
    not_both,
    present,
    rule,
)

UCUM = "http://unitsofmeasure.org"
SCHEME = re.compile("^[A-Za-z][A-Za-z0-9+.-]*:")
MEALS = {"C", "CM", "CD", "CV"}


def period_holds(period: Json) -> bool:
    """per-1: start is not after end, as far as their precision tells."""
    start, end = period.get("start"), period.get("end")
    if not isinstance(start, str) or not isinstance(end, str):
        return True
    if len(start) == len(end) and start[-6:] == end[-6:] and start <= end:
        return True
    try:
        return dates.parse(start).low < dates.parse(end).high
    except ValueError:
        return True


def _range_holds(node: Json) -> bool:
    """rng-2, where both ends say the same unit; others cannot be compared here."""
    low, high = node.get("low", {}), node.get("high", {})
    same_unit = all(low.get(k) == high.get(k) for k in ("system", "code", "unit"))
    if "value" not in low or "value" not in high or not same_unit:
        return True
    return bool(low["value"] <= high["value"])


def _ratio_holds(node: Json) -> bool:
    both = ("numerator" in node) == ("denominator" in node)
    return both and ("numerator" in node or "extension" in node)


def _distance_holds(node: Json) -> bool:
    return ("code" in node or "value" not in node) and node.get("system", UCUM) == UCUM


def _age_holds(node: Json) -> bool:
    return _distance_holds(node) and node.get("value", 1) > 0


def _count_holds(node: Json) -> bool:
    is_whole = isinstance(node.get("value", 0), int)
    return _distance_holds(node) and node.get("code", "1") == "1" and is_whole


def _duration_holds(node: Json) -> bool:
    return "code" not in node or (node.get("system") == UCUM and "value" in node)


def _offset_holds(node: Json) -> bool:
    return "offset" not in node or ("when" in node and not set(node["when"]) & MEALS)


def _not_negative(key: str, name: str) -> Invariant:
    schema = {"properties": {name: {"minimum": 0}}}
    return rule(key, f"{name} must not be negative", lambda n: n.get(name, 0) >= 0, schema)


_QUANTITY = needs("qty-3", "code", "system")
_NO_COMPARATOR: Json = {"not": {"required": ["comparator"]}}
_NO_OFFSET: Json = {"not": {"required": ["offset"]}}
_URL_AND_ONE: Json = {
    "minProperties": 2,
    "maxProperties": 2,
    "not": {"anyOf": [{"required": ["id"]}, {"required": ["_url"]}]},
}
_BOTH: Json = {"required": ["numerator", "denominator"]}
# the keyword "rule" asks the rule itself
_WITH_END: Json = {"dependencies": {"end": {"rule": ["Period", "per-1"]}}}

TYPE_RULES: dict[str, tuple[Invariant, ...]] = {
    "Age": (_QUANTITY, rule("age-1", "an age is positive, with a UCUM code", _age_holds)),
    "Attachment": (needs("att-1", "data", "contentType"),),
    "ContactPoint": (needs("cpt-2", "value", "system"),),
    "Count": (_QUANTITY, rule("cnt-3", "a count is whole, with the UCUM code 1", _count_holds)),
    "Distance": (_QUANTITY, rule("dis-1", "a distance has a UCUM code", _distance_holds)),
    "Duration": (
        _QUANTITY,
        rule("drt-1", "a coded duration has a value and UCUM as its system", _duration_holds),
    ),
    "Extension": (
        rule(
            "ext-1",
            "an extension has either a value or extensions",
            lambda node: ("extension" in node) != present(node, "value[x]"),
            _URL_AND_ONE,
        ),
    ),
    "Expression": (at_least_one("exp-1", "expression", "reference"),),
    "Period": (rule("per-1", "start must not be after end", period_holds, _WITH_END),),
    "Quantity": (_QUANTITY,),
    "Range": (rule("rng-2", "low must not be above high", _range_holds),),
    "Ratio": (rule("rat-1", "numerator and denominator go together", _ratio_holds, _BOTH),),
    "SimpleQuantity": (
        rule(
            "sqty-1",
            "no comparator is allowed here",
            lambda node: "comparator" not in node,
            _NO_COMPARATOR,
        ),
    ),
    "Timing.repeat": (
        needs("tim-1", "duration", "durationUnit"),
        needs("tim-2", "period", "periodUnit"),
        _not_negative("tim-4", "duration"),
        _not_negative("tim-5", "period"),
        needs("tim-6", "periodMax", "period"),
        needs("tim-7", "durationMax", "duration"),
        needs("tim-8", "countMax", "count"),
        rule("tim-9", "offset goes with an event that is no meal", _offset_holds, _NO_OFFSET),
        not_both("tim-10", "timeOfDay", "when"),
    ),
}
