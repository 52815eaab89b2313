from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.calendar import first_day_ended, first_day_too_old, next_birthday
from models_engine.catalogue.contract import (
    Background,
    Band,
    Input,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.facts import Change, Performance, Reference
from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.risk.prevent_equations import read_table
from models_engine.registry import model

SBP = model("prevent_base_10y").input("systolic_bp")
CHOLESTEROL = model("prevent_base_10y").input("total_cholesterol")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": " "}, "label"),
        ({"concept": ""}, "concept"),
        ({"role": "guess"}, "role"),
        ({"low": 200}, "empty"),
        ({"max_age_days": 0}, "max_age_days"),
        ({"order": ""}, "order"),
        ({"published_per_unit": 0}, "published_per_unit"),
        ({"if_missing": "It counts nothing."}, "required"),
    ],
)
def test_a_wrong_input_cannot_be_made(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SBP, **change)


def test_ranges_in_words():
    assert SBP.describe_range() == "from 90 to 180 mmHg"
    assert CHOLESTEROL.describe_range() == "from 130 to 320 mg/dL"
    assert model("prevent_base_10y").input("bmi").describe_range() == "from 18.5 below 40 kg/m²"
    assert model("kfre_4v").input("age").describe_range() == "from 18 years"
    assert model("kfre_4v").input("egfr").describe_range() == ("above 0 below 60 mL/min/1.73 m²")
    assert Input("statin", "medication", label="Statin").describe_range() == "any value"
    assert CHOLESTEROL.describe(3.34) == "129.2 mg/dL (3.34 mmol/L)"


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_range_accepts_exactly_what_lies_in_it(value):
    assert SBP.accepts(value) == (90 - 1e-7 <= value <= 180 + 1e-6)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_an_open_range_still_wants_a_finite_value(value):
    assert not Input("statin", "medication", label="Statin").accepts(value)


def test_open_ends_exclude_their_bound():
    egfr = model("kfre_4v").input("egfr")
    assert not egfr.accepts(0.0)
    assert not egfr.accepts(60.0)
    assert egfr.accepts(59.9999)


def test_a_refusal_has_a_code_and_a_known_kind():
    refusal = Refusal("too_old", "hba1c", "HbA1c: last in 2020.")
    assert refusal.to_dict() == {
        "kind": "too_old",
        "concept": "hba1c",
        "code": "too_old.hba1c",
        "message": "HbA1c: last in 2020.",
        "side": "",
        "mappings": [],
    }
    with pytest.raises(ValueError, match="kind"):
        Refusal("tired", "hba1c", "No.")
    with pytest.raises(ValueError, match="message"):
        Refusal("missing", "hba1c", "")


@pytest.mark.parametrize(
    ("value", "code"), [(0.0, "low"), (0.05, "borderline"), (0.0749, "borderline"), (0.2, "high")]
)
def test_bands(value, code):
    assert model("prevent_base_10y").outcome("cvd").band_of(value).code == code


def test_an_outcome_without_bands_has_no_band():
    assert model("prevent_base_10y").outcome("hf").band_of(0.5) is None


def test_wrong_outcomes_bands_vectors_and_backgrounds_cannot_be_made():
    cvd = model("prevent_base_10y").outcome("cvd")
    with pytest.raises(ValueError, match="horizon"):
        replace(cvd, horizon_years=None)
    with pytest.raises(ValueError, match="rise"):
        replace(cvd, bands=cvd.bands[::-1])
    with pytest.raises(ValueError, match="definition"):
        Outcome("cvd", "CVD", 10.0, True)
    with pytest.raises(ValueError, match="none of"):
        Band("low", "Low", 0.0, "X")
    vector = model("kfre_4v").vectors[0]
    with pytest.raises(ValueError, match="tolerance"):
        replace(vector, tolerance=0)
    with pytest.raises(ValueError, match="needs inputs"):
        Vector("empty", {}, {"cvd": 0.1}, 0.1, "nowhere", "M")
    with pytest.raises(ValueError, match="rows"):
        Background({"age": np.zeros(33)}, "made up", "J")
    with pytest.raises(ValueError, match="rows"):
        Background({"age": np.zeros(3), "sex": np.zeros(2)}, "made up", "J")


def test_a_model_is_checked_for_its_names_and_baselines():
    kfre = model("kfre_4v")
    with pytest.raises(ValueError, match="declared twice"):
        replace(kfre, inputs=(*kfre.inputs, kfre.inputs[0]))
    with pytest.raises(ValueError, match="unknown input or outcome"):
        replace(kfre, vectors=model("ckd_epi_2021").vectors)
    with pytest.raises(ValueError, match="background sample"):
        replace(kfre, background=None)
    with pytest.raises(ValueError, match="exactly"):
        replace(kfre, background=model("prevent_base_10y").background)
    with pytest.raises(ValueError, match="every input but"):
        replace(kfre, optimal={})
    with pytest.raises(KeyError):
        kfre.input("hba1c")
    with pytest.raises(KeyError):
        kfre.outcome("cvd")


def test_only_a_quiet_probability_does_without_baselines():
    quiet = model("ukpds_om2_ihd")
    assert quiet.is_probability and quiet.background is None
    with pytest.raises(ValueError, match="optimal_source"):
        replace(quiet, quiet=False)


def test_ever_changes_the_artefact_and_nothing_else_does():
    once = artefact_hash("1", b"", (SBP,))
    assert artefact_hash("1", b"", (replace(SBP, ever=True),)) != once
    assert artefact_hash("1", b"", (replace(SBP, label="Pressure"),)) == once


def test_facts_must_say_something():
    facts = model("kfre_4v").facts
    with pytest.raises(ValueError, match="not_for"):
        replace(facts, not_for="")
    with pytest.raises(ValueError, match="performance"):
        replace(facts, performance=())
    with pytest.raises(ValueError, match="none of"):
        replace(facts, evidence="?")
    with pytest.raises(ValueError, match="citation"):
        Reference("", "S")
    with pytest.raises(ValueError, match="interval"):
        Performance("C", "all", "0.8", "", "here", "S")
    with pytest.raises(ValueError, match="what"):
        Change("1", date(2026, 1, 1), "")


def test_an_unread_column_of_a_background_is_an_error():
    with pytest.raises(KeyError):
        read_background("kfre", ("age", "hba1c"))


def test_a_sample_can_be_narrowed_by_age_and_given_what_it_lacks():
    older = read_background(
        "prevent_10y", ("age", "race_black"), ages=(70, 79), fixed={"race_black": 0}
    )

    assert older.rows["age"].min() >= 70 and 0 < older.size < 32
    assert older.rows["race_black"].dtype == np.float64
    assert f"the {older.size} aged 70 to 79" in older.source


def test_a_coefficient_file_with_an_unknown_term_is_refused(tmp_path, monkeypatch):
    header = "beta_coefficients," + ",".join(
        f"{s}_{o}"
        for o in ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")
        for s in ("female", "male")
    )
    (tmp_path / "prevent_base_10yr.csv").write_text(
        f"{header}\nShoe size,{','.join('1' * 10)}\n", encoding="utf-8"
    )
    monkeypatch.setattr("models_engine.catalogue.risk.prevent_equations.COEFFICIENTS", tmp_path)
    with pytest.raises(ValueError, match="Shoe size"):
        read_table("base", 10)


def test_a_source_without_a_resource_has_no_reference():
    assert InputUsed("age", "Age", 50.0, "a", "demographic").reference == ""


@pytest.mark.parametrize(
    ("born", "precision", "on", "expected"),
    [
        (date(1976, 3, 1), "day", date(2026, 2, 28), date(2026, 3, 1)),
        (date(1976, 3, 1), "day", date(2026, 3, 1), date(2027, 3, 1)),
        (date(1976, 2, 29), "day", date(2026, 1, 1), date(2026, 3, 1)),
        (date(1976, 2, 29), "day", date(2027, 3, 2), date(2028, 2, 29)),
        (date(1976, 5, 1), "month", date(2026, 5, 3), date(2026, 5, 31)),
        (date(1976, 1, 1), "year", date(2026, 12, 31), date(2027, 1, 1)),
        (date(1976, 1, 1), "year", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_next_birthday(born, precision, on, expected):
    assert next_birthday(born, precision, on) == expected


def test_first_days():
    assert first_day_too_old(date(2026, 1, 1), 365) == date(2027, 1, 2)
    assert first_day_ended(datetime(2026, 1, 5, tzinfo=UTC)) == date(2026, 1, 5)
    assert first_day_ended(datetime(2026, 1, 5, 9, tzinfo=UTC)) == date(2026, 1, 6)
