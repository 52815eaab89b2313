"""Which drug an ATC code of the fifth level names, the codes of a drug, and the strength of a tablet.

The table is `concepts/atc_substances.csv`: [S] the code and the name were seen together in CPIC's
drug table (CC0), [M] from general knowledge and not yet verified. An ATC group names no drug.
"""

import re
from collections.abc import Mapping

from patients.terminology import tables
from patients.terminology.codings import Atc, Code, code_in
from patients.terminology.medications import Medication, listed_medications

# two names of one drug: the first is the one of most of our codes
SYNONYMS: Mapping[str, str] = {"salbutamol": "albuterol", "glibenclamide": "glyburide"}
_FORM = re.compile(r"\b(tablet|capsule)", re.IGNORECASE)
_STRENGTH = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) MG\b(?!/)")


def canonical(ingredients: tuple[str, ...]) -> tuple[str, ...]:
    """One spelling for one set of ingredients: lower case, one name each, in alphabetical order."""
    names = (name.casefold() for name in ingredients)
    return tuple(sorted({SYNONYMS.get(name, name) for name in names}))


def _substances() -> Mapping[Atc, tuple[str, ...]]:
    found: dict[Atc, tuple[str, ...]] = {}
    for row in tables.rows("atc_substances", "code,ingredients,evidence"):
        code = code_in("atc", row["code"])
        if not isinstance(code, Atc) or len(code.value) != 7 or code in found:
            raise ValueError(f"atc_substances.csv: {row['code']} twice, or no substance")
        found[code] = canonical(tuple(row["ingredients"].split("/")))
    return found


_SUBSTANCES = _substances()


def _codes() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for code, ingredients in _SUBSTANCES.items():
        found[ingredients] = (*found.get(ingredients, ()), code.value)
    return found


_CODES = _codes()


def substance_of(code: Atc) -> tuple[str, ...]:
    """The ingredients that the code names; empty for a group and for a code that is not listed."""
    return _SUBSTANCES.get(code, ())


def atc_codes_of(ingredients: tuple[str, ...]) -> tuple[str, ...]:
    """The ATC codes of the fifth level that we know for exactly these ingredients."""
    return _CODES.get(canonical(ingredients), ())


def strength_in(name: str) -> float | None:
    """Milligrams in one tablet or capsule, from an RxNorm name of a drug with one ingredient.

    None for a liquid, for a name of several strengths, and where anything else is meant.
    """
    found = _STRENGTH.findall(name)
    if len(found) != 1 or "/" in name or not _FORM.search(name):
        return None
    return float(found[0])


def _strengths() -> Mapping[Code, float]:
    found: dict[Code, float] = {}
    for code, medication in listed_medications().items():
        strength = strength_in(medication.display) if _is_single(medication) else None
        if code.name == "rxnorm" and strength is not None:
            found[code] = strength
    return found


def _is_single(medication: Medication) -> bool:
    return len(medication.ingredients) == 1


_STRENGTHS = _strengths()


def strength_of(code: Code) -> float | None:
    """Milligrams in one tablet or capsule of a product of the committed table."""
    return _STRENGTHS.get(code)
