"""How alike two people are: points apart over a fixed list of clinical features. Pure.

A scale is cut into bands at fixed values, and each cut is one dimension: at or above it, or not. The
square of the Euclidean distance between two vectors is then the sum, over all features, of the
points of a band times the bands between the two: what a reader can add up by hand.

What is not recorded lies half-way at every cut. It is as far from any value as from any other, a
quarter of the whole scale, and never counts as the mean. Two people who both lack it are not apart
in it: so a number of measured features is asked for (`MOST_UNKNOWN`).

The features, cuts and points are our judgement [J]; no study has chosen them. A change of any of
them is a new VERSION, and vectors of two versions are never compared.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

VERSION = 1
Group = Literal["person", "measurement", "condition", "medicine"]
Vector = tuple[float, ...]
YES_NO = (0.5,)


@dataclass(frozen=True)
class Feature:
    """`cuts` rise; `points` is what one band apart counts. `names`: what the bands are called,
    where they are no numbers."""

    id: str
    label: str
    group: Group
    cuts: tuple[float, ...]
    points: float
    unit: str = ""
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.cuts or any(low >= high for low, high in pairwise(self.cuts)):
            raise ValueError(f"{self.id}: cuts must rise")
        if self.points <= 0:
            raise ValueError(f"{self.id}: points are above 0")
        if self.names and len(self.names) != len(self.cuts) + 1:
            raise ValueError(f"{self.id}: a name for each band")

    def band(self, value: float) -> int:
        """0 below the first cut, up to the number of cuts. Raises ValueError on NaN."""
        if math.isnan(value):
            raise ValueError(f"{self.id} is not a number")
        return sum(value >= cut for cut in self.cuts)

    def band_text(self, band: int) -> str:
        """ "130 to 140 mm[Hg]", "below 110 mm[Hg]", "90 mL/min or more"; an end belongs above."""
        if self.names:
            return self.names[band]
        if band == 0:
            return f"below {self.cuts[0]:g} {self.unit}".strip()
        if band == len(self.cuts):
            return f"{self.cuts[-1]:g} {self.unit} or more".replace("  ", " ")
        return f"{self.cuts[band - 1]:g} to {self.cuts[band]:g} {self.unit}".strip()


def _condition(concept: str, label: str, points: float) -> Feature:
    return Feature(concept, label, "condition", YES_NO, points, names=("not recorded", "recorded"))


def _medicine(concept: str, label: str, points: float) -> Feature:
    return Feature(concept, label, "medicine", YES_NO, points, names=("not recorded", "recorded"))


AGE = Feature("age", "Age", "person", tuple(float(a) for a in range(20, 95, 5)), 1.0, "years")
FEATURES: tuple[Feature, ...] = (
    AGE,
    Feature(
        "systolic_bp",
        "Systolic blood pressure",
        "measurement",
        (110.0, 120.0, 130.0, 140.0, 150.0, 160.0, 180.0),
        0.5,
        "mmHg",
    ),
    Feature("bmi", "Body mass index", "measurement", (18.5, 25.0, 30.0, 35.0, 40.0), 0.5, "kg/m²"),
    Feature(
        "total_cholesterol", "Total cholesterol", "measurement", (4.0, 5.0, 6.0, 7.0), 0.4, "mmol/L"
    ),
    Feature("hdl_cholesterol", "HDL cholesterol", "measurement", (1.0, 1.3, 1.6), 0.4, "mmol/L"),
    Feature("hba1c", "HbA1c", "measurement", (5.7, 6.5, 7.5, 8.5, 9.5), 0.5, "%"),
    Feature("egfr", "eGFR", "measurement", (15.0, 30.0, 45.0, 60.0, 90.0), 1.0, "mL/min/1.73 m²"),
    Feature("urine_acr", "Urine albumin/creatinine", "measurement", (30.0, 300.0), 1.0, "mg/g"),
    Feature(
        "smoking", "Smoking", "measurement", (0.5, 1.5), 1.0, names=("never", "former", "current")
    ),
    _condition("hypertension", "Hypertension", 0.5),
    _condition("diabetes", "Diabetes", 3.0),
    _condition("vascular_disease", "Coronary, cerebral or peripheral artery disease", 4.0),
    _condition("heart_failure", "Heart failure", 4.0),
    _condition("atrial_fibrillation", "Atrial fibrillation", 2.0),
    _condition("kidney_replacement", "Kidney failure, dialysis or transplant", 8.0),
    _condition("copd", "COPD", 2.0),
    _condition("cirrhosis", "Cirrhosis", 3.0),
    _condition("dementia", "Dementia", 3.0),
    _medicine("antihypertensive", "Blood pressure medicine", 0.5),
    _medicine("statin", "Statin", 0.5),
    _medicine("glucose_lowering", "Medicine that lowers glucose", 0.5),
    _medicine("insulin", "Insulin", 1.0),
)
BY_ID: Mapping[str, Feature] = {feature.id: feature for feature in FEATURES}
DIMENSIONS = sum(len(feature.cuts) for feature in FEATURES)
MEASURED = tuple(feature.id for feature in FEATURES if feature.group == "measurement")
# of those measured: with more of them missing nobody is compared, on either side
MOST_UNKNOWN = 4
# further apart than this is not alike, however few are nearer
MOST_POINTS = 7.5
# and never further apart in age than this many bands of five years, whatever else is the same
MOST_AGE_BANDS = 2
YOUNGEST = 18


def embed(values: Mapping[str, float | None]) -> Vector:
    """The vector of these values by feature id, shape (DIMENSIONS,).

    Every feature must be named; None is "not recorded". Raises KeyError on a feature left out or
    not known, ValueError on NaN.
    """
    if unknown := values.keys() - BY_ID.keys():
        raise KeyError(f"no features: {', '.join(sorted(unknown))}")
    found: list[float] = []
    for feature in FEATURES:
        value, height = values[feature.id], math.sqrt(feature.points)
        if value is None:
            found += [height / 2] * len(feature.cuts)
        else:
            band = feature.band(value)
            found += [height * (place < band) for place in range(len(feature.cuts))]
    return tuple(found)


def points_apart(one: Sequence[float], other: Sequence[float]) -> float:
    """The squared Euclidean distance. Raises ValueError on vectors of different lengths."""
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def bands_of(vector: Sequence[float]) -> dict[str, int | None]:
    """The band of every feature, None where it was not recorded. Raises ValueError on a length
    that is not DIMENSIONS."""
    if len(vector) != DIMENSIONS:
        raise ValueError(f"{len(vector)} dimensions, not {DIMENSIONS}")
    found: dict[str, int | None] = {}
    at = 0
    for feature in FEATURES:
        bits = [x / math.sqrt(feature.points) for x in vector[at : at + len(feature.cuts)]]
        at += len(bits)
        is_missing = all(0.25 < bit < 0.75 for bit in bits)
        found[feature.id] = None if is_missing else sum(bit >= 0.75 for bit in bits)
    return found


def unknown_of(values: Mapping[str, float | None]) -> int:
    """How many of the measured features are not recorded."""
    return sum(values[name] is None for name in MEASURED)
