"""Tables of held-out predictions. Needs the dependency group `training`; skipped without it."""

import numpy as np
import pytest

from models_engine.catalogue.trained.additive import LOGISTIC, Term, read_performance

NEEDS = "the dependency group `training` is not installed (make train installs it)"
pytest.importorskip("sksurv", reason=NEEDS)
pytest.importorskip("SurvSet", reason=NEEDS)

from models_engine.training import held_out
from models_engine.training.cohorts import Cohort
from models_engine.training.held_out import Predicted, benefit, calibration
from models_engine.training.intervals import Recipe
from models_engine.training.recipes import POST_INFARCTION
from tests.unit.models_engine.training.test_training import close


def cohort(event, *, time=(), groups=None, **columns):
    count = len(event)
    people = {"age": np.full(count, 60.0), "sex": np.arange(count) % 2.0}
    return Cohort(
        "x", "x", "x", "x", people | {c: np.array(v, dtype=float) for c, v in columns.items()},
        np.array(event, dtype=bool), np.arange(count) if groups is None else np.array(groups),
        np.array(time, dtype=float),
    )  # fmt: skip


def test_the_committed_tables_are_made_again():
    """All bands; of what is drawn two hundred times the 3-year outcome."""
    people = POST_INFARCTION.load(None)
    committed = read_performance(POST_INFARCTION.name)["held_out"]
    risks = held_out.predictions(POST_INFARCTION.recipe, people.only(POST_INFARCTION.concepts))

    for at, (outcome, years) in enumerate((("1.0", 1.0), ("3.0", 3.0))):
        predicted = Predicted(people.only(("age", "sex")), risks[:, at], years)
        close(calibration(predicted), committed[outcome]["calibration"])
    close(held_out.subgroups(predicted), committed["3.0"]["subgroups"])
    some = committed["3.0"]["net_benefit"][1]
    close(held_out.net_benefit(predicted, (some["threshold"],)), [some])


def test_every_outcome_has_its_three_tables():
    people = POST_INFARCTION.load(None)

    found = held_out.tables(POST_INFARCTION, people, draws=2)

    assert list(found) == ["1.0", "3.0"]
    for outcome, tables in found.items():
        committed = read_performance(POST_INFARCTION.name)["held_out"][outcome]
        assert list(tables) == list(committed)
        assert [row["value"] for row in tables["net_benefit"]] == [
            row["value"] for row in committed["net_benefit"]
        ]


def test_nobody_is_predicted_by_a_fit_that_saw_them():
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    groups = np.arange(200) // 2
    event = rng.random(200) < 1 / (1 + np.exp(-x))
    recipe = Recipe(LOGISTIC, (Term("x"),))

    plain = held_out.predictions(recipe, cohort(event, x=x, groups=groups))
    # with the outcomes of one person turned round, only other people's predictions may move
    turned = event.copy()
    turned[10:12] = ~turned[10:12]
    moved = held_out.predictions(recipe, cohort(turned, x=x, groups=groups))

    np.testing.assert_array_equal(plain[10:12], moved[10:12])
    assert np.abs(plain - moved).max() > 1e-4


def test_bands_hold_everybody_once_from_low_to_high():
    rng = np.random.default_rng(2)
    risk = rng.random(500)
    rows = calibration(Predicted(cohort(rng.random(500) < risk), risk, None))

    assert sum(row["people"] for row in rows) == 500
    assert [row["predicted"] for row in rows] == sorted(row["predicted"] for row in rows)
    assert all(row["low"] <= row["observed"] <= row["high"] for row in rows)
    assert sum(row["low"] <= row["predicted"] <= row["high"] for row in rows) >= 8


def test_a_share_of_nought_has_an_interval_of_its_own():
    """Wilson's: z squared over n plus z squared."""
    none = Predicted(cohort(np.zeros(20)), np.full(20, 0.1), None)
    z2 = 1.959964**2

    assert none.share_interval() == pytest.approx((0.0, z2 / (20 + z2)), abs=1e-6)


def test_several_rows_of_one_person_widen_the_interval():
    event = np.arange(60) % 4 == 0
    alone = Predicted(cohort(event), np.full(60, 0.25), None)
    # each person three times, with the same outcome
    thrice = Predicted(
        cohort(np.repeat(event, 3), groups=np.repeat(np.arange(60), 3)), np.full(180, 0.25), None
    )

    assert thrice.share_interval() == pytest.approx(alone.share_interval())


def test_the_share_of_a_survival_outcome_is_kaplan_meiers():
    people = cohort([1, 0, 1, 0], time=[1.0, 2, 3, 4])
    predicted = Predicted(people, np.full(4, 0.5), 3.5)

    assert predicted.share() == pytest.approx(1 - 3 / 4 * 1 / 2)
    assert predicted.events == 2
    low, high = predicted.share_interval()
    greenwood = np.sqrt(1 / (4 * 3) + 1 / (2 * 1)) / abs(np.log(3 / 8))
    ends = [1 - np.exp(np.log(3 / 8) * np.exp(z * greenwood)) for z in (-1.959964, 1.959964)]
    assert (low, high) == pytest.approx(tuple(ends))


def test_net_benefit_by_hand():
    # 10 people, 4 at or above 20 %: 3 of them with the event
    risk = np.array([0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    event = [1, 1, 0, 1, 1, 0, 0, 0, 0, 0]
    predicted = Predicted(cohort(event), risk, None)

    assert benefit(predicted, 0.2) == pytest.approx(3 / 10 - 1 / 10 * 0.2 / 0.8)
    assert benefit(predicted, 0.6) == 0.0
    (row,) = held_out.net_benefit(predicted, (0.2,), draws=50)
    assert row["treat_all"] == pytest.approx(4 / 10 - 6 / 10 * 0.25)
    assert row["share"] == 0.4
    assert row["low"] <= row["value"] <= row["high"]


def test_net_benefit_of_a_survival_outcome_without_censoring_is_the_plain_one():
    rng = np.random.default_rng(3)
    risk, time = rng.random(80), rng.random(80) * 5
    event = np.ones(80)
    survival = Predicted(cohort(event, time=time), risk, 2.0)
    plain = Predicted(cohort(time <= 2.0), risk, None)

    assert benefit(survival, 0.3) == pytest.approx(benefit(plain, 0.3))


def test_a_subgroup_with_few_events_has_no_c():
    event = np.zeros(40)
    event[:9] = 1
    rows = held_out.subgroups(Predicted(cohort(event), np.linspace(0.1, 0.5, 40), None), draws=20)

    assert {row["measure"] for row in rows} == {"Observed over expected"}
    assert {(row["group"], row["level"]) for row in rows} == {
        ("Sex", "female"), ("Sex", "male"), ("Age", "50 to 64"),
    }  # fmt: skip
