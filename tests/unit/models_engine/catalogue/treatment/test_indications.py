"""Who has which indication, and what is asked for where that cannot be told."""

from collections.abc import Mapping

import pytest

from models_engine.catalogue.treatment.indications import (
    History,
    Indicated,
    indicated,
    indications,
)
from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS
from models_engine.catalogue.treatment.person import Reading, Taken
from tests.unit.models_engine.catalogue.treatment.builders import reading
from tests.unit.models_engine.catalogue.treatment.ranking.made import taken, who


def found(
    indication: str,
    *conditions: str,
    values: Mapping[str, float] | None = None,
    history: History | None = None,
    medicines: tuple[Taken, ...] = (),
) -> Indicated:
    readings = {name: reading(value) for name, value in (values or {}).items()}
    person = who(*medicines, conditions=conditions, readings=readings)
    return indicated(indication, person, history or {})


def days(*values: tuple[float, str]) -> tuple[Reading, ...]:
    return tuple(reading(value, day=day, number=n) for n, (value, day) in enumerate(values))


@pytest.mark.parametrize(
    ("indication", "conditions", "values", "holds", "asked"),
    [
        ("hypertension", ["hypertension"], {}, True, ()),
        ("hypertension", [], {"systolic_bp": 180}, False, ()),
        ("ldl_primary", [], {"ldl_cholesterol": 3.2}, None, ()),
        ("ldl_primary", [], {"ldl_cholesterol": 4.9}, True, ()),
        ("ldl_primary", [], {"ldl_cholesterol": 3.2, "ascvd_risk_10y": 0.05}, True, ()),
        ("ldl_primary", [], {"ldl_cholesterol": 3.2, "ascvd_risk_10y": 0.049}, None, ()),
        ("ldl_primary", ["diabetes_type_2"], {"ldl_cholesterol": 1.9}, True, ()),
        ("ldl_primary", ["ckd"], {"ldl_cholesterol": 1.9}, True, ()),
        ("ldl_primary", [], {}, None, ("ldl_cholesterol",)),
        ("ldl_primary", ["tia"], {"ldl_cholesterol": 3.2}, False, ()),
        ("ldl_secondary", [], {"ldl_cholesterol": 3.2}, False, ()),
        ("ldl_secondary", ["peripheral_artery_disease"], {}, True, ("ldl_cholesterol",)),
        ("diabetes_type_2", ["diabetes_type_2"], {"hba1c": 8}, True, ()),
        ("diabetes_type_2", ["diabetes_type_1"], {"hba1c": 8}, False, ()),
        ("hfref", ["heart_failure", "hfref"], {}, True, ()),
        ("hfref", ["heart_failure"], {"lvef": 40}, True, ()),
        ("hfref", ["heart_failure"], {"lvef": 45}, None, ()),
        ("hfref", ["heart_failure"], {"lvef": 50}, False, ()),
        ("hfref", ["heart_failure"], {}, None, ("lvef",)),
        ("hfref", ["heart_failure", "hfpef"], {}, False, ()),
        ("hfref", [], {"lvef": 30}, False, ()),
        ("hfpef", ["heart_failure"], {"lvef": 50}, True, ()),
        ("hfpef", ["heart_failure"], {"lvef": 45}, None, ()),
        ("hfpef", ["heart_failure"], {"lvef": 40}, False, ()),
        ("hfpef", ["heart_failure"], {}, None, ("lvef",)),
        ("atrial_fibrillation", ["atrial_fibrillation"], {"cha2ds2_vasc": 3}, True, ()),
        ("atrial_fibrillation", ["atrial_fibrillation"], {}, True, ("cha2ds2_vasc",)),
        ("atrial_fibrillation", [], {}, False, ()),
        ("ckd_albuminuria", ["ckd"], {"urine_acr": 30}, True, ()),
        ("ckd_albuminuria", ["ckd"], {"urine_acr": 29}, False, ()),
        ("ckd_albuminuria", ["ckd"], {}, None, ("urine_acr",)),
        ("ckd_albuminuria", [], {"urine_acr": 300}, False, ()),
    ],
)
def test_who_has_it(
    indication: str,
    conditions: list[str],
    values: dict[str, float],
    holds: bool | None,
    asked: tuple[str, ...],
) -> None:
    one = found(indication, *conditions, values=values)
    assert (one.holds, one.asked) == (holds, asked)
    assert one.why.endswith(".") and one.indication == indication
    if holds and conditions:
        assert one.is_recorded and ("Condition", conditions[-1], 1) in one.references


HIGH = days((152, "2026-10-01"), (139, "2026-10-20"), (144, "2026-11-02"))


def test_high_values_on_two_days_suggest_hypertension() -> None:
    one = found("hypertension", history={"systolic_bp": HIGH})
    assert one.holds and not one.is_recorded and one.why.startswith("Not recorded: values suggest")
    assert one.references == (HIGH[0].reference, HIGH[2].reference)
    assert "Confirm" in one.told[0]
    diastolic = days((90, "2026-10-01"), (95, "2026-10-02"))
    assert found("hypertension", history={"diastolic_bp": diastolic}).holds


@pytest.mark.parametrize(
    "values",
    [
        days((160, "2026-11-02"), (165, "2026-11-02")),
        days((160, "2026-11-02"), (139.9, "2026-11-03")),
        days((160, "2026-11-02"), (160, "2025-11-20")),
        days((160, "2026-11-02"), (160, "2026-11-23")),
    ],
)
def test_one_day_or_long_ago_suggests_nothing(values: tuple[Reading, ...]) -> None:
    assert found("hypertension", history={"systolic_bp": values}).holds is False


def test_treated_pressure_without_a_diagnosis_is_left_open() -> None:
    one = found("hypertension", history={"systolic_bp": HIGH}, medicines=(taken("amlodipine"),))
    assert one.holds is None and "record what they are for" in one.why


def test_two_low_egfr_three_months_apart_are_chronic() -> None:
    low = days((55, "2026-11-01"), (48, "2026-08-01"))
    one = found("ckd_albuminuria", values={"urine_acr": 100}, history={"egfr": low})
    assert one.holds and not one.is_recorded and "values suggest" in one.why
    near = days((55, "2026-11-01"), (48, "2026-09-01"))
    once = days((55, "2026-11-01"), (60, "2026-05-01"))
    for history in (near, once):
        assert not found(
            "ckd_albuminuria", values={"urine_acr": 100}, history={"egfr": history}
        ).holds


def test_what_is_told_beside_it() -> None:
    valve = found("atrial_fibrillation", "atrial_fibrillation", "mechanical_heart_valve")
    assert "mechanical heart valve" in valve.told[0]
    assert "settle which" in found("diabetes_type_2", "diabetes_type_2", "diabetes_type_1").told[0]
    better = found("hfref", "heart_failure", "hfref", values={"lvef": 55})
    assert better.holds and "55 %" in better.told[0]


def test_all_of_them_in_order() -> None:
    person = who(conditions=("hypertension", "diabetes_type_2"))
    assert [one.indication for one in indications(person, {})] == [
        "hypertension",
        "ldl_primary",
        "diabetes_type_2",
    ]
    assert set(INDICATIONS) == {indicated(one, person, {}).indication for one in INDICATIONS}
    with pytest.raises(KeyError):
        indicated("gout", person, {})
