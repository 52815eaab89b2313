"""UCUM units of real feeds, and their conversion to each concept's canonical unit.

`concepts/units.csv` lists the spellings that are read as a UCUM unit; `concepts/conversions.csv`
the conversions, per concept: value = (raw + before) * multiply / divide + after. A unit that is in
neither is unknown, and the value is not used. Spellings are compared without case and spaces.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from patients.terminology import tables
from patients.terminology.measurements import MEASUREMENTS

UCUM = "http://unitsofmeasure.org"
UCUM_SYSTEMS = frozenset({UCUM, "urn:oid:2.16.840.1.113883.6.8"})
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_LOOKALIKES = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "×": "x", "º": "°"})


@dataclass(frozen=True, slots=True)
class Conversion:
    """Affine: (raw + before) * multiply / divide + after. `mark` says what to verify, if any."""

    before: float = 0.0
    multiply: float = 1.0
    divide: float = 1.0
    after: float = 0.0
    mark: str = ""

    def __post_init__(self) -> None:
        if self.multiply <= 0 or self.divide <= 0:
            raise ValueError("a conversion rises with its value")

    def forward(self, raw: float) -> float:
        return (raw + self.before) * self.multiply / self.divide + self.after

    def back(self, value: float) -> float:
        return (value - self.after) * self.divide / self.multiply - self.before


class Converted(NamedTuple):
    """A value in the concept's canonical unit, and what about the conversion wants a look."""

    value: float
    mark: str


def folded(text: str) -> str:
    """A spelling as spellings are compared: without case, spaces and lookalikes."""
    return "".join(text.translate(_LOOKALIKES).casefold().split())


def _spellings() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for row in tables.rows("units", "ucum,spellings"):
        for spelling in (row["ucum"], *row["spellings"].split("|")):
            if found.setdefault(folded(spelling), row["ucum"]) != row["ucum"]:
                raise ValueError(f"units.csv: {spelling!r} is read in two ways")
    return found


def _conversions() -> Mapping[tuple[str, str], Conversion]:
    found = {(concept.id, concept.unit): Conversion() for concept in MEASUREMENTS.values()}
    columns = "concepts,from_unit,to_unit,before,multiply,divide,after,mark,evidence"
    for row in tables.rows("conversions", columns):
        for concept in row["concepts"].split():
            key = (concept, row["from_unit"])
            if MEASUREMENTS[concept].unit != row["to_unit"] or key in found:
                raise ValueError(f"conversions.csv: {key} to {row['to_unit']}")
            found[key] = Conversion(
                before=float(row["before"]),
                multiply=float(row["multiply"]),
                divide=float(row["divide"]),
                after=float(row["after"]),
                mark=row["mark"],
            )
    return found


_SPELLINGS = _spellings()
CONVERSIONS: Mapping[tuple[str, str], Conversion] = _conversions()


@lru_cache(maxsize=4096)
def ucum_of(text: str) -> str | None:
    """The UCUM unit that a spelling means ('mm Hg' -> 'mm[Hg]'), None for one we do not know.

    A UCUM annotation has no effect on the unit ('mg/g{creat}' is mg/g), unless the whole is known:
    the {1.73_m2} of an eGFR tells more than its unit.
    """
    spelling = folded(text)
    return _SPELLINGS.get(spelling) or _SPELLINGS.get(_ANNOTATION.sub("", spelling))


def to_canonical(concept: str, value: float, unit: str) -> Converted | None:
    """A value sent in a UCUM unit, in the concept's canonical unit.

    Returns None when the unit is no unit of this concept: a cholesterol in mm[Hg] is as unknown as
    one in furlongs.
    """
    conversion = CONVERSIONS.get((concept, unit))
    if conversion is None:
        return None
    return Converted(conversion.forward(value), conversion.mark)


def resembling(concept: str, spelling: str) -> str | None:
    """The unit of a concept that an unknown spelling begins like ('mg/mmolKrea': mg/mmol)."""
    text, units = folded(spelling), units_of(concept)
    found = [known for known, unit in _SPELLINGS.items() if unit in units and len(known) > 1]
    begun = [known for known in found if text.startswith(known)]
    return _SPELLINGS[max(begun, key=len)] if begun else None


def units_of(concept: str) -> tuple[str, ...]:
    """The UCUM units that a concept is read in, the canonical one first."""
    return tuple(unit for known, unit in CONVERSIONS if known == concept)
