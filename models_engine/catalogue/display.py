"""Which of many predictions a page shows: the richest variant, total CVD first.

Under it atherosclerotic disease and heart failure, beside it the 30-year probability. Works on
stored rows or on anything with the same attributes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

# of two variants with as many measured inputs the first stands: what has no missing-term
VARIANTS = ("base", "hba1c", "uacr", "sdi", "full")
PREVENT_10Y = tuple(f"prevent_{variant}_10y" for variant in VARIANTS)
PREVENT_30Y = tuple(f"prevent_{variant}_30y" for variant in VARIANTS)
KFRE = ("kfre_4v", "kfre_8v")
LEADING = ("prevent", "kfre")
# shown under the leading ones, and only with a number: family, models of which one applies, outcome
FURTHER: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("score2", ("score2", "score2_op", "score2_diabetes"), "score2_cvd"),
    ("pce", ("pce",), "hard_ascvd"),
    ("ckdpc", ("ckdpc_40_diabetes",), "egfr_decline_40"),
)
# models of which a page shows one, because they answer the same question of the same person
FAMILIES = (PREVENT_10Y, PREVENT_30Y, KFRE, *(model_ids for _, model_ids, _ in FURTHER))
# scores of a stay: the outcome that is the score, by model
OF_HOSPITAL = {
    "news2": "news2",
    "qsofa": "qsofa",
    "lace": "lace",
    "hospital_score": "hospital_score",
}
# the refusal of a trained model whose training data hold nobody like this person
POPULATION = "population"


class PredictionLike(Protocol):
    """What the rule reads; `inputs` are InputUsed rows as JSON, `value` None without a number."""

    @property
    def model_id(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def inputs(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def refusals(self) -> Sequence[Mapping[str, Any]]: ...


# PredictionLike in spirit; mypy does not see that a Django field is its value's type
P = TypeVar("P", bound=Any)


@dataclass(frozen=True)
class Displayed(Generic[P]):
    """One block of a page. `main.value` is None when no variant has a number: show its reasons."""

    family: str
    main: P
    under: tuple[P, ...]
    beside: P | None

    @property
    def predictions(self) -> tuple[P, ...]:
        """All that the block shows."""
        return (self.main, *self.under, *(() if self.beside is None else (self.beside,)))


def displayed(predictions: Iterable[P]) -> tuple[Displayed[P], ...]:
    """The blocks to show, cardiovascular disease before kidney failure, then further models.

    Of several variants the one with the most measured inputs is shown; where the full model has
    to use the missing-term for all but one of what it adds, that is the model for that one. A
    further model without a number is no block (see `silent`). Derived values (eGFR) are none.
    """
    by_key = {(p.model_id, p.outcome): p for p in predictions}
    blocks = []
    main = _richest(by_key, PREVENT_10Y, "cvd")
    if main is not None:
        under = [by_key.get((main.model_id, outcome)) for outcome in ("ascvd", "hf")]
        beside = _richest(by_key, PREVENT_30Y, "cvd")
        blocks.append(Displayed("prevent", main, _with_number(under), _or_none(beside)))
    kidney = _richest(by_key, KFRE, "kidney_failure_5y")
    if kidney is not None:
        under = [by_key.get((kidney.model_id, "kidney_failure_2y"))]
        blocks.append(Displayed("kfre", kidney, _with_number(under), None))
    for family, model_ids, outcome in FURTHER:
        main = _richest(by_key, model_ids, outcome)
        if main is not None and main.value is not None:
            blocks.append(Displayed(family, main, (), None))
    return tuple(blocks)


def block_of(model_id: str, outcome: str) -> tuple[str, str]:
    """What a prediction stands for, whichever variant of its model made it: family and outcome.

    The family is named by its first model; a model without variants is a family of its own.
    """
    family = next((ids[0] for ids in FAMILIES if model_id in ids), model_id)
    return family, outcome


def silent(predictions: Iterable[P]) -> tuple[P, ...]:
    """Main predictions of the further models that have no number, for a quiet list."""
    main = {(model_id, outcome) for _, ids, outcome in FURTHER for model_id in ids}
    return tuple(p for p in predictions if p.value is None and (p.model_id, p.outcome) in main)


def of_hospital(predictions: Iterable[P]) -> tuple[Displayed[P], ...]:
    """The scores of a stay in hospital, for clinicians; none for who is not concerned.

    One without a number is there only when something could be recorded to get it.
    """
    by_key = {(p.model_id, p.outcome): p for p in predictions}
    blocks = []
    for model_id, outcome in OF_HOSPITAL.items():
        main = by_key.get((model_id, outcome))
        if main is None or _is_not_applicable(main):
            continue
        under = [p for (of, _), p in by_key.items() if of == model_id and p is not main]
        blocks.append(Displayed("hospital", main, _with_number(under), None))
    return tuple(blocks)


def _is_not_applicable(prediction: PredictionLike) -> bool:
    return any(refusal["kind"] == "not_applicable" for refusal in prediction.refusals)


def research_runs(predictions: Iterable[P], research: frozenset[str]) -> tuple[tuple[P, ...], ...]:
    """The outcomes of each research model, for clinicians: those worth a line on the page.

    A model that is plainly for somebody else (no infarction, a pregnancy, death) has none.
    """
    by_model: dict[str, list[P]] = {}
    for prediction in predictions:
        if prediction.model_id in research:
            by_model.setdefault(prediction.model_id, []).append(prediction)
    return tuple(
        tuple(sorted(rows, key=lambda row: row.horizon_years or 0.0))
        for _, rows in sorted(by_model.items())
        if not _is_for_somebody_else(rows[0])
    )


def _is_for_somebody_else(prediction: Any) -> bool:
    return any(
        refusal["kind"] == "not_applicable" and refusal["concept"] != POPULATION
        for refusal in prediction.refusals
    )


def _richest(
    by_key: Mapping[tuple[str, str], P], model_ids: tuple[str, ...], outcome: str
) -> P | None:
    """The variant with a number and the most measured inputs; the first listed wins a tie.

    Without any number the first listed is the one whose reasons are told.
    """
    found = [by_key[m, outcome] for m in model_ids if (m, outcome) in by_key]
    return max(found, key=_richness, default=None)


def _richness(prediction: PredictionLike) -> int:
    if prediction.value is None:
        return 0
    return sum(row["status"] != "missing_term" for row in prediction.inputs)


def _with_number(predictions: Iterable[P | None]) -> tuple[P, ...]:
    return tuple(p for p in predictions if p is not None and p.value is not None)


def _or_none(prediction: P | None) -> P | None:
    return prediction if prediction is not None and prediction.value is not None else None
