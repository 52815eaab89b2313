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
    extract_index,
    parse_query,
)
from patients.fhir.search_index import LONGEST_TOKEN, IndexEntry
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
    assert ours.ref_groups == (("patient\x1fPatient/p1",),)


def test_references_that_are_not_literal_are_not_indexed():
    for text in ("#p", "urn:uuid:1", "Patient?identifier=1"):
        assert extract_index(changed(ex.OBSERVATION, subject={"reference": text})).refs == []
    assert extract_index(changed(ex.OBSERVATION, subject={"display": "x"})).refs == []


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
    query = parse_query("Patient", [("_count", "5000"), ("_cursor", "17"), ("_id", "a")])
    assert (query.count, query.cursor) == (LARGEST_COUNT, 17)
    assert query.echo == (("_count", "1000"), ("_cursor", "17"), ("_id", "a"))
    assert parse_query("Patient", [("_count", "0")]).count == 0
    assert parse_query("Patient", []).count == 50


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        (("colour", "red"), "unknown parameter; supported are _id, category, code, date,"),
        (("code:text", "x"), "modifier ':text' is not supported"),
        (("patient:Patient", "1"), "modifier ':Patient' is not supported"),
        (("subject.name", "x"), "chained parameter is not supported"),
        (("_sort", "date"), "unknown parameter"),
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
