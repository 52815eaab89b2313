"""A code is corrected in the text, and nothing else of it moves."""

import doctest

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.fhir import element_paths
from patients.fhir.corrections import texts_at, with_code
from patients.fhir.element_paths import codes_of, general_path

TEXT = b"""{ "resourceType" : "Patient",
  "note": "M", "gender" :  "M" ,
  "contact": [ {"gender":"M", "x": 405.70}, {"gender": "F"} ] }"""


def test_the_examples_of_the_docstrings() -> None:
    assert doctest.testmod(element_paths).failed == 0


def test_every_other_byte_stays() -> None:
    done = with_code(TEXT, "Patient.gender", "M", "male")
    assert done == TEXT.replace(b'"gender" :  "M"', b'"gender" :  "male"')
    done = with_code(TEXT, "Patient.contact.gender", "M", "male")
    assert done == TEXT.replace(b'{"gender":"M"', b'{"gender":"male"')


def test_a_code_that_is_written_with_escapes_is_the_same_code() -> None:
    raw = rb'{"resourceType":"Patient","gender":"\u004d"}'
    assert b'"male"' in with_code(raw, "Patient.gender", "M", "male")


def test_what_is_not_there_or_is_no_text_changes_nothing() -> None:
    for path in ("Patient.sex", "Patient.contact.x", "Patient.contact", "Patient.note.gender"):
        assert with_code(TEXT, path, "M", "male") == TEXT
    assert texts_at(orjson.loads(TEXT), "Patient.contact.gender") == {"M", "F"}
    assert texts_at({"contact": 1}, "Patient.contact.gender") == set()


@given(
    st.recursive(
        st.text() | st.integers(-5, 5) | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abM"), inner),
    ),
    st.sampled_from(["T.a", "T.a.b", "T.M.a", "T.b.b.a"]),
)
def test_the_text_says_what_a_change_of_the_dict_would(value: object, path: str) -> None:
    def change(node: object, names: list[str]) -> object:
        if isinstance(node, list):
            return [change(item, names) for item in node]
        if isinstance(node, dict) and names:
            return {k: change(v, names[1:]) if k == names[0] else v for k, v in node.items()}
        return "new" if not names and node == "0" else node

    resource = {"a": value, "b": [value], "M": {"a": "0"}}
    done = with_code(orjson.dumps(resource), path, "0", "new")
    assert orjson.loads(done) == change(resource, path.split(".")[1:])


@pytest.mark.parametrize(
    ("path", "some"),
    [
        ("Observation.status", "final"),
        ("Patient.contact.gender", "male"),
        ("Patient.name.use", "official"),
    ],
)
def test_codes_of_bound_elements(path: str, some: str) -> None:
    assert some in codes_of(path)


@pytest.mark.parametrize(
    "path",
    ["Patient", "Patient.birthDate", "Patient.gender.x", "Nothing.gender", "Patient.contained.gender",
     "Condition.clinicalStatus", "Observation.nothing", "Patient.language"],
)  # fmt: skip
def test_nothing_else_has_codes_to_choose_from(path: str) -> None:
    assert codes_of(path) == frozenset()


def test_a_made_up_name_is_not_passed_on() -> None:
    assert general_path("Patient.Jane Doe") == "Patient.*"
    assert general_path("Observation.value") == "Observation.value"
    assert general_path("Patient._birthDate.extension[0].url") == "Patient._birthDate.extension.url"
