"""Who a model is not for: death, known disease, pregnancy, treatment. Reasons by name."""

from models_engine.catalogue.contract import Circumstances, Refusal

# spoken names of the conditions that stop a model, or that one is for
CONDITION_NAMES = {
    "myocardial_infarction": "a myocardial infarction",
    "coronary_heart_disease": "coronary heart disease",
    "stroke": "a stroke",
    "heart_failure": "heart failure",
    "peripheral_artery_disease": "peripheral artery disease",
    "pregnancy": "a current pregnancy",
    "dialysis": "dialysis",
    "kidney_transplant": "a kidney transplant",
    "acute_kidney_injury": "acute kidney injury",
    "end_stage_renal_disease": "end-stage renal disease",
    "diabetes_type_1": "type 1 diabetes",
    "diabetes_type_2": "type 2 diabetes",
    "diabetes_other": "diabetes",
}


def not_after_death(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """A refusal when the person has died."""
    if not circumstances.deceased:
        return ()
    return (Refusal("not_applicable", "deceased", "Not applicable: the person has died."),)


def not_with(
    conditions: tuple[str, ...], present: frozenset[str], because: str
) -> tuple[Refusal, ...]:
    """One refusal for each of `conditions` that is `present`, ending in the reason."""
    return tuple(
        Refusal(
            "not_applicable",
            condition,
            f"Not applicable: {CONDITION_NAMES[condition]} is recorded. {because}",
        )
        for condition in conditions
        if condition in present
    )


def steady_kidney_function(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Refusals where a creatinine does not tell the filtration: acute injury, dialysis. [J]"""
    return (
        *not_with(
            ("acute_kidney_injury",),
            circumstances.active,
            "The eGFR is not a steady one, and this model reads it.",
        ),
        *not_with(
            ("dialysis",), circumstances.active, "On dialysis, eGFR does not tell kidney function."
        ),
    )


def only_with_condition(
    conditions: tuple[str, ...], present: frozenset[str], name: str, because: str
) -> tuple[Refusal, ...]:
    """A refusal when none of `conditions` is `present`; `name` is what they are together."""
    if present.intersection(conditions):
        return ()
    message = f"Not applicable: {name} is not recorded. {because}"
    return (Refusal("not_applicable", conditions[0], message),)
