"""Reads the three files of an RxNorm release that say what is in a drug: RXNCONSO, RXNREL, RXNSAT.

Rich Release Format: one row a line, fields ended by "|". Only rows of RxNorm itself are read, and
the ATC codes of its ingredients; suppressed rows are not, obsolete ones are: old orders have them.
In a row of RXNREL the second concept stands in the relation to the first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

RXNCONSO, RXNREL, RXNSAT = "RXNCONSO.RRF", "RXNREL.RRF", "RXNSAT.RRF"
_FIELDS = {RXNCONSO: 18, RXNREL: 16, RXNSAT: 13}
TERM_TYPES = frozenset(
    [
        "IN",
        "PIN",
        "MIN",
        "BN",
        "SCD",
        "SBD",
        "SCDC",
        "SBDC",
        "SCDF",
        "SBDF",
        "SCDFP",
        "SBDFP",
        "SCDG",
        "SBDG",
        "SCDGP",
        "GPCK",
        "BPCK",
    ]
)
# each with the name of its other direction
_RELATIONS = frozenset(
    [
        "has_ingredient",
        "ingredient_of",
        "has_precise_ingredient",
        "precise_ingredient_of",
        "form_of",
        "has_form",
        "has_part",
        "part_of",
        "consists_of",
        "constitutes",
        "tradename_of",
        "has_tradename",
        "contains",
        "contained_in",
        "has_ingredients",
        "ingredients_of",
    ]
)
_STRENGTH = "RXN_BOSS_STRENGTH_"
_ATTRIBUTES = frozenset(
    f"{_STRENGTH}{part}_{what}" for part in ("NUM", "DENOM") for what in ("VALUE", "UNIT")
)
_CODE = re.compile(r"[1-9]\d{0,7}")
_SUBSTANCE = re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d")


class RrfError(ValueError):
    """A line that is not as the format says; the message names the file and the line."""


@dataclass(slots=True)
class Concept:
    rxcui: str
    term_type: str
    name: str
    is_obsolete: bool
    atc: set[str] = field(default_factory=set)
    # milligrams in one piece, where the release says so in numbers
    strength_mg: float | None = None


@dataclass(slots=True)
class Rrf:
    """Concepts by RXCUI, and which are joined, both ways, whatever the relation."""

    concepts: dict[str, Concept] = field(default_factory=dict)
    joined: dict[str, set[str]] = field(default_factory=dict)


def read(conso: Iterable[str], rel: Iterable[str], sat: Iterable[str]) -> Rrf:
    """The drugs of a release, from the lines of its files.

    Raises:
        RrfError: a line has another number of fields, or no RXCUI; or there is no drug at all.
    """
    found = Rrf()
    _read_names(found, conso)
    if not found.concepts:
        raise RrfError(f"{RXNCONSO}: no drug of RxNorm is in it")
    _read_relations(found, rel)
    _read_strengths(found, sat)
    return found


def _rows(name: str, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    wanted = _FIELDS[name]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        fields = line.rstrip("\r\n").split("|")
        # the last field is ended, too
        if len(fields) != wanted + 1 or fields[-1]:
            found = len(fields) - 1
            raise RrfError(f"{name} line {number}: {found} fields where {wanted} are expected")
        yield number, fields


def _read_names(found: Rrf, lines: Iterable[str]) -> None:
    atc: dict[str, set[str]] = {}
    for number, row in _rows(RXNCONSO, lines):
        rxcui, source, term_type, code, name, suppressed = *row[:1], *row[11:15], row[16]
        if source == "ATC" and _SUBSTANCE.fullmatch(code) and suppressed in ("", "N"):
            atc.setdefault(rxcui, set()).add(code)
        if source != "RXNORM" or term_type not in TERM_TYPES or suppressed not in ("", "N", "O"):
            continue
        if not _CODE.fullmatch(rxcui):
            raise RrfError(f"{RXNCONSO} line {number}: {rxcui!r} is no RXCUI")
        known = found.concepts.get(rxcui)
        if known is None or (known.is_obsolete and suppressed != "O"):
            found.concepts[rxcui] = Concept(rxcui, term_type, name, suppressed == "O")
    for rxcui, codes in atc.items():
        if rxcui in found.concepts:
            found.concepts[rxcui].atc = codes


def _read_relations(found: Rrf, lines: Iterable[str]) -> None:
    for _, row in _rows(RXNREL, lines):
        first, second, relation, source, suppressed = row[0], row[4], row[7], row[10], row[14]
        if source != "RXNORM" or relation not in _RELATIONS or suppressed not in ("", "N", "O"):
            continue
        if first in found.concepts and second in found.concepts:
            found.joined.setdefault(first, set()).add(second)
            found.joined.setdefault(second, set()).add(first)


def _read_strengths(found: Rrf, lines: Iterable[str]) -> None:
    said: dict[str, dict[str, str]] = {}
    for _, row in _rows(RXNSAT, lines):
        rxcui, name, source, value = row[0], row[8], row[9], row[10]
        if source == "RXNORM" and name in _ATTRIBUTES and rxcui in found.concepts:
            said.setdefault(rxcui, {})[name.removeprefix(_STRENGTH)] = value
    for rxcui, parts in said.items():
        found.concepts[rxcui].strength_mg = _milligrams(parts)


def _milligrams(parts: dict[str, str]) -> float | None:
    """In one piece: a concentration, a rate and another unit are none."""
    per_piece = parts.get("DENOM_UNIT", "EACH") == "EACH" and parts.get("DENOM_VALUE", "1") == "1"
    if parts.get("NUM_UNIT") != "MG" or not per_piece:
        return None
    try:
        value = float(parts.get("NUM_VALUE", ""))
    except ValueError:
        return None
    return value if 0 < value < 1e6 else None
