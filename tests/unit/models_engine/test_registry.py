from dataclasses import replace

import pytest

from models_engine.catalogue.facts import EVIDENCE_TEXT, ModelFacts
from models_engine.registry import (
    RegistryError,
    all_models,
    every_calibration,
    model,
    model_as_run,
    models_hash,
    not_offered,
    quiet_ids,
    register,
    research_ids,
)

IDS = [
    "ckd_epi_2021",
    "prevent_base_10y",
    "prevent_base_30y",
    "prevent_hba1c_10y",
    "prevent_hba1c_30y",
    "prevent_uacr_10y",
    "prevent_uacr_30y",
    "prevent_sdi_10y",
    "prevent_sdi_30y",
    "prevent_full_10y",
    "prevent_full_30y",
    "pce",
    "kfre_4v",
    "kfre_8v",
    "ckdpc_40_diabetes",
]
HOSPITAL = ["news2", "qsofa", "lace", "hospital_score"]
# for clinicians alone
QUIET = [
    *HOSPITAL,
    "cha2ds2_vasc",
    "has_bled",
    "charlson",
    "fib4",
    "meld3",
    "findrisc",
    "ukpds_om2_heart_failure",
    "ukpds_om2_ihd",
    "ukpds_om2_mi",
    "ukpds_om2_second_mi",
    "ukpds_om2_stroke",
    "ukpds_om2_second_stroke",
    "ukpds_om2_blindness",
    "ukpds_om2_ulcer",
    "ukpds_om2_amputation",
    "ukpds_om2_second_amputation",
    "ukpds_om2_renal_failure",
    "ukpds_om2_death",
]
# trained by this project
RESEARCH = ["post_infarction_mortality", "general_mortality", "readmission_30d"]
SCORE2_IDS = ["score2", "score2_op", "score2_diabetes"]
# recomputed against published values, all but these
EVIDENCE = {
    **dict.fromkeys([*IDS, *SCORE2_IDS, *QUIET], "V"),
    # without a published example
    "ckdpc_40_diabetes": "S",
    **dict.fromkeys(("lace", "news2", "qsofa", "hospital_score"), "S"),
    **dict.fromkeys(("cha2ds2_vasc", "has_bled", "charlson", "fib4", "meld3", "findrisc"), "S"),
    # no reference value but our own: coefficients read twice
    "ukpds_om2_second_mi": "S",
    "ukpds_om2_second_stroke": "S",
    "ukpds_om2_amputation": "S",
    "ukpds_om2_second_amputation": "S",
    **dict.fromkeys(RESEARCH, "J"),
    # our own sum over published equations
    "ukpds_om2_death": "J",
}


def test_registered_models():
    assert [m.id for m in all_models()] == [*IDS, *QUIET, *RESEARCH]
    assert quiet_ids() == set(QUIET)
    assert research_ids() == set(RESEARCH)
    assert model("kfre_4v") is all_models()[IDS.index("kfre_4v")]
    assert model("readmission_30d") is all_models()[-1]
    with pytest.raises(KeyError):
        model("crystal_ball")


def test_the_kidney_equation_follows_its_region():
    assert model("kfre_4v").version != model("kfre_4v", "elsewhere").version


def test_score2_is_there_as_soon_as_its_region_is_set():
    with_region = [m.id for m in all_models(score2_region="high")]

    assert [i for i in with_region if i not in (*IDS, *QUIET, *RESEARCH)] == SCORE2_IDS
    assert not_offered("high") == ()
    assert "TWINPORTAL_SCORE2_REGION" in not_offered("")[0]
    with pytest.raises(ValueError, match="region must be one of"):
        all_models(score2_region="mars")


def test_a_stored_prediction_is_told_by_the_version_that_made_it():
    elsewhere = model_as_run("kfre_4v", "2016-non-na.1")

    assert elsewhere.version == "2016-non-na.1"
    assert "outside North America" in elsewhere.facts.name
    # also of a region that this hospital has not set, or of a version that is no more
    assert "very high" in model_as_run("score2", "2021-very_high.1").facts.name
    assert model_as_run("prevent_base_10y", "2023.0").id == "prevent_base_10y"
    with pytest.raises(KeyError):
        model_as_run("crystal_ball", "1")


def test_a_duplicate_id_is_refused():
    with pytest.raises(RegistryError, match="twice"):
        register((model("kfre_4v"), model("kfre_4v")))


def test_a_model_that_does_not_reproduce_a_vector_is_refused():
    good = model("kfre_4v")
    broken = replace(good, predict=lambda arrays: good.predict(arrays) * 1.001)

    with pytest.raises(RegistryError, match="age 65"):
        register((broken,))


def test_a_model_that_answers_nan_is_refused():
    good = model("kfre_4v")
    broken = replace(good, predict=lambda arrays: good.predict(arrays) * float("nan"))

    with pytest.raises(RegistryError):
        register((broken,))


@pytest.mark.parametrize("part", ["inputs", "outcomes", "vectors"])
def test_a_model_without_inputs_outcomes_or_vectors_cannot_be_made(part):
    with pytest.raises(ValueError, match="needs inputs, outcomes and test vectors"):
        replace(model("kfre_4v"), **{part: ()})


def test_a_model_without_facts_cannot_be_made():
    with pytest.raises(TypeError, match="ModelFacts"):
        replace(model("kfre_4v"), facts=None)


def test_the_hash_changes_with_a_version_or_an_artefact_and_not_with_the_order():
    models = all_models()
    newer = (*models[:-1], replace(models[-1], version="next"))
    retuned = (*models[:-1], replace(models[-1], artefact_hash="0"))

    hashes = {models_hash(models), models_hash(newer), models_hash(retuned)}

    assert len(hashes) == 3
    assert models_hash(models) == models_hash(models[::-1])
    assert models_hash(all_models("elsewhere")) not in hashes


def test_artefacts_of_different_models_and_calibrations_differ():
    assert len({m.artefact_hash for m in every_calibration().values()}) == len(every_calibration())
    assert {m.id for m in every_calibration().values()} == {*IDS, *SCORE2_IDS, *QUIET, *RESEARCH}


@pytest.mark.parametrize("key", every_calibration(), ids=" ".join)
def test_the_facts_page_has_something_to_say_everywhere(key):
    facts = every_calibration()[key].facts
    assert isinstance(facts, ModelFacts)
    assert facts.evidence == EVIDENCE[key[0]]
    assert facts.evidence_text == EVIDENCE_TEXT[facts.evidence]
    assert {change.version for change in facts.change_log}
    assert all(p.where for p in facts.performance)
