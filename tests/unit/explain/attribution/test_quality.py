"""The figures about explanations: what they mean, and that the committed ones are made again."""

from dataclasses import replace

import numpy as np
import pytest

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


@pytest.mark.parametrize(
    "model_id", ["kfre_4v", "post_infarction_mortality", "readmission_30d", "prevent_base_10y"]
)
def test_the_committed_figures_are_made_again(model_id):
    found = model(model_id)

    made = entry(found)["rows"]

    committed = explanation_quality(found)
    assert [row.keys() for row in made] == [row.keys() for row in committed]
    for ours, theirs in zip(made, committed, strict=True):
        assert ours == pytest.approx(theirs, abs=2e-4)


@pytest.mark.parametrize("key", EXPLAINED, ids=" ".join)
def test_every_explained_model_is_measured_as_it_is_now(key):
    rows = explanation_quality(EXPLAINED[key])
    assert [row["outcome"] for row in rows] == [o.id for o in EXPLAINED[key].outcomes]
    assert all(row["adds_up_within_1e_6"] for row in rows)


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


def test_a_changed_table_is_refused(tmp_path):
    for suffix in (".json", ".sha256"):
        source = TABLE.with_suffix(suffix)
        (tmp_path / source.name).write_bytes(source.read_bytes())
    copy = tmp_path / TABLE.name
    assert read_table(copy) == read_table(TABLE)
    copy.write_bytes(copy.read_bytes().replace(b'"people": 32', b'"people": 64', 1))
    with pytest.raises(QualityTableError):
        read_table(copy)
