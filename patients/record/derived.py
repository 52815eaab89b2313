"""Values that follow from others: the body mass index from height and weight."""

from collections.abc import Sequence
from datetime import date

from patients.record.age import completed_years
from patients.record.value import Value
from patients.terminology.measurements import MEASUREMENTS

ADULT_AGE = 18
CM_PER_M = 100.0


def derived_bmi(
    weights: Sequence[Value], heights: Sequence[Value], birth_date: date | None, precision: str
) -> Value | None:
    """Weight (kg) / height (m) squared, from the newest weight that has a height. kg/m2.

    An adult's height is used however old it is; a child's, or one of unknown age, only with a
    weight of the same day [J]. None when nothing fits, or the result is an impossible one.
    `weights` and `heights` are newest first; the result has the weight's date and resource.
    """
    for weight in weights:
        height = next(
            (
                candidate
                for candidate in heights
                if candidate.effective_date == weight.effective_date
                or _is_adult(candidate, birth_date, precision)
            ),
            None,
        )
        if height is not None:
            return _bmi(weight, height)
    return None


def _is_adult(height: Value, birth_date: date | None, precision: str) -> bool:
    if birth_date is None:
        return False
    age = completed_years(birth_date, precision, height.effective_date)
    return age is not None and age >= ADULT_AGE


def _bmi(weight: Value, height: Value) -> Value | None:
    concept = MEASUREMENTS["bmi"]
    if not weight.value or not height.value:
        return None
    bmi = weight.value / (height.value / CM_PER_M) ** 2
    if not concept.is_possible(bmi):
        return None
    doubtful = "verify" in (weight.quality, height.quality) or not concept.is_usual(bmi)
    return Value(
        concept=concept.id,
        kind="measurement",
        value=bmi,
        unit=concept.unit,
        code="",
        effective_at=weight.effective_at,
        precision=weight.precision,
        end_at=None,
        quality="verify" if doubtful else "usable",
        fact_id=None,
        resource_type=weight.resource_type,
        resource_id=weight.resource_id,
        resource_version=weight.resource_version,
        display=concept.display,
        reason="from height and weight",
        derived_from=(weight, height),
    )
