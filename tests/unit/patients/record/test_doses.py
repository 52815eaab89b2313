"""How much was given, when, and by which route; and why an administration is no dose."""

from copy import deepcopy

import pytest

from patients.record.daily_dose import daily_dose
from patients.record.doses import INTRAVENOUS, ORAL, given_dose
from patients.terminology.units import UCUM

IV = {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]}
GIVEN = {
    "resourceType": "MedicationAdministration",
    "status": "completed",
    "effectivePeriod": {"start": "2026-11-18T08:00:00Z", "end": "2026-11-18T09:30:00Z"},
    "dosage": {"route": IV, "dose": {"value": 1, "unit": "g", "system": UCUM, "code": "g"}},
}


def administration(**changed):
    found = deepcopy(GIVEN) | {k: v for k, v in changed.items() if k not in ("dose", "route")}
    for part in ("dose", "route"):
        if part in changed:
            found["dosage"][part] = changed[part]
    return found


def test_an_infusion_from_to():
    got = given_dose(GIVEN)
    assert (got.amount, got.hours, got.route, got.why_not) == (1000.0, 1.5, INTRAVENOUS, "")
    assert f"{got.start:%Y-%m-%d %H:%M}" == "2026-11-18 08:00"


def test_only_its_start_is_recorded():
    instant = administration(effectiveDateTime="2026-11-18T08:00:00+02:00")
    del instant["effectivePeriod"]
    got = given_dose(instant)
    assert got.hours is None and got.why_not == "" and got.start.hour == 6
    open_end = administration(effectivePeriod={"start": "2026-11-18T08:00:00Z"})
    assert given_dose(open_end).hours is None
    on_a_day = administration(
        effectivePeriod={"start": "2026-11-18T08:00:00Z", "end": "2026-11-18"}
    )
    assert given_dose(on_a_day).hours is None


@pytest.mark.parametrize(
    ("dose", "mg"),
    [
        ({"value": 750, "unit": "mg"}, 750.0),
        ({"value": 125, "unit": "mcg"}, 0.125),
        ({"value": 0.5, "system": UCUM, "code": "mg"}, 0.5),
        ({"value": 62.5, "unit": "µg", "system": UCUM, "code": "ug"}, 0.0625),
    ],
)
def test_amounts_in_mg(dose, mg):
    assert given_dose(administration(dose=dose)).amount == pytest.approx(mg)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"status": "stopped"}, "not certain"),
        ({"status": "in-progress"}, "in-progress"),
        ({"status": ""}, "without status"),
        ({"effectivePeriod": {"start": "2026-11-18"}}, "time of day"),
        ({"effectivePeriod": {}}, "time of day"),
        ({"dose": {"value": 15, "unit": "mg/kg"}}, "in mg/kg, not in mg"),
        ({"dose": {"value": 15, "unit": "mg", "system": UCUM, "code": "mg/kg"}}, "mg/kg"),
        ({"dose": {"value": 1, "unit": "g", "system": UCUM, "code": "mg"}}, "contradict"),
        ({"dose": {"value": 1}}, "no unit"),
        ({"dose": {"value": 1, "unit": "Mg"}}, "in Mg"),
        ({"dose": {"value": True, "unit": "mg"}}, "no amount"),
        ({"dose": {"value": 0, "unit": "mg"}}, "not above 0"),
        ({"dose": {"value": 1e400, "unit": "mg"}}, "not above 0"),
        ({"dose": {"value": 500, "unit": "mg", "comparator": "<"}}, "a bound"),
        ({"dosage": {"rateQuantity": {"value": 100}, "route": IV}}, "no amount"),
        ({"route": {}}, "route"),
        ({"route": {"text": "by the usual way"}}, "route"),
        (
            {"effectivePeriod": {"start": "2026-11-18T08:00:00Z", "end": "2026-11-18T07:00:00Z"}},
            "ends before it begins",
        ),
        (
            {"effectivePeriod": {"start": "2026-11-18T08:00:00Z", "end": "2026-11-20T09:00:00Z"}},
            "a day later",
        ),
    ],
)
def test_why_it_is_no_dose(changed, why):
    assert why in given_dose(administration(**changed)).why_not


def test_routes():
    assert given_dose(administration(route={"text": "Oral"})).route == ORAL
    v3 = {"system": "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "code": "PO"}
    assert given_dose(administration(route={"coding": [v3]})).route == ORAL
    both = {"coding": [*IV["coding"], v3]}
    assert given_dose(administration(route=both)).why_not.startswith("the route")


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}, "oral"),
        ({"coding": [{"system": "http://snomed.info/sct", "code": "34206005"}]}, "subcutaneous"),
        ({"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}, "route code 1"),
        (
            {"coding": [{"system": "http://snomed.info/sct", "code": "26643006", "display": "PO"}]},
            "PO",
        ),
        ({"text": "by mouth", "coding": [{"code": "26643006"}]}, "by mouth"),
        ({}, ""),
    ],
)
def test_the_route_of_an_order_is_shown_in_words(route, words):
    assert daily_dose([{"route": route}], None, 1).route == words
