"""Makes the background samples of the published models. Run by hand; its output is committed.

    python -m models_engine.training.background_sample fit NHANESraw.csv
    python -m models_engine.training.background_sample draw

`fit` reduces NHANES 2009-12 (US National Center for Health Statistics, public domain; the file
`NHANESraw` of the R package NHANES) to survey-weighted means, standard deviations, correlations
and prevalences by sex and age band, in nhanes_moments.json. No row of it enters the project.
`draw` makes the people from these figures, seeded.

What NHANESraw lacks is assumed, and named here: creatinine (kidney function falls with age through
CKD-EPI 2021), blood pressure medicine, statins, HbA1c, urine ACR. It has no history of
cardiovascular disease either, so a few who had it are in the averages.
"""

import argparse
import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FEMALE, MALE, Input
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.ckd_epi_2021 import egfr

HERE = Path(__file__).parent
MOMENTS = HERE / "nhanes_moments.json"
OUTPUT = HERE.parent / "catalogue" / "risk" / "background"
SEED = 20261120
ROWS_PER_SEX = 16
CANDIDATES = 200
BANDS = ((30, 39), (40, 49), (50, 59), (60, 69), (70, 79))
# concept -> NHANESraw column, already in our canonical unit
CONTINUOUS = {
    "total_cholesterol": "TotChol",
    "hdl_cholesterol": "DirectChol",
    "systolic_bp": "BPSysAve",
    "bmi": "BMI",
}

# Assumed [J]: median creatinine (mg/dL) and its log SD; share on blood pressure medicine by age
# band (24 % of US adults of all ages took it in 2011-14, mean age 62: PMC5873591 table 2).
CREATININE_MEDIAN = {FEMALE: 0.75, MALE: 0.95}
CREATININE_LOG_SD = 0.18
ANTIHYPERTENSIVE = (0.06, 0.16, 0.30, 0.45, 0.58)
# Statin use with and without blood pressure medicine: 47.8 % against 6.7 to 13.5 % (same table).
STATIN_IF_TREATED, STATIN_OTHERWISE = 0.478, 0.10
# Assumed [J]: mean and SD of HbA1c (%), median urine ACR (mg/g), without and with diabetes.
HBA1C = ((5.5, 0.35), (7.2, 1.2))
ACR_MEDIAN, ACR_LOG_SD = (7.0, 14.0), 0.8

# Assumed [J]: the spread of age, eGFR and ln ACR around the means that KFRE is centred on.
KFRE_MEAN = {"age": 70.36, "egfr": 36.11, "log_acr": 5.137}
KFRE_SD = {"age": 10.0, "egfr": 11.0, "log_acr": 1.6}
KFRE_MEN = 18  # of 32: 0.5625, against 0.5642

# Assumed [J]: the spread of the blood values around the means that the 8-variable KFRE is centred
# on; and their decimals.
KFRE_BLOOD = {
    "albumin": (3.997, 0.4, 2),
    "phosphate": (3.916, 0.6, 2),
    "bicarbonate": (25.57, 3.0, 1),
    "calcium": (9.355, 0.5, 2),
}

# Assumed [J]: people with diabetes. Years since the diagnosis; shares on a glucose-lowering
# medicine and on insulin; share of former smokers among those who do not smoke. The shares with
# heart failure and coronary heart disease are those that the CKD-PC equation is centred on.
DIABETES_YEARS = 16
GLUCOSE_LOWERING, INSULIN = 0.85, 0.2
FORMER_SMOKERS = 0.35
HEART = {"heart_failure": 0.05, "coronary_heart_disease": 0.15, "atrial_fibrillation": 0.06}
LEAST_EGFR = 60.0
# people of 70 to 79 stand for those of 80 to 89, too: assumed [J]
OLDEST_YEARS = (70, 90)

Rng = np.random.Generator
Row = dict[str, float]


def fit(source: Path) -> dict[str, Any]:
    """Survey-weighted moments by sex and age band of the people with complete values."""
    with source.open(encoding="utf-8", newline="") as file:
        people = [row for row in csv.DictReader(file) if _is_complete(row)]
    strata = {
        f"{sex}_{low}": _moments([p for p in people if _in_stratum(p, sex, low, high)])
        for sex in ("female", "male")
        for low, high in BANDS
    }
    total = sum(stratum["weight"] for stratum in strata.values())
    for stratum in strata.values():
        stratum["share"] = round(stratum.pop("weight") / total, 5)
    return strata


def _is_complete(person: Mapping[str, str]) -> bool:
    named = (*CONTINUOUS.values(), "Diabetes", "Smoke100")
    return (
        all(person[name] for name in named)
        and (person["Smoke100"] == "No" or bool(person["SmokeNow"]))
        and person["PregnantNow"] != "Yes"
        and float(person["WTMEC2YR"]) > 0
    )


def _in_stratum(person: Mapping[str, str], sex: str, low: int, high: int) -> bool:
    return person["Gender"] == sex and low <= int(person["Age"]) <= high


def _moments(people: list[dict[str, str]]) -> dict[str, Any]:
    weights = np.array([float(p["WTMEC2YR"]) for p in people])
    logs = np.log([[float(p[c]) for c in CONTINUOUS.values()] for p in people])
    covariance = np.cov(logs, rowvar=False, aweights=weights)
    sd = np.sqrt(np.diag(covariance))
    diabetes = [p["Diabetes"] == "Yes" for p in people]
    smoking = [p["SmokeNow"] == "Yes" for p in people]
    return {
        "people": len(people),
        "weight": float(weights.sum()),
        "log_mean": np.average(logs, axis=0, weights=weights).round(4).tolist(),
        "log_sd": sd.round(4).tolist(),
        "correlation": (covariance / np.outer(sd, sd)).round(3).tolist(),
        "diabetes": round(float(np.average(diabetes, weights=weights)), 4),
        "smoking": round(float(np.average(smoking, weights=weights)), 4),
    }


def draw(moments: Mapping[str, Any], seed: int, *, oldest: int = 79) -> list[Row]:
    """32 people aged 30 to `oldest`: of many draws, the one nearest to their average."""
    rng = np.random.default_rng(seed)
    samples = [_draw_once(moments, rng, oldest) for _ in range(CANDIDATES)]
    means = np.array(
        [np.mean([list(row.values()) for row in sample], axis=0) for sample in samples]
    )
    distance = np.abs((means - means.mean(axis=0)) / (means.std(axis=0) + 1e-9)).max(axis=1)
    return samples[int(distance.argmin())]


def _draw_once(moments: Mapping[str, Any], rng: Rng, oldest: int) -> list[Row]:
    rows: list[Row] = []
    bands = [band for band in BANDS if band[0] < oldest]
    for sex, name in ((FEMALE, "female"), (MALE, "male")):
        shares = np.array([moments[f"{name}_{low}"]["share"] for low, _ in bands])
        for index, count in enumerate(_allocate(shares, ROWS_PER_SEX)):
            stratum = moments[f"{name}_{bands[index][0]}"]
            rows += [_person(stratum, rng, sex, index) for _ in range(count)]
    return rows


def _allocate(shares: np.ndarray, total: int) -> list[int]:
    """Largest remainders: whole numbers that add up to `total` in proportion to `shares`."""
    exact = shares / shares.sum() * total
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact)[: total - counts.sum()]:
        counts[index] += 1
    return [int(count) for count in counts]


def _person(stratum: Mapping[str, Any], rng: Rng, sex: float, band: int) -> Row:
    """One person inside every published range; others are drawn again."""
    while True:
        row = _candidate(stratum, rng, sex, band)
        if all(declared.accepts(row[declared.concept]) for declared in RANGES):
            return row


def _candidate(stratum: Mapping[str, Any], rng: Rng, sex: float, band: int) -> Row:
    sd = np.array(stratum["log_sd"])
    covariance = np.array(stratum["correlation"]) * np.outer(sd, sd)
    values = np.exp(rng.multivariate_normal(stratum["log_mean"], covariance))
    chol, hdl, sbp, bmi = (float(v) for v in values)
    age = float(rng.integers(BANDS[band][0], BANDS[band][1] + 1))
    creatinine = CREATININE_MEDIAN[sex] * np.exp(CREATININE_LOG_SD * rng.standard_normal())
    kidney = egfr(np.array([age]), np.array([sex]), np.array([creatinine]))[0]
    has_diabetes = int(rng.random() < stratum["diabetes"])
    treated = rng.random() < ANTIHYPERTENSIVE[band]
    mean, spread = HBA1C[has_diabetes]
    return {
        "age": age,
        "sex": sex,
        "total_cholesterol": round(chol, 2),
        "hdl_cholesterol": round(hdl, 2),
        "systolic_bp": float(round(sbp)),
        "bmi": round(bmi, 1),
        "egfr": float(round(kidney)),
        "diabetes": float(has_diabetes),
        "smoking_status": float(rng.random() < stratum["smoking"]),
        "antihypertensive": float(treated),
        "statin": float(rng.random() < (STATIN_IF_TREATED if treated else STATIN_OTHERWISE)),
        "hba1c": round(float(rng.normal(mean, spread)), 1),
        "urine_acr": round(ACR_MEDIAN[has_diabetes] * float(np.exp(ACR_LOG_SD * rng.normal())), 1),
        "sdi_decile": float(rng.integers(1, 11)),
    }


RANGES: tuple[Input, ...] = (
    inputs.TOTAL_CHOLESTEROL,
    inputs.HDL_CHOLESTEROL,
    inputs.SYSTOLIC_BP,
    inputs.BMI,
    inputs.egfr(15, 140),
    inputs.HBA1C,
    inputs.urine_acr(required=False),
)


def draw_kidney(seed: int) -> list[Row]:
    """32 people with chronic kidney disease around the means that KFRE is centred on."""
    rng = np.random.default_rng(seed)
    count = 2 * ROWS_PER_SEX
    drawn = {
        name: KFRE_MEAN[name] + KFRE_SD[name] * _standardised(rng, count) for name in KFRE_MEAN
    }
    return [
        {
            "age": round(float(drawn["age"][i]), 1),
            "sex": MALE if i < KFRE_MEN else FEMALE,
            "egfr": round(float(drawn["egfr"][i]), 1),
            "urine_acr": round(float(np.exp(drawn["log_acr"][i])), 1),
        }
        for i in range(count)
    ]


def draw_kidney_blood(seed: int) -> list[Row]:
    """The same people with the four blood values of the 8-variable equation."""
    rng = np.random.default_rng(seed + 1)
    rows = draw_kidney(seed)
    scores = {concept: _standardised(rng, len(rows)) for concept in KFRE_BLOOD}
    return [
        {
            **row,
            **{
                concept: round(mean + sd * float(scores[concept][i]), digits)
                for concept, (mean, sd, digits) in KFRE_BLOOD.items()
            },
        }
        for i, row in enumerate(rows)
    ]


def draw_older(moments: Mapping[str, Any], seed: int) -> list[Row]:
    """32 people aged 70 to 89, half of them women."""
    rng = np.random.default_rng(seed)
    last = len(BANDS) - 1
    rows = []
    for sex, name in ((FEMALE, "female"), (MALE, "male")):
        for _ in range(ROWS_PER_SEX):
            person = _person(moments[f"{name}_{BANDS[last][0]}"], rng, sex, last)
            rows.append({**person, "age": float(rng.integers(*OLDEST_YEARS))})
    return rows


def draw_diabetes(moments: Mapping[str, Any], seed: int) -> list[Row]:
    """32 people of 40 to 79 years with type 2 diabetes and an eGFR of 60 or more."""
    rng = np.random.default_rng(seed)
    rows = []
    for sex, name in ((FEMALE, "female"), (MALE, "male")):
        strata = [moments[f"{name}_{low}"] for low, _ in BANDS[1:]]
        shares = np.array([stratum["share"] * stratum["diabetes"] for stratum in strata])
        for index, count in enumerate(_allocate(shares, ROWS_PER_SEX)):
            stratum = {**strata[index], "diabetes": 1.0}
            rows += [_with_diabetes(stratum, rng, sex, index + 1) for _ in range(count)]
    return rows


def _with_diabetes(stratum: Mapping[str, Any], rng: Rng, sex: float, band: int) -> Row:
    person = _person(stratum, rng, sex, band)
    while person["egfr"] < LEAST_EGFR:
        person = _person(stratum, rng, sex, band)
    smokes = person["smoking_status"] == 1.0
    treated = rng.random() < GLUCOSE_LOWERING
    return {
        **person,
        "smoking_history": 2.0 if smokes else float(rng.random() < FORMER_SMOKERS),
        "age_at_diabetes": person["age"] - float(rng.integers(0, DIABETES_YEARS)),
        "glucose_lowering": float(treated),
        "insulin": float(treated and rng.random() < INSULIN),
        **{concept: float(rng.random() < share) for concept, share in HEART.items()},
    }


def _standardised(rng: Rng, count: int) -> np.ndarray:
    """Normal scores with mean 0 and SD 1 exactly, none beyond 2 SD, in random order."""
    scores = rng.standard_normal(20 * count)
    scores = scores[np.abs(scores) < 2][:count]
    return np.asarray((scores - scores.mean()) / scores.std())


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write rows with the shortest number that reads back equal."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([f"{value:g}" for value in row.values()] for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("fit").add_argument("source", type=Path)
    commands.add_parser("draw")
    arguments = parser.parse_args()
    if arguments.command == "fit":
        MOMENTS.write_text(json.dumps(fit(arguments.source), indent=1) + "\n", encoding="utf-8")
        return
    moments = json.loads(MOMENTS.read_text(encoding="utf-8"))
    write_csv(OUTPUT / "prevent_10y.csv", draw(moments, SEED))
    write_csv(OUTPUT / "prevent_30y.csv", draw(moments, SEED, oldest=59))
    write_csv(OUTPUT / "kfre.csv", draw_kidney(SEED))
    write_csv(OUTPUT / "kfre_8v.csv", draw_kidney_blood(SEED))
    write_csv(OUTPUT / "older.csv", draw_older(moments, SEED))
    write_csv(OUTPUT / "diabetes.csv", draw_diabetes(moments, SEED))


if __name__ == "__main__":
    main()
