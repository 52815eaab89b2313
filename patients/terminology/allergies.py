"""Statements of "no known allergy": a negative finding is not an allergy."""

from collections.abc import Mapping

from patients.terminology import tables
from patients.terminology.codings import Code, code_in

LISTED = "listed"
NONE_KNOWN = "none_known"


def _negative_findings() -> Mapping[Code, str]:
    found: dict[Code, str] = {}
    for row in tables.rows("allergy_codes", "system,code,value_code,display,evidence"):
        code = code_in(row["system"], row["code"])
        if code in found:
            raise ValueError(f"allergy_codes.csv: {code} twice")
        found[code] = row["value_code"]
    return found


_NEGATIVE = _negative_findings()


def allergy_value(code: Code) -> str:
    """'listed' for an allergy; 'none_known', 'none_known_drug' ... for a negative finding."""
    return _NEGATIVE.get(code, LISTED)
