"""Which medicines a code or a name means, for the one question of what is taken or not borne.

On the careful side [J]: a name in free text is enough to say that somebody takes a medicine or has
an allergy to it, so that no effect is tried a second time or against a warning. Nothing here feeds
a model. The ATC groups, codes and brand names were written from memory [M]; a combination that is in no list
"may be" the medicine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

STATIN = "statin"
EZETIMIBE = "ezetimibe"
SGLT2 = "sglt2_inhibitor"
GLP1 = "glp1_agonist"
ANTIHYPERTENSIVE = "antihypertensive"
BEMPEDOIC_ACID = "bempedoic_acid"
PCSK9 = "pcsk9_inhibitor"


@dataclass(frozen=True)
class Medicine:
    """One kind. `atc` are groups and codes that contain it; `perhaps` groups that may.

    `without` are codes below `perhaps` that are known not to contain it.
    """

    words: re.Pattern[str]
    atc: tuple[str, ...]
    perhaps: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def is_named(self, text: str) -> bool:
        """Whether a name says so."""
        return bool(self.words.search(text.lower()))

    def is_atc(self, code: str) -> bool:
        """Whether an ATC code says so."""
        return code.startswith(self.atc)

    def may_be(self, code: str) -> bool:
        """Whether an ATC code leaves it open: a group above, or a combination in no list."""
        if self.is_atc(code) or code.startswith(self.without):
            return False
        above = any(own.startswith(code) for own in self.atc + self.perhaps)
        return above or code.startswith(self.perhaps)


def _codes(group: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"{group}{number:02d}" for number in numbers)


SGLT2_COMBINATIONS = _codes("A10BD", 15, 16, 19, 20, 21, 23, 24, 25, 27, 29, 30)
OTHER_COMBINATIONS = _codes("A10BD", *range(1, 15), 17, 18, 22, 26, 28)
# those of a gliptin and a statin (A10BH51, A10BH52) are read by the record's own table
STATIN_COMBINATIONS = _codes("C10BX", *range(1, 16))
STATINS = (
    r"\b(?:atorva|rosuva|simva|prava|fluva|lova|pitava|ceriva)\s?statin|\bstatin(?:s|e|es|en|a|as)?\b|"
    r"hmg[- ]?coa|coenzyme a reductase"
)
# brand names that are in wide use; any other is a medicine that nothing names
STATIN_BRANDS = r"lipitor|sortis|zocor|crestor|pravachol|lescol|livalo|caduet"
BOTH_BRANDS = r"vytorin|inegy|roszet|liptruzet"
EZETIMIBE_BRANDS = r"zetia|ezetrol|nexlizet|nustendi"
SGLT2_BRANDS = (
    r"jardiance|farxiga|forxiga|invokan|steglatro|synjardy|xigduo|glyxambi|invokamet|vokanamet|"
    r"trijardy|qtern|segluromet|steglujan|inpefa"
)
GLP1_BRANDS = (
    r"ozempic|wegovy|rybelsus|victoza|saxenda|trulicity|byetta|bydureon|mounjaro|zepbound|"
    r"lyxumia|adlyxin|soliqua|suliqua|xultophy|tanzeum|eperzan"
)
PRESSURE = (
    r"antihypertensive|\bace\b|\bace[- ]?inhibitor|\w{2,}pril(?:at)?\b|\w+sartan\b|\w+olol\b|"
    r"\w+dipine\b|verapamil|diltiazem|thiazide|chlort(?:h)?alidone|indapamide|spironolactone|"
    r"eplerenone|beta[- ]?block|calcium[- ]?channel|diuretic|methyldopa|clonidine|\w+azosin\b"
)
MEDICINES: Mapping[str, Medicine] = {
    STATIN: Medicine(
        re.compile(f"{STATINS}|{STATIN_BRANDS}|{BOTH_BRANDS}"),
        ("C10AA", *_codes("C10BA", 1, *range(2, 10), 11, 12), *STATIN_COMBINATIONS),
        ("C10BA", "C10BX"),
        ("C10BA10",),
    ),
    EZETIMIBE: Medicine(
        re.compile(f"ezetimib|{EZETIMIBE_BRANDS}|{BOTH_BRANDS}"),
        ("C10AX09", *_codes("C10BA", 2, 5, 6, 10, 11, 12)),
        ("C10BA", "C10BX"),
        (*_codes("C10BA", 1, 3, 4, 7, 8, 9), *_codes("C10BX", *range(1, 16))),
    ),
    SGLT2: Medicine(
        re.compile(f"gliflozin|\\bsglt-?\\s?2|{SGLT2_BRANDS}"),
        ("A10BK", *_codes("A10BX", 9, 11, 12), *SGLT2_COMBINATIONS),
        ("A10BD",),
        OTHER_COMBINATIONS,
    ),
    GLP1: Medicine(
        re.compile(f"glutid|exenatid|lixisenatid|tirzepatid|\\bglp-?\\s?1|{GLP1_BRANDS}"),
        ("A10BJ", *_codes("A10BX", 4, 7, 10, 13, 14, 16), "A10AE54", "A10AE56"),
    ),
    ANTIHYPERTENSIVE: Medicine(
        re.compile(PRESSURE), ("C02", "C03", "C07", "C08", "C09", *_codes("C10BX", 3, 4, 6, 7))
    ),
    BEMPEDOIC_ACID: Medicine(
        re.compile(r"bempedo|nexletol|nilemdo|nexlizet|nustendi"), ("C10AX15", "C10BA10")
    ),
    PCSK9: Medicine(
        re.compile(r"alirocumab|evolocumab|inclisiran|\bpcsk-?\s?9|praluent|repatha|leqvio"),
        _codes("C10AX", 13, 14, 16),
    ),
}


def named(text: str, atc: str = "") -> frozenset[str]:
    """The kinds that a name or an ATC code says."""
    return frozenset(
        kind
        for kind, medicine in MEDICINES.items()
        if medicine.is_named(text) or (atc and medicine.is_atc(atc))
    )


def perhaps(atc: str) -> frozenset[str]:
    """The kinds that an ATC code leaves open."""
    return frozenset(kind for kind, medicine in MEDICINES.items() if medicine.may_be(atc))
