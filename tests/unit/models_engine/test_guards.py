"""What stops a model can be recorded, and does stop every model that it should."""

import ast
from pathlib import Path

import pytest

from models_engine.catalogue.contract import Circumstances
from models_engine.catalogue.risk.applicability import CONDITION_NAMES
from models_engine.registry import all_models
from patients.terminology.conditions import CONDITIONS, FOR_PRESCRIBING, condition_codes_of

ROOT = Path(__file__).parents[3]
GUARDS = {"not_with", "only_with_condition", "only_if_found", "not_yet"}
READ_EGFR = [m for m in all_models() if any(i.concept == "egfr" for i in m.inputs)]


def guarded() -> set[str]:
    """Concept names written out in the call of a guard anywhere in the product."""
    found = set()
    for folder in ("models_engine", "twinportal", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in GUARDS:
                    tuples = [a for a in node.args if isinstance(a, ast.Tuple)]
                    found |= {
                        e.value
                        for t in tuples
                        for e in t.elts
                        if isinstance(e, ast.Constant) and isinstance(e.value, str)
                    }
    return found


def test_every_name_written_in_a_guard_has_a_spoken_name() -> None:
    found = guarded()

    assert {"acute_kidney_injury", "pregnancy", "dialysis"} <= found
    assert found <= CONDITION_NAMES.keys()


@pytest.mark.parametrize("concept", sorted({*CONDITION_NAMES, *guarded()}))
def test_every_guard_is_on_a_concept_that_some_code_states(concept: str) -> None:
    assert concept in CONDITIONS
    assert condition_codes_of(concept), f"no code states {concept}: its guard is dead"


@pytest.mark.parametrize("model", READ_EGFR, ids=lambda m: m.id)
@pytest.mark.parametrize("concept", ["acute_kidney_injury", "dialysis"])
def test_a_model_that_reads_egfr_needs_a_steady_one(model, concept) -> None:
    present = frozenset({concept, "diabetes_type_2"})
    refusals = model.applies(Circumstances(active=present, ever=present))

    assert concept in {r.concept for r in refusals}


def test_models_read_egfr() -> None:
    assert len(READ_EGFR) > 10


def test_every_condition_that_a_model_reads_is_stated_by_some_code() -> None:
    read = {
        concept
        for model in all_models()
        for declared in model.inputs
        if declared.role == "condition"
        for concept in declared.recorded_concepts
    } | {concept for model in all_models() for concept in model.recent}

    # these have readers, or a table of codes, of their own
    apart = {"ischaemic_heart_disease", "spo2_scale_2"}
    read = {c for c in read - apart if not c.startswith("charlson_")}
    assert len(read) > 10
    assert {c for c in read if c not in CONDITIONS or not condition_codes_of(c)} == set()


def test_no_model_reads_a_concept_of_the_prescribing_rules() -> None:
    read = {
        concept
        for model in all_models()
        for declared in model.inputs
        for concept in (declared.concept, *declared.recorded_concepts)
    } | {concept for model in all_models() for concept in model.recent}

    assert read & FOR_PRESCRIBING == set()
    assert {"asthma", "dementia", "hfref"} <= FOR_PRESCRIBING
