"""From the rows of an RxNorm release to drugs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.terminology.rxnorm_drugs import disagreements, drugs_of
from patients.terminology.rxnorm_rrf import RrfError, read
from tests.factories import rxnorm

DRUGS = drugs_of(read(rxnorm.names(), rxnorm.relations(), rxnorm.strengths()))
FOUND = {drug.rxcui: drug for drug in DRUGS.found}
TESTOLOL, BOTH = ("testolol",), ("testazide", "testolol")


@pytest.mark.parametrize(
    ("code", "ingredients", "strength"),
    [
        (rxnorm.TESTOLOL, TESTOLOL, None),
        (rxnorm.TESTOLOL_SALT, TESTOLOL, None),
        (rxnorm.BRAND, TESTOLOL, None),
        (rxnorm.COMPONENT, TESTOLOL, 25),
        (rxnorm.TABLET, TESTOLOL, 25),
        (rxnorm.BRANDED, TESTOLOL, 25),
        (rxnorm.COMBINATION, BOTH, None),
        (rxnorm.DROPS, TESTOLOL, None),  # a concentration is no strength of a piece
    ],
)
def test_what_a_code_leads_to(code, ingredients, strength):
    assert (FOUND[code].ingredients, FOUND[code].strength_mg) == (ingredients, strength)


def test_half_a_combination_is_left_out():
    assert rxnorm.HALF_KNOWN not in FOUND
    assert [c.rxcui for c in DRUGS.without_ingredients] == [rxnorm.HALF_KNOWN]


@pytest.mark.parametrize(
    ("code", "classes"),
    [
        (rxnorm.TABLET, ("antihypertensive",)),  # by its ATC code
        (rxnorm.STATIN_TABLET, ("statin",)),
        (rxnorm.DROPS, ()),  # eye drops lower no blood pressure that we know of
        (rxnorm.TESTAZIDE, ()),  # no class is known, and none is assumed
        (rxnorm.COMBINATION, ()),
        (rxnorm.LISINOPRIL, ("antihypertensive",)),  # by our own table
    ],
)
def test_the_class_is_known_or_not(code, classes):
    assert FOUND[code].classes == classes


def test_where_our_own_table_says_otherwise():
    (found,) = disagreements(DRUGS)
    assert (found.rxcui, found.ours, found.theirs) == (
        rxnorm.LISINOPRIL_20,
        ("lisinopril",),
        ("testazide",),
    )


def test_suppressed_rows_and_other_sources_are_not_read():
    assert not {"90000098", "90000099"} & FOUND.keys()


def test_an_atc_group_is_no_code_of_a_drug():
    assert FOUND[rxnorm.TESTOLOL].atc == ("C07AB99",)


@pytest.mark.parametrize(
    ("names", "relations", "why"),
    [
        (["1|ENG|RXNORM|"], [], "RXNCONSO.RRF line 1: 3 fields where 18 are expected"),
        ([*rxnorm.names(), "x|y|"], [], "RXNCONSO.RRF line 24: 2 fields"),
        ([], [], "no drug of RxNorm"),
        ([rxnorm.conso("abc", "RXNORM", "IN", "1", "x")], [], "line 1: 'abc' is no RXCUI"),
        (rxnorm.names(), ["1|2|3"], "RXNREL.RRF line 1: 2 fields where 16 are expected"),
    ],
)
def test_a_malformed_line_is_named(names, relations, why):
    with pytest.raises(RrfError, match=why):
        read(names, relations, [])


def test_relations_in_a_circle_end():
    names = [rxnorm.conso(str(n), "RXNORM", "PIN", "x", "x") for n in (1, 2)]
    circle = ["1||CUI|RO|2||CUI|form_of|1||RXNORM|RXNORM||||4096|"]
    assert drugs_of(read(names, circle, [])).found == []


@given(st.lists(st.sampled_from(rxnorm.relations()), unique=True))
def test_with_relations_missing_no_product_has_other_ingredients(relations):
    for drug in drugs_of(read(rxnorm.names(), relations, [])).found:
        assert drug.ingredients == FOUND[drug.rxcui].ingredients
