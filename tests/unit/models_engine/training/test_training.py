"""The training scripts themselves. Needs the dependency group `training`; skipped without it."""

import json

import numpy as np
import pytest

from models_engine.catalogue.trained.additive import FOLDER, read_artefact, read_performance
from tests.data import shared_data

NEEDS = "the dependency group `training` is not installed (make train installs it)"
pytest.importorskip("sksurv", reason=NEEDS)
pytest.importorskip("SurvSet", reason=NEEDS)

from models_engine.training import cohorts, held_out, learners, train
from models_engine.training.cox import newton_cox
from models_engine.training.evaluate import compare_survival, outcomes_of
from models_engine.training.intervals import conformal, fit_with_spread
from models_engine.training.leakage import (
    AFTER_BASELINE,
    Table,
    declared,
    encode,
    hunt,
)
from models_engine.training.metrics import Outcomes, harrell_c, observed_risk
from models_engine.training.recipes import GENERAL_MORTALITY, POST_INFARCTION, READMISSION
from models_engine.training.splits import folds

LEAKS = {"num_surv2m", "num_surv6m", "num_sps", "fac_sfdm2", "fac_dnr"}


@pytest.fixture(scope="module")
def support2():
    raw = cohorts.survset("support2")
    some = np.random.default_rng(0).permutation(len(raw["time"]))[:1200]
    raw = {name: column[some] for name, column in raw.items()}
    outcomes = Outcomes(raw["time"].astype(float), raw["event"].astype(bool))
    return encode(raw, ("pid", "event", "time")), outcomes


def test_the_hunt_finds_what_knows_the_future_in_support2(support2):
    columns, outcomes = support2

    assert {suspect.column for suspect in hunt(Table(columns, outcomes))} == LEAKS


def test_the_hunt_is_quiet_once_they_are_out(support2):
    columns, outcomes = support2
    honest = {name: column for name, column in columns.items() if name not in LEAKS}

    assert hunt(Table(honest, outcomes)) == []


def test_the_declared_list_names_them_too(support2):
    found = declared(support2[0])

    assert {suspect.column for suspect in found} == LEAKS
    assert all(suspect.why for suspect in found)


def test_a_strong_honest_column_can_be_explained(support2):
    columns, outcomes = support2
    few = {c: columns[c] for c in ("num_sps", "num_age", "fac_sex")}

    assert [s.column for s in hunt(Table(few, outcomes))][:1] == ["num_sps"]
    assert "num_sps" not in [
        s.column for s in hunt(Table(few, outcomes, {"num_sps": "for this test"}))
    ]


def test_no_cohort_holds_a_column_known_too_late():
    for cohort in (cohorts.whas500(), cohorts.trace()):
        assert not declared(cohort.columns)
        assert not set(cohort.columns) & set(cohort.dropped)
    assert "num_los" in AFTER_BASELINE


@pytest.mark.parametrize(
    ("name", "cox"),
    [("whas500", (0.775, 0.033)), ("TRACE", (0.739, 0.015)), ("grace", (0.710, 0.021))],
)
def test_the_harness_meets_the_benchmark_table(name, cox):
    """CLINICAL.md section 11: ridge Cox on every column that SurvSet has."""
    raw = cohorts.survset(name)
    left = {k: v.astype(float) for k, v in raw.items() if k not in ("pid", "event", "time")}
    cohort = cohorts.Cohort(
        name, "SurvSet", "", "", left, raw["event"].astype(bool), raw["pid"].astype(np.int64),
        raw["time"].astype(float),
    )  # fmt: skip
    horizon = float(np.median(cohort.time))

    table = compare_survival(cohort, {"cox": (learners.ridge_cox, ())}, horizon, say=str)

    assert table["cox"]["harrell_c"]["mean"] == pytest.approx(cox[0], abs=0.002)
    assert table["cox"]["harrell_c"]["sd"] == pytest.approx(cox[1], abs=0.002)


def test_our_cox_is_scikit_survivals():
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    cohort = cohorts.whas500()
    x = learners.matrix(cohort.columns)
    x = (x - x.mean(axis=0)) / x.std(axis=0)

    ours = newton_cox(x, cohort.time, cohort.event, ridge=1e-9)
    theirs = CoxPHSurvivalAnalysis(alpha=1e-9, ties="breslow", tol=1e-12).fit(
        x, outcomes_of(cohort).pairs
    )

    np.testing.assert_allclose(ours.coefficients, theirs.coef_, atol=1e-8)
    base = theirs.cum_baseline_hazard_(ours.times)
    np.testing.assert_allclose(ours.hazard, base, atol=1e-8)


def close(made, committed, path=""):
    """The same JSON, numbers within 1e-6."""
    if isinstance(committed, dict):
        assert list(made) == list(committed), path
        for key in committed:
            close(made[key], committed[key], f"{path}/{key}")
    elif isinstance(committed, list):
        assert len(made) == len(committed), path
        for at, (one, other) in enumerate(zip(made, committed, strict=True)):
            close(one, other, f"{path}/{at}")
    elif isinstance(committed, float):
        assert made == pytest.approx(committed, abs=1e-6), path
    else:
        assert made == committed, path


def test_the_script_makes_the_committed_artefact(tmp_path, capsys):
    name = POST_INFARCTION.name
    train.main(["--data", str(tmp_path), "--output", str(tmp_path), "--only", name, "--quick"])

    assert name in capsys.readouterr().out
    made = json.loads((tmp_path / f"{name}.json").read_bytes())
    close(made, json.loads((FOLDER / f"{name}.json").read_bytes()))
    assert f"{name}.json" in (tmp_path / "SHA256SUMS").read_text(encoding="utf-8")


def test_the_external_validation_is_the_committed_one():
    cohort = cohorts.whas500()

    found = train.external(POST_INFARCTION, cohort, cohorts.trace())

    close(found, read_performance(POST_INFARCTION.name)["external"])


@pytest.mark.parametrize(
    ("plan", "archive"),
    [(GENERAL_MORTALITY, "nhanes1-mortality.tar.xz"), (READMISSION, "uci.tar.xz")],
    ids=lambda one: getattr(one, "name", None),
)
def test_a_model_is_refitted_and_checked_from_its_archive(plan, archive):
    cohort = train.cohort_of(plan, shared_data(archive).parent)

    coefficients, baseline = plan.recipe.fit(cohort)

    committed = read_artefact(plan.name)
    np.testing.assert_allclose(coefficients, committed.model.coefficients, atol=1e-6)
    np.testing.assert_allclose(baseline, committed.model.baseline, atol=1e-6)
    assert committed.content["data"]["rows"] == cohort.size
    risks = held_out.predictions(plan.recipe, cohort.only(plan.concepts))
    horizon = plan.recipe.horizons[0] if plan.recipe.horizons else None
    found = held_out.calibration(held_out.Predicted(cohort, risks[:, 0], horizon))
    close(found, read_performance(plan.name)["held_out"][plan.outcomes[0]]["calibration"])


def test_the_readmission_cohort_is_of_discharges_to_home_or_care():
    folder = shared_data("uci.tar.xz").parent

    cohort = cohorts.readmission(folder)

    assert set(np.unique(cohort.columns["length_of_stay"])) == set(range(1, 15))
    assert len(np.unique(cohort.groups)) < cohort.size
    # insulin is one of the glucose-lowering medicines
    columns = cohort.columns
    assert (columns["glucose_lowering_in_stay"] >= columns["insulin_in_stay"]).all()
    assert (columns["glucose_lowering_in_stay"] >= columns["metformin_in_stay"]).all()
    for train_rows, test_rows in folds(cohort.groups):
        assert not set(cohort.groups[train_rows]) & set(cohort.groups[test_rows])


def test_nobodys_row_is_in_an_artefact():
    cohort = cohorts.whas500()
    sample = read_artefact(POST_INFARCTION.name).content["background"]
    assert len(sample["age"]) == 32
    # three coarse inputs coincide by chance; the general model's six do not
    folder = shared_data("nhanes1-mortality.tar.xz").parent
    people = train.cohort_of(GENERAL_MORTALITY, folder).columns
    made_up = read_artefact(GENERAL_MORTALITY.name).content["background"]
    for at in range(32):
        same = np.all([np.isclose(people[c], made_up[c][at]) for c in made_up], axis=0)
        assert not same.any()
    assert cohort.size == 460


def test_a_wider_bootstrap_of_fewer_people():
    own = cohorts.whas500().only(POST_INFARCTION.concepts)
    factor = np.full(2, 1.645)

    every = fit_with_spread(POST_INFARCTION.recipe, own, draws=40, factor=factor)
    few = fit_with_spread(
        POST_INFARCTION.recipe, own.rows(np.arange(0, 460, 3)), draws=40, factor=factor
    )

    assert few.spread(own.columns).mean() > 1.3 * every.spread(own.columns).mean()


def test_conformal_quantile_is_of_n_plus_one():
    assert conformal(list(range(1, 100)), 0.9) == 90
    assert conformal([1.0, 2.0], 0.9) == 2.0


def test_observed_risk_is_kaplan_meiers():
    outcomes = Outcomes(np.array([1.0, 2, 3, 4]), np.array([True, False, True, False]))

    risk, error = observed_risk(outcomes, 3.5)

    assert risk == pytest.approx(1 - 3 / 4 * 1 / 2)
    greenwood = 1 / (4 * 3) + 1 / (2 * 1)
    assert error == pytest.approx(np.sqrt(greenwood) / abs(np.log(3 / 8)))
    assert harrell_c(outcomes, np.array([4.0, 3, 2, 1])) == 1.0
