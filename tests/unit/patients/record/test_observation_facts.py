"""What becomes of an Observation, row by row."""

import pytest

from patients.record.projection import project
from patients.record.quantities import measured
from patients.terminology.codings import code_in
from patients.terminology.measurements import observation_of
from tests.unit.patients.record.builders import (
    LOINC,
    SNOMED,
    concept,
    day,
    observation,
    one,
    quantity,
    smoking,
)

PANEL = {
    "valueQuantity": None,
    "component": [
        {"code": concept(LOINC, "8462-4"), "valueQuantity": quantity(82, "mmHg")},
        {"code": concept(LOINC, "8480-6"), "valueQuantity": quantity(128, "mmHg", code="mm[Hg]")},
    ],
}


def test_a_plain_result():
    draft = one(observation("2160-0", 88.4, "umol/L"))
    assert draft.columns() == {
        "path": "Observation",
        "concept": "creatinine",
        "kind": "measurement",
        "quality": "usable",
        "value": pytest.approx(1.0),
        "unit": "mg/dL",
        "value_code": "",
        "raw_value": "88.4",
        "raw_unit": "umol/L",
        "system": LOINC,
        "code": "2160-0",
        "display": "Creatinine [Mass/volume] in Serum or Plasma",
        "effective_at": day("2024-05-03"),
        "effective_precision": "day",
        "end_at": None,
        "reason": "",
        "mappings": [],
    }


# LOINC code, value[x], value in the canonical unit, quality
@pytest.mark.parametrize(
    ("code", "value", "canonical", "quality"),
    [
        # units
        ("2093-3", quantity(200, "mg/dL"), 5.172, "usable"),
        ("14647-2", quantity(5.2, "mmol/L"), 5.2, "usable"),
        ("4548-4", quantity(48, code="mmol/mol"), 6.54304, "usable"),
        ("8480-6", quantity(135, "mm Hg"), 135, "usable"),
        ("8480-6", quantity(135, "Millimeters of Mercury", code="mm[Hg]"), 135, "usable"),
        ("8480-6", quantity(135, "mmHg", code="mmHg", system="urn:local"), 135, "usable"),
        ("2160-0", quantity(1.1, "furlong"), None, "unknown_unit"),
        ("2160-0", quantity(1.1, "mmHg"), None, "unknown_unit"),
        ("2160-0", quantity(1.1, "umol/L", code="mg/dL"), None, "unknown_unit"),
        ("2160-0", quantity(1.1, "mg/dL", code="madeup"), None, "unknown_unit"),
        ("2160-0", quantity(1.1, "kg", code="mg/dL"), None, "unknown_unit"),
        ("777-3", quantity(250, "10*9/L", code="10*3/uL"), 250, "usable"),
        ("4548-4", quantity(6.5, "%"), 6.5, "usable"),
        ("59261-8", quantity(48, "mmol/mol"), 6.54304, "usable"),
        ("59261-8", quantity(4.8, "%"), None, "unknown_unit"),
        ("8480-6", quantity(135), None, "missing_unit"),
        ("6301-6", quantity(2.5), 2.5, "verify"),
        ("6301-6", quantity(2.5, "{INR}"), 2.5, "usable"),
        ("33914-3", quantity(62, "mL/min/1.73m2"), 62, "usable"),
        ("33914-3", quantity(62, "mL/min"), 62, "verify"),
        # range
        ("8480-6", quantity(225, "mmHg"), 225, "verify"),
        ("8480-6", quantity(320, "mmHg"), 320, "verify"),
        ("8480-6", quantity(321, "mmHg"), 321, "impossible"),
        ("2160-0", quantity(-1, "mg/dL"), -1, "impossible"),
        ("2339-0", quantity(1080, "mg/dL"), 1080 / 18.016, "verify"),
        ("1742-6", quantity(4200, "U/L"), 4200, "verify"),
        ("2160-0", quantity(10**400, "mg/dL"), None, "impossible"),
        ("2160-0", quantity(float("inf"), "mg/dL"), None, "impossible"),
        # a bound is not a value
        ("9318-7", quantity(5, "mg/g", comparator="<"), None, "unclassified"),
        ("33914-3", quantity(90, "mL/min/1.73m2", comparator=">"), None, "unclassified"),
    ],
)
def test_quantities(code, value, canonical, quality):
    draft = one(observation(code, valueQuantity=value))
    assert draft.quality == quality
    assert draft.value == (None if canonical is None else pytest.approx(canonical))
    assert bool(draft.reason) == (quality != "usable")
    assert draft.raw_value.lstrip("<>") == repr(value["value"])[:100]


@pytest.mark.parametrize(
    ("value", "quality", "raw"),
    [
        ({"valueInteger": 5}, "missing_unit", "5"),
        ({"valueString": "5.4"}, "missing_unit", "5.4"),
        ({"valueString": "haemolysed"}, "unclassified", "haemolysed"),
        ({"valueCodeableConcept": concept(SNOMED, "260385009")}, "unclassified", ""),
    ],
)
def test_a_number_without_a_quantity_has_no_unit(value, quality, raw):
    draft = one(observation("2160-0", **value))
    assert (draft.quality, draft.raw_value, draft.value) == (quality, raw, None)


def test_an_integer_is_enough_where_there_is_no_unit():
    assert one(observation("9269-2", valueInteger=14)).value == 14


@pytest.mark.parametrize(
    "value",
    [
        {"dataAbsentReason": concept("urn:absent", "not-performed")},
        {"valueQuantity": {"unit": "mg/dL"}},
        {"valueQuantity": {"value": True, "unit": "mg/dL"}},
        {"status": "preliminary"},
        {},
    ],
)
def test_without_a_value_there_is_no_fact(value):
    assert project(observation("2160-0", **value)) == []


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        ("final", "usable"),
        ("amended", "usable"),
        ("corrected", "usable"),
        ("preliminary", "verify"),
        ("unknown", "verify"),
        ("registered", "inactive"),
        ("cancelled", "inactive"),
        ("entered-in-error", "inactive"),
    ],
)
def test_status(status, quality):
    assert one(observation("2160-0", 1.0, status=status)).quality == quality


def test_entered_in_error_outweighs_every_other_fault():
    draft = one(observation("8480-6", 900, "mmHg", status="entered-in-error"))
    assert draft.quality == "inactive"
    assert "outside" in draft.reason


@pytest.mark.parametrize(
    ("when", "at", "precision"),
    [
        ({"effectiveDateTime": "2024"}, "2024-01-01", "year"),
        ({"effectiveDateTime": "2024-05"}, "2024-05-01", "month"),
        ({"effectiveInstant": "2024-05-03T00:00:00Z"}, "2024-05-03", "time"),
        ({"effectivePeriod": {"start": "2024-05-02", "end": "2024-05-03"}}, "2024-05-02", "day"),
        ({"effectiveTiming": {"event": ["2024-05-04"]}}, "2024-05-04", "day"),
    ],
)
def test_when(when, at, precision):
    draft = one(observation("2160-0", 1.0, **({"effectiveDateTime": None} | when)))
    assert (draft.effective_at, draft.effective_precision) == (day(at), precision)


def test_the_day_of_publishing_is_no_day_of_measuring():
    draft = one(observation("2160-0", 1.0, effectiveDateTime=None, issued="2024-05-03T10:00:00Z"))
    assert (draft.quality, draft.effective_at) == ("undated", None)


@pytest.mark.parametrize("panel", ["85354-9", "55284-4"])
def test_a_blood_pressure_panel(panel):
    diastolic, systolic = project(observation(panel, **PANEL))
    assert (diastolic.concept, diastolic.value) == ("diastolic_bp", 82)
    assert (systolic.concept, systolic.value) == ("systolic_bp", 128)
    assert systolic.path == "Observation.component[1]"
    assert systolic.effective_at == day("2024-05-03")


def test_an_odd_component_does_not_move_the_others():
    resource = observation("85354-9", component=["odd", PANEL["component"][1]])
    assert one(resource).path == "Observation.component[1]"


def test_synonyms_in_one_code_are_one_fact():
    codings = {"code": concept(LOINC, "99999-9", "38483-4", "2160-0")}
    assert one(observation("2160-0", 1.0, **codings)).code == "38483-4"


def test_the_finer_of_two_codes_wins():
    codings = {"code": concept(LOINC, "2345-7", "1558-6")}
    assert one(observation("2345-7", 5.0, "mmol/L", **codings)).concept == "glucose_fasting"


def test_codes_that_contradict_each_other_are_not_used():
    draft = one(observation("2160-0", 1.0, code=concept(LOINC, "2160-0", "2093-3")))
    assert draft.quality == "unclassified"
    assert "creatinine, total_cholesterol" in draft.reason


def test_what_is_not_about_the_patient_is_not_used():
    draft = one(observation("8867-4", 140, "/min", focus=[{"reference": "Patient/foetus"}]))
    assert draft.quality == "unclassified"


def test_other_observations_make_no_facts():
    assert project(observation("72514-3", 3, "{score}")) == []
    assert project(observation(value=1.0, code={"text": "Creatinine"})) == []


def test_the_senders_display_is_kept():
    code = {"coding": [{"system": LOINC, "code": "2160-0", "display": "S-Krea"}]}
    assert one(observation(value=1.0, code=code)).display == "S-Krea"


@pytest.mark.parametrize(
    ("codes", "value", "quality"),
    [
        (["449868002"], "current", "usable"),
        (["8517006"], "former", "usable"),
        (["266919005"], "never", "usable"),
        (["266927001"], "unknown", "unclassified"),
        (["123"], "", "unclassified"),
        (["999999999"], "", "unclassified"),
        (["449868002", "77176002"], "current", "usable"),
        (["449868002", "266919005"], "", "unclassified"),
    ],
)
def test_smoking(codes, value, quality):
    draft = one(smoking(*codes))
    assert (draft.concept, draft.kind) == ("smoking_status", "coded")
    assert (draft.value_code, draft.quality) == (value, quality)


def test_smoking_as_text_is_kept_and_not_guessed():
    draft = one(observation("72166-2", valueString="smokes 10 a day"))
    assert (draft.quality, draft.value_code) == ("unclassified", "")
    assert draft.raw_value == "smokes 10 a day"


def test_smoking_without_an_answer_makes_no_fact():
    assert project(observation("72166-2")) == []


def test_nul_characters_do_not_reach_the_database():
    code = {"coding": [{"system": LOINC, "code": "2160-0", "display": "Krea\x00tinin"}]}
    assert one(observation(value=1.0, code=code)).display == "Kreatinin"


def test_a_unit_text_needs_no_system():
    assert one(observation("8480-6", valueQuantity={"value": 120, "unit": "mmHg"})).value == 120


def test_a_number_of_thousands_of_digits_is_impossible():
    draft = one(observation("2160-0", 10**5000, "mg/dL"))
    assert (draft.quality, draft.raw_value) == ("impossible", "a number of thousands of digits")


def test_only_a_measurement_can_be_measured():
    question = observation_of(code_in("loinc", "72166-2"))
    with pytest.raises(TypeError, match="smoking_status"):
        measured(question, {})


@pytest.mark.parametrize(
    ("code", "value"), [("722742002", "air"), ("371825009", "oxygen"), ("248234008", None)]
)
def test_a_finding_as_the_code_is_its_own_answer(code, value):
    found = project(observation(code=concept(SNOMED, code)))
    assert [(d.concept, d.value_code, d.quality) for d in found] == (
        [("inhaled_oxygen", value, "usable")] if value else []
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"dataAbsentReason": concept("urn:reason", "unknown")},
        {"valueBoolean": False},
        {"valueQuantity": {"value": 2}},
    ],
)
def test_a_finding_with_a_value_of_its_own_is_not_its_answer(odd):
    assert project(observation(code=concept(SNOMED, "371825009"), **odd)) == []
