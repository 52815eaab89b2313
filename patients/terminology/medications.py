"""Medications by code: RxNorm (ingredient, component, product, pack) and ATC -> ingredients, classes.

`concepts/medications.csv` is built by `tools/build_medication_table.py` from hand-made sources;
every row tells how its code was confirmed. A code that the table does not know stays "not
classified": no guess is ever made from a name.

A class says what a drug may do, not why it was given: a beta-blocker or a loop diuretic counts as
antihypertensive also when it is given for another reason, metformin as glucose lowering also in
prediabetes. The note column says where that matters [J].
"""

from collections.abc import Mapping
from dataclasses import dataclass

from patients.terminology import tables
from patients.terminology.codings import Atc, Code, code_in

ANTIHYPERTENSIVE = "antihypertensive"
STATIN = "statin"
GLUCOSE_LOWERING = "glucose_lowering"
INSULIN = "insulin"
ANTIPLATELET = "antiplatelet"
NSAID = "nsaid"
VITAMIN_K_ANTAGONIST = "vitamin_k_antagonist"
OTHER = "other"
CLASSES = (
    ANTIHYPERTENSIVE,
    STATIN,
    GLUCOSE_LOWERING,
    INSULIN,
    ANTIPLATELET,
    NSAID,
    VITAMIN_K_ANTAGONIST,
    OTHER,
)


@dataclass(frozen=True, slots=True)
class Medication:
    """What a code means. `ingredients` is empty for an ATC group; `classes` is never empty."""

    ingredients: tuple[str, ...]
    classes: tuple[str, ...]
    display: str

    def __post_init__(self) -> None:
        if not self.classes or not set(self.classes) <= set(CLASSES):
            raise ValueError(f"classes {self.classes}")
        if OTHER in self.classes and len(self.classes) > 1:
            raise ValueError("'other' stands alone")

    @property
    def name(self) -> str:
        """Ingredients as one text, or the ATC group's name."""
        return "/".join(self.ingredients) or self.display


def _medications() -> Mapping[Code, Medication | None]:
    found: dict[Code, Medication | None] = {}
    columns = "system,code,term_type,ingredients,classes,display,source,note"
    for row in tables.rows("medications", columns):
        code = code_in(row["system"], row["code"])
        if code in found:
            raise ValueError(f"medications.csv: {code} twice")
        classes = tuple(row["classes"].split())
        ingredients = tuple(name for name in row["ingredients"].split("/") if name)
        found[code] = Medication(ingredients, classes, row["display"]) if classes else None
    return found


_MEDICATIONS = _medications()
_ATC_GROUPS = {code.value for code in _MEDICATIONS if isinstance(code, Atc)}


def medication_codes_of(class_: str) -> tuple[tuple[Code, Medication], ...]:
    """Every code of the table in a class; an ATC group stands for the codes below it too."""
    return tuple(
        (code, known) for code, known in _MEDICATIONS.items() if known and class_ in known.classes
    )


def medication_of(code: Code) -> Medication | None:
    """What a medication code means; None when it is not classified.

    An ATC code takes the longest group that it is in. A group with others of different classes
    below it (C10: lipid modifying agents) says too little, unless the table gives it a class.
    """
    known = _MEDICATIONS.get(code)
    if not isinstance(code, Atc) or (known and known.classes != (OTHER,)):
        return known
    if any(group != code.value and group.startswith(code.value) for group in _ATC_GROUPS):
        return None
    groups = (code.value[:length] for length in range(len(code.value), 0, -1))
    nearest = next((group for group in groups if group in _ATC_GROUPS), None)
    return None if nearest is None else _MEDICATIONS[Atc(nearest)]


def is_listed(code: Code) -> bool:
    """Whether the table speaks of the code, be it to say that it tells too little."""
    return code in _MEDICATIONS or (isinstance(code, Atc) and _is_group(code))


def _is_group(code: Atc) -> bool:
    return any(group.startswith(code.value) for group in _ATC_GROUPS)


def listed_medications() -> Mapping[Code, Medication]:
    """Every code of the table that says what a drug is."""
    return {code: found for code, found in _MEDICATIONS.items() if found is not None}
