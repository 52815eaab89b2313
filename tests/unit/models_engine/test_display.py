"""Which of many predictions a page shows."""

from datetime import date

import pytest

from models_engine.catalogue.display import of_hospital
from models_engine.features import build_all, displayed
from models_engine.registry import all_models
from tests.unit.models_engine.builders import measurement, published_case


class Row:
    """The columns of a stored prediction that the display rule reads."""

    def __init__(self, model_id, outcome, value, inputs):
        self.model_id, self.outcome, self.value, self.inputs = model_id, outcome, value, inputs


def predictions_of(case):
    rows = []
    for clinical_model, features in zip(all_models(), build_all(all_models(), case), strict=True):
        probabilities = clinical_model.predict_one(features.values) if features.is_usable else {}
        inputs = [source.to_dict() for source in features.sources.values()]
        rows += [
            Row(clinical_model.id, o.id, probabilities.get(o.id), inputs)
            for o in clinical_model.outcomes
        ]
    return rows


def shown(case):
    return [
        (
            block.main.model_id,
            block.main.outcome,
            [row.outcome for row in block.under],
            block.beside and block.beside.model_id,
        )
        for block in displayed(predictions_of(case))
        if block.main.value is not None
    ]


def test_the_richest_variant_is_shown_with_total_cvd_first():
    assert shown(published_case(measurement("hba1c", 9.2))) == [
        ("prevent_full_10y", "cvd", ["ascvd", "hf"], "prevent_full_30y")
    ]


def test_without_optional_inputs_the_base_model_is_shown():
    assert shown(published_case()) == [
        ("prevent_base_10y", "cvd", ["ascvd", "hf"], "prevent_base_30y")
    ]


def test_a_model_that_did_not_run_has_no_block():
    rows = predictions_of(published_case())

    assert displayed([row for row in rows if row.model_id == "ckd_epi_2021"]) == ()
    assert [b.family for b in displayed([r for r in rows if r.model_id != "kfre_4v"])] == [
        "prevent"
    ]


def test_from_sixty_on_there_is_no_thirty_year_probability():
    assert shown(published_case(birth_date=date(1960, 1, 1)))[0][3] is None


def test_an_optional_input_out_of_range_falls_back_to_the_base_model():
    assert shown(published_case(measurement("hba1c", 15.1)))[0][0] == "prevent_base_10y"


def test_kidney_failure_is_shown_second_with_two_years_under_five():
    case = published_case(measurement("egfr_reported", 40.0), measurement("urine_acr", 92.0))

    assert shown(case)[1] == ("kfre_4v", "kidney_failure_5y", ["kidney_failure_2y"], None)


def test_without_any_number_the_block_carries_the_reasons():
    block = displayed(predictions_of(published_case(without=("systolic_bp",))))[0]

    assert (block.main.model_id, block.main.value) == ("prevent_base_10y", None)
    assert block.under == ()
    assert block.beside is None


class Score:
    """The columns that the rule about a stay in hospital reads."""

    def __init__(self, model_id, outcome, value=None, *kinds):
        self.model_id, self.outcome, self.value = model_id, outcome, value
        self.refusals = [{"kind": kind} for kind in kinds]


@pytest.mark.parametrize(
    ("kinds", "is_there"),
    [
        ((), True),
        (("missing",), True),
        (("too_old", "missing"), True),
        (("not_applicable",), False),
        (("missing", "not_applicable"), False),
    ],
)
def test_a_score_of_a_stay_is_there_when_it_has_a_number_or_could_have_one(kinds, is_there):
    value = None if kinds else 3.0
    rows = [
        Score("news2", "news2_single_parameter", value, *kinds),
        Score("news2", "news2", value, *kinds),
        Score("ckd_epi_2021", "egfr", 90.0),
    ]
    blocks = of_hospital(rows)
    assert [b.main.outcome for b in blocks] == (["news2"] if is_there else [])
    if is_there:
        under = ["news2_single_parameter"] if value is not None else []
        assert [row.outcome for row in blocks[0].under] == under


def test_scores_of_a_stay_are_no_block_of_predictions():
    assert displayed([Score("news2", "news2", 3.0), Score("lace", "lace", 9.0)]) == ()
