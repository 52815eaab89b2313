"""States of made-up people, as `patients.record` hands them to the models."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from patients.record.state import State, Value

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_ids = count(1)

UNITS = {
    "total_cholesterol": "mmol/L",
    "hdl_cholesterol": "mmol/L",
    "systolic_bp": "mm[Hg]",
    "bmi": "kg/m2",
    "creatinine": "mg/dL",
    "egfr_reported": "mL/min/{1.73_m2}",
    "hba1c": "%",
    "urine_acr": "mg/g",
    "height": "cm",
    "weight": "kg",
}


def measurement(concept, value, *, days_ago=10, quality="usable", reason=""):
    number = next(_ids)
    return Value(
        concept=concept,
        kind="measurement",
        value=value,
        unit=UNITS.get(concept, ""),
        code="",
        effective_at=AS_OF - timedelta(days=days_ago),
        precision="time",
        end_at=None,
        quality=quality,
        fact_id=number,
        resource_type="Observation",
        resource_id=f"o{number}",
        resource_version=2,
        display=concept,
        reason=reason,
    )


def coded(
    concept,
    code,
    *,
    kind="coded",
    days_ago=10,
    end_days_ago=None,
    quality="usable",
    reason="",
    precision="day",
):
    number = next(_ids)
    return Value(
        concept=concept,
        kind=kind,
        value=None,
        unit="",
        code=code,
        effective_at=AS_OF - timedelta(days=days_ago),
        precision=precision,
        end_at=None if end_days_ago is None else AS_OF - timedelta(days=end_days_ago),
        quality=quality,
        fact_id=number,
        resource_type="Condition" if kind == "condition" else "MedicationRequest",
        resource_id=f"c{number}",
        resource_version=1,
        display=f"{concept} {code}".strip(),
        reason=reason,
    )


def condition(concept, **keywords):
    return coded(concept, "", kind="condition", **keywords)


def medication(concept, code="a-drug", **keywords):
    return coded(concept, code, kind="medication", **keywords)


def state(*values, sex="female", birth_date=date(1976, 3, 1), as_of=AS_OF, **keywords):
    """A state with the values of each concept newest first; `without` names concepts to leave out."""
    by_concept = {}
    for value in sorted(values, key=lambda v: v.effective_at, reverse=True):
        by_concept.setdefault(value.concept, []).append(value)
    without = keywords.pop("without", ())
    return State(
        as_of=as_of,
        sex=sex,
        birth_date=birth_date,
        values={c: tuple(v) for c, v in by_concept.items() if c not in without},
        **keywords,
    )


def published_case(*more, without=(), **keywords):
    """The published PREVENT case: 50 years, SBP 160 treated, diabetes, BMI 35; eGFR 90 reported."""
    replaced = {value.concept for value in more}
    values = [
        measurement("systolic_bp", 160.0),
        measurement("total_cholesterol", 200 * 0.02586),
        measurement("hdl_cholesterol", 45 * 0.02586),
        measurement("bmi", 35.0),
        measurement("egfr_reported", 90.0),
        coded("smoking_status", "never"),
        condition("diabetes_type_2", days_ago=900),
        medication("antihypertensive", "lisinopril", days_ago=400),
    ]
    kept = [v for v in values if v.concept not in replaced]
    return state(*kept, *more, without=without, **keywords)
