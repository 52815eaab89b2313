"""Which codes and names mean a medicine of the table, may mean it, and do not."""

import pytest

from models_engine.catalogue.what_if.interventions import treatments
from models_engine.catalogue.what_if.medicines import MEDICINES, named, perhaps


@pytest.mark.parametrize(
    ("atc", "kinds"),
    [
        ("A10BK03", {"sglt2_inhibitor"}),
        ("A10BX12", {"sglt2_inhibitor"}),
        ("A10BD20", {"sglt2_inhibitor"}),
        ("A10BJ02", {"glp1_agonist"}),
        ("A10BX16", {"glp1_agonist"}),
        ("A10AE56", {"glp1_agonist"}),
        ("C10AX09", {"ezetimibe"}),
        ("C10AA05", {"statin"}),
        ("C10BA05", {"statin", "ezetimibe"}),
        ("C10BA10", {"bempedoic_acid", "ezetimibe"}),
        ("C10BX03", {"statin", "antihypertensive"}),
        ("C09AA05", {"antihypertensive"}),
        ("A10BA02", set()),
        ("A10BD07", set()),
    ],
)
def test_an_atc_code_says_what_it_contains(atc: str, kinds: set[str]) -> None:
    assert named("", atc) == kinds
    assert not perhaps(atc) & kinds


@pytest.mark.parametrize(
    ("atc", "kinds"),
    [
        ("A10BD99", {"sglt2_inhibitor"}),
        ("A10BD", {"sglt2_inhibitor"}),
        ("A10BD07", set()),
        ("A10B", {"sglt2_inhibitor", "glp1_agonist"}),
        ("C10BX99", {"statin", "ezetimibe"}),
        ("C10BA01", set()),
        ("C10A", {"statin", "ezetimibe", "bempedoic_acid", "pcsk9_inhibitor"}),
        ("A10BA02", set()),
        ("N02BE01", set()),
    ],
)
def test_a_group_or_an_unknown_combination_leaves_it_open(atc: str, kinds: set[str]) -> None:
    assert perhaps(atc) == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Jardiance (empagliflozin)", {"sglt2_inhibitor"}),
        ("Atorvastatin 20 MG", {"statin"}),
        ("Statins", {"statin"}),
        ("Statine", {"statin"}),
        ("Lipitor 20", {"statin"}),
        ("Vytorin", {"statin", "ezetimibe"}),
        ("Ozempic", {"glp1_agonist"}),
        ("XIGDUO XR", {"sglt2_inhibitor"}),
        ("3-hydroxy-3-methylglutaryl-coenzyme A reductase inhibitor", {"statin"}),
        ("simvastatin and ezetimibe", {"statin", "ezetimibe"}),
        ("Semaglutide", {"glp1_agonist"}),
        ("tirzepatide", {"glp1_agonist"}),
        ("Repatha 140 mg", {"pcsk9_inhibitor"}),
        ("inclisiran", {"pcsk9_inhibitor"}),
        ("PCSK9 inhibitors", {"pcsk9_inhibitor"}),
        ("Bempedoic acid", {"bempedoic_acid"}),
        ("Nexlizet", {"bempedoic_acid", "ezetimibe"}),
        ("Ramipril 5 mg", {"antihypertensive"}),
        ("ACE inhibitors", {"antihypertensive"}),
        ("Nystatin", set()),
        ("Somatostatin", set()),
        ("Cilastatin", set()),
        ("strawberries", set()),
        ("since April", set()),
    ],
)
def test_a_name_says_what_it_contains(text: str, kinds: set[str]) -> None:
    assert named(text) == kinds


def test_every_treatment_is_recognised_when_it_is_taken() -> None:
    for treatment in treatments().values():
        if treatment.atc:
            assert treatment.medicine in named("", treatment.atc), treatment.id
        if treatment.medicine:
            assert treatment.medicine in MEDICINES
