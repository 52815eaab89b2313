"""The committed tables load, and a broken table would not."""

import pytest

from patients.terminology import (
    allergies,
    answers,
    conditions,
    encounters,
    measurements,
    medications,
    tables,
    units,
)
from patients.terminology.spans import span


def test_the_header_is_part_of_the_contract():
    with pytest.raises(ValueError, match="columns are"):
        tables.rows("allergy_codes", "system,code")


def test_a_short_row_is_refused(monkeypatch, tmp_path):
    broken = tmp_path / "concepts"
    broken.mkdir()
    (broken / "odd.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    monkeypatch.setattr(tables, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="line 3: 1 fields"):
        tables.rows("odd", "a,b")


@pytest.mark.parametrize(
    ("text", "days"), [("1 y", 366), ("2 y", 731), ("5 y", 1827), ("3 mo", 92), ("10 d", 10)]
)
def test_a_span_includes_the_same_calendar_day(text, days):
    assert span(text).days == days


def test_hours_stay_hours_and_nothing_is_no_limit():
    assert span("1 h").total_seconds() == 3600
    assert span("") is None


def test_an_unknown_span_is_refused():
    with pytest.raises(ValueError, match="no span"):
        span("2 fortnights")


TWICE = {
    allergies._negative_findings: {"system": "snomed", "code": "716186003", "value_code": "x"},
    answers._answers: {
        "concept": "smoking_status",
        "system": "snomed",
        "code": "8517006",
        "value_code": "former",
        "display": "",
    },
    conditions._codes: {
        "concept": "ckd",
        "systems": "snomed",
        "code": "709044004",
        "match": "exact",
        "detail": "",
        "also": "",
        "display": "",
    },
    encounters._codes: {
        "element": "class",
        "system": "actcode",
        "code": "IMP",
        "meaning": "inpatient_stay",
        "display": "",
        "evidence": "M",
    },
    measurements._observation_codes: {
        "concept": "weight",
        "system": "loinc",
        "code": "29463-7",
        "display": "",
        "refused_unit": "",
    },
    medications._medications: {
        "system": "rxnorm",
        "code": "29046",
        "classes": "statin",
        "ingredients": "x",
        "display": "",
    },
}


@pytest.mark.parametrize("load", TWICE, ids=lambda load: load.__module__.rpartition(".")[2])
def test_a_code_that_stands_twice_is_refused(monkeypatch, load):
    monkeypatch.setattr(tables, "rows", lambda *_: [TWICE[load], TWICE[load]])
    with pytest.raises(ValueError, match="twice"):
        load()


def test_an_element_that_no_encounter_has_is_refused(monkeypatch):
    row = TWICE[encounters._codes] | {"element": "length"}
    monkeypatch.setattr(tables, "rows", lambda *_: [row])
    with pytest.raises(ValueError, match="no element"):
        encounters._codes()


def test_an_answer_to_no_question_is_refused(monkeypatch):
    row = TWICE[answers._answers] | {"concept": "weight"}
    monkeypatch.setattr(tables, "rows", lambda *_: [row])
    with pytest.raises(ValueError, match="no coded concept"):
        answers._answers()


def test_a_spelling_of_two_units_is_refused(monkeypatch):
    rows = [{"ucum": "mg/dL", "spellings": "x"}, {"ucum": "g/L", "spellings": "X"}]
    monkeypatch.setattr(tables, "rows", lambda *_: rows)
    with pytest.raises(ValueError, match="two ways"):
        units._spellings()


def test_a_conversion_to_another_unit_than_the_canonical_is_refused(monkeypatch):
    row = {"concepts": "weight", "from_unit": "g", "to_unit": "mg"}
    monkeypatch.setattr(tables, "rows", lambda *_: [row])
    with pytest.raises(ValueError, match="weight"):
        units._conversions()


def test_a_conversion_that_falls_is_refused():
    with pytest.raises(ValueError, match="rises"):
        units.Conversion(multiply=-1)
