"""The figures about explanations: what they mean, and that the committed ones are made again."""

from dataclasses import replace

import numpy as np
import pytest

from explain.attribution.masking import masked_counts, masking
from explain.attribution.quality import measure
from models_engine.catalogue.contract import Background
from models_engine.catalogue.explanation_quality import (
    TABLE,
    QualityTableError,
    explanation_quality,
    read_table,
)
from models_engine.registry import every_calibration, model
from tools.measure_explanations import entry

EXPLAINED = {
    key: one
    for key, one in every_calibration().items()
    if one.background is not None and one.is_probability and not one.quiet
}


# of 12 and 14 inputs all coalitions take seconds: one of them stands for the others
FEW_INPUTS = 9
RECOMPUTED = [
    key
    for key, one in EXPLAINED.items()
    if len(one.inputs) <= FEW_INPUTS or one.id == "prevent_base_10y"
]
# Where three masked concepts pull in opposite directions and cancel: stated on the facts page
CANCELLING = {("score2 2021-moderate.1", 3)}


@pytest.mark.parametrize("key", RECOMPUTED, ids=" ".join)
def test_the_committed_figures_are_made_again(key):
    """UX E9 and E10: stability and faithfulness are measured, not typed in."""
    found = EXPLAINED[key]

    made = entry(found)["rows"]

    committed = explanation_quality(found)
    assert [row.keys() for row in made] == [row.keys() for row in committed]
    for ours, theirs in zip(made, committed, strict=True):
        masked = zip(ours.pop("masking"), (row := dict(theirs)).pop("masking"), strict=True)
        assert ours == pytest.approx(row, abs=2e-4)
        for one, other in masked:
            assert one.pop("p") == pytest.approx(other["p"], rel=0.05)
            assert one == pytest.approx({k: v for k, v in other.items() if k != "p"}, abs=2e-4)


@pytest.mark.parametrize("key", EXPLAINED, ids=" ".join)
def test_masking_the_largest_moves_the_prediction_more_than_masking_any(key):
    """UX E10, over every explained model and outcome."""
    for row in explanation_quality(EXPLAINED[key]):
        assert row["masking"][0]["masked"] == 1
        for masked in row["masking"]:
            if (" ".join(key), masked["masked"]) not in CANCELLING:
                assert masked["largest"] > masked["at_random"]
                assert masked["p"] < 0.05


@pytest.mark.parametrize("key", EXPLAINED, ids=" ".join)
def test_every_explained_model_is_measured_as_it_is_now(key):
    rows = explanation_quality(EXPLAINED[key])
    assert [row["outcome"] for row in rows] == [o.id for o in EXPLAINED[key].outcomes]
    assert all(row["adds_up_within_1e_6"] for row in rows)
    # UX E9: the share of people with stable reasons is known of every model
    assert all(0 <= row["stable_share"] <= 1 and row["people"] >= 20 for row in rows)


def test_a_changed_model_has_no_figures():
    assert explanation_quality(replace(model("kfre_4v"), artefact_hash="other")) == []
    assert explanation_quality(replace(model("kfre_4v"), id="acme_kidney")) == []


def sum_of(weights, rows):
    """A model whose prediction is a weighted sum of four inputs of the kidney equation."""
    base = model("kfre_4v")
    concepts = [i.concept for i in base.inputs]

    def predict(arrays):
        total = sum(w * arrays[c] for w, c in zip(weights, concepts, strict=True))
        return np.stack([total, -total], axis=1)

    sample = Background(dict(zip(concepts, rows, strict=True)), source="made up", evidence="J")
    return replace(base, predict=predict, background=sample)


def test_a_sum_is_explained_faithfully():
    rng = np.random.default_rng(1)
    first, second = measure(sum_of((0.1, 0.2, 0.3, 0.4), rng.random((4, 12))))

    assert first.faithfulness == pytest.approx(1.0)
    assert (first.people, second.outcome) == (12, "kidney_failure_5y")
    assert first.largest_gap < 1e-12


def test_reasons_that_every_draw_agrees_on_are_stable():
    rng = np.random.default_rng(2)
    rows = rng.random((4, 12))
    # one input hardly matters: the other three are always the largest
    clear = measure(sum_of((5.0, 6.0, 7.0, 1e-6), rows))[0]
    close = measure(sum_of((1.0, 1.0, 1.0, 1.0), rows))[0]

    assert (clear.overlap, clear.stable_share) == (1.0, 1.0)
    assert close.overlap < 1.0


def test_masking_knows_the_largest_of_a_sum():
    rng = np.random.default_rng(3)
    model_of = sum_of((5.0, 1.0, 1.0, 1.0), rng.random((4, 12)))

    one, two = measure(model_of)[0].masking

    assert (one.masked, two.masked) == (1, 2)
    assert one.largest > 2 * one.at_random
    assert one.p < 0.01


def test_reasons_that_are_not_those_of_the_model_fail_the_masking():
    rng = np.random.default_rng(4)
    model_of = sum_of((5.0, 1.0, 0.5, 0.25), rng.random((4, 24)))
    people = [
        {c: float(column[at]) for c, column in model_of.background.rows.items()} for at in range(24)
    ]
    concepts = list(people[0])
    # the input that matters least is called the largest reason
    wrong = [{c: np.array([n, n]) for n, c in enumerate(concepts)} for _ in people]

    (found, _), _ = masking(model_of, people, wrong)

    assert found.largest < found.at_random
    assert found.p > 0.95


def test_a_single_input_cannot_be_compared_with_others():
    assert masked_counts(1) == ()
    assert masked_counts(3) == (1,)
    assert masked_counts(4) == (1, 2)
    assert masked_counts(11) == (1, 3)


def test_a_changed_table_is_refused(tmp_path):
    for suffix in (".json", ".sha256"):
        source = TABLE.with_suffix(suffix)
        (tmp_path / source.name).write_bytes(source.read_bytes())
    copy = tmp_path / TABLE.name
    assert read_table(copy) == read_table(TABLE)
    copy.write_bytes(copy.read_bytes().replace(b'"people": 32', b'"people": 64', 1))
    with pytest.raises(QualityTableError):
        read_table(copy)
