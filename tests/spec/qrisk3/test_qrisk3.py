"""The QRISK3 plug-in: ClinRisk's values, a second implementation, and FHIR in to number out.

`reference_values.csv`: 49 made-up people with the result of ClinRisk's own C code, as the R package
QRISK3 ships them (CRAN). Its bmi column is constant and not used.
"""

import csv
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from models_engine.catalogue.contract import ClinicalModel, Equation
from models_engine.checks import run_checks
from models_engine.models import Prediction
from models_engine.plugins import load
from models_engine.registry import registered
from tests.factories import fhir
from tests.factories.people import NOW, clinician, push, signed_in, twin
from tests.factories.plugin import forget_models, forget_modules, install
from tests.spec.qrisk3.second_opinion import probability
from twinportal import pipeline

FOLDER = Path(__file__).resolve().parents[3] / "plugins" / "twinportal-qrisk3"
REFERENCE = list(
    csv.DictReader((Path(__file__).parent / "reference_values.csv").read_text().splitlines())
)
# their column: our input
YES_NO = {
    "b_AF": "atrial_fibrillation",
    "b_atypicalantipsy": "atypical_antipsychotic",
    "b_corticosteroids": "systemic_corticosteroid",
    "b_impotence2": "erectile_dysfunction",
    "b_migraine": "migraine",
    "b_ra": "rheumatoid_arthritis",
    "b_renal": "ckd",
    "b_semi": "severe_mental_illness",
    "b_sle": "sle",
    "b_treatedhyp": "antihypertensive",
    "b_type1": "diabetes_type_1",
    "b_type2": "diabetes_type_2",
    "fh_cvd": "family_history_chd",
}
# five classes from 1: never, former, current with so many a day
SMOKING = {1: (0, np.nan), 2: (1, np.nan), 3: (2, 5), 4: (2, 15), 5: (2, 25)}


@pytest.fixture
def qrisk3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ClinicalModel]:
    monkeypatch.syspath_prepend(str(FOLDER / "src"))
    from twinportal_qrisk3.model import qrisk3 as made

    yield made()
    forget_modules("twinportal_qrisk3")


def ours(row: dict[str, float]) -> dict[str, float]:
    """One person of the reference values as inputs of the model."""
    history, a_day = SMOKING[int(row["smoke_cat"])]
    return {
        "age": row["age"],
        "sex": row["gender"],
        "systolic_bp": row["sbp"],
        "systolic_bp_sd": row["sbps5"],
        "total_cholesterol": 1.25 * row["rati"],
        "hdl_cholesterol": 1.25,
        "bmi": row["weight"] / (row["height"] / 100) ** 2,
        "smoking_history": history,
        "cigarettes_per_day": a_day,
        "hypertension": row["b_treatedhyp"],
        "egfr": np.nan,
        "statin": 0.0,
        "ethnicity": row["ethrisk"],
        "townsend": row["town"],
        **{concept: row[column] for column, concept in YES_NO.items()},
    }


def theirs(row: dict[str, float]) -> float:
    """The same person, by the second implementation."""
    return probability(
        {
            "woman": row["gender"],
            "bmi": row["weight"] / (row["height"] / 100) ** 2,
            "ratio": row["rati"],
            "smoke": row["smoke_cat"],
            "af": row["b_AF"],
            "antipsychotic": row["b_atypicalantipsy"],
            "steroids": row["b_corticosteroids"],
            "erectile": row["b_impotence2"],
            "migraine": row["b_migraine"],
            "ra": row["b_ra"],
            "ckd": row["b_renal"],
            "smi": row["b_semi"],
            "sle": row["b_sle"],
            "treated": row["b_treatedhyp"],
            "type1": row["b_type1"],
            "type2": row["b_type2"],
            "family": row["fh_cvd"],
            **{key: row[key] for key in ("age", "sbp", "sbps5", "town", "ethrisk")},
        }
    )


def people() -> list[dict[str, float]]:
    """Women and men of two ages with each thing the equations know, one at a time."""
    plain: dict[str, float] = dict.fromkeys(YES_NO, 0.0)
    plain |= {"weight": 88, "height": 170, "ethrisk": 1, "rati": 5.5, "sbp": 150, "sbps5": 12}
    plain |= {"smoke_cat": 1, "town": 3}
    changes: list[dict[str, float]] = [{}, *({column: 1.0} for column in YES_NO)]
    changes += [{"smoke_cat": float(level)} for level in (2, 3, 4, 5)]
    changes += [{"ethrisk": float(group)} for group in range(2, 10)]
    return [
        {**plain, "gender": sex, "age": age, **change}
        for sex, age, change in product((0.0, 1.0), (35.0, 70.0), changes)
    ]


def arrays(model: ClinicalModel, rows: list[dict[str, float]]) -> dict[str, np.ndarray]:
    asked = [ours(row) for row in rows]
    return {i.concept: np.array([float(one[i.concept]) for one in asked]) for i in model.inputs}


def numbers_of(row: dict[str, str]) -> dict[str, float]:
    return {key: float(value) for key, value in row.items()}


def test_reproduces_every_value_of_the_original_code(qrisk3: ClinicalModel) -> None:
    rows = [numbers_of(row) for row in REFERENCE]
    assert len(rows) == 49

    got = qrisk3.predict(arrays(qrisk3, rows))[:, 0]

    assert [f"{100 * p:.1f}" for p in got] == [r["QRISK_C_algorithm_score"] for r in REFERENCE]


def test_equals_the_second_implementation(qrisk3: ClinicalModel) -> None:
    rows = people()
    expected = [theirs(row) for row in rows]

    np.testing.assert_allclose(qrisk3.predict(arrays(qrisk3, rows))[:, 0], expected, rtol=1e-10)


def test_one_percent_in_any_number_is_noticed(qrisk3: ClinicalModel) -> None:
    given = arrays(qrisk3, people())
    expected = np.array([theirs(row) for row in people()])
    assert isinstance(qrisk3.predict, Equation)

    unnoticed = [
        name
        for name in qrisk3.predict.numbers
        if np.allclose(qrisk3.predict.changed(name)(given)[:, 0], expected, rtol=1e-9, atol=0)
    ]

    assert unnoticed == []


def test_passes_every_check(qrisk3: ClinicalModel) -> None:
    assert [o for o in run_checks(qrisk3) if o.problem] == []


@pytest.mark.parametrize(
    ("egfr", "diagnosis", "counts"),
    [
        (59.9, 0, True),
        (60.0, 0, False),
        (90.0, 1, True),
        (59.9, 1, True),
        (np.nan, 1, True),
        (np.nan, 0, False),
    ],
)
def test_kidney_disease_is_a_diagnosis_or_a_low_egfr(
    qrisk3: ClinicalModel, egfr: float, diagnosis: float, counts: bool
) -> None:
    row = people()[0]
    asked = {**ours(row), "egfr": egfr, "ckd": float(diagnosis)}
    expected = theirs({**row, "b_renal": float(counts)})
    assert qrisk3.predict_one(asked)["qrisk3_cvd"] == pytest.approx(expected, rel=1e-10)


def test_a_current_smoker_of_an_unknown_number_is_a_moderate_one(qrisk3: ClinicalModel) -> None:
    row = {**people()[0], "smoke_cat": 4.0}
    asked = {**ours(row), "cigarettes_per_day": np.nan}
    assert qrisk3.predict_one(asked)["qrisk3_cvd"] == pytest.approx(theirs(row), rel=1e-10)


def theirs_of(used: dict[str, Any]) -> float:
    """What the second implementation says of the inputs that a stored run shows."""
    of = {concept: one["value"] or 0.0 for concept, one in used.items()}
    smoke = {0.0: 1, 1.0: 2, 2.0: 4}[of["smoking_history"]]
    row = {column: float(of[concept]) for column, concept in YES_NO.items()}
    row |= {
        "b_renal": float(of["egfr"] < 60 or of["ckd"] > 0),
        "b_treatedhyp": of["hypertension"] * row["b_treatedhyp"],
    }
    row |= {"gender": of["sex"], "age": of["age"], "sbp": of["systolic_bp"]}
    row |= {"sbps5": of["systolic_bp_sd"], "weight": of["bmi"], "height": 100.0}
    row |= {"rati": of["total_cholesterol"] / of["hdl_cholesterol"], "smoke_cat": smoke}
    return theirs({**row, "town": 0.0, "ethrisk": 1.0})


@pytest.fixture
def switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, db: None
) -> Iterator[None]:
    install(FOLDER, tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    settings.MODEL_PLUGINS = ("twinportal-qrisk3",)
    forget_models()
    yield
    forget_models()
    forget_modules("twinportal_qrisk3")


def test_is_off_until_it_is_listed(settings: Any) -> None:
    assert "twinportal_qrisk3" not in sys.modules
    assert "qrisk3" not in registered()
    assert load(()).models == {}


def test_from_fhir_to_the_page(switched_on: None, ehr_client: Client) -> None:
    mine = twin(ehr_client, "q1")
    row = Prediction.objects.get(model_id="qrisk3", status="current")
    used = {one["concept"]: one for one in row.inputs}
    assert row.value is not None, row.refusals
    assert row.value == pytest.approx(theirs_of(used), rel=1e-9)
    readings = [part["value"] for part in used["systolic_bp_sd"]["derived_from"]]
    assert used["systolic_bp_sd"]["value"] == pytest.approx(np.std(readings, ddof=1))
    assert {p["reference"] for p in used["systolic_bp_sd"]["derived_from"]} == {
        "Observation/q1-bp/_history/1",
        "Observation/q1-bp-old/_history/1",
    }
    assert any("Ethnicity" in note for note in row.notes)
    assert row.released_at is None
    assert row.run.risk_assessment is None

    push(
        ehr_client,
        fhir.blood_pressure("q1-new", 150, 90, subject="q1", date="2026-11-19T09:00:00Z"),
    )
    pipeline.refresh_twin(mine.pk, now=NOW)
    again = Prediction.objects.get(model_id="qrisk3", status="current")
    assert {one["concept"]: one["display"] for one in again.inputs}["systolic_bp"] == "150 mmHg"

    page = signed_in(clinician()).get(f"/twins/{mine.public_id}/predictions/{again.pk}/")
    assert "ClinRisk" in page.content.decode()
    assert "wrong patients being given the wrong treatment" in page.content.decode()
