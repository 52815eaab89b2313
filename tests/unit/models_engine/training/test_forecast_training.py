"""Fitting and judging forecasts: the mixed model's published result, splits, calibration, scores."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from models_engine.catalogue.trajectory import specs
from models_engine.catalogue.trajectory.dynamics import Dynamics
from models_engine.catalogue.trajectory.kalman import advance, observe, outlook, prior
from models_engine.training.forecast import backtest, fit, train
from models_engine.training.forecast.evaluate import Candidate, assumed_rows, measured
from models_engine.training.forecast.mixed_model import fit_mixed_model
from models_engine.training.forecast.series import (
    SOURCES,
    Panel,
    TreatmentChange,
    panel,
    pressure_medicines,
    read,
    split,
)
from models_engine.training.forecast.train import offered
from tests.data import shared_data

ROOT = Path(__file__).parents[4]

# Mean reaction time (ms) on days 0 to 9 of 18 people; Belenky et al., Journal of Sleep Research
# 2003;12:1-12, as distributed with the R package lme4 under the name sleepstudy.
SLEEPSTUDY = """
249.56 258.7047 250.8006 321.4398 356.8519 414.6901 382.2038 290.1486 430.5853 466.3535
222.7339 205.2658 202.9778 204.707 207.7161 215.9618 213.6303 217.7272 224.2957 237.3142
199.0539 194.3322 234.32 232.8416 229.3074 220.4579 235.4208 255.7511 261.0125 247.5153
321.5426 300.4002 283.8565 285.133 285.7973 297.5855 280.2396 318.2613 305.3495 354.0487
287.6079 285 301.8206 320.1153 316.2773 293.3187 290.075 334.8177 293.7469 371.5811
234.8606 242.8118 272.9613 309.7688 317.4629 309.9976 454.1619 346.8311 330.3003 253.8644
283.8424 289.555 276.7693 299.8097 297.171 338.1665 332.0265 348.8399 333.36 362.0428
265.4731 276.2012 243.3647 254.6723 279.0244 284.1912 305.5248 331.5229 335.7469 377.299
241.6083 273.9472 254.4907 270.8021 251.4519 254.6362 245.4523 235.311 235.7541 237.2466
312.3666 313.8058 291.6112 346.1222 365.7324 391.8385 404.2601 416.6923 455.8643 458.9167
236.1032 230.3167 238.9256 254.922 250.7103 269.7744 281.5648 308.102 336.2806 351.6451
256.2968 243.4543 256.2046 255.5271 268.9165 329.7247 379.4445 362.9184 394.4872 389.0527
250.5265 300.0576 269.8939 280.5891 271.8274 304.6336 287.7466 266.5955 321.5418 347.5655
221.6771 298.1939 326.8785 346.8555 348.7402 352.8287 354.4266 360.4326 375.6406 388.5417
271.9235 268.4369 257.2424 277.6566 314.8222 317.2135 298.1353 348.1229 340.28 366.5131
225.264 234.5235 238.9008 240.473 267.5373 344.1937 281.1481 347.5855 365.163 372.2288
269.8804 272.4428 277.8989 281.7895 279.1705 284.512 259.2658 304.6306 350.7807 369.4692
269.4117 273.474 297.5968 310.6316 287.1726 329.6076 334.4818 343.2199 369.1417 364.1236
"""


@pytest.fixture(scope="module")
def sleepstudy() -> Panel:
    values = np.array([line.split() for line in SLEEPSTUDY.strip().splitlines()], dtype=float)
    return Panel(np.tile(np.arange(10.0), (18, 1)), values, np.arange(18))


def test_the_mixed_model_equals_lme4_on_sleepstudy(sleepstudy: Panel) -> None:
    """lme4: fixed 251.405, 10.467; SD 24.741, 5.922, correlation .066, residual 25.592, REML
    1743.628. Values from the project's clinical facts, tagged [M] there."""
    found = fit_mixed_model(sleepstudy.times, sleepstudy.values)
    assert (found.intercept, found.slope) == pytest.approx((251.405, 10.467), abs=1e-3)
    assert found.intercept_sd == pytest.approx(24.741, abs=2e-2)
    assert found.slope_sd == pytest.approx(5.922, abs=2e-2)
    assert found.correlation == pytest.approx(0.066, abs=2e-3)
    assert found.residual_sd == pytest.approx(25.592, abs=1e-2)
    assert found.deviance == pytest.approx(1743.628, abs=1e-3)


def test_its_prediction_for_one_person_is_the_filters(sleepstudy: Panel) -> None:
    """Best linear unbiased prediction, written out with dense matrices."""
    model = fit_mixed_model(sleepstudy.times, sleepstudy.values)
    dynamics = model.dynamics()
    times, values = sleepstudy.times[0, :6], sleepstudy.values[0, :6]
    known = prior(dynamics, 1)
    for index, value in enumerate(values):
        known = advance(dynamics, known, np.array([1.0 if index else 0.0]))
        known, _ = observe(dynamics, known, np.array([value]))
    _, means, variances = outlook(dynamics, known, np.array([4.0]))
    both = model.correlation * model.intercept_sd * model.slope_sd
    spread = np.array([[model.intercept_sd**2, both], [both, model.slope_sd**2]])
    design, at = np.stack([np.ones(6), times], axis=1), np.array([1.0, 9.0])
    covariance = design @ spread @ design.T + model.residual_sd**2 * np.eye(6)
    gain = np.linalg.solve(covariance, design @ spread @ at)
    fixed = np.array([model.intercept, model.slope])
    assert means[0, 0] == pytest.approx(at @ fixed + gain @ (values - design @ fixed))
    expected = at @ spread @ at - gain @ design @ spread @ at + model.residual_sd**2
    assert variances[0, 0] == pytest.approx(expected)


@pytest.fixture(scope="module")
def simulated() -> Panel:
    """People who move exactly as the filter believes, at irregular times."""
    random = np.random.default_rng(5)
    rows = []
    for person in range(260):
        times = np.sort(random.uniform(0, 7, 9))
        level = random.normal(1.0, 0.3)
        walk = np.concatenate([[0], np.cumsum(random.normal(0, 0.1 * np.sqrt(np.diff(times))))])
        values = level + walk + random.normal(0, 0.15, 9)
        rows += [(person, float(t), float(np.exp(v))) for t, v in zip(times, values, strict=True)]
    return panel("log", rows)


TRUE = Dynamics(level_mean=1.0, level_sd=0.3, level_walk=0.01, noise_sd=0.15)


def test_the_true_parameters_cover_as_they_say(simulated: Panel) -> None:
    where = backtest.pairs(simulated)
    said = backtest.told("state_space", TRUE, simulated, where)
    values = simulated.values[where.person, where.target]
    rows = measured(SOURCES[1], Candidate("state_space", "state_space", TRUE, (), True),
                    simulated, where)  # fmt: skip
    assert [row["until"] for row in rows] == list(backtest.EDGES[1:])
    assert all(0.86 < row["covers90"] < 0.94 and 0.42 < row["covers50"] < 0.58 for row in rows)
    # calibration of what is right already leaves it nearly as it is
    for _, levels in backtest.calibrate(said, values, where):
        assert levels == pytest.approx((0.05, 0.25, 0.5, 0.75, 0.95), abs=0.04)


def test_the_right_method_beats_the_last_value_and_calibration_mends_too_narrow_bands(
    simulated: Panel,
) -> None:
    of_fit = split(simulated.people)
    fitted, tested = simulated.rows(of_fit), simulated.rows(~of_fit)
    learn, where = backtest.pairs(fitted), backtest.pairs(tested)
    values = tested.values[where.person, where.target]
    last = backtest.fit_last_value(fitted, learn)
    ours = backtest.told("state_space", TRUE, tested, where)
    theirs = backtest.told("last_value", last, tested, where)
    assert ours.crps(values).mean() < 0.9 * theirs.crps(values).mean()
    narrow = Dynamics(level_mean=1.0, level_sd=0.3, level_walk=0.001, noise_sd=0.08)
    learned = backtest.calibrate(
        backtest.told("state_space", narrow, fitted, learn),
        fitted.values[learn.person, learn.target],
        learn,
    )
    said = backtest.told("state_space", narrow, tested, where)
    raw, mended = backtest.edges_of(said, where, ()), backtest.edges_of(said, where, learned)

    def covers(edges: np.ndarray) -> float:
        return float(np.mean((values >= edges[0]) & (values <= edges[4])))

    assert covers(raw) < 0.75
    assert 0.85 < covers(mended) < 0.95


def test_fitting_finds_more_likely_parameters_than_it_starts_from(
    simulated: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "MOST_PEOPLE", 60)
    monkeypatch.setattr(fit, "MOST_VALUES", 6)
    found = fit.fit(simulated, one_disease=True)
    assert found.drift == 0
    assert found.noise_sd == pytest.approx(0.15, rel=0.25)
    few = simulated.rows(np.arange(60))
    assert fit.log_likelihood(found, few) > fit.log_likelihood(
        Dynamics(level_mean=1.0, level_sd=0.3, noise_sd=0.3), few
    )


def test_targets_are_later_first_of_their_stretch_and_after_enough_history() -> None:
    rows = [(1, t, 1.0) for t in (0.0, 0.1, 0.2, 0.6, 0.9, 1.0, 4.0, 9.0)]
    rows += [(2, 0.0, 1.0), (2, 0.001, 2.0)]  # one day only: left out
    one = panel("identity", rows)
    where = backtest.pairs(one)
    assert one.people.tolist() == [1]
    # day 3 is 73 days after day 1: too early
    assert where.origin.min() == 3
    assert np.all(where.target > where.origin) and np.all(where.years <= 5.5)
    from_first = where.origin == 3
    assert where.target[from_first].tolist() == [4, 6]
    assert where.stretch[from_first].tolist() == [0, 3]


def test_nobody_is_on_both_sides_and_the_split_is_fixed() -> None:
    people = np.arange(10_000)
    side = split(people)
    assert np.array_equal(side, split(people))
    assert 0.58 < side.mean() < 0.62


CHECK = {
    "people_tested": 100,
    "candidates": [
        {"name": name, "method": name, "dynamics": TRUE.to_dict(), "quantiles": [], "offered": True}
        for name in ("state_space", "mixed_model", "last_value")
    ],
    "rows": [
        {"until": until, "method": method, "mae": mae, "rmse": 2 * mae, "covers90": 0.9}
        for until, errors in ((1.5, (1.0, 0.9, 1.2)), (2.5, (1.0, 1.1, 1.2)), (3.5, (2, 3, 1)))
        for method, mae in zip(("state_space", "mixed_model", "last_value"), errors, strict=True)
    ],
}


def test_where_a_baseline_erred_less_it_is_used_and_told() -> None:
    found = offered(SOURCES[0], CHECK, 0.09)
    used = [(row["until"], row["method"]) for row in found["stretches"]]
    # up to .75 and beyond 3.5 nothing was tested: the nearest tested stretch decides
    assert used == [(1.5, "mixed_model"), (2.5, "state_space"), (5.5, "last_value")]
    assert "For 0-0.75, 0.75-1.5 years it was not ahead, so a linear mixed" in found["statement"]
    assert "Too few values to check up to 0.75 years" in found["statement"]


def test_a_baseline_with_one_of_two_errors_smaller_is_told_and_not_used() -> None:
    rows = [dict(row, rmse=9.0 if row["method"] != "state_space" else 1.0) for row in CHECK["rows"]]  # type: ignore[attr-defined]
    found = offered(SOURCES[0], {**CHECK, "rows": rows}, 0.09)
    assert [row["method"] for row in found["stretches"]] == ["state_space"]
    assert "For 0.75-1.5, 2.5-3.5 years a simpler method was as good." in found["statement"]


def test_the_committed_parameters_are_those_of_the_committed_script() -> None:
    """Choice and statement follow from the committed figures."""
    content = specs.artefact()
    for source, check in zip(SOURCES, content["checks"], strict=True):
        assert check["series"] == source.name
        if source.concept:
            expected = offered(source, check, content["treatment_change"]["sd"])
            assert content["measurements"][source.concept] == expected


def test_the_script_writes_what_the_product_reads(
    simulated: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From series to artefact on simulated people, one series as of everybody, one of a disease."""
    monkeypatch.setattr(fit, "MOST_PEOPLE", 25)
    monkeypatch.setattr(fit, "MOST_VALUES", 4)
    monkeypatch.setattr(train, "ARTEFACT", tmp_path / "new" / "forecast.json")
    chosen = (SOURCES[1], SOURCES[3])
    monkeypatch.setattr(train, "SOURCES", chosen)
    change = TreatmentChange(0.1, 5, 50, "some", "free")
    train.write(train.made({source.name: simulated for source in chosen}, change))
    content = specs.read_artefact(tmp_path / "new" / "forecast.json")
    assert set(content["measurements"]) == {"hdl_cholesterol", "albumin"}
    everybody, disease = content["checks"]
    assert {c["name"] for c in everybody["candidates"]} == {
        "state_space",
        "mixed_model",
        "last_value",
    }
    own = {c["name"]: c for c in disease["candidates"] if not c["offered"]}
    assert set(own) == {"state_space_of_this_disease", "mixed_model_of_this_disease"}
    offered_now = {c["name"]: c["dynamics"]["drift"] for c in disease["candidates"] if c["offered"]}
    assert set(offered_now.values()) == {0.0}
    statement = content["measurements"]["albumin"]["statement"]
    assert "In other people it was not checked" in statement
    assert not content["measurements"]["albumin"]["validated"]


def test_another_file_than_the_summed_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "forecast.json").write_text(json.dumps({"version": "1"}))
    (tmp_path / "SHA256SUMS").write_text("0  forecast.json\n")
    with pytest.raises(specs.ForecastArtefactError, match="SHA256SUMS"):
        specs.read_artefact(tmp_path / "forecast.json")


def test_the_committed_figures_are_measured_again() -> None:
    """One series of the data room, with the committed parameters: the same table."""
    checks = zip(SOURCES, specs.artefact()["checks"], strict=True)
    source, check = next((s, c) for s, c in checks if s.name == "pbcseq_albumin")
    folder = shared_data("longitudinal.tar.xz").parent
    assert asdict(pressure_medicines(folder)) == specs.artefact()["treatment_change"]
    panels = read(folder, [source])
    _, tested, _, where = backtest.sides(panels[source.name])
    rows = [
        row
        for candidate in map(Candidate.from_dict, check["candidates"])
        for row in measured(source, candidate, tested, where)
    ]
    assert assumed_rows(source, tested, where) == check["assumed_rows"] != []
    assert [r["targets"] for r in rows] == [r["targets"] for r in check["rows"]]
    for ours, committed in zip(rows, check["rows"], strict=True):
        assert ours["mae"] == pytest.approx(committed["mae"], rel=1e-4)


def test_the_benchmark_says_what_it_needs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "forecast.py", "--data", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "needs longitudinal.tar.xz" in done.stderr
