"""The contract of a clinical model: what it declares before the registry lets it run.

Every object is frozen and checked when it is made, so a wrong declaration fails at import.
Arrays are float64 of shape (n,), one entry a person; sex is coded 1.0 female, 0.0 male; a
condition, a medication class and current smoking are 1.0 yes, 0.0 no. A missing optional
input is NaN, and nothing else is.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models_engine.catalogue.facts import EvidenceTag, ModelFacts, require_tag, require_text
from models_engine.catalogue.outcome_event import OutcomeEvent

FloatArray = NDArray[np.float64]
Arrays = Mapping[str, FloatArray]
Predict = Callable[[Arrays], FloatArray]

Direction = Literal["up", "down"]
Role = Literal[
    "demographic", "measurement", "coded", "condition", "medication", "derived", "record"
]
RefusalKind = Literal["missing", "too_old", "out_of_range", "not_applicable"]

FEMALE, MALE = 1.0, 0.0
MAX_BACKGROUND_ROWS = 32
# a bound converted to the canonical unit is not exact in binary: 130 mg/dL is 3.3618 mmol/L
BOUND_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Refusal:
    """Why there is no number, for people (`message`) and for machines (`code`)."""

    kind: RefusalKind
    concept: str
    message: str
    # of "out_of_range": on which side
    side: Literal["", "above", "below"] = ""
    # the data stewards' mappings by which what stands in the way was read
    mappings: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(RefusalKind):
            raise ValueError(f"Refusal: unknown kind {self.kind!r}")
        require_text("Refusal", concept=self.concept, message=self.message)

    @property
    def code(self) -> str:
        """Stable machine code, e.g. "too_old.systolic_bp"."""
        return f"{self.kind}.{self.concept}"

    def to_dict(self) -> dict[str, Any]:
        """JSON of one refusal, as stored with a prediction."""
        return {
            "kind": self.kind,
            "concept": self.concept,
            "code": self.code,
            "message": self.message,
            "side": self.side,
            "mappings": list(self.mappings),
        }


@dataclass(frozen=True)
class Circumstances:
    """What decides whether a model applies, apart from the ranges of its inputs.

    `active` are conditions present as of the moment; `ever` adds those recorded as resolved
    (a healed infarction is still known cardiovascular disease). `values` are the inputs found.
    `outside_hospital`: no inpatient, emergency or observation encounter is going on.
    `discharged_to` is where the last stay ended (home, died, transferred ...), if recorded.
    `days_since` holds, by condition, the days since its newest record began.
    """

    deceased: bool = False
    active: frozenset[str] = frozenset()
    ever: frozenset[str] = frozenset()
    values: Mapping[str, float] = field(default_factory=dict)
    outside_hospital: bool = False
    discharged_to: str = ""
    days_since: Mapping[str, int] = field(default_factory=dict)


Applies = Callable[[Circumstances], tuple[Refusal, ...]]


@dataclass(frozen=True)
class Input:
    """One declared input of a model.

    `low` and `high` are in `unit`, the twin's canonical unit; where the paper speaks another
    unit, `published_unit` = `unit` times `published_per_unit` and messages give both.
    `any_of` are the recorded concepts that count as this input (all kinds of diabetes), with
    `ever` also when they are over. Role "record" is what the record as a whole says: how long a
    disease has been known, how many diagnoses could not be read. `if_missing` says what is done
    without an optional input for which the paper has no term.
    `max_age_hours` instead of days is for what is observed at the bedside: it counts from the
    moment, so a value that is dated to the day only does not count.
    `window` says which time counts, in words, where that is not the rule for the role.
    """

    concept: str
    role: Role
    unit: str = ""
    low: float | None = None
    high: float | None = None
    max_age_days: int | None = None
    required: bool = True
    label: str = ""
    modifiable: bool = False
    group: str = ""
    low_open: bool = False
    high_open: bool = False
    published_unit: str = ""
    published_per_unit: float = 1.0
    any_of: tuple[str, ...] = ()
    order: str = ""
    ever: bool = False
    if_missing: str = ""
    max_age_hours: float | None = None
    window: str = ""

    def __post_init__(self) -> None:
        owner = f"Input {self.concept}"
        require_text(owner, concept=self.concept, label=self.label)
        if self.role not in get_args(Role):
            raise ValueError(f"{owner}: unknown role {self.role!r}")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"{owner}: range {self.low} to {self.high} is empty")
        if self.max_age_days is not None and self.max_age_days <= 0:
            raise ValueError(f"{owner}: max_age_days must be positive")
        if self.max_age_hours is not None and (self.max_age_hours <= 0 or self.max_age_days):
            raise ValueError(f"{owner}: max_age_hours must be positive, and stands alone")
        if self.role in ("measurement", "derived") and not self.order:
            raise ValueError(f"{owner}: say what to order when it is missing")
        if self.if_missing and self.required:
            raise ValueError(f"{owner}: a required input cannot be done without")
        if self.published_per_unit <= 0:
            raise ValueError(f"{owner}: published_per_unit must be positive")

    def __hash__(self) -> int:
        # of all that is declared it would be most of looking an input up
        return hash(self.concept)

    @property
    def recorded_concepts(self) -> tuple[str, ...]:
        """The concepts of the twin that feed this input."""
        return self.any_of or (self.concept,)

    def accepts(self, value: float) -> bool:
        """True when `value`, in the canonical unit, is finite and in the published range."""
        return math.isfinite(value) and self._above_low(value) and self._below_high(value)

    def _above_low(self, value: float) -> bool:
        if self.low is None:
            return True
        slack = BOUND_TOLERANCE * max(1.0, abs(self.low))
        return value > self.low + slack if self.low_open else value >= self.low - slack

    def _below_high(self, value: float) -> bool:
        if self.high is None:
            return True
        slack = BOUND_TOLERANCE * max(1.0, abs(self.high))
        return value < self.high - slack if self.high_open else value <= self.high + slack

    def describe(self, value: float) -> str:
        """A value with its unit, in the published unit first, e.g. "129 mg/dL (3.34 mmol/L)"."""
        published = f"{value * self.published_per_unit:.4g} {self.published_unit or self.unit}"
        if self.published_per_unit == 1.0:
            return published.rstrip()
        return f"{published} ({value:.4g} {self.unit})"

    def describe_range(self) -> str:
        """The allowed range in words, in the published unit."""
        unit = self.published_unit or self.unit
        parts = []
        if self.low is not None:
            low = f"{self.low * self.published_per_unit:.6g}"
            parts.append(f"above {low}" if self.low_open else f"from {low}")
        if self.high is not None:
            high = f"{self.high * self.published_per_unit:.6g}"
            parts.append(f"below {high}" if self.high_open else f"to {high}")
        return f"{' '.join(parts) or 'any value'} {unit}".rstrip()


@dataclass(frozen=True)
class Band:
    """A named range of an outcome, from `low` (inclusive) up to the next band."""

    code: str
    label: str
    low: float
    evidence: EvidenceTag

    def __post_init__(self) -> None:
        require_text("Band", code=self.code, label=self.label)
        require_tag(f"Band {self.code}", self.evidence)


@dataclass(frozen=True)
class Outcome:
    """One output of a model. `definition` says which events count, in words.

    `event` says which recorded facts they are; without it the outcome cannot be monitored.
    """

    id: str
    label: str
    horizon_years: float | None
    is_probability: bool
    unit: str = ""
    definition: str = ""
    bands: tuple[Band, ...] = ()
    event: OutcomeEvent | None = None

    def __post_init__(self) -> None:
        require_text(f"Outcome {self.id}", id=self.id, label=self.label, definition=self.definition)
        if self.is_probability and not self.horizon_years:
            raise ValueError(f"Outcome {self.id}: a probability needs a horizon")
        if [b.low for b in self.bands] != sorted({b.low for b in self.bands}):
            raise ValueError(f"Outcome {self.id}: bands must rise")

    def band_of(self, value: float) -> Band | None:
        """The band that holds `value`, or None when the outcome has no bands."""
        held = [band for band in self.bands if value >= band.low]
        return held[-1] if held else None


@dataclass(frozen=True, eq=False)
class Vector:
    """One published or computed test value: inputs in canonical units, expected on our scale."""

    name: str
    inputs: Mapping[str, float]
    expected: Mapping[str, float]
    tolerance: float
    provenance: str
    evidence: EvidenceTag

    def __post_init__(self) -> None:
        require_text(f"Vector {self.name}", name=self.name, provenance=self.provenance)
        require_tag(f"Vector {self.name}", self.evidence)
        if not self.inputs or not self.expected or self.tolerance <= 0:
            raise ValueError(f"Vector {self.name}: needs inputs, expected values and a tolerance")


@dataclass(frozen=True, eq=False)
class Background:
    """Named rows against which a prediction is explained: one array of shape (b,) a concept."""

    rows: Arrays
    source: str
    evidence: EvidenceTag

    def __post_init__(self) -> None:
        require_text("Background", source=self.source)
        require_tag("Background", self.evidence)
        sizes = {len(column) for column in self.rows.values()}
        if len(sizes) != 1 or not 0 < self.size <= MAX_BACKGROUND_ROWS:
            raise ValueError(f"Background: 1 to {MAX_BACKGROUND_ROWS} rows of one length needed")

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(next(iter(self.rows.values())))


@dataclass(frozen=True, eq=False)
class Equation:
    """A published equation as a `predict`: every number that could be mistyped, by its name.

    Coefficients, centring values, baseline survivals, cut-offs and points are all `numbers`, so
    that a test can change each by 1 % and see that it is noticed. `formula` maps them and the
    arrays (n,) to (n, outcomes), and holds no number of the publication itself.
    """

    numbers: Mapping[str, float]
    formula: Callable[[Mapping[str, float], Arrays], FloatArray]

    def __call__(self, arrays: Arrays) -> FloatArray:
        return self.formula(self.numbers, arrays)

    def changed(self, name: str, by: float = 0.01) -> "Equation":
        """The same with one number off by the share `by` (of 1, where it is 0). For tests."""
        number = self.numbers[name]
        return replace(self, numbers={**self.numbers, name: number + by * (number or 1.0)})


@dataclass(frozen=True, eq=False)
class ClinicalModel:
    """A model as the registry, the pages and the worker see it. `predict` is pure.

    `predict` maps arrays (n,) by concept to (n, len(outcomes)). `optimal` holds the reference
    values of "same age and sex with optimal values"; age and sex come from the patient.
    `interval`, where one is published, gives low and high: (n, len(outcomes), 2). A `quiet` model
    is for clinicians who look for it: never shown to patients, not explained by contributions,
    not written back to the sender.
    `monotone` names inputs with which no outcome ever falls ("up") or ever rises ("down") over
    the whole range, all else being equal; models_engine/checks.py holds the model to it.
    A `research` model is for clinicians alone, too: never released to the patient, never written
    back to FHIR; its number stands apart and is explained.
    """

    id: str
    version: str
    title: str
    family: str
    inputs: tuple[Input, ...]
    outcomes: tuple[Outcome, ...]
    predict: Predict
    applies: Applies
    facts: ModelFacts
    vectors: tuple[Vector, ...]
    artefact_hash: str
    optimal: Mapping[str, float] = field(default_factory=dict)
    optimal_source: str = ""
    background: Background | None = None
    interval: Callable[[Arrays], FloatArray] | None = None
    interval_text: str = "No interval is published for this model."
    quiet: bool = False
    monotone: Mapping[str, Direction] = field(default_factory=dict)
    research: bool = False
    # conditions that must have begun at most so many days ago; `applies` refuses the others
    recent: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owner = f"ClinicalModel {self.id}"
        require_text(owner, id=self.id, version=self.version, title=self.title, family=self.family)
        if not self.inputs or not self.outcomes or not self.vectors:
            raise ValueError(f"{owner}: needs inputs, outcomes and test vectors")
        if not isinstance(self.facts, ModelFacts):
            raise TypeError(f"{owner}: needs ModelFacts")
        self._check_names(owner)
        if self.is_probability and not self.quiet:
            self._check_baselines(owner)

    def _check_names(self, owner: str) -> None:
        concepts = {i.concept for i in self.inputs}
        outcomes = {o.id for o in self.outcomes}
        if len(concepts) != len(self.inputs) or len(outcomes) != len(self.outcomes):
            raise ValueError(f"{owner}: an input or outcome is declared twice")
        if not set(self.monotone) <= concepts:
            raise ValueError(f"{owner}: monotone names an unknown input")
        if not set(self.monotone.values()) <= set(get_args(Direction)):
            raise ValueError(f"{owner}: monotone is up or down")
        for vector in self.vectors:
            if not set(vector.inputs) <= concepts or not set(vector.expected) <= outcomes:
                raise ValueError(f"{owner}: vector {vector.name} names an unknown input or outcome")

    def _check_baselines(self, owner: str) -> None:
        require_text(owner, optimal_source=self.optimal_source)
        if self.background is None:
            raise ValueError(f"{owner}: a probability needs a background sample")
        concepts = {i.concept for i in self.inputs}
        if set(self.background.rows) != concepts:
            raise ValueError(f"{owner}: the background must have exactly the model's inputs")
        if set(self.optimal) != concepts - {"age", "sex"}:
            raise ValueError(f"{owner}: optimal must name every input but age and sex")

    @property
    def is_probability(self) -> bool:
        """True when any outcome is a probability (and so is explained and drawn)."""
        return any(outcome.is_probability for outcome in self.outcomes)

    def input(self, concept: str) -> Input:
        """The declared input of that concept. Raises KeyError."""
        for declared in self.inputs:
            if declared.concept == concept:
                return declared
        raise KeyError(concept)

    def outcome(self, outcome_id: str) -> Outcome:
        """The declared outcome of that id. Raises KeyError."""
        for declared in self.outcomes:
            if declared.id == outcome_id:
                return declared
        raise KeyError(outcome_id)

    def predict_one(self, values: Mapping[str, float]) -> dict[str, float]:
        """One person's outcomes by id; a declared optional input left out counts as missing."""
        arrays = {i.concept: np.array([values.get(i.concept, np.nan)]) for i in self.inputs}
        row = self.predict(arrays)[0]
        return {o.id: float(p) for o, p in zip(self.outcomes, row, strict=True)}
