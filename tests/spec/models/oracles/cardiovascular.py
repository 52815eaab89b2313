"""Pooled Cohort Equations, SCORE2, SCORE2-OP and SCORE2-Diabetes, one person at a time.

Transcribed from the tables of the publications as this project's fact sheet holds them.
"""

from collections.abc import Mapping
from itertools import product
from math import exp, log

from tests.spec.models.oracles.second_opinions import Opinion, Person

MMOL_PER_MG_DL = 0.02586

# White women, Black women, White men, Black men, row by row as printed
PCE = """
L age                    -29.799   17.114  12.344  2.469
(L age)^2                  4.884        0       0      0
L TC                      13.540    0.940  11.853  0.302
L age x L TC              -3.114        0  -2.664      0
L HDL                    -13.578  -18.920  -7.990 -0.307
L age x L HDL              3.149    4.475   1.769      0
L treated SBP              2.019   29.291   1.797  1.916
L age x L treated SBP          0   -6.432       0      0
L untreated SBP            1.957   27.820   1.764  1.809
L age x L untreated SBP        0   -6.087       0      0
current smoker             7.574    0.691   7.837  0.549
L age x smoker            -1.665        0  -1.795      0
diabetes                   0.661    0.874   0.658  0.645
mean                    -29.1817  86.6081 61.1816 19.5425
S0                        0.9665   0.9533  0.9144 0.8954
"""
PCE_ROWS = [[float(x) for x in line.split()[-4:]] for line in PCE.strip().splitlines()]


def pce(person: Person) -> Mapping[str, float]:
    is_black = person.get("race_black", 0) == 1
    column = (0 if person["sex"] == 1 else 2) + (1 if is_black else 0)
    *coefficients, mean, survival = [row[column] for row in PCE_ROWS]
    ln_age = log(person["age"])
    ln_tc = log(person["total_cholesterol"] / MMOL_PER_MG_DL)
    ln_hdl = log(person["hdl_cholesterol"] / MMOL_PER_MG_DL)
    ln_sbp = log(person["systolic_bp"])
    treated = person["antihypertensive"] == 1
    smoker = person["smoking_status"]
    terms = [
        ln_age,
        ln_age**2,
        ln_tc,
        ln_age * ln_tc,
        ln_hdl,
        ln_age * ln_hdl,
        ln_sbp if treated else 0,
        ln_age * ln_sbp if treated else 0,
        0 if treated else ln_sbp,
        0 if treated else ln_age * ln_sbp,
        smoker,
        ln_age * smoker,
        person["diabetes"],
    ]
    lp = sum(c * t for c, t in zip(coefficients, terms, strict=True))
    return {"hard_ascvd": 1 - survival ** exp(lp - mean)}


# region: men k1 k2, women k1 k2, men of 70 k1 k2, women of 70 k1 k2
SCALES = {
    "low": (-0.5699, 0.7476, -0.7380, 0.7019, -0.34, 1.19, -0.52, 1.01),
    "moderate": (-0.1565, 0.8009, -0.3143, 0.7701, 0.01, 1.25, -0.10, 1.10),
    "high": (0.3207, 0.9360, 0.5710, 0.9369, 0.08, 1.15, 0.38, 1.09),
    "very_high": (0.5836, 0.8294, 0.9412, 0.8329, 0.05, 0.70, 0.38, 0.69),
}


def calibrate(risk: float, k1: float, k2: float) -> float:
    return 1 - exp(-exp(k1 + k2 * log(-log(1 - risk))))


def score2(person: Person, region: str) -> Mapping[str, float]:
    a = (person["age"] - 60) / 5
    s = (person["systolic_bp"] - 120) / 20
    t = person["total_cholesterol"] - 6
    h = (person["hdl_cholesterol"] - 1.3) / 0.5
    smk = person["smoking_status"]
    if person["sex"] == 0:
        lp = 0.3742 * a + 0.6012 * smk + 0.2777 * s + 0.1458 * t - 0.2698 * h
        lp += -0.0755 * a * smk - 0.0255 * a * s - 0.0281 * a * t + 0.0426 * a * h
        s0, at = 0.9605, 0
    else:
        lp = 0.4648 * a + 0.7744 * smk + 0.3131 * s + 0.1002 * t - 0.2606 * h
        lp += -0.1088 * a * smk - 0.0277 * a * s - 0.0226 * a * t + 0.0613 * a * h
        s0, at = 0.9776, 2
    k1, k2 = SCALES[region][at : at + 2]
    return {"score2_cvd": calibrate(1 - s0 ** exp(lp), k1, k2)}


def score2_op(person: Person, region: str) -> Mapping[str, float]:
    a = person["age"] - 73
    s = person["systolic_bp"] - 150
    t = person["total_cholesterol"] - 6
    h = person["hdl_cholesterol"] - 1.4
    smk, dm = person["smoking_status"], person["diabetes"]
    if person["sex"] == 0:
        lp = 0.0634 * a + 0.4245 * dm + 0.3524 * smk + 0.0094 * s + 0.0850 * t - 0.3564 * h
        lp += -0.0174 * a * dm - 0.0247 * a * smk - 0.0005 * a * s + 0.0073 * a * t
        lp += 0.0091 * a * h
        s0, offset, at = 0.7576, 0.0929, 4
    else:
        lp = 0.0789 * a + 0.6010 * dm + 0.4921 * smk + 0.0102 * s + 0.0605 * t - 0.3040 * h
        lp += -0.0107 * a * dm - 0.0255 * a * smk - 0.0004 * a * s - 0.0009 * a * t
        lp += 0.0154 * a * h
        s0, offset, at = 0.8082, 0.229, 6
    k1, k2 = SCALES[region][at : at + 2]
    return {"score2_cvd": calibrate(1 - s0 ** exp(lp - offset), k1, k2)}


# a smk s dm t h, a.smk a.s a.dm a.t a.h dm.g, A e e^2 A.a e.a
DIABETES_MEN = """
.5368 .4774 .1322 .6457 .1102 -.1087
-.0672 -.0268 -.0983 -.0181 .0095 -.0998
.0955 -.0591 .0058 -.0134 .0115
"""
DIABETES_WOMEN = """
.6624 .6139 .1421 .8096 .1127 -.1568
-.1122 -.0167 -.1272 -.0200 .0186 -.1180
.1173 -.0640 .0062 -.0196 .0169
"""


def score2_diabetes(person: Person, region: str) -> Mapping[str, float]:
    a = (person["age"] - 60) / 5
    s = (person["systolic_bp"] - 120) / 20
    t = person["total_cholesterol"] - 6
    h = (person["hdl_cholesterol"] - 1.3) / 0.5
    smk, dm = person["smoking_status"], 1
    hba1c = ((person["hba1c"] - 2.152) / 0.09148 - 31) / 9.34
    e = (log(person["egfr"]) - 4.5) / 0.15
    g = (person["age_at_diabetes"] - 50) / 5
    terms = [a, smk, s, dm, t, h, a * smk, a * s, a * dm, a * t, a * h]
    terms += [dm * g, hba1c, e, e * e, hba1c * a, e * a]
    is_man = person["sex"] == 0
    column = (DIABETES_MEN if is_man else DIABETES_WOMEN).split()
    lp = sum(float(c) * x for c, x in zip(column, terms, strict=True))
    k1, k2 = SCALES[region][0:2] if is_man else SCALES[region][2:4]
    return {"score2_cvd": calibrate(1 - (0.9605 if is_man else 0.9776) ** exp(lp), k1, k2)}


def people(*rows: Mapping[str, float], **either: tuple[float, ...]) -> list[dict[str, float]]:
    """Every row with every combination of `either`."""
    names = list(either)
    return [
        {**row, **dict(zip(names, values, strict=True))}
        for row in rows
        for values in product(*either.values())
    ]


def lipids(age: float, sbp: float, total: float, hdl: float) -> dict[str, float]:
    return {"age": age, "systolic_bp": sbp, "total_cholesterol": total, "hdl_cholesterol": hdl}


ROWS = (lipids(47, 108, 4.1, 0.9), lipids(66, 157, 7.3, 2.1))
OLD = (lipids(71, 118, 4.4, 1.0), lipids(84, 171, 7.1, 2.2))
EITHER = (0.0, 1.0)
PCE_PEOPLE = people(
    *ROWS,
    sex=EITHER,
    race_black=EITHER,
    antihypertensive=EITHER,
    smoking_status=EITHER,
    diabetes=EITHER,
)
SCORE2_PEOPLE = people(*ROWS, sex=EITHER, smoking_status=EITHER)
OP_PEOPLE = people(*OLD, sex=EITHER, smoking_status=EITHER, diabetes=EITHER)
SUGAR = (
    {"hba1c": 6.1, "egfr": 48.0, "age_at_diabetes": 39.0},
    {"hba1c": 9.4, "egfr": 104.0, "age_at_diabetes": 61.0},
)
DIABETES_PEOPLE = people(
    *({**row, **sugar} for row in ROWS for sugar in SUGAR), sex=EITHER, smoking_status=EITHER
)


def in_region(compute, region):  # type: ignore[no-untyped-def]
    return lambda person: compute(person, region)


OPINIONS = {
    # nobody's race is given last: then the coefficients are those for White people
    "pce": Opinion(
        pce,
        [
            *PCE_PEOPLE,
            *people(
                *ROWS, sex=EITHER, antihypertensive=(1.0,), smoking_status=(0.0,), diabetes=(0.0,)
            ),
        ],
    ),
    **{
        f"{model_id} {version}-{region}.{number}": Opinion(in_region(compute, region), persons)
        for region in SCALES
        for model_id, version, number, compute, persons in (
            ("score2", 2021, 1, score2, SCORE2_PEOPLE),
            ("score2_op", 2021, 1, score2_op, OP_PEOPLE),
            ("score2_diabetes", 2023, 2, score2_diabetes, DIABETES_PEOPLE),
        )
    },
}
