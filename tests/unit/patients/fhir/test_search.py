import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.fhir import dates
from patients.fhir.definitions import elements, resource_types, table
from patients.fhir.search import (
    LARGEST_COUNT,
    SEARCH_PARAMETERS,
    DateRange,
    SearchParameterError,
    encode_cursor,
    extract_index,
    parse_query,
)
from patients.fhir.search_index import LONGEST_TOKEN, IndexEntry, folded
from patients.fhir.search_parameters import main_date
from tests.unit.patients.fhir import examples as ex
from tests.unit.patients.fhir.examples import Json, changed, concept

TEXT = st.text(alphabet="ab|,\\ :/é", min_size=1, max_size=6)


def finds(resource: Json, *pairs: tuple[str, str]) -> bool:
    """Whether a search for these pairs finds the resource."""
    query = parse_query(resource["resourceType"], pairs)
    return query.matches(resource.get("id", ""), extract_index(resource))


def escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\|," else c for c in text)


def refusal(type_name: str, *pairs: tuple[str, str]) -> str:
    with pytest.raises(SearchParameterError) as caught:
        parse_query(type_name, pairs)
    assert caught.value.status == 400
    assert caught.value.issues[0].diagnostics == str(caught.value)
    return str(caught.value)


def test_codes_are_found_in_every_token_form():
    code = f"{ex.LOINC}|2093-3"
    for value in (code, "2093-3", f"{ex.LOINC}|", f"x,{code}"):
        assert finds(ex.OBSERVATION, ("code", value))
    for value in ("|2093-3", "http://x|2093-3", "2093", f"{ex.LOINC}|1"):
        assert not finds(ex.OBSERVATION, ("code", value))


def test_a_code_without_a_system():
    resource = changed(ex.OBSERVATION, code={"coding": [{"code": "c1"}]})
    for value in ("|c1", "c1"):
        assert finds(resource, ("code", value))
    without_code = changed(ex.OBSERVATION, code={"coding": [{"system": "s"}]})
    assert finds(without_code, ("code", "s|"))
    form = {"resourceType": "Questionnaire", "item": [{"code": [{"system": "s", "code": "q"}]}]}
    assert finds(form, ("code", "s|q"))


def test_identifiers_codes_and_references_are_indexed():
    assert finds(ex.PATIENT, ("identifier", "urn:oid:1.2.3|1"), ("_id", "p1"))
    assert finds(ex.ALLERGY, ("category", "food"), ("patient", "p1"))
    assert finds(ex.ALLERGY, ("category", "|food"))
    assert finds(changed(ex.CONDITION, category=[concept("x", "y")]), ("category", "x|y"))
    assert finds(changed(ex.ALLERGY, category=[None, "food"]), ("category", "food"))


def test_references_are_found_in_every_form():
    for value in ("p1", "Patient/p1", "Patient/2,Patient/p1"):
        assert finds(ex.OBSERVATION, ("subject", value))
        assert finds(ex.OBSERVATION, ("patient", value))
    assert not finds(ex.OBSERVATION, ("subject", "Group/p1"))
    group = changed(ex.OBSERVATION, subject={"reference": "Group/p1"})
    assert finds(group, ("subject", "p1"))
    assert not finds(group, ("patient", "p1"))
    absolute = "http://example.org/fhir/Patient/p1"
    assert finds(ex.BLOOD_PRESSURE, ("subject", absolute))
    ours = parse_query("Observation", [("patient", absolute)], base_url="http://example.org/fhir")
    assert ours.ref_groups == (("subject\x1fPatient/p1",),)


def test_references_that_are_not_literal_are_not_indexed():
    for text in ("#p", "urn:uuid:1", "Patient?identifier=1"):
        assert extract_index(changed(ex.OBSERVATION, subject={"reference": text})).refs == []
    assert extract_index(changed(ex.OBSERVATION, subject={"display": "x"})).refs == []


def test_canonicals_are_references_too():
    base = "http://hl7.org/fhir/SearchParameter/Resource-id"
    for canonical in (base, f"{base}|4.0.1"):
        resource = {"resourceType": "SearchParameter", "derivedFrom": canonical}
        assert finds(resource, ("derived-from", base))
    values = {"resourceType": "ConceptMap", "sourceCanonical": "http://x.org/ValueSet/v|1"}
    assert finds(values, ("source", "http://x.org/ValueSet/v"))
    assert not finds(values, ("source", "ValueSet/v"))
    nowhere = {"resourceType": "ConceptMap", "sourceCanonical": "urn:oid:1.2.3"}
    assert extract_index(nowhere).refs == []


def test_dates_are_intervals():
    # 2024-02-29T10:00:00.5+01:00
    for value in ("2024", "2024-02", "2024-02-29", "ge2024-02-29", "gt2024-02-28", "le2024-02-29",
                  "lt2024-03", "2023,2024", "eq2024-02-29T09:00", "ge2024-02-29T09:00:00.5Z"):  # fmt: skip
        assert finds(ex.OBSERVATION, ("date", value)), value
    for value in (
        "2023",
        "2024-02-28",
        "ge2024-03",
        "gt2024-02-29",
        "le2024-02-28",
        "lt2024-02-29",
    ):
        assert not finds(ex.OBSERVATION, ("date", value)), value
    assert finds(ex.OBSERVATION, ("date", "ge2024"), ("date", "lt2025"))
    assert not finds(ex.OBSERVATION, ("date", "ge2024"), ("date", "gt2025"))


def test_open_periods_reach_to_the_ends():
    started = changed(ex.ENCOUNTER, period={"start": "2024"})
    assert finds(started, ("date", "gt2090"))
    assert not finds(started, ("date", "2024"))
    ended = changed(ex.ENCOUNTER, period={"end": "2024"})
    assert finds(ended, ("date", "lt1900"))
    assert not finds(changed(ex.ENCOUNTER, period=None), ("date", "ge0001"))
    assert not finds(changed(ex.ENCOUNTER, period={"id": "x"}), ("date", "ge0001"))


def test_timings_and_lists_of_dates():
    timing = {"event": ["2024-01-01", "2024-03-01"], "repeat": {"boundsPeriod": {"end": "2024-04"}}}
    entry = extract_index(changed(ex.OBSERVATION, effectiveDateTime=None, effectiveTiming=timing))
    assert entry.date_low == dates.EARLIEST
    assert entry.date_high == datetime(2024, 5, 1, tzinfo=UTC)
    events = [{"timing": {"event": ["2024-01-01", None]}}]
    entry = extract_index(changed(ex.MEDICATION_REQUEST, dosageInstruction=events))
    assert entry.date_high == datetime(2024, 1, 2, tzinfo=UTC)


def test_text_for_a_date_is_not_indexed():
    vaccination = {"resourceType": "Immunization", "occurrenceString": "in spring"}
    assert extract_index(vaccination) == IndexEntry()


MOMENTS = st.integers(0, 12).map(lambda h: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=h))


@given(st.sampled_from(["eq", "ge", "gt", "le", "lt"]), *[MOMENTS] * 4)
def test_a_comparison_follows_from_its_hours(prefix, a, b, c, d):
    """Slow and obvious: an interval is the set of its hours."""
    hours = range(-1, 14)
    start = datetime(2024, 1, 1, tzinfo=UTC)

    def inside(low, high):
        return {h for h in hours if low <= start + timedelta(hours=h) < high}

    low, high = min(a, b), max(a, b) + timedelta(hours=1)
    theirs = (min(c, d), max(c, d) + timedelta(hours=1))
    wanted, have = inside(low, high), inside(*theirs)
    expected = {
        "eq": have <= wanted,
        "gt": max(have) > max(wanted),
        "lt": min(have) < min(wanted),
        "ge": max(have) >= min(wanted),
        "le": min(have) <= max(wanted),
    }[prefix]
    assert DateRange(prefix, low, high).matches(*theirs) == expected


def test_no_date_matches_nothing():
    now = datetime(2024, 1, 1, tzinfo=UTC)
    assert not DateRange("ge", now, now).matches(None, None)


@given(TEXT, TEXT)
def test_what_is_escaped_is_found(system, code):
    resource = {"resourceType": "Basic", "code": concept(system, code)}
    assert finds(resource, ("code", f"{escaped(system)}|{escaped(code)}"))
    assert finds(resource, ("code", f"zz,{escaped(code)}"))
    assert finds(resource, ("code", f"{escaped(system)}|"))
    assert finds(resource, ("code", f"|{escaped(code)}")) is False


def test_very_long_codes_are_not_indexed():
    resource = {"resourceType": "Basic", "code": concept("s", "c" * LONGEST_TOKEN)}
    assert extract_index(resource).tokens == []
    far = {"reference": f"http://x.org/{'a' * LONGEST_TOKEN}/Patient/1"}
    assert extract_index(changed(ex.OBSERVATION, subject=far)).refs == []


def test_ids_intersect():
    query = parse_query("Patient", [("_id", "a,b"), ("_id", "b,c")])
    assert query.ids == {"b"}
    assert parse_query("Patient", [("_id", "a"), ("_id", "b")]).ids == frozenset()
    assert not finds(ex.PATIENT, ("_id", "other"))


def test_page_size_and_cursor():
    cursor = encode_cursor([17])
    query = parse_query("Patient", [("_count", "5000"), ("_cursor", cursor), ("_id", "a")])
    assert (query.count, query.cursor) == (LARGEST_COUNT, (17,))
    assert query.echo == (("_count", "1000"), ("_cursor", cursor), ("_id", "a"))
    assert parse_query("Patient", [("_count", "0")]).count == 0
    assert parse_query("Patient", [("_summary", "count")]).count == 0
    assert parse_query("Patient", []).count == 50
    for twice in ("_count", "_cursor", "_total", "_sort", "_elements"):
        value = {"_count": "1", "_cursor": cursor, "_total": "none", "_sort": "_id"}
        assert "given twice" in refusal("Patient", *[(twice, value.get(twice, "gender"))] * 2)


@pytest.mark.parametrize("values", [[], [-1], [2**63], ["x"], [True, "x"], {"a": 1}, ["a", 1]])
def test_a_cursor_that_nobody_gave_is_refused(values):
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    assert "_cursor" in refusal("Patient", ("_cursor", cursor))


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        (("colour", "red"), "unknown parameter; supported are _id, _lastUpdated, _tag,"),
        (("code:text", "x"), "modifier ':text' is not supported"),
        (("patient:Group", "1"), "'patient' does not point at 'Group'"),
        (("subject:patient", "1"), "modifier ':patient' is not supported"),
        (("subject.colour", "x"), "'colour' is no parameter of Device, Group, Location, Patient"),
        (("subject:Patient.general-practitioner.name", "x"), "one level"),
        (("subject:Observation.code", "x"), "does not point at 'Observation'"),
        (("code.name", "x"), "'code' is no reference"),
        (("_has:Provenance:colour:agent", "1"), "unknown parameter"),
        (("_has:Encounter:subject:status", "x"), "does not point at Observation"),
        (("_has:Provenance:target", "1"), "write _has:Observation:patient:code"),
        (("_has:Provenance:target:agent.name", "1"), "one level"),
        (("_sort", "code"), "Observation is sorted by _lastUpdated, _id, date"),
        (("_sort", "date,date,date,date,date"), "at most 4"),
        (("_total", "some"), "accurate, estimate or none"),
        (("_summary", "text"), "count or false"),
        (("_elements", "colour"), "no element of Observation"),
        (("_include", "Observation"), "Type:parameter"),
        (("_include", "Encounter:subject"), "starts at the type"),
        (("_include", "Observation:code"), "no reference"),
        (("_include", "Observation:subject:Encounter"), "does not point at Encounter"),
        (("_include:iterate", "Observation:subject"), "unknown parameter"),
        (("_revinclude", "Encounter:subject"), "does not point at Observation"),
        (("_revinclude", "Provenance:target:Patient"), "ends at Observation"),
        (("value-quantity", "much"), "is a number"),
        (("value-quantity", "5|mg"), "is a number"),
        (("value-quantity", "ap5"), "prefix 'ap' is not supported"),
        (("date", "ap2024"), "prefix 'ap' is not supported; use eq, ge, gt, le, lt"),
        (("date", "yesterday"), "is a date such as"),
        (("date", "2024-02-30"), "calendar"),
        (("date", ""), "empty value"),
        (("code", "a,,b"), "empty value"),
        (("code", "|"), "neither system nor code"),
        (("code", "a|b|c"), "system|code"),
        (("code", "a\x00"), "NUL"),
        (("code", "a" * 501), "longer than 500"),
        (("patient", "a/b/c"), "Type/id"),
        (("patient", "Patient?identifier=1"), "Type/id"),
        (("_id", "a/b"), "64 letters"),
        (("_count", "many"), "whole number"),
        (("_count", "-1"), "whole number"),
        (("_cursor", "x"), "next link"),
    ],
)
def test_what_is_not_served_is_refused(pair, says):
    assert says in refusal("Observation", pair)


def test_an_unknown_type_is_refused():
    assert "not an R4 resource type" in refusal("Pattient")
    with pytest.raises(KeyError):
        SEARCH_PARAMETERS["Pattient"]


def test_the_table_holds_every_type_and_only_paths_that_exist():
    assert set(SEARCH_PARAMETERS) == resource_types()
    assert len(SEARCH_PARAMETERS) == len(resource_types())
    for name, parameters in SEARCH_PARAMETERS.items():
        for parameter in parameters.values():
            for path in parameter.paths:
                owner = name
                for step in path.steps:
                    found = elements(owner)[step].type
                    owner = found
                assert found == path.type
            if parameter.type == "reference":
                assert parameter.targets
            for key in parameter.stored_as:
                assert set(parameters[key].paths) <= set(parameter.paths)


def test_the_interpreted_types_can_be_searched_by_patient():
    for name in (
        "Observation",
        "Condition",
        "MedicationRequest",
        "AllergyIntolerance",
        "Encounter",
    ):
        assert {"patient", "identifier", "date" if name != "Condition" else "code"} <= set(
            SEARCH_PARAMETERS[name]
        )
    assert set(table("search")) <= resource_types()


def test_one_element_is_indexed_once():
    assert SEARCH_PARAMETERS["Observation"]["patient"].keys == ("subject",)
    assert SEARCH_PARAMETERS["Observation"]["combo-code"].keys == ("code", "component-code")
    assert SEARCH_PARAMETERS["Observation"]["code"].keys == ("code",)
    assert SEARCH_PARAMETERS["Coverage"]["patient"].keys == ("patient",)


def test_codes_of_a_panel_are_found_with_those_of_its_parts():
    for code in ("85354-9", "8480-6"):
        assert finds(ex.BLOOD_PRESSURE, ("combo-code", f"{ex.LOINC}|{code}"))
    assert not finds(ex.BLOOD_PRESSURE, ("code", "8480-6"))
    assert finds(ex.BLOOD_PRESSURE, ("component-code", "8480-6"))


def test_names_are_found_by_their_beginnings_without_case_and_accents():
    person = changed(ex.PATIENT, name=[{"family": "Núñez  Gil", "given": ["Ana", "María"]}])
    for pair in [("family", "nunez"), ("family", "NÚÑEZ gil"), ("given", "mar"), ("name", "a"),
                 ("name", "núñ"), ("given", "zzz,ana"), ("family:exact", "Núñez  Gil")]:  # fmt: skip
        assert finds(person, pair), pair
    for pair in [("family", "gil"), ("given", "nunez"), ("family:exact", "núñez  gil")]:
        assert not finds(person, pair), pair
    assert "1 to 80" in refusal("Patient", ("name", "x" * 81))
    assert "1 to 80" in refusal("Patient", ("name", "\u0301"))


LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])


@given(st.text(LETTERS, min_size=1, max_size=90), st.integers(1, 80))
def test_every_beginning_of_a_name_finds_it(name, length):
    wanted = folded(name)[:length]
    if wanted.strip():
        assert finds(changed(ex.PATIENT, name=[{"family": name}]), ("family", escaped(wanted)))


def test_quantities_have_the_precision_of_their_digits():
    resource = changed(
        ex.OBSERVATION,
        valueQuantity={"value": 5.44, "unit": "Grams", "system": "http://u", "code": "g"},
    )
    for value in ("5.4", "5.44", "5", "gt5.43", "ge5.44", "le5.44", "lt6", "54e-1", "5.4||g",
                  "5.4|http://u|g", "5.4|http://u|", "5.4||Grams", "9,5.4"):  # fmt: skip
        assert finds(resource, ("value-quantity", value)), value
    for value in ("5.5", "5.440", "gt5.44", "lt5.44", "ge5.45", "5.4||kg", "5.4|http://x|g"):
        expected = value == "5.440"
        assert finds(resource, ("value-quantity", value)) is expected, value


def test_dates_beside_the_main_one():
    assert main_date("MedicationRequest") == "authoredon"
    assert [main_date(t) for t in ("Patient", "Condition", "Basic")] == [
        *("birthdate", "onset-date"),
        "",
    ]
    resource = changed(ex.CONDITION, recordedDate="2024-05-06", onsetDateTime="2001")
    assert finds(resource, ("recorded-date", "2024-05"), ("onset-date", "2001"))
    assert not finds(resource, ("recorded-date", "gt2024-05-06"))
    assert not finds(changed(resource, recordedDate=None), ("recorded-date", "ge0001"))


def test_meta_is_searched():
    meta = {"profile": ["http://p/1"], "tag": [{"system": "t", "code": "x"}]}
    resource = changed(ex.OBSERVATION, meta=meta)
    assert finds(resource, ("_profile", "http://p/1"), ("_tag", "t|x"), ("status", "final"))
    assert not finds(resource, ("_profile", "http://p"))
    assert finds(changed(ex.PATIENT, active=True), ("active", "true"))


def test_chains_and_their_kin_are_taken_apart():
    query = parse_query(
        "Observation",
        [
            ("subject:Patient.identifier", "a|b"),
            ("encounter.status", "finished"),
            ("_has:Provenance:target:agent", "Device/1"),
            ("_include", "Observation:subject:Patient"),
            ("_revinclude", "Provenance:target"),
            ("_sort", "-date,_id"),
            ("_elements", "code,value"),
        ],
    )
    patient, encounter = query.chains
    assert [q.type for q in patient.queries] == ["Patient"]
    assert encounter.queries[0].token_groups == (("status\x1ffinished",),)
    assert (query.has[0].parameter.name, query.has[0].query.type) == ("target", "Provenance")
    assert (query.includes[0].source, query.includes[0].target) == ("Observation", "Patient")
    assert query.revincludes[0].source == "Provenance"
    assert [(k.name, k.descending) for k in query.sort] == [("date", True), ("_id", False)]
    both = parse_query("Observation", [("subject.name", "x")]).chains[0].queries
    assert {q.type for q in both} == {"Patient", "Location"}
