"""CKD-EPI 2021 both ways, so that a synthetic creatinine and its eGFR agree."""

from math import log

_K = {"female": 0.7, "male": 0.9}
_ALPHA = {"female": -0.241, "male": -0.302}
_BETA = -1.200
_FACTOR = {"female": 142 * 1.012, "male": 142.0}
_AGEING = 0.9938


def egfr_of_creatinine(creatinine: float, *, age: int, sex: str) -> float:
    """eGFR in mL/min/1.73 m2 from creatinine in mg/dL, age in completed years, `female` or `male`.

    142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.2 x 0.9938^age x 1.012 if female: Inker, N Engl J Med
    2021;385:1737. Adults only; nothing is checked here, the cohort draws no children.
    """
    ratio = creatinine / _K[sex]
    power = _ALPHA[sex] if ratio <= 1 else _BETA
    return float(_FACTOR[sex] * ratio**power * _AGEING**age)


def creatinine_of_egfr(egfr: float, *, age: int, sex: str) -> float:
    """The creatinine in mg/dL whose eGFR this is: the inverse of `egfr_of_creatinine`.

    The equation falls with creatinine in both of its branches, and they meet at k.
    """
    at_k = _FACTOR[sex] * _AGEING**age
    power = _ALPHA[sex] if egfr >= at_k else _BETA
    return float(_K[sex] * (egfr / at_k) ** (1 / power))


def ckd_stage(egfr: float, acr: float | None) -> str | None:
    """The condition key of the stage: by eGFR below 60, by albuminuria (30 mg/g or more) above."""
    for limit, stage in ((15, "ckd_g5"), (30, "ckd_g4"), (45, "ckd_g3b"), (60, "ckd_g3a")):
        if egfr < limit:
            return stage
    if acr is None or acr < 30:
        return None
    return "ckd_g2" if egfr < 90 else "ckd_g1"


def annual_slope(own: float, acr: float, sbp: float, *, on_ace_inhibitor: bool) -> float:
    """Change of eGFR in mL/min/1.73 m2 a year.

    `own` is the person's ageing slope (about -0.7 to -1.0 [M]). Albuminuria steepens it: -0.7 at
    100 mg/g, -1.7 at 300, -3.3 at 1,000, so that albuminuric kidneys lose 2 to 5 a year, as in the
    placebo arms of CREDENCE, DAPA-CKD and EMPA-KIDNEY [M]. The shape, 0.03 for each mmHg of
    systolic pressure above 140, and the quarter that an ACE inhibitor takes off are ours [J].
    """
    disease = -0.5 * log(max(acr, 30.0) / 30.0) ** 1.5 - 0.03 * max(sbp - 140.0, 0.0)
    return own + disease * (0.75 if on_ace_inhibitor else 1.0)
