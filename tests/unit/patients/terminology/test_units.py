import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.terminology.measurements import MEASUREMENTS
from patients.terminology.units import CONVERSIONS, to_canonical, ucum_of, units_of

numbers = st.floats(min_value=0.001, max_value=1e5, allow_nan=False)
conversions = st.sampled_from(sorted(CONVERSIONS))


@pytest.mark.parametrize(
    ("spelling", "ucum"),
    [
        ("mmHg", "mm[Hg]"),
        ("mm Hg", "mm[Hg]"),
        ("MM HG", "mm[Hg]"),
        ("mg/dl", "mg/dL"),
        ("MG/DL", "mg/dL"),
        ("kg/m²", "kg/m2"),
        ("kg/m^2", "kg/m2"),
        ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("ml/min/{1.73_m2}", "mL/min/{1.73_m2}"),
        ("/min", "/min"),
        ("beats/min", "/min"),
        ("{beats}/min", "/min"),
        ("bpm", "/min"),
        ("IU/L", "U/L"),
        ("[IU]/L", "U/L"),
        ("µmol/L", "umol/L"),
        ("μmol/L", "umol/L"),
        ("10^9/L", "10*9/L"),
        ("10⁹/L", "10*9/L"),
        ("x10E9/L", "10*9/L"),
        ("K/uL", "10*3/uL"),
        ("mg/g{creat}", "mg/g"),
        ("mg/g{Creatinine}", "mg/g"),
        ("mmol/mol{Hb}", "mmol/mol"),
        ("°C", "Cel"),
        ("degF", "[degF]"),
        ("lbs", "[lb_av]"),
        ("in", "[in_i]"),
        ("mEq/L", "meq/L"),
        ("furlong", None),
        ("", None),
        ("{anything}", None),
    ],
)
def test_spellings_of_real_feeds(spelling, ucum):
    assert ucum_of(spelling) == ucum


@pytest.mark.parametrize(
    ("concept", "sent", "unit", "canonical"),
    [
        ("total_cholesterol", 200, "mg/dL", 5.172),
        ("hdl_cholesterol", 45, "mg/dL", 1.1637),
        ("ldl_cholesterol", 3.2, "mmol/L", 3.2),
        ("triglycerides", 150, "mg/dL", 1.6935),
        ("hba1c", 48, "mmol/mol", 6.54304),
        ("hba1c", 6.5, "%", 6.5),
        ("glucose_fasting", 126, "mg/dL", 126 / 18.016),
        ("creatinine", 88.4, "umol/L", 1.0),
        ("urine_acr", 3, "mg/mmol", 26.52),
        ("urine_acr", 30, "ug/mg", 30),
        ("urine_pcr", 0.5, "g/g", 500),
        ("albumin", 40, "g/L", 4.0),
        ("bilirubin_total", 17.1, "umol/L", 1.0),
        ("phosphate", 1, "mmol/L", 3.097),
        ("calcium", 2.5, "mmol/L", 10.02),
        ("sodium", 140, "meq/L", 140),
        ("haemoglobin", 135, "g/L", 13.5),
        ("platelets", 250, "10*9/L", 250),
        ("platelets", 250000, "/uL", 250),
        ("body_temperature", 98.6, "[degF]", 37.0),
        ("height", 1.8, "m", 180),
        ("height", 70, "[in_i]", 177.8),
        ("weight", 180, "[lb_av]", 81.6466266),
        ("systolic_bp", 16, "kPa", 120.009872),
        ("oxygen_saturation", 0.97, "1", 97),
        ("egfr_reported", 1, "mL/s/{1.73_m2}", 60),
        ("ast", 1, "ukat/L", 60),
    ],
)
def test_conversion_anchors(concept, sent, unit, canonical):
    assert to_canonical(concept, sent, unit).value == pytest.approx(canonical, rel=1e-12)


def test_an_unindexed_egfr_is_accepted_and_marked():
    converted = to_canonical("egfr_reported", 62, "mL/min")
    assert converted.value == 62
    assert "1.73" in converted.mark


@pytest.mark.parametrize(
    ("concept", "unit"),
    [
        ("total_cholesterol", "mm[Hg]"),
        ("total_cholesterol", "umol/L"),
        ("potassium", "mg/dL"),
        ("hba1c", "mmol/L"),
        ("weight", "cm"),
    ],
)
def test_a_unit_of_something_else_is_no_unit(concept, unit):
    assert to_canonical(concept, 1.0, unit) is None


@given(conversions, numbers)
def test_there_and_back(key, number):
    conversion = CONVERSIONS[key]
    assert conversion.back(conversion.forward(number)) == pytest.approx(number, rel=1e-9, abs=1e-6)


@given(conversions, numbers, numbers)
def test_more_stays_more(key, one, other):
    low, high = sorted((one, other))
    conversion = CONVERSIONS[key]
    assert conversion.forward(low) <= conversion.forward(high)


@given(st.sampled_from(sorted({unit for _, unit in CONVERSIONS})), st.data())
def test_case_and_spaces_do_not_matter(unit, data):
    letters = [
        data.draw(st.sampled_from((letter.lower(), letter.upper(), letter, f" {letter}")))
        for letter in unit
    ]
    assert ucum_of("".join(letters)) == unit


@pytest.mark.parametrize("concept", MEASUREMENTS.values(), ids=lambda c: c.id)
def test_the_canonical_unit_is_read_and_changes_nothing(concept):
    assert ucum_of(concept.unit) == concept.unit
    assert units_of(concept.id)[0] == concept.unit
    assert to_canonical(concept.id, 1.2345, concept.unit) == (1.2345, "")


def test_every_unit_of_a_conversion_can_be_spelled():
    assert {unit for _, unit in CONVERSIONS if ucum_of(unit) != unit} == set()
