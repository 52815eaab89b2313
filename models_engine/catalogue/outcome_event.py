"""Which recorded concepts are the event that an outcome is about, so that it can be judged.

Declared once, beside the outcome's definition. An outcome without one cannot be recognised from
the record, and is never judged.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OutcomeEvent:
    """The event in terms of the twin's facts.

    `concepts` are concepts of the twin: conditions, or "inpatient_stay" for an admission; any of
    them is the event. `death` adds death of any cause. With `first` only the first one ever
    counts, and who had one before the prediction is not judged; without it, any that begins after
    the prediction. `departs` says in what this departs from the outcome's definition.
    """

    concepts: tuple[str, ...] = ()
    death: bool = False
    first: bool = True
    departs: str = ""

    def __post_init__(self) -> None:
        if not self.concepts and not self.death:
            raise ValueError("OutcomeEvent: needs concepts, or death")

    def in_words(self) -> str:
        """What counts as the event, in a sentence."""
        if not self.concepts:
            return "Death of any cause: Patient.deceased, or a discharge disposition that says so."
        named = " or ".join(concept.replace("_", " ") for concept in self.concepts)
        which = "the first record ever" if self.first else "any record"
        also = ", or death of any cause" if self.death else ""
        return f"After the prediction, {which} of {named}{also}."


DEATH = OutcomeEvent(death=True)
KIDNEY_REPLACEMENT = OutcomeEvent(
    ("dialysis", "kidney_transplant"),
    departs="A dialysis for acute kidney injury counts too: the record does not tell them apart.",
)
KIDNEY_FAILURE = OutcomeEvent(("end_stage_renal_disease", "dialysis", "kidney_transplant"))
_FATAL = "A fatal one counts only where the diagnosis is recorded too: no cause of death is read."
_ANY_CHD = "Any recorded coronary heart disease counts, angina and revascularisation too."
HEART_FAILURE = OutcomeEvent(("heart_failure",), departs=_FATAL)
STROKE = OutcomeEvent(("stroke",), departs=_FATAL)
INFARCTION = OutcomeEvent(("myocardial_infarction",), departs=_FATAL)
CORONARY = OutcomeEvent(("coronary_heart_disease",), departs=f"{_ANY_CHD} {_FATAL}")
ATHEROSCLEROTIC = OutcomeEvent(("coronary_heart_disease", "stroke"), departs=f"{_ANY_CHD} {_FATAL}")
CARDIOVASCULAR = OutcomeEvent(
    ("coronary_heart_disease", "stroke", "heart_failure"), departs=f"{_ANY_CHD} {_FATAL}"
)
INFARCTION_OR_STROKE = OutcomeEvent(
    ("myocardial_infarction", "stroke"),
    departs=f"{_FATAL} So observed is too low by other deaths from cardiovascular disease.",
)


def first_recorded(concept: str) -> OutcomeEvent:
    """The first record of one condition."""
    return OutcomeEvent((concept,))


def a_further(concept: str) -> OutcomeEvent:
    """A further one of a condition that the person has had."""
    told_again = "A later record that tells of the same event with another date counts as one more."
    return OutcomeEvent((concept,), first=False, departs=told_again)
