"""What the record says of allergies as a whole: listed, none confirmed, or not recorded."""

from dataclasses import dataclass
from typing import Literal

from patients.record.state import State
from patients.record.value import Value
from patients.terminology.allergies import LISTED, NONE_KNOWN

ALLERGY = "allergy"


@dataclass(frozen=True, slots=True)
class AllergyStatus:
    """What a banner says: allergies listed, none confirmed, or nothing recorded at all.

    `partly_none` names the kinds said to be absent ("none_known_drug") when nothing is listed and
    nobody said "no known allergy" as such: that is not "none confirmed".
    """

    kind: Literal["listed", "none_confirmed", "not_recorded"]
    listed: tuple[Value, ...] = ()
    partly_none: tuple[str, ...] = ()


def allergy_status(state: State) -> AllergyStatus:
    """The banner's statement as of the state's moment. A listed allergy outweighs any "none"."""
    now = [value for value in state.series(ALLERGY) if value.is_active(state.as_of)]
    listed = tuple(value for value in now if value.code == LISTED)
    if listed:
        return AllergyStatus("listed", listed)
    kinds = tuple(dict.fromkeys(value.code for value in now))
    if NONE_KNOWN in kinds:
        return AllergyStatus("none_confirmed")
    return AllergyStatus("not_recorded", partly_none=kinds)
