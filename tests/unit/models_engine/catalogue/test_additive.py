"""A trained model is numbers in a checked JSON file, evaluated with numpy."""

import json

import numpy as np
import pytest

from models_engine.catalogue.trained.additive import (
    FOLDER,
    ArtefactError,
    Term,
    design,
    probability,
    read_artefact,
    read_performance,
)

NAMES = ("post_infarction_mortality", "general_mortality", "readmission_30d")


def slow_spline(x, knots):
    """Restricted cubic spline columns of one value, as the textbook writes them."""
    cube = lambda u: max(u, 0.0) ** 3
    first, before, last = knots[0], knots[-2], knots[-1]
    return [
        (
            cube(x - k)
            - cube(x - before) * (last - k) / (last - before)
            + cube(x - last) * (before - k) / (last - before)
        )
        / (last - first) ** 2
        for k in knots[:-2]
    ]


def slow_probabilities(content, person):
    """A second reading of an artefact, one person at a time."""
    made = content["model"]
    row = []
    for term in made["terms"]:
        value = person[term["concept"]]
        value = np.log1p(value) if term.get("log1p") else value
        x = (value - term.get("centre", 0)) / term.get("per", 1)
        if term.get("times"):
            row.append(x * person[term["times"]])
            continue
        row += [x, *(slow_spline(x, term["knots"]) if term.get("knots") else [])]
    eta = sum(b * c for b, c in zip(made["coefficients"].values(), row, strict=True))
    found = {}
    for outcome, base in made["baseline"].items():
        hazard = np.exp(eta + base)
        found[outcome] = 1 - np.exp(-hazard) if made["kind"] == "cox" else hazard / (1 + hazard)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_artefact_gives_what_the_training_run_wrote(name):
    artefact = read_artefact(name)

    for row in artefact.content["vectors"]:
        arrays = {c: np.array([v]) for c, v in row["inputs"].items()}
        expected = list(row["expected"].values())
        np.testing.assert_allclose(artefact.model.predict(arrays)[0], expected, atol=1e-9)
        slow = slow_probabilities(artefact.content, row["inputs"])
        np.testing.assert_allclose(list(slow.values()), expected, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_interval_holds_the_probability(name):
    artefact = read_artefact(name)
    arrays = {c: np.array(v) for c, v in artefact.content["background"].items()}

    p, ends = artefact.model.predict(arrays), artefact.model.interval(arrays)

    assert (ends[..., 0] < p).all()
    assert (p < ends[..., 1]).all()
    assert ((ends > 0) & (ends < 1)).all()


@pytest.mark.parametrize("name", NAMES)
def test_measured_coverage_is_near_its_level(name):
    for row in read_artefact(name).content["coverage"].values():
        assert row["held_out_groups"] >= 50
        assert row["coverage"] >= row["level"] - 0.03


@pytest.mark.parametrize("name", NAMES)
def test_the_model_is_within_one_sd_of_the_best_learner(name):
    learners = read_performance(name)["learners"]
    if name == "readmission_30d":
        # others were given counts from bills, too, which no record holds; of .64 to .69 in the
        # literature it is nearer the lower end
        assert learners["this model"]["auc"]["mean"] >= 0.64
        learners = {n: m for n, m in learners.items() if "all columns" not in n}
        assert len(learners) == 2
    measure = "auc" if name == "readmission_30d" else "harrell_c"
    best = max(metrics[measure]["mean"] for metrics in learners.values())
    ours = learners["this model"][measure]

    assert ours["mean"] >= best - ours["sd"]
    assert read_performance(name)["leakage_suspects"] == []


def test_a_changed_file_is_refused(tmp_path):
    name = "post_infarction_mortality"
    for path in FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert read_artefact(name, tmp_path).sha256 == read_artefact(name).sha256

    content = json.loads((tmp_path / f"{name}.json").read_bytes())
    content["model"]["coefficients"]["age"] *= 1.01
    (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(ArtefactError, match="SHA256SUMS"):
        read_artefact(name, tmp_path)


def test_every_artefact_is_small_text_with_a_checksum():
    sums = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8")
    files = sorted(path.name for path in FOLDER.glob("*.json"))

    assert files == sorted(f"{n}{end}.json" for n in NAMES for end in ("", ".performance"))
    assert [line.split()[1] for line in sums.splitlines()] == files
    assert all(path.stat().st_size < 40_000 for path in FOLDER.iterdir())
    assert {path.suffix for path in FOLDER.iterdir()} == {".json", ""}


@pytest.mark.parametrize("name", NAMES)
def test_resemblance_takes_the_sample_and_refuses_the_far_off(name):
    artefact = read_artefact(name)
    sample = artefact.content["background"]
    first = {c: v[0] for c, v in sample.items()}
    far = dict(first, age=artefact.resemblance.mean[0] + 9 * artefact.resemblance.sd[0])

    assert artefact.resemblance.accepts(first)
    assert not artefact.resemblance.accepts(far)


def test_columns_of_a_term():
    arrays = {"age": np.array([40.0, 80.0]), "stays": np.array([0.0, 3.0])}
    terms = (
        Term("age", 50, 10, knots=(-2.0, 0.0, 2.0)),
        Term("stays", log1p=True),
        Term("age", 50, 10, times="stays"),
    )

    columns = design(terms, arrays)

    assert [n for t in terms for n in t.names] == ["age", "age.spline2", "stays", "age*stays"]
    np.testing.assert_allclose(columns[:, 0], [-1, 3])
    np.testing.assert_allclose(columns[:, 1], [slow_spline(x, (-2, 0, 2))[0] for x in (-1, 3)])
    np.testing.assert_allclose(columns[:, 2], [0, np.log(4)])
    np.testing.assert_allclose(columns[:, 3], [0, 9])


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind"):
        probability("forest", np.zeros((1, 1)))
