"""What the cohort's drugs do. Sizes are those of published trials, cited where they are named."""

from collections.abc import Iterable

from patients.synthetic.vocabulary import Drug

# intercept and slope of the fall in mmHg against the pressure above 154 mmHg: Law, BMJ
# 2003;326:1427 for the standard-dose figure [S]; half dose and the reference pressure [M];
# doubling one drug adds 1.5 mmHg (Wang, Lancet 2025) [M]
_BP_FALL = {"half": (7.1, 0.078), "standard": (9.1, 0.10), "double": (10.6, 0.10)}
_BP_REFERENCE = 154.0
_DIASTOLIC_SHARE = 5.5 / 9.1
# a class-average fall in HbA1c holds at this baseline, and grows by half a percentage point for
# each point above it (class averages and rule [M])
_HBA1C_REFERENCE = 8.25
_HBA1C_PER_POINT = 0.5
_LEAST_HBA1C_FALL = 0.2
_HBA1C_FLOOR = 5.6
# ACE inhibitors lower albuminuria by about a third [J]
_ACR_FACTOR = 0.67


def treated_pressure(
    sbp: float, dbp: float, drugs: Iterable[Drug], adherence: float
) -> tuple[float, float]:
    """Systolic and diastolic pressure in mmHg on the drugs, one after the other."""
    for drug in drugs:
        if drug.bp_dose:
            at_reference, slope = _BP_FALL[drug.bp_dose]
            fall = max(at_reference + slope * (sbp - _BP_REFERENCE), 2.0) * adherence
            sbp -= fall
            dbp -= fall * _DIASTOLIC_SHARE
    return sbp, dbp


def ldl_factor(drugs: Iterable[Drug], adherence: float) -> float:
    """What statins leave of LDL: percentages by dose of Law, BMJ 2003;326:1423 [M]."""
    percent = max((drug.ldl_percent or 0.0 for drug in drugs), default=0.0)
    return 1 - adherence * percent / 100


def treated_hba1c(hba1c: float, drugs: Iterable[Drug], adherence: float) -> float:
    """HbA1c in % on the drugs, one after the other in the order they were begun."""
    floor = min(hba1c, _HBA1C_FLOOR)
    for drug in drugs:
        if drug.hba1c_drop is not None:
            fall = drug.hba1c_drop + _HBA1C_PER_POINT * (hba1c - _HBA1C_REFERENCE)
            hba1c -= max(fall, _LEAST_HBA1C_FALL) * adherence
    return max(hba1c, floor)


def acr_factor(drugs: Iterable[Drug]) -> float:
    """What is left of the urine albumin/creatinine ratio."""
    return _ACR_FACTOR if any("ace_inhibitor" in drug.classes for drug in drugs) else 1.0
