"""A trained additive model: numbers in a JSON file, evaluated with numpy alone.

The training scripts build their design matrix with `design` too, so that a column means the same
when a model is fitted and when it is used. Nothing is unpickled: the file holds coefficients and
aggregates only, no person's values.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from models_engine.catalogue.contract import Arrays, FloatArray
from models_engine.catalogue.linear import combine

FOLDER = Path(__file__).parent / "artefacts"
COX, LOGISTIC = "cox", "logistic"
FORMAT = 1


@dataclass(frozen=True)
class Term:
    """One concept's part of the linear predictor, of x = (value - centre) / per.

    `knots`, on the scale of x, make it a restricted cubic spline (Harrell): len(knots) - 1
    columns, straight beyond the outer knots. `log1p` takes ln(1 + value) first. `times` is a
    second concept that the linear column is multiplied by, uncentred.
    """

    concept: str
    centre: float = 0.0
    per: float = 1.0
    knots: tuple[float, ...] = ()
    log1p: bool = False
    times: str = ""

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Term":
        return cls(**{**row, "knots": tuple(row.get("knots", ()))})

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""
        if self.times:
            return (f"{self.concept}*{self.times}",)
        curved = range(2, len(self.knots))
        return (self.concept, *(f"{self.concept}.spline{i}" for i in curved))

    def columns(self, arrays: Arrays) -> list[FloatArray]:
        """Its columns of the design matrix, each (n,)."""
        values = np.asarray(arrays[self.concept], dtype=np.float64)
        x = ((np.log1p(values) if self.log1p else values) - self.centre) / self.per
        if self.times:
            return [x * np.asarray(arrays[self.times], dtype=np.float64)]
        return [x, *_curved(x, self.knots)]


def _curved(x: FloatArray, knots: Sequence[float]) -> list[FloatArray]:
    """The columns of a restricted cubic spline beyond the straight one."""
    if not knots:
        return []
    last, before = knots[-1], knots[-2]
    size = (last - knots[0]) ** 2

    def cube(knot: float) -> FloatArray:
        return np.maximum(x - knot, 0.0) ** 3

    return [
        (
            cube(knot)
            - cube(before) * (last - knot) / (last - before)
            + cube(last) * (before - knot) / (last - before)
        )
        / size
        for knot in knots[:-2]
    ]


def design(terms: Sequence[Term], arrays: Arrays) -> FloatArray:
    """Design matrix (n, k): the columns of all terms, side by side."""
    return np.stack([column for term in terms for column in term.columns(arrays)], axis=1)


@dataclass(frozen=True, eq=False)
class Additive:
    """A trained Cox or logistic model as read from its artefact.

    `baseline` has one number an outcome: ln H0(horizon) of a Cox model, the intercept of a
    logistic one. `covariance` (o, k + 1, k + 1) is the bootstrap covariance of coefficients and
    baseline; `factor` (o,) how many standard deviations an interval reaches, found by conformal
    calibration on held-out groups.
    """

    kind: str
    terms: tuple[Term, ...]
    coefficients: FloatArray
    baseline: FloatArray
    covariance: FloatArray
    factor: FloatArray

    def linear(self, arrays: Arrays) -> FloatArray:
        """(n, o): ln of the cumulative hazard, or log odds."""
        columns = np.ascontiguousarray(design(self.terms, arrays).T)
        eta = combine(self.coefficients[np.newaxis], columns)[0]
        return np.asarray(eta[:, np.newaxis] + self.baseline[np.newaxis, :])

    def predict(self, arrays: Arrays) -> FloatArray:
        """Probabilities (n, o)."""
        return probability(self.kind, self.linear(arrays))

    def spread(self, arrays: Arrays) -> FloatArray:
        """Standard deviation (n, o) of the linear predictor over bootstrap fits."""
        columns = design(self.terms, arrays)
        columns = np.concatenate([columns, np.ones((len(columns), 1))], axis=1)
        variance = np.einsum("nk,okl,nl->no", columns, self.covariance, columns)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    def interval(self, arrays: Arrays) -> FloatArray:
        """Low and high probability, (n, o, 2); the prediction lies between them."""
        middle, reach = self.linear(arrays), self.factor * self.spread(arrays)
        ends = np.stack([middle - reach, middle + reach], axis=2)
        return probability(self.kind, ends)


def probability(kind: str, linear: FloatArray) -> FloatArray:
    """From the linear predictor to a probability. Raises ValueError on an unknown kind."""
    if kind == COX:
        return np.asarray(-np.expm1(-np.exp(linear)))
    if kind == LOGISTIC:
        return np.asarray(1.0 / (1.0 + np.exp(-linear)))
    raise ValueError(f"unknown kind of model: {kind!r}")


@dataclass(frozen=True, eq=False)
class Resemblance:
    """How far a person may be from those the model was trained on: the 99th percentile.

    Mahalanobis distance of the inputs, from their means, spreads and correlations in training.
    """

    concepts: tuple[str, ...]
    mean: FloatArray
    sd: FloatArray
    inverse_correlation: FloatArray
    limit: float

    def distance(self, arrays: Arrays) -> FloatArray:
        """Squared distances (n,)."""
        values = np.stack([np.asarray(arrays[c], dtype=np.float64) for c in self.concepts], axis=1)
        z = (values - self.mean) / self.sd
        return np.asarray(np.einsum("nk,kl,nl->n", z, self.inverse_correlation, z))

    def accepts(self, values: Mapping[str, float]) -> bool:
        """True when every input is known and the person is no further off than the limit."""
        arrays = {c: np.array([values[c]]) for c in self.concepts}
        return bool(self.distance(arrays)[0] <= self.limit)


@dataclass(frozen=True, eq=False)
class Artefact:
    """One committed file: its content, and the bytes that its hash is of."""

    content: Mapping[str, Any]
    raw: bytes

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @cached_property
    def model(self) -> Additive:
        made = self.content["model"]
        return Additive(
            kind=made["kind"],
            terms=tuple(Term.from_json(row) for row in made["terms"]),
            coefficients=np.array(list(made["coefficients"].values())),
            baseline=np.array(list(made["baseline"].values())),
            covariance=np.array(list(made["covariance"].values())),
            factor=np.array(list(made["interval_factor"].values())),
        )

    @cached_property
    def resemblance(self) -> Resemblance:
        kept = self.content["resemblance"]
        return Resemblance(
            concepts=tuple(kept["concepts"]),
            mean=np.array(kept["mean"]),
            sd=np.array(kept["sd"]),
            inverse_correlation=np.array(kept["inverse_correlation"]),
            limit=float(kept["limit"]),
        )

    def range_of(self, concept: str) -> tuple[float, float]:
        """1st and 99th percentile of an input in training, in its canonical unit."""
        low, high = self.content["ranges"][concept]
        return float(low), float(high)


class ArtefactError(ValueError):
    """A file that is not what its checksum says, or of another format."""


def read_artefact(name: str, folder: Path = FOLDER) -> Artefact:
    """The artefact `name` from `<name>.json`, checked against SHA256SUMS beside it.

    Raises ArtefactError when the file is not listed, was changed, or has another format.
    """
    raw = _checked(f"{name}.json", folder)
    artefact = Artefact(json.loads(raw), raw)
    if artefact.content.get("format") != FORMAT:
        raise ArtefactError(f"{name}.json is of another format than {FORMAT}")
    return artefact


def read_performance(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The tables that the training run measured. Raises ArtefactError as `read_artefact` does."""
    return dict(json.loads(_checked(f"{name}.performance.json", folder)))


def _checked(file: str, folder: Path) -> bytes:
    raw = (folder / file).read_bytes()
    sums = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    if f"{hashlib.sha256(raw).hexdigest()}  {file}" not in sums:
        raise ArtefactError(f"{file} is not the file that SHA256SUMS names")
    return raw
