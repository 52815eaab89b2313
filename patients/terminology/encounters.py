"""What the codes of an Encounter mean: its class, how planned it was, where it ended, the service.

The table is `concepts/encounter_codes.csv`. A visit that is not spent in a hospital (ambulatory,
at home, virtual) has no row: it tells nothing about stays. Evidence tags as in the other tables.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from patients.terminology import tables
from patients.terminology.codings import Code, code_in

Element = Literal["class", "admission", "disposition", "service"]
INPATIENT = "inpatient_stay"
EMERGENCY = "emergency_visit"
OBSERVED = "observation_stay"
# the classes in which a person is in a hospital
IN_HOSPITAL = (INPATIENT, EMERGENCY, OBSERVED)
NAMES: Mapping[str, str] = {
    INPATIENT: "Inpatient stay",
    EMERGENCY: "Emergency visit",
    OBSERVED: "Short stay or observation",
}


class EncounterCode(NamedTuple):
    meaning: str
    display: str


def _codes() -> Mapping[tuple[str, Code], EncounterCode]:
    found: dict[tuple[str, Code], EncounterCode] = {}
    columns = "element,system,code,meaning,display,evidence"
    for row in tables.rows("encounter_codes", columns):
        if row["element"] not in get_args(Element):
            raise ValueError(f"encounter_codes.csv: {row['element']!r} is no element")
        key = (row["element"], code_in(row["system"], row["code"]))
        if key in found:
            raise ValueError(f"encounter_codes.csv: {key} twice")
        found[key] = EncounterCode(row["meaning"], row["display"])
    return found


_CODES = _codes()


def encounter_code(element: Element, code: Code) -> EncounterCode | None:
    """What a code says in that element; None when the table does not know it."""
    return _CODES.get((element, code))
