from patients.record.timeline import timeline
from tests.unit.patients.record.builders import condition, day, observation, request, stored

UNTIL = day("2026-11-20")


def lines(*resources, until=UNTIL):
    facts = [row for resource in resources for row in stored(resource)]
    return timeline(facts, until=until)


def test_one_entry_for_a_condition_that_states_several():
    (event,) = lines(condition("E11.22", "http://hl7.org/fhir/sid/icd-10-cm"))
    assert event.kind == "condition"
    assert event.concepts == ("diabetes_type_2", "ckd")
    assert (event.start_at, event.end_at) == (day("2015-06-01"), None)
    assert len(event.facts) == 2


def test_entered_in_error_is_left_out_and_the_unclassified_is_shown():
    events = lines(
        condition(verification="entered-in-error"),
        condition(id="c2", code={"text": "Tennis elbow"}),
    )
    assert [(event.label, event.quality) for event in events] == [("Tennis elbow", "unclassified")]


def bounded(name, start, end, **more):
    repeat = {"boundsPeriod": {"start": start} | ({"end": end} if end else {})}
    dosage = [{"timing": {"repeat": repeat}}]
    status = {"status": "stopped" if end else "active"}
    return request(id=name, dosageInstruction=dosage, **(status | more))


def test_orders_of_one_drug_that_touch_are_one_period():
    events = lines(
        bounded("m2", "2023-02-01", "2023-03-31"),
        bounded("m1", "2023-01-01", "2023-01-31"),
        bounded("m3", "2024-01-01", None),
        bounded("m4", "2025-01-01", "2025-02-01"),
    )
    assert [(e.label, e.start_at, e.end_at) for e in events] == [
        ("atorvastatin", day("2023-01-01"), day("2023-04-01")),
        ("atorvastatin", day("2024-01-01"), None),
    ]
    assert [fact.resource_fhir_id for fact in events[0].facts] == ["m1", "m2"]


def test_different_drugs_are_different_lines():
    events = lines(bounded("m1", "2023-01-01", None), request("314076", id="m2"))
    assert [event.label for event in events] == ["atorvastatin", "lisinopril"]


def test_a_drug_of_two_classes_is_one_line():
    (event,) = lines(request("597967"))
    assert event.concepts == ("antihypertensive", "statin")


def test_key_measurements_are_points_in_the_canonical_unit():
    events = lines(
        observation("4548-4", 48, "mmol/mol", effectiveDateTime="2025-01-01"),
        observation("2951-2", 140, "mmol/L", id="o2"),
        observation("4548-4", 90, "%", id="o3"),
    )
    (event,) = events
    assert (event.kind, event.label, event.unit) == ("measurement", "hba1c", "%")
    assert round(event.value, 2) == 6.54


def test_the_order_and_the_end_of_the_line():
    resources = (
        observation("4548-4", 6.5, "%", effectiveDateTime="2025-01-01"),
        condition(onsetDateTime="2020-01-01"),
        request(authoredOn="2022-01-01"),
    )
    assert [e.kind for e in lines(*resources)] == ["condition", "medication", "measurement"]
    assert [e.kind for e in lines(*resources, until=day("2021-01-01"))] == ["condition"]
