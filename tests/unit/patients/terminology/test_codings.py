import pytest

from patients.terminology.codings import (
    SYSTEMS,
    Atc,
    Icd10,
    Icd10Cm,
    Loinc,
    Snomed,
    code_in,
    code_of,
)


@pytest.mark.parametrize(
    ("uri", "text", "expected"),
    [
        ("http://loinc.org", "2160-0", Loinc("2160-0")),
        ("http://loinc.org", " LA18978-9 ", Loinc("LA18978-9")),
        ("urn:oid:2.16.840.1.113883.6.1", "2160-0", Loinc("2160-0")),
        ("http://snomed.info/sct", "44054006", Snomed("44054006")),
        ("http://snomed.info/sct/731000124108", "44054006", Snomed("44054006")),
        ("http://hl7.org/fhir/sid/icd-10-cm", "e11.22", Icd10Cm("E1122")),
        ("http://hl7.org/fhir/sid/icd-10", "N18.3", Icd10("N183")),
        ("http://www.whocc.no/atc", "c09aa03", Atc("C09AA03")),
        # a code of one system under another's name is no code at all
        ("http://loinc.org", "44054006", None),
        ("http://snomed.info/sct", "2160-0", None),
        ("http://www.nlm.nih.gov/research/umls/rxnorm", "C09AA03", None),
        ("http://example.org/local", "2160-0", None),
        ("", "2160-0", None),
        ("http://loinc.org", "", None),
    ],
)
def test_a_coding_is_read_by_its_system(uri, text, expected):
    assert code_of(uri, text) == expected


def test_codes_of_different_systems_never_meet():
    assert Icd10("E11") != Icd10Cm("E11")
    assert len({Icd10("E11"), Icd10Cm("E11")}) == 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_text_of_the_wrong_shape_is_refused(system):
    with pytest.raises(ValueError, match="is no"):
        code_in(system, "not a code!")


def test_an_unknown_system_is_refused():
    with pytest.raises(ValueError, match="unknown code system"):
        code_in("ndc", "1")
