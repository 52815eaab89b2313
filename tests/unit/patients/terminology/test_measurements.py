"""The input catalogue, as it is written down for clinicians."""

import pytest

from patients.terminology.codings import code_in
from patients.terminology.measurements import (
    CODED,
    MEASUREMENTS,
    MeasurementConcept,
    codes_of,
    observation_of,
)

# concept, accepted LOINC codes, canonical unit, usual, impossible outside, age in days
CATALOGUE = """
systolic_bp       | 8480-6                                  | mm[Hg] | 70-220  | 30-320  | 731
diastolic_bp      | 8462-4                                  | mm[Hg] | 40-130  | 10-250  | 731
heart_rate        | 8867-4                                  | /min   | 40-180  | 10-350  | 366
respiratory_rate  | 9279-1                                  | /min   | 8-40    | 1-100   | 0
oxygen_saturation | 59408-5 2708-6                          | %      | 80-100  | 20-100  | 0
body_temperature  | 8310-5                                  | Cel    | 34-41   | 20-45   | 0
oxygen_flow       | 3151-8                                  | L/min  | 0-15    | 0-80    | 0
fio2              | 3150-6                                  | %      | 21-100  | 15-100  | 0
gcs               | 9269-2                                  | {score} | 3-15   | 3-15    | 0
total_cholesterol | 2093-3 14647-2                          | mmol/L | 2-10    | 0.3-30  | 1827
hdl_cholesterol   | 2085-9 14646-4                          | mmol/L | 0.5-3   | 0.1-10  | 1827
ldl_cholesterol   | 13457-7 18262-6 2089-1                  | mmol/L | 0.5-8   | 0.05-25 | 1827
triglycerides     | 2571-8 14927-8                          | mmol/L | 0.3-10  | 0.1-150 | 1827
hba1c             | 4548-4 59261-8                          | %      | 4-15    | 2.5-25  | 366
glucose_fasting   | 1558-6 14771-0                          | mmol/L | 2.5-30  | 0.3-110 | 366
glucose           | 2339-0 2345-7 15074-8                   | mmol/L | 2.5-30  | 0.3-110 | 366
creatinine        | 2160-0 38483-4 14682-9                  | mg/dL  | 0.3-10  | 0.05-60 | 366
egfr_reported     | 98979-8 33914-3 62238-1 48642-3 48643-1 | mL/min/{1.73_m2} | 5-150 | 0-250 | 366
urine_acr         | 9318-7 14959-1 32294-1                  | mg/g   | 0-4000  | 0-30000 | 366
urine_pcr         | 2890-2 34366-5                          | mg/g   | 0-13000 | 0-60000 | 366
albumin           | 1751-7                                  | g/dL   | 1.5-6   | 0.3-8   | 366
bilirubin_total   | 1975-2 14631-6                          | mg/dL  | 0.1-15  | 0-90    | 366
inr               | 6301-6 34714-6                          | {INR}  | 0.8-6   | 0.3-30  | 92
sodium            | 2951-2 2947-0                           | mmol/L | 120-160 | 80-220  | 366
potassium         | 2823-3 6298-4                           | mmol/L | 2.5-6.5 | 1-14    | 92
calcium           | 17861-6 49765-1                         | mg/dL  | 6-14    | 2-25    | 366
phosphate         | 2777-1                                  | mg/dL  | 1-10    | 0.1-30  | 366
bicarbonate       | 1963-8 20565-8                          | mmol/L | 8-40    | 1-70    | 366
ast               | 1920-8                                  | U/L    | 5-300   | 0-30000 | 366
alt               | 1742-6                                  | U/L    | 3-300   | 0-30000 | 366
platelets         | 777-3                                   | 10*3/uL | 20-1000 | 0-5000 | 366
wbc               | 6690-2                                  | 10*3/uL | 1-50   | 0-1500  | 366
haemoglobin       | 718-7                                   | g/dL   | 5-20    | 1-30    | 366
height            | 8302-2                                  | cm     | 130-210 | 20-280  | none
weight            | 29463-7 3141-9                          | kg     | 35-250  | 0.2-700 | 731
bmi               | 39156-5                                 | kg/m2  | 14-70   | 5-200   | 731
waist             | 8280-0 56086-2                          | cm     | 50-180  | 20-300  | 731
urine_albumin     | 1754-1 14957-5                          | mg/L   | 0-4000  | 0-30000 | 366
alcohol_drinks    | 74013-4                                 | {drinks}/d | 0-15 | 0-100  | 366
vancomycin_level  | 20578-1 4092-3 4090-7 4091-5            | mg/L   | 1-60    | 0-500   | 7
gentamicin_level  | 35668-3 3663-2 3664-0 3665-7            | mg/L   | 0.1-40  | 0-300   | 7
digoxin_level     | 10535-3 14698-5                         | ug/L   | 0.1-3   | 0-50    | 30
lvef              | 10230-1 8806-2 18043-0                  | %      | 10-80   | 1-95    | 731
"""
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in CATALOGUE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_catalogue_is_as_agreed(row):
    concept_id, codes, unit, usual, possible, days = row
    concept = MEASUREMENTS[concept_id]
    assert [entry.code.value for entry in codes_of(concept_id)] == codes.split()
    assert concept.unit == unit
    assert f"{concept.usual_low:g}-{concept.usual_high:g}" == usual
    assert f"{concept.possible_low:g}-{concept.possible_high:g}" == possible
    assert str(concept.max_age_days).lower() == days


def test_nothing_else_is_measured():
    assert set(MEASUREMENTS) == {row[0] for row in ROWS}
    assert set(CODED) == {"smoking_status", "acvpu", "inhaled_oxygen"}
    assert CODED["smoking_status"].max_age_days == 731


def test_limits_are_inclusive():
    systolic = MEASUREMENTS["systolic_bp"]
    assert systolic.is_usual(70)
    assert systolic.is_usual(220)
    assert not systolic.is_usual(220.1)
    assert systolic.is_possible(30)
    assert systolic.is_possible(320)
    assert not systolic.is_possible(320.1)


def test_a_code_outside_the_catalogue_means_nothing():
    assert observation_of(code_in("loinc", "72514-3")) is None


def test_limits_out_of_order_are_refused():
    with pytest.raises(ValueError, match="out of order"):
        MeasurementConcept("x", "", "", "", 5, 3, 0, 9, "", None, False, "", "", "")


@pytest.mark.parametrize("concept", [*MEASUREMENTS.values(), *CODED.values()], ids=lambda c: c.id)
def test_every_concept_has_words_for_clinician_and_patient(concept):
    assert concept.display
    assert concept.plain_name
