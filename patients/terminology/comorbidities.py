"""Charlson comorbidities by ICD-10 prefix: the mapping of Quan and colleagues, 2005.

The table is `concepts/charlson_codes.csv`, ranges written out. ICD-10-CM codes are read by the same
prefixes. A code below none of them is an ICD-10 code of no comorbidity; SNOMED CT is not mapped.

References
----------
Quan H et al. Coding algorithms for defining comorbidities in ICD-9-CM and ICD-10 administrative
data. Med Care 2005;43:1130-1139; as transcribed in the R package comorbidity [S].
"""

from collections.abc import Mapping

from patients.terminology import tables
from patients.terminology.codings import Icd10

NO_COMORBIDITY = "charlson_none"


def _prefixes() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for row in tables.rows("charlson_codes", "comorbidity,prefix,evidence"):
        if row["prefix"] in found:
            raise ValueError(f"charlson_codes.csv: {row['prefix']} twice")
        found[row["prefix"]] = row["comorbidity"]
    return found


_PREFIXES = _prefixes()
COMORBIDITIES: tuple[str, ...] = tuple(dict.fromkeys(_PREFIXES.values()))


def comorbidity_of(code: Icd10) -> str | None:
    """The comorbidity of an ICD-10 or ICD-10-CM code ("charlson_mi"); None when it is of none.

    No prefix of the table lies below another, so that a code is in one group at most.
    """
    shortened = (code.value[:length] for length in range(3, len(code.value) + 1))
    return next((_PREFIXES[prefix] for prefix in shortened if prefix in _PREFIXES), None)
