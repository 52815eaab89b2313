"""Genetic results: which gene, which genotype, and what is not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.record.genotypes import genotypes_of, unread_genotypes
from patients.record.projection import project
from patients.record.state import Demographics
from patients.record.state_as_of import state_as_of
from patients.terminology.genes import diplotype_in
from tests.unit.patients.record.builders import LOINC, concept, day, observation, one, stored


def answer(text="", code="", system=LOINC):
    found = {"display": text, "code": code or text, "system": system}
    return {"valueCodeableConcept": {"coding": [{n: v for n, v in found.items() if v}]}}


def component(loinc, **value):
    return {"code": concept(LOINC, loinc), **value}


def gene(name):
    return component("48018-6", **answer(name, "HGNC:2623", "http://www.genenames.org/geneId"))


def genotype(text, *genes, **more):
    parts = {"component": [gene(name) for name in genes]} if genes else {}
    return observation("84413-4", **(answer(text, system="http://www.pharmvar.org") | parts | more))


def said(*resources):
    rows = [row for n, r in enumerate(resources) for row in stored(r, fhir_id=f"o{n}")]
    return state_as_of(Demographics(), rows, day("2026-01-01"))


@pytest.mark.parametrize(
    ("resource", "concept_", "value"),
    [
        # as in HL7's genomics reporting guide
        (genotype("CYP2C9 *2/*5", "CYP2C9"), "genotype:CYP2C9", "*2/*5"),
        (genotype("CYP2C19*2/*2"), "genotype:CYP2C19", "*2/*2"),
        (genotype("VKORC1 rs9923231 C/T"), "genotype:VKORC1", "rs9923231 C/T"),
        (genotype("HLA-B*15:02", "HLA-B"), "genotype:HLA-B", "*15:02"),
        (genotype("*17/*1", "CYP2C19"), "genotype:CYP2C19", "*1/*17"),
        (genotype("CYP2D6*1/CYP2D6*4"), "genotype:CYP2D6", "*1/*4"),
        (genotype("CYP2D6 *36+*10/*1x2"), "genotype:CYP2D6", "*1x2/*36+*10"),
        (
            observation("79716-7", **answer("Normal metabolizer", "LA25391-6")),
            "phenotype:CYP2C9",
            "normal metabolizer",
        ),
        (
            observation("79722-5", valueString="Decreased function"),
            "phenotype:SLCO1B1",
            "decreased function",
        ),
        (
            observation(
                "53040-2",
                component=[gene("CYP2C19"), component("53040-2", **answer("", "LA9657-3"))],
            ),
            "phenotype:CYP2C19",
            "poor metabolizer",
        ),
        (
            observation("79714-2", valueString="POOR METABOLISER"),
            "phenotype:CYP2C19",
            "poor metabolizer",
        ),
        (
            observation("79714-2", valueString="CYP2C19 Rapid metabolizer"),
            "phenotype:CYP2C19",
            "rapid metabolizer",
        ),
        (
            observation("57979-7", **answer("Positive", "LA6576-8")),
            "phenotype:HLA-B*15:02",
            "positive",
        ),
    ],
)
def test_what_is_read(resource, concept_, value):
    draft = one(resource)
    assert (draft.kind, draft.concept, draft.value_code) == ("genotype", concept_, value)
    assert draft.quality == "usable"
    assert draft.raw_value


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        (genotype("*1/*2"), "no gene is named"),
        (genotype("*2/*5", "CYP2C9", "VKORC1"), "several genes"),
        (genotype("CYP2C9 *2/*5", "CYP2C19"), "several genes"),
        (genotype("CYP2C9 see report"), "spelled in no way"),
        (genotype("heterozygous carrier", "CYP2C9"), "spelled in no way"),
        (observation("84413-4"), "it has no value"),
        (observation("79714-2", valueString="slow"), "spelled in no way"),
        # a presence is no phenotype of an enzyme, nor the other way round
        (observation("79714-2", **answer("Positive", "LA6576-8")), "spelled in no way"),
        (observation("50956-2", valueString="poor metabolizer"), "spelled in no way"),
        (
            genotype("CYP2C9 *2/*5", component=[component("48002-0", **answer("", "LA6684-0"))]),
            "tumour",
        ),
    ],
)
def test_what_is_marked_and_never_used(resource, why):
    draft = one(resource)
    assert draft.quality == "unclassified"
    assert why in draft.reason
    state = said(resource)
    assert genotypes_of(state) == ()


def test_an_unread_result_is_shown_with_the_reason():
    (unread,) = unread_genotypes(said(genotype("CYP2C9 see report")))
    assert "spelled in no way" in unread.reason


def test_genotype_and_phenotype_of_one_gene_are_one():
    phenotype = observation("79714-2", **answer("Poor metabolizer", "LA9657-3"))
    (found,) = genotypes_of(said(genotype("CYP2C19*2/*2"), phenotype))
    assert (found.gene, found.diplotype, found.phenotype) == (
        "CYP2C19",
        "*2/*2",
        "poor metabolizer",
    )
    assert found.doubt == ""
    assert found.reference.resource_type == "Observation"


def test_an_allele_that_is_present():
    (found,) = genotypes_of(said(observation("50956-2", **answer("Negative", "LA6577-6"))))
    assert (found.gene, found.diplotype, found.phenotype) == ("HLA-B", "*57:01", "negative")


def test_results_that_differ_are_a_contradiction():
    other = genotype("CYP2C19*1/*1", effectiveDateTime="2025-05-03")
    (found,) = genotypes_of(said(genotype("CYP2C19*2/*2"), other))
    assert (found.diplotype, found.phenotype) == ("", "")
    assert "*2/*2 (Observation/o0)" in found.doubt and "*1/*1 (Observation/o1)" in found.doubt


def test_the_same_result_twice_is_no_contradiction():
    other = genotype("CYP2C19*17/*1", effectiveDateTime="2025-05-03")
    (found,) = genotypes_of(said(genotype("CYP2C19*1/*17"), other))
    assert (found.diplotype, found.doubt) == ("*1/*17", "")


def test_a_result_without_a_date_counts_from_its_receipt():
    draft = one(genotype("CYP2C19*2/*2", effectiveDateTime=None))
    assert (draft.quality, draft.effective_at) == ("verify", None)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_result_says_nothing(status):
    assert genotypes_of(said(genotype("CYP2C19*2/*2", status=status))) == ()


def test_other_observations_are_no_genotypes():
    assert [d.kind for d in project(observation("2160-0", 1.0))] == ["measurement"]


@given(st.text(max_size=20))
def test_any_text_is_read_or_not(text):
    for made in (genotype(text), genotype(text, text), observation("79714-2", valueString=text)):
        assert len(project(made)) == 1


@given(st.integers(1, 150), st.integers(1, 150))
def test_the_order_of_alleles_means_nothing(one_, other):
    assert diplotype_in(f"*{one_}/*{other}") == diplotype_in(f"*{other} / *{one_}") != ""
