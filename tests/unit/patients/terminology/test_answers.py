import pytest

from patients.terminology.allergies import allergy_value
from patients.terminology.answers import answer_of
from patients.terminology.codings import code_in


@pytest.mark.parametrize(
    ("system", "code", "value"),
    [
        ("snomed", "449868002", "current"),
        ("snomed", "428041000124106", "current"),
        ("snomed", "77176002", "current"),
        ("snomed", "8517006", "former"),
        ("snomed", "266919005", "never"),
        ("snomed", "266927001", "unknown"),
        ("loinc", "LA15920-4", "former"),
        ("loinc", "LA18978-9", "never"),
    ],
)
def test_smoking_answers(system, code, value):
    assert answer_of("smoking_status", code_in(system, code)).value_code == value


def test_an_answer_belongs_to_its_question():
    assert answer_of("acvpu", code_in("snomed", "449868002")) is None
    assert answer_of("acvpu", code_in("snomed", "248234008")).value_code == "A"


@pytest.mark.parametrize(
    ("code", "value"),
    [("716186003", "none_known"), ("409137002", "none_known_drug"), ("91935009", "listed")],
)
def test_no_known_allergy_is_no_allergy(code, value):
    assert allergy_value(code_in("snomed", code)) == value
