"""What an artefact must hold for the code that reads it: keys, types, lengths, places, ranges.

A hash says that a file was not changed, not that it was ever right. More keys than these may stand
in it.
"""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models_engine.catalogue.disease.methods import Method
from models_engine.catalogue.disease.train import FORMAT

Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=1, le=36_525)]
Ordinal = Annotated[int, Field(ge=1, le=3_652_059)]
Probability = Annotated[float, Field(ge=0, le=1)]
Words = Annotated[str, Field(min_length=1)]
# a probability is held to be outside its own interval only beyond rounding
ROUNDING = 1e-6


class Part(BaseModel):
    """Strict: a number in quotation marks is none, and true is not 1."""

    model_config = ConfigDict(strict=True, frozen=True)


class Rules(Part):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    window: Days
    run_in: Days
    gap: Days
    min_history: Annotated[int, Field(ge=1)]


class Settings(Part):
    rules: Rules
    least_people: Annotated[int, Field(ge=5)]
    least_events: Annotated[int, Field(ge=5)]
    half_life: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Data(Part):
    people: Count | None
    parts: dict[str, Count | None]
    first_year: Annotated[int, Field(ge=1, le=9999)]


class Share(Part):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    probability: Probability
    low: Probability
    high: Probability
    people: Count
    events: Count

    @model_validator(mode="after")
    def within(self) -> Self:
        if not self.low - ROUNDING <= self.probability <= self.high + ROUNDING:
            raise ValueError("a probability lies outside its interval")
        return self


class Groups(Part):
    upper: list[Number]
    shares: Annotated[list[Share], Field(min_length=1)]

    @model_validator(mode="after")
    def fits(self) -> Self:
        if len(self.shares) != len(self.upper) + 1:
            raise ValueError("groups have one limit less than there are of them")
        if any(a >= b for a, b in pairwise(self.upper)):
            raise ValueError("limits of groups rise")
        return self


class Interval(Part):
    mean: Number
    low: Number
    high: Number


class Methods(Part):
    asked: Count
    top: Count
    recall: dict[str, Interval]
    gain: dict[str, Interval]

    @model_validator(mode="after")
    def of_all(self) -> Self:
        if any(m.value not in rows for m in Method for rows in (self.recall, self.gain)):
            raise ValueError("each method is measured")
        return self


class Band(Part):
    people: Count
    predicted: Probability
    observed: Probability
    low: Probability
    high: Probability


class Measured(Part):
    people: Count | None
    methods: Methods
    in_the_large: list[Band]
    calibration: list[Band]


class Later(Measured):
    day: Ordinal


class Model(Part):
    base: list[Annotated[list[Number], Field(min_length=4, max_length=4)]]
    overall: list[Number]
    coefficients: dict[str, Annotated[list[Number], Field(min_length=4, max_length=4)]]
    vectors: list[Annotated[list[Number], Field(min_length=1)]]
    lifts: list[tuple[Count, Count, Number]]


class Artefact(Part):
    format: Literal["twinportal-disease-trajectories/1"]
    as_of: Ordinal
    settings: Settings
    data: Data
    tokens: Annotated[list[Words], Field(min_length=1)]
    labels: list[Words]
    outcomes: Annotated[list[Count], Field(min_length=1)]
    method: Literal["frequency", "age_sex", "conditional", "embedding"]
    model: Model
    groups: dict[Literal["frequency", "age_sex", "conditional", "embedding"], list[Groups | None]]
    held_out: Measured
    held_out_in_time: Later | None
    problems: list[Words]
    note: str = ""
    trained_on: str = ""

    @model_validator(mode="after")
    def agrees(self) -> Self:
        """The parts speak of the same diagnoses, and none is named that is not there."""
        size, model, method = len(self.tokens), self.model, self.method
        needs = {
            "tokens are each there once": len(set(self.tokens)) == size,
            "each token has a label": len(self.labels) == size,
            "outcomes are different tokens": max(self.outcomes) < size
            and len(set(self.outcomes)) == len(self.outcomes),
            "each token has rates": len(model.base) == len(model.overall) == size,
            "lifts are of tokens": all(max(i, j) < size for i, j, _ in model.lifts),
            "vectors are of tokens": len(model.vectors) == (size if method == "embedding" else 0)
            and len({len(row) for row in model.vectors}) <= 1,
            "the method has its coefficients": method in ("frequency", "age_sex")
            or method in model.coefficients,
            "coefficients are of methods": set(model.coefficients) <= {m.value for m in Method},
            "the method and age and sex have groups": {method, "age_sex"} <= set(self.groups),
            "each outcome has its groups": all(
                len(rows) == len(self.outcomes) for rows in self.groups.values()
            ),
            "what is shown was measured": bool(self.problems or self.held_out.in_the_large),
        }
        failed = [what for what, holds in needs.items() if not holds]
        if failed:
            raise ValueError(f"not so: {'; '.join(failed)}")
        return self


def fault(raw: bytes) -> str:
    """What is wrong with the text of an artefact, in words; "" if nothing is. It may be any
    bytes: pydantic's parser bears what nests too deep for Python's."""
    try:
        Artefact.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["loc"] == ("format",):
            return f"is of another format than {FORMAT}"
        where = ".".join(str(part) for part in first["loc"])
        return f"cannot be used: {where + ': ' if where else ''}{first['msg']}"
    return ""
