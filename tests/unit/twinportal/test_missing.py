"""What is missing over all models: scores and research models never put a thing first."""

from datetime import UTC, date, datetime
from typing import Any

from models_engine.models import ModelRun, Prediction
from models_engine.registry import model, quiet_ids
from patients.record.state import State
from twinportal.dashboards.clinician.missing import to_get

STATE = State(datetime(2026, 11, 20, tzinfo=UTC), "female", date(1960, 1, 1), {})


def row(run: int, model_id: str, outcome: str, *lacking: str) -> Prediction:
    """A prediction without a number, for want of some inputs."""
    refusals: list[dict[str, Any]] = [
        {"kind": "missing", "concept": concept, "message": f"{concept} is missing"}
        for concept in lacking
    ]
    made = ModelRun(pk=run, inputs=[], refusals=refusals)
    version = model(model_id).version
    return Prediction(run=made, model_id=model_id, model_version=version, outcome=outcome)


def test_models_that_are_shown_come_before_more_models_that_are_quiet() -> None:
    # given one thing that settles two quiet models, and one that a shown model waits for
    assert {"fib4", "findrisc"} <= quiet_ids() and "ckdpc_40_diabetes" not in quiet_ids()
    current = [
        row(1, "findrisc", "findrisc", "waist"),
        row(2, "fib4", "fib4", "waist"),
        row(3, "ckdpc_40_diabetes", "egfr_decline_40", "urine_acr", "hba1c"),
    ]
    # when they are put in order
    found = to_get(current, STATE)
    # then what the quiet ones want is last, and each line names whom it is for
    assert [one.how.id for one in found][-1] == "waist"
    assert found[-1].named == f"settles {model('findrisc').title} and 1 more model"
    for one in found[:-1]:
        assert one.named == f"one of several things for {model('ckdpc_40_diabetes').title}"


def test_a_shown_model_is_named_before_a_quiet_one() -> None:
    current = [
        row(1, "findrisc", "findrisc", "hba1c"),
        row(2, "ckdpc_40_diabetes", "egfr_decline_40", "hba1c"),
    ]
    (one,) = to_get(current, STATE)
    assert one.settles == [model("ckdpc_40_diabetes").title, model("findrisc").title]
    assert one.named == f"settles {model('ckdpc_40_diabetes').title} and 1 more model"


def test_a_quiet_model_alone_is_named() -> None:
    (one,) = to_get([row(1, "fib4", "fib4", "platelets")], STATE)
    assert one.named == f"settles {model('fib4').title}"
