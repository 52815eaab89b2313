"""The committed background samples are what the committed script draws."""

import csv
import json

import numpy as np
import pytest

from models_engine.catalogue.risk.prevent import prevent_model
from models_engine.training import background_sample as sample

MOMENTS = json.loads(sample.MOMENTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("prevent_10y", lambda: sample.draw(MOMENTS, sample.SEED)),
        ("prevent_30y", lambda: sample.draw(MOMENTS, sample.SEED, oldest=59)),
        ("kfre", lambda: sample.draw_kidney(sample.SEED)),
        ("kfre_8v", lambda: sample.draw_kidney_blood(sample.SEED)),
        ("older", lambda: sample.draw_older(MOMENTS, sample.SEED)),
        ("diabetes", lambda: sample.draw_diabetes(MOMENTS, sample.SEED)),
    ],
)
def test_committed_samples_are_reproducible(name, drawn, tmp_path):
    sample.write_csv(tmp_path / "drawn.csv", drawn())

    committed = (sample.OUTPUT / f"{name}.csv").read_text(encoding="utf-8")
    assert (tmp_path / "drawn.csv").read_text(encoding="utf-8") == committed


@pytest.mark.parametrize("years", [10, 30])
def test_sample_is_half_women_and_stratified_by_age(years):
    rows = prevent_model("full", years).background.rows
    assert rows["sex"].sum() == 16
    for sex in (0.0, 1.0):
        ages = rows["age"][rows["sex"] == sex]
        assert len(np.unique(ages // 10)) == (5 if years == 10 else 3)


def test_kidney_sample_has_the_means_that_the_equation_is_centred_on():
    rows = {
        k: np.array([r[k] for r in sample.draw_kidney(1)]) for k in ("age", "egfr", "urine_acr")
    }
    assert rows["age"].mean() == pytest.approx(70.36, abs=0.02)
    assert rows["egfr"].mean() == pytest.approx(36.11, abs=0.02)
    assert np.log(rows["urine_acr"]).mean() == pytest.approx(5.137, abs=0.01)


def test_sample_with_diabetes_is_one_of_the_people_that_its_models_are_for():
    rows = sample.draw_diabetes(MOMENTS, 3)

    assert sum(row["sex"] for row in rows) == 16
    for row in rows:
        assert row["diabetes"] == 1 and row["egfr"] >= 60
        assert 40 <= row["age"] <= 79 and row["age"] - 16 < row["age_at_diabetes"] <= row["age"]
        assert row["glucose_lowering"] >= row["insulin"]
        assert (row["smoking_history"] == 2) == (row["smoking_status"] == 1)


def test_older_sample_reaches_from_seventy_to_eighty_nine():
    ages = {row["age"] for row in sample.draw_older(MOMENTS, 3)}

    assert min(ages) >= 70 and max(ages) <= 89 and any(age >= 80 for age in ages)


def test_kidney_sample_with_blood_values_has_the_same_people():
    rows = sample.draw_kidney_blood(sample.SEED)

    assert [{k: row[k] for k in ("age", "sex", "egfr", "urine_acr")} for row in rows] == (
        sample.draw_kidney(sample.SEED)
    )
    for concept, (mean, _, _) in sample.KFRE_BLOOD.items():
        assert np.mean([row[concept] for row in rows]) == pytest.approx(mean, abs=0.02)


def test_moments_are_survey_weighted_and_leave_out_who_is_incomplete(tmp_path):
    header = "Gender,Age,TotChol,DirectChol,BPSysAve,BMI,Diabetes,Smoke100,SmokeNow,PregnantNow"
    rows = []
    for sex in ("female", "male"):
        for low, _ in sample.BANDS:
            rows += [
                f"{sex},{low},4,1,110,22,No,No,,,3000",
                f"{sex},{low},5,1.2,120,25,Yes,Yes,Yes,,1000",
                f"{sex},{low},6,1.1,130,28,No,Yes,No,,1000",
                f"{sex},{low},9,1.1,130,28,No,Yes,,,1000",  # smoking now is not known
                f"{sex},{low},,1.1,130,28,No,No,,,1000",  # no cholesterol
                f"{sex},{low},9,1.1,130,28,No,No,,Yes,1000",  # pregnant
                f"{sex},{low},9,1.1,130,28,No,No,,,0",  # not examined
            ]
    source = tmp_path / "small.csv"
    source.write_text("\n".join([f"{header},WTMEC2YR", *rows]) + "\n", encoding="utf-8")

    moments = sample.fit(source)

    stratum = moments["female_40"]
    assert stratum["people"] == 3
    assert stratum["diabetes"] == stratum["smoking"] == 0.2
    assert stratum["share"] == pytest.approx(0.1)
    expected = (3 * np.log(4) + np.log(5) + np.log(6)) / 5
    assert stratum["log_mean"][0] == pytest.approx(expected, abs=5e-5)


def test_command_line_draws_into_the_output_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "OUTPUT", tmp_path)
    monkeypatch.setattr("sys.argv", ["background_sample", "draw"])

    sample.main()

    with (tmp_path / "kfre.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 32
    assert {p.name for p in tmp_path.iterdir()} == {
        "prevent_10y.csv",
        "prevent_30y.csv",
        "kfre.csv",
        "kfre_8v.csv",
        "older.csv",
        "diabetes.csv",
    }


def test_command_line_fits(tmp_path, monkeypatch):
    source = tmp_path / "s.csv"
    header = "Gender,Age,TotChol,DirectChol,BPSysAve,BMI,Diabetes,Smoke100,SmokeNow,PregnantNow"
    lines = [
        f"{sex},{low},{4 + i},1.{i},11{i},2{i},No,No,,,1000"
        for sex in ("female", "male")
        for low, _ in sample.BANDS
        for i in range(3)
    ]
    source.write_text("\n".join([f"{header},WTMEC2YR", *lines]) + "\n", encoding="utf-8")
    monkeypatch.setattr(sample, "MOMENTS", tmp_path / "moments.json")
    monkeypatch.setattr("sys.argv", ["background_sample", "fit", str(source)])

    sample.main()

    assert len(json.loads((tmp_path / "moments.json").read_text(encoding="utf-8"))) == 10
