"""Which drug, of which class, from when to when."""

import pytest

from patients.record.exposure import exposure
from patients.record.projection import project
from tests.unit.patients.record.builders import RXNORM, concept, day, one, request

ATC = "http://www.whocc.no/atc"


def dosage(**repeat):
    return {"dosageInstruction": [{"timing": {"repeat": repeat}}]}


def supply(value, unit, repeats=None):
    found = {"expectedSupplyDuration": {"value": value, "code": unit}}
    if repeats is not None:
        found["numberOfRepeatsAllowed"] = repeats
    return {"dispenseRequest": found}


def span(draft):
    return draft.effective_at and f"{draft.effective_at:%Y-%m-%d}", (
        draft.end_at and f"{draft.end_at:%Y-%m-%d}"
    )


BOUNDS = dosage(boundsPeriod={"start": "2024-03-10", "end": "2024-04-30"})
DURATION = dosage(boundsDuration={"value": 2, "code": "wk"})


@pytest.mark.parametrize(
    ("more", "start", "end", "quality"),
    [
        ({}, "2024-03-01", None, "usable"),
        (BOUNDS, "2024-03-10", "2024-05-01", "usable"),
        (DURATION, "2024-03-01", "2024-03-15", "usable"),
        (
            dosage(boundsRange={"high": {"value": 3, "unit": "Weeks"}}),
            "2024-03-01",
            "2024-03-22",
            "usable",
        ),
        (supply(30, "d"), "2024-03-01", None, "usable"),
        ({"intent": "plan"}, "2024-03-01", None, "verify"),
        ({"authoredOn": None}, None, None, "verify"),
        (
            {"authoredOn": None, "dispenseRequest": {"validityPeriod": {"start": "2024-03-02"}}},
            "2024-03-02",
            None,
            "usable",
        ),
        ({"status": "on-hold"}, "2024-03-01", "2024-03-01", "usable"),
        ({"status": "completed"}, "2024-03-01", "2024-03-01", "usable"),
        ({"status": "completed"} | BOUNDS, "2024-03-10", "2024-05-01", "usable"),
        ({"status": "completed"} | supply(30, "d", 2), "2024-03-01", "2024-05-30", "usable"),
        (
            {
                "status": "completed",
                "dispenseRequest": {"validityPeriod": {"end": "2024-08-31"}},
            },
            "2024-03-01",
            "2024-09-01",
            "usable",
        ),
        # stopped: before the supply was used up, nobody knows when
        ({"status": "stopped"} | supply(30, "d"), "2024-03-01", "2024-03-01", "usable"),
        ({"status": "stopped"} | BOUNDS, "2024-03-10", "2024-05-01", "usable"),
        ({"status": "stopped", "authoredOn": None}, None, None, "undated"),
        ({"status": "cancelled"}, "2024-03-01", "2024-03-01", "inactive"),
        ({"status": "entered-in-error"}, "2024-03-01", "2024-03-01", "inactive"),
        ({"status": "draft"}, "2024-03-01", "2024-03-01", "inactive"),
        ({"status": "unknown"}, "2024-03-01", "2024-03-01", "inactive"),
        ({"intent": "proposal"}, "2024-03-01", None, "inactive"),
        ({"intent": "option"}, "2024-03-01", None, "inactive"),
        ({"doNotPerform": True}, "2024-03-01", None, "inactive"),
    ],
)
def test_orders(more, start, end, quality):
    draft = one(request(**more))
    assert span(draft) == (start, end)
    assert draft.quality == quality


def test_a_dosage_without_an_end_leaves_the_order_open():
    bounded, open_ended = BOUNDS["dosageInstruction"][0], {"text": "as needed"}
    draft = one(request(dosageInstruction=[bounded, open_ended]))
    assert span(draft) == ("2024-03-10", None)


def test_an_end_before_the_start_leaves_no_time():
    backwards = dosage(boundsPeriod={"start": "2024-03-10", "end": "2024-01-01"})
    assert span(one(request(status="stopped", **backwards))) == ("2024-03-10", "2024-03-10")


def taken(resource_type, **more):
    return {
        "resourceType": resource_type,
        "id": "m2",
        "medicationCodeableConcept": concept(RXNORM, "29046"),
    } | more


PERIOD = {"effectivePeriod": {"start": "2024-01-01", "end": "2024-06-30"}}


@pytest.mark.parametrize(
    ("resource", "start", "end", "quality"),
    [
        ({"status": "active", "effectiveDateTime": "2024-01-01"}, "2024-01-01", None, "usable"),
        ({"status": "active"} | PERIOD, "2024-01-01", "2024-07-01", "usable"),
        ({"status": "active", "dateAsserted": "2024-02-01"}, "2024-02-01", None, "usable"),
        ({"status": "completed"} | PERIOD, "2024-01-01", "2024-07-01", "usable"),
        ({"status": "stopped", "effectiveDateTime": "2024"}, "2024-01-01", "2024-01-01", "usable"),
        ({"status": "on-hold"} | PERIOD, "2024-01-01", "2024-01-01", "usable"),
        ({"status": "intended"} | PERIOD, "2024-01-01", "2024-07-01", "inactive"),
        ({"status": "not-taken"} | PERIOD, "2024-01-01", "2024-07-01", "inactive"),
        ({"status": "entered-in-error"} | PERIOD, "2024-01-01", "2024-07-01", "inactive"),
    ],
)
def test_statements(resource, start, end, quality):
    draft = one(taken("MedicationStatement", **resource))
    assert span(draft) == (start, end)
    assert draft.quality == quality


@pytest.mark.parametrize(
    ("resource", "end", "quality"),
    [
        ({"status": "completed", "effectiveDateTime": "2024-01-01"}, "2024-01-02", "usable"),
        ({"status": "completed"} | PERIOD, "2024-07-01", "usable"),
        ({"status": "in-progress", "effectiveDateTime": "2024-01-01"}, None, "usable"),
        ({"status": "not-done", "effectiveDateTime": "2024-01-01"}, "2024-01-02", "inactive"),
    ],
)
def test_administrations(resource, end, quality):
    draft = one(taken("MedicationAdministration", **resource))
    assert span(draft) == ("2024-01-01", end)
    assert draft.quality == quality


@pytest.mark.parametrize(
    ("status", "dates", "days", "end", "quality"),
    [
        ("completed", {"whenHandedOver": "2024-01-01"}, 90, "2024-03-31", "usable"),
        ("completed", {"whenPrepared": "2024-01-01"}, 90, "2024-03-31", "usable"),
        ("completed", {"whenHandedOver": "2024-01-01"}, None, "2024-01-01", "usable"),
        ("in-progress", {"whenHandedOver": "2024-01-01"}, 90, "2024-03-31", "usable"),
        ("in-progress", {"whenPrepared": "2024-01-01"}, 90, "2024-03-31", "inactive"),
        ("stopped", {"whenHandedOver": "2024-01-01"}, 90, "2024-01-01", "usable"),
        ("cancelled", {"whenPrepared": "2024-01-01"}, 90, "2024-03-31", "inactive"),
    ],
)
def test_dispenses(status, dates, days, end, quality):
    quantity = {"daysSupply": {"value": days, "unit": "days"}} if days else {}
    draft = one(taken("MedicationDispense", status=status, **dates, **quantity))
    assert span(draft) == ("2024-01-01", end)
    assert draft.quality == quality


def test_a_supply_beyond_the_calendar_has_no_end():
    endless = request(status="completed", **supply(1e300, "a"))
    assert exposure(endless).end == day("2024-03-01")


@pytest.mark.parametrize(
    ("code", "system", "concepts", "name"),
    [
        ("617311", RXNORM, ["statin"], "atorvastatin"),
        ("597967", RXNORM, ["antihypertensive", "statin"], "amlodipine/atorvastatin"),
        ("274783", RXNORM, ["glucose_lowering", "insulin"], "insulin glargine"),
        ("243670", RXNORM, ["antiplatelet"], "aspirin"),
        ("A10BH51", ATC, ["glucose_lowering", "statin"], "sitagliptin and simvastatin"),
    ],
)
def test_one_fact_for_each_class(code, system, concepts, name):
    drafts = project(request(code, system))
    assert [draft.concept for draft in drafts] == concepts
    assert {draft.value_code for draft in drafts} == {name}


@pytest.mark.parametrize(
    "drug",
    [
        concept(RXNORM, "99999999", text="Some new tablet"),
        concept("http://hl7.org/fhir/sid/ndc", "0093-7146", text="atorvastatin 40 mg"),
        {"text": "atorvastatin 40 mg"},
    ],
)
def test_an_unknown_drug_is_listed_and_never_guessed(drug):
    draft = one(request(medicationCodeableConcept=drug))
    assert (draft.concept, draft.quality) == ("medication_unclassified", "unclassified")
    assert draft.display == drug["text"]
    assert draft.reason


def test_one_known_code_among_others_is_enough():
    drug = concept("http://hl7.org/fhir/sid/ndc", "0093-7146")
    drug["coding"].append({"system": RXNORM, "code": "617311"})
    draft = one(request(medicationCodeableConcept=drug))
    assert (draft.concept, draft.code) == ("statin", "617311")


def test_codes_that_name_different_classes_are_marked():
    drug = concept(RXNORM, "617311", "314076")
    drafts = project(request(medicationCodeableConcept=drug))
    assert [(d.concept, d.quality) for d in drafts] == [
        ("statin", "verify"),
        ("antihypertensive", "verify"),
    ]


MEDICATION = {
    "resourceType": "Medication",
    "id": "med1",
    "code": concept(RXNORM, "314076", text="Lisinopril"),
}


def referring(reference="Medication/med1", **more):
    pointer = {"medicationReference": {"reference": reference, "display": "her tablet"}}
    return request(medicationCodeableConcept=None, **pointer, **more)


def test_a_reference_is_followed():
    draft = one(referring(), resolve={"Medication/med1": MEDICATION}.get)
    assert (draft.concept, draft.value_code) == ("antihypertensive", "lisinopril")


def test_a_contained_medication_is_followed():
    draft = one(referring("#med1", contained=[MEDICATION]))
    assert draft.concept == "antihypertensive"


@pytest.mark.parametrize("resolve", [None, lambda _: None])
def test_a_medication_that_is_not_here_yet_is_unclassified(resolve):
    draft = one(referring(), resolve=resolve)
    assert (draft.concept, draft.display) == ("medication_unclassified", "her tablet")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["17767", "83367"], ["antihypertensive", "statin"]),
        (["17767", "99999999"], ["medication_unclassified"]),
        ([], ["medication_unclassified"]),
    ],
)
def test_a_medication_without_a_code_is_its_ingredients(codes, expected):
    mixture = {
        "resourceType": "Medication",
        "code": {"text": "Pharmacy mixture"},
        "ingredient": [{"itemCodeableConcept": concept(RXNORM, code)} for code in codes],
    }
    drafts = project(referring(), resolve=lambda _: mixture)
    assert [draft.concept for draft in drafts] == expected
    assert {draft.display for draft in drafts} == {"Pharmacy mixture"}
