"""A release of RxNorm in small: made-up concept ids (9.......) in the real format.

testolol is an ingredient that no table of ours has; lisinopril (29046) one that ours names.
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path

TESTOLOL, TESTOLOL_SALT, TESTAZIDE, BRAND = "90000001", "90000002", "90000003", "90000004"
COMPONENT, TABLET, BRANDED = "90000011", "90000012", "90000013"
COMBINATION, AZIDE_COMPONENT, DROPS, DROPS_COMPONENT = (
    "90000014",
    "90000015",
    "90000016",
    "90000017",
)
HALF_KNOWN, STATIN, STATIN_COMPONENT, STATIN_TABLET = "90000018", "90000021", "90000022", "90000023"
LISINOPRIL, LISINOPRIL_20 = "29046", "314077"

NAMES = [
    (TESTOLOL, "IN", "Testolol"),
    (TESTOLOL_SALT, "PIN", "testolol tartrate"),
    (TESTAZIDE, "IN", "testazide"),
    (BRAND, "BN", "Testopress"),
    (COMPONENT, "SCDC", "testolol tartrate 25 MG"),
    (TABLET, "SCD", "testolol tartrate 25 MG Oral Tablet"),
    (BRANDED, "SBD", "testolol tartrate 25 MG Oral Tablet [Testopress]"),
    (AZIDE_COMPONENT, "SCDC", "testazide 12.5 MG"),
    (COMBINATION, "SCD", "testazide 12.5 MG / testolol tartrate 25 MG Oral Tablet"),
    (DROPS_COMPONENT, "SCDC", "testolol 5 MG/ML"),
    (DROPS, "SCD", "testolol 5 MG/ML Ophthalmic Solution"),
    # names two components, and the relations lead to one
    (HALF_KNOWN, "SCD", "testazide 25 MG / lostin 5 MG Oral Tablet"),
    (STATIN, "IN", "novastatin"),
    (STATIN_COMPONENT, "SCDC", "novastatin 4 MG"),
    (STATIN_TABLET, "SCD", "novastatin 4 MG Oral Tablet"),
    (LISINOPRIL, "IN", "lisinopril"),
    # our own table says lisinopril, and wins
    (LISINOPRIL_20, "SCD", "testazide 20 MG Oral Tablet"),
]
ATC = [(TESTOLOL, "C07AB99"), (STATIN, "C10AA99"), (TESTOLOL, "C07AB")]
# (second) stands in the relation to (first)
RELATIONS = [
    (TESTOLOL, TESTOLOL_SALT, "form_of"),
    (TESTOLOL, BRAND, "tradename_of"),
    (TESTOLOL_SALT, COMPONENT, "has_precise_ingredient"),
    (COMPONENT, TABLET, "consists_of"),
    (TABLET, BRANDED, "tradename_of"),
    (TESTAZIDE, AZIDE_COMPONENT, "has_ingredient"),
    (COMPONENT, COMBINATION, "consists_of"),
    (AZIDE_COMPONENT, COMBINATION, "consists_of"),
    (TESTOLOL, DROPS_COMPONENT, "has_ingredient"),
    (DROPS_COMPONENT, DROPS, "consists_of"),
    (AZIDE_COMPONENT, HALF_KNOWN, "consists_of"),
    (STATIN, STATIN_COMPONENT, "has_ingredient"),
    (STATIN_COMPONENT, STATIN_TABLET, "consists_of"),
    (AZIDE_COMPONENT, LISINOPRIL_20, "consists_of"),
]
STRENGTHS = [
    (COMPONENT, "NUM_VALUE", "25"),
    (COMPONENT, "NUM_UNIT", "MG"),
    (COMPONENT, "DENOM_VALUE", "1"),
    (COMPONENT, "DENOM_UNIT", "EACH"),
    (DROPS_COMPONENT, "NUM_VALUE", "5"),
    (DROPS_COMPONENT, "NUM_UNIT", "MG"),
    (DROPS_COMPONENT, "DENOM_VALUE", "1"),
    (DROPS_COMPONENT, "DENOM_UNIT", "ML"),
]


def conso(rxcui: str, source: str, term_type: str, code: str, name: str, kept: str = "N") -> str:
    return f"{rxcui}|ENG||||||A1|||{code}|{source}|{term_type}|{code}|{name}||{kept}|4096|"


def names() -> list[str]:
    return [
        *(conso(code, "RXNORM", term_type, code, name) for code, term_type, name in NAMES),
        *(conso(code, "ATC", "IN", atc, "") for code, atc in ATC),
        conso(TABLET, "RXNORM", "PSN", TABLET, "a spoken name"),
        conso("90000099", "MMSL", "CD", "x", "of another source"),
        conso("90000098", "RXNORM", "IN", "x", "suppressed", kept="Y"),
    ]


def relations() -> list[str]:
    return [
        f"{first}||CUI|RO|{second}||CUI|{relation}|1||RXNORM|RXNORM||||4096|"
        for first, second, relation in RELATIONS
    ]


def strengths() -> list[str]:
    return [
        f"{code}|||1|AUI|{code}|||RXN_BOSS_STRENGTH_{name}|RXNORM|{value}|N|4096|"
        for code, name, value in STRENGTHS
    ]


def contents() -> dict[str, list[str]]:
    return {"RXNCONSO.RRF": names(), "RXNREL.RRF": relations(), "RXNSAT.RRF": strengths()}


def text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def folder(path: Path, **changed: list[str]) -> Path:
    """The release as a folder; a file in `changed` (conso=...) has other lines."""
    other = {f"RXN{name.upper()}.RRF": lines for name, lines in changed.items()}
    (path / "rrf").mkdir(parents=True)
    for name, lines in (contents() | other).items():
        (path / "rrf" / name).write_text(text(lines))
    return path


def archive(path: Path) -> Path:
    """The release as the monthly archive, with the prescribable subset beside it."""
    with zipfile.ZipFile(path, "w") as made:
        for name, lines in contents().items():
            made.writestr(f"rrf/{name}", text(lines))
            made.writestr(f"prescribe/rrf/{name}", "")
    return path
