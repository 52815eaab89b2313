"""Which of many predictions a page shows."""

from datetime import date

import pytest

from models_engine.catalogue.display import of_hospital, silent
from models_engine.features import build_all, displayed
from models_engine.registry import all_models
from tests.unit.models_engine.builders import condition, measurement, published_case

LEADING = ("prevent", "kfre")


class Row:
    """The columns of a stored prediction that the display rule reads."""

    def __init__(self, model_id, outcome, value, inputs):
        self.model_id, self.outcome, self.value, self.inputs = model_id, outcome, value, inputs


def predictions_of(case, score2_region=""):
    rows = []
    models = all_models(score2_region=score2_region)
    for clinical_model, features in zip(models, build_all(models, case), strict=True):
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
        if block.main.value is not None and block.family in LEADING
    ]


def further(case, score2_region=""):
    blocks = displayed(predictions_of(case, score2_region))
    return [block.main.model_id for block in blocks if block.family not in LEADING]


@pytest.mark.parametrize(
    ("measured", "variant"),
    [
        ({"hba1c": 9.2}, "hba1c"),
        ({"urine_acr": 92.0}, "uacr"),
        ({"hba1c": 9.2, "urine_acr": 92.0}, "full"),
        ({"hba1c": 9.2, "urine_acr": 0.05}, "hba1c"),
    ],
)
def test_the_richest_variant_is_shown_with_total_cvd_first(measured, variant):
    case = published_case(*(measurement(concept, value) for concept, value in measured.items()))

    assert shown(case)[0] == (
        f"prevent_{variant}_10y",
        "cvd",
        ["ascvd", "hf"],
        f"prevent_{variant}_30y",
    )


def test_without_optional_inputs_the_base_model_is_shown():
    assert shown(published_case()) == [
        ("prevent_base_10y", "cvd", ["ascvd", "hf"], "prevent_base_30y")
    ]


def test_a_model_that_did_not_run_has_no_block():
    rows = predictions_of(published_case())

    assert displayed([row for row in rows if row.model_id == "ckd_epi_2021"]) == ()
    prevent = [row for row in rows if row.model_id.startswith("prevent")]
    assert [b.family for b in displayed(prevent)] == ["prevent"]


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


def test_eight_variables_are_shown_before_four_as_soon_as_all_are_known():
    kidney = [measurement("egfr_reported", 40.0), measurement("urine_acr", 92.0)]
    blood = {"albumin": 3.8, "phosphate": 3.6, "bicarbonate": 24.0, "calcium": 9.1}
    case = published_case(*kidney, *(measurement(c, v) for c, v in blood.items()))

    assert shown(case)[1][0] == "kfre_8v"
    # without a number the reasons are those of the simpler equation
    healthy = published_case(*(measurement(c, v) for c, v in blood.items()))
    block = displayed(predictions_of(healthy))[1]
    assert (block.main.model_id, block.main.value) == ("kfre_4v", None)


def test_further_models_stand_last_and_only_with_a_number():
    case = published_case(
        measurement("hba1c", 9.2),
        measurement("urine_acr", 92.0),
        condition("diabetes_type_2", days_ago=900),
    )

    assert further(case) == ["pce", "ckdpc_40_diabetes"]
    assert further(case, "low") == ["score2_diabetes", "pce", "ckdpc_40_diabetes"]
    assert further(published_case(birth_date=date(1951, 1, 1)), "low") == ["score2_op", "pce"]
    assert further(published_case(without=("systolic_bp",)), "low") == []


def test_what_has_no_number_is_listed_quietly_once():
    rows = predictions_of(published_case(without=("systolic_bp",)), "low")

    assert [row.model_id for row in silent(rows)] == [
        "pce",
        "score2",
        "score2_op",
        "score2_diabetes",
        "ckdpc_40_diabetes",
    ]
    assert silent(predictions_of(published_case())) != ()
    assert all(row.value is None for row in silent(rows))


def test_a_block_names_all_that_it_shows():
    block = displayed(predictions_of(published_case()))[0]

    assert [row.outcome for row in block.predictions] == ["cvd", "ascvd", "hf", "cvd"]
