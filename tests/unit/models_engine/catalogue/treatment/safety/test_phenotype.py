"""Diplotypes and words -> CPIC's phenotype; what is not certain stays unknown, with the reason.

The pairs are of CPIC's diplotype tables as PharmCAT has them (sources S-CPIC-ALLELES-...), and of the
examples in the guidelines' tables.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import Allele, GeneRule, Source
from models_engine.catalogue.treatment.safety.phenotype import (
    BY_FUNCTION,
    PHENOTYPES,
    RISK,
    SCORED,
    Phenotype,
    alleles_by_name,
    phenotypes,
)

ALLELES = alleles_by_name(knowledge().rows(Allele))


def read(gene: str, told: str) -> Phenotype:
    (found,) = phenotypes(gene, told, ALLELES)
    return found


@pytest.mark.parametrize(
    ("gene", "told", "text"),
    [
        ("CYP2C19", "*1/*1", "normal metabolizer"),
        ("CYP2C19", "*1/*17", "rapid metabolizer"),
        ("CYP2C19", "*17/*17", "ultrarapid metabolizer"),
        ("CYP2C19", "*1/*2", "intermediate metabolizer"),
        ("CYP2C19", "*2/*17", "intermediate metabolizer"),
        ("CYP2C19", "*2/*2", "poor metabolizer"),
        ("CYP2C19", "*2/*3", "poor metabolizer"),
        ("CYP2C19", "*1/*9", "likely intermediate metabolizer"),
        ("CYP2C19", "*2/*9", "likely poor metabolizer"),
        ("CYP2C19", "*2/*16", "likely poor metabolizer"),
        ("CYP2C19", "CYP2C19*2/CYP2C19*3", "poor metabolizer"),
        ("CYP2C19", "*2.001/*2.002", "poor metabolizer"),
        ("CYP2C9", "*1/*1", "normal metabolizer"),
        ("CYP2C9", "*1/*2", "intermediate metabolizer"),
        ("CYP2C9", "*1/*3", "intermediate metabolizer"),
        ("CYP2C9", "*2/*2", "intermediate metabolizer"),
        ("CYP2C9", "*2/*3", "poor metabolizer"),
        ("CYP2C9", "*3/*3", "poor metabolizer"),
        ("SLCO1B1", "*1/*1", "normal function"),
        ("SLCO1B1", "*1/*14", "normal function"),
        ("SLCO1B1", "*1/*5", "decreased function"),
        ("SLCO1B1", "*1/*15", "decreased function"),
        ("SLCO1B1", "*14/*46", "decreased function"),
        ("SLCO1B1", "*15/*37", "decreased function"),
        ("SLCO1B1", "*15/*15", "poor function"),
        ("SLCO1B1", "*15/*23", "poor function"),
        ("SLCO1B1", "*10/*15", "possible decreased function"),
        ("SLCO1B1", "rs4149056 T/C", "decreased function"),
        ("SLCO1B1", "c.521CC", "poor function"),
        ("ABCG2", "rs2231142 T/T", "poor function"),
        ("ABCG2", "rs2231142 G/T", "decreased function"),
        ("DPYD", "Reference/Reference", "normal metabolizer"),
        ("DPYD", "Reference/c.61C>T", "intermediate metabolizer"),
        ("DPYD", "Reference/c.557A>G", "intermediate metabolizer"),
        ("DPYD", "Reference/c.85T>C (*9A)", "normal metabolizer"),
        ("DPYD", "*1/*2A", "intermediate metabolizer"),
        ("DPYD", "Reference/c.1905+1G>A (*2A)", "intermediate metabolizer"),
        (
            "DPYD",
            "Reference/c.1129-5923C>G, c.1236G>A (HapB3)",
            "intermediate metabolizer",
        ),
        ("DPYD", "*2A/c.2846A>T", "poor metabolizer"),
        ("DPYD", "*2A/*13", "poor metabolizer"),
        ("TPMT", "*1/*1", "normal metabolizer"),
        ("TPMT", "*1/*3A", "intermediate metabolizer"),
        ("TPMT", "*3A/*3C", "poor metabolizer"),
        ("TPMT", "*10/*11", "possible intermediate metabolizer"),
        ("NUDT15", "*1/*3", "intermediate metabolizer"),
        ("NUDT15", "*2/*3", "poor metabolizer"),
        ("NUDT15", "*2/*4", "possible intermediate metabolizer"),
        ("UGT1A1", "*1/*28", "intermediate metabolizer"),
        ("UGT1A1", "*28/*36", "intermediate metabolizer"),
        ("UGT1A1", "*28/*28", "poor metabolizer"),
        ("UGT1A1", "*28/*80+*28", "poor metabolizer"),
        ("UGT1A1", "*6/*28", "poor metabolizer"),
        ("UGT1A1", "(TA)6/(TA)7", "intermediate metabolizer"),
        ("CYP3A5", "*1/*1", "normal metabolizer"),
        ("CYP3A5", "*1/*3", "intermediate metabolizer"),
        ("CYP3A5", "*3/*3", "poor metabolizer"),
        ("CYP3A5", "*1/*8", "possible intermediate metabolizer"),
        ("VKORC1", "-1639 G/A", "-1639 ga"),
        ("VKORC1", "-1639G>A A/A", "-1639 aa"),
        ("VKORC1", "rs9923231 C/T", "-1639 ga"),
    ],
)
def test_two_alleles(gene: str, told: str, text: str) -> None:
    assert read(gene, told).text == text


@pytest.mark.parametrize(
    ("told", "score", "text"),
    [
        ("*1/*1", 2.0, "normal metabolizer"),
        ("*1/*1x2", 3.0, "ultrarapid metabolizer"),
        ("*1/*2x≥3", 4.0, "ultrarapid metabolizer"),
        ("*1/*2xN", 3.0, "ultrarapid metabolizer"),
        ("*1/*3", 1.0, "intermediate metabolizer"),
        ("*1/*4xN", 1.0, "intermediate metabolizer"),
        ("*1/*9", 1.25, "normal metabolizer"),
        ("*1/*10", 1.25, "normal metabolizer"),
        ("*1/*10x2", 1.5, "normal metabolizer"),
        ("*1/*17x2", 2.0, "normal metabolizer"),
        ("*10/*10", 0.5, "intermediate metabolizer"),
        ("*1/*36+*10", 1.25, "normal metabolizer"),
        ("*4/*10", 0.25, "intermediate metabolizer"),
        ("*4/*5", 0.0, "poor metabolizer"),
        ("*4/*68+*4", 0.0, "poor metabolizer"),
    ],
)
def test_activity_of_cyp2d6(told: str, score: float, text: str) -> None:
    found = read("CYP2D6", told)
    assert (found.score, found.text) == (score, text)


@pytest.mark.parametrize(
    ("gene", "told", "reason"),
    [
        ("CYP2C19", "*1/*99", "not in the table"),
        ("CYP2C19", "*1/*12", "not certain"),
        ("CYP2C19", "*2", "two alleles"),
        ("CYP2C19", "", "two alleles"),
        ("CYP2D6", "*4/*1xN", "how many copies"),
        ("CYP2D6", "(*1/*4)x2", "not in the table"),
        ("CYP2D6", "*1/*22", "not certain"),
        ("CYP2D6", "rapid metabolizer", "no phenotype"),
        ("SLCO1B1", "c.521T>C", "two alleles"),
        ("VKORC1", "-1639G>A", "genotype is needed"),
        ("CYP3A5", "*3/*8", "not certain"),
        ("UGT1A1", "*28/*80", "not certain"),
        ("TPMT", "indeterminate", "could not tell"),
        ("G6PD", "A-/B", "words only"),
        ("HLA-B", "*57/*07", "four digits"),
        ("HLA-B", "*57:01 positive, *15:02 negative", "at once"),
        ("HLA-B", "*35:01 positive", "no rule"),
        ("BRCA1", "*1/*1", "not one of the genes"),
    ],
)
def test_what_is_not_certain_stays_unknown(gene: str, told: str, reason: str) -> None:
    found = read(gene, told)
    assert found.text is None
    assert reason in found.reason


@pytest.mark.parametrize(
    ("gene", "told", "text"),
    [
        ("CYP2C19", "Poor metabolizer", "poor metabolizer"),
        ("CYP2C19", "Intermediate Metaboliser", "intermediate metabolizer"),
        ("CYP2D6", "Extensive metabolizer", "normal metabolizer"),
        ("CYP2D6", "Ultra-rapid metabolizer", "ultrarapid metabolizer"),
        ("CYP2C19", "CYP2C19 rapid metabolizer", "rapid metabolizer"),
        ("SLCO1B1", "Low function", "poor function"),
        ("SLCO1B1", "Intermediate function", "decreased function"),
        ("CYP3A5", "non-expresser", "poor metabolizer"),
        ("CYP3A5", "Expressor", "expresser"),
        ("G6PD", "G6PD deficiency", "deficient"),
        ("HLA-B", "HLA-B*57:01 positive", "*57:01 positive"),
        ("HLA-B*57:01", "Positive", "*57:01 positive"),
        ("HLA-B*57:01", "Not detected", "*57:01 negative"),
        ("HLA-A", "*31:01:02 carrier", "*31:01 positive"),
    ],
)
def test_words(gene: str, told: str, text: str) -> None:
    assert read(gene, told).text == text


def test_two_typed_hla_alleles_answer_every_risk() -> None:
    found = phenotypes("HLA-B", "HLA-B*15:02/HLA-B*57:01", ALLELES)
    assert [one.text for one in found] == ["*15:02 positive", "*57:01 positive", "*58:01 negative"]


def test_every_phenotype_of_a_rule_can_be_reached() -> None:
    reachable = {gene: set(texts) for gene, texts in PHENOTYPES.items()}
    reachable["VKORC1"] = {"-1639 ga", "-1639 aa"}
    for gene, name in ALLELES:
        if gene.startswith("HLA-"):
            reachable.setdefault(gene, set()).add(f"{name} positive")
    sources = knowledge().by_id(Source)
    for row in knowledge().rows(GeneRule):
        assert row.phenotype in reachable[row.gene], row.id
        assert set(row.source) <= set(sources), row.id


def test_alleles_are_complete() -> None:
    known = {"no function", "decreased function", "normal function", "increased function"}
    for (gene, name), row in ALLELES.items():
        assert row.function in known | {"uncertain function", RISK}, name
        if gene in SCORED and row.function in known:
            assert row.activity is not None, (gene, name)
        elif gene not in SCORED:
            assert row.activity is None, (gene, name)
            assert gene in BY_FUNCTION or row.function == RISK, gene


@given(
    gene=st.sampled_from(sorted({gene for gene, _ in ALLELES if not gene.startswith("HLA-")})),
    data=st.data(),
)
def test_the_order_of_alleles_does_not_matter(gene: str, data: st.DataObject) -> None:
    names = st.sampled_from(sorted(name for own, name in ALLELES if own == gene))
    one, other = data.draw(names), data.draw(names)
    first, second = read(gene, f"{one}/{other}"), read(gene, f"{other}/{one}")
    assert (first.text, first.score) == (second.text, second.score)
    assert (first.text is None) == bool(first.reason)


@given(gene=st.sampled_from(["CYP2D6", "HLA-B", "VKORC1", "DPYD", "G6PD"]), told=st.text())
def test_any_text_is_answered(gene: str, told: str) -> None:
    for one in phenotypes(gene, told, ALLELES):
        assert (one.text is None) == bool(one.reason)
