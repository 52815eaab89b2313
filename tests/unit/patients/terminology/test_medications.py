import pytest

from patients.terminology.codings import code_in
from patients.terminology.medications import Medication, medication_of
from tools import build_medication_table


@pytest.mark.parametrize(
    ("system", "code", "ingredients", "classes"),
    [
        ("rxnorm", "29046", "lisinopril", "antihypertensive"),  # ingredient
        ("rxnorm", "314076", "lisinopril", "antihypertensive"),  # product
        ("rxnorm", "316049", "hydrochlorothiazide", "antihypertensive"),  # component
        ("rxnorm", "316672", "simvastatin", "statin"),
        ("rxnorm", "617311", "atorvastatin", "statin"),
        ("rxnorm", "597967", "amlodipine/atorvastatin", "antihypertensive statin"),
        ("rxnorm", "730861", "amlodipine/olmesartan", "antihypertensive"),
        ("rxnorm", "476349", "ezetimibe/simvastatin", "statin"),
        ("rxnorm", "861007", "metformin", "glucose_lowering"),
        ("rxnorm", "274783", "insulin glargine", "glucose_lowering insulin"),
        (
            "rxnorm",
            "106892",
            "insulin isophane/insulin regular human",
            "glucose_lowering insulin",
        ),
        ("rxnorm", "1719286", "furosemide", "antihypertensive"),
        ("rxnorm", "243670", "aspirin", "antiplatelet"),
        ("rxnorm", "309362", "clopidogrel", "antiplatelet"),
        ("rxnorm", "198405", "ibuprofen", "nsaid"),
        ("rxnorm", "2047715", "amlodipine/celecoxib", "antihypertensive nsaid"),
        ("rxnorm", "855332", "warfarin", "vitamin_k_antagonist"),
        ("atc", "B01AA03", "", "vitamin_k_antagonist"),
        ("atc", "B01AC06", "", "antiplatelet"),
        ("atc", "B01AF02", "", "other"),
        ("atc", "M01AE01", "", "nsaid"),
        ("atc", "M02AA15", "", "other"),
        ("atc", "N02BA01", "", "nsaid"),
        ("rxnorm", "705129", "nitroglycerin", "other"),
        ("rxnorm", "9947", "sotalol", "other"),
        ("rxnorm", "75207", "bosentan", "other"),
        ("atc", "C09AA05", "", "antihypertensive"),
        ("atc", "C03CA01", "", "antihypertensive"),
        ("atc", "C02KX01", "", "other"),
        ("atc", "C07AA07", "", "other"),
        ("atc", "C10AA05", "", "statin"),
        ("atc", "C10BX03", "", "antihypertensive statin"),
        ("atc", "C10BA10", "", "other"),
        ("atc", "C10AX09", "", "other"),
        ("atc", "A10AE04", "", "glucose_lowering insulin"),
        ("atc", "A10BA02", "", "glucose_lowering"),
        ("atc", "A10BH51", "", "glucose_lowering statin"),
        ("atc", "S01ED01", "", "other"),
        ("atc", "N02BE01", "", "other"),
    ],
)
def test_what_a_code_is(system, code, ingredients, classes):
    found = medication_of(code_in(system, code))
    assert "/".join(found.ingredients) == ingredients
    assert set(found.classes) == set(classes.split())


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("rxnorm", "99999999"),
        ("rxnorm", "10600"),  # timolol: tablets or eye drops?
        ("rxnorm", "6984"),  # minoxidil: tablets or hair lotion?
        ("atc", "C10"),  # statins and others
        ("atc", "C10BX"),
        ("atc", "C10BX99"),
        ("atc", "A"),
        ("snomed", "372912004"),
    ],
)
def test_what_the_table_does_not_say_is_not_guessed(system, code):
    assert medication_of(code_in(system, code)) is None


@pytest.mark.parametrize("classes", [(), ("other", "statin"), ("antibiotic",)])
def test_odd_classes_are_refused(classes):
    with pytest.raises(ValueError, match=r"class|alone"):
        Medication(("x",), classes, "")


def test_the_committed_table_is_built_from_its_sources():
    assert build_medication_table.main(["--check"]) == 0
