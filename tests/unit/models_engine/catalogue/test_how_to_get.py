"""Whatever a model can lack, the list of things to do knows how to get it."""

from models_engine.catalogue.how_to_get import ALL, BY_CONCEPT, how_to_get
from models_engine.registry import all_models

# who has none recorded has none: these are never missing
ASSUMED = ("condition", "medication")


def inputs() -> set[str]:
    models = all_models(score2_region="low")
    return {i.concept for m in models for i in m.inputs if i.role not in ASSUMED}


def test_every_input_that_can_be_missing_is_in_the_table() -> None:
    # dialysis in the last week is assumed absent, as a condition is
    assert inputs() - BY_CONCEPT.keys() == {"dialysis_last_week"}


def test_the_table_names_no_input_that_no_model_has_and_none_twice() -> None:
    named = [concept for one in ALL for concept in one.concepts]
    assert len(named) == len(set(named))
    assert set(named) <= inputs()
    assert len({one.id for one in ALL}) == len(ALL)


def test_a_plug_ins_own_input_is_got_as_the_plug_in_says() -> None:
    assert how_to_get("acme_index", "ACME index", "Order the ACME index.").what == (
        "Order the ACME index."
    )
    assert how_to_get("acme_index", "ACME index", "").what == "Record: ACME index"
