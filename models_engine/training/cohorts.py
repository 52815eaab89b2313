"""The data that models are trained on, as cohorts: columns, outcome, groups, and what was dropped.

From pip-installed packages (SurvSet, scikit-survival) or from archives in a folder given by path.
Columns that feed a model of the product carry its concept's name and canonical unit; sex is 1.0
female, 0.0 male. Nothing known only after the moment of prediction is a column: what was dropped,
and why, is in `dropped`.
"""

import csv
import io
import tarfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_engine.catalogue.contract import FloatArray

DAYS_PER_YEAR = 365.25
MMOL_L_PER_MG_DL_CHOLESTEROL = 0.02586


@dataclass(frozen=True, eq=False)
class Cohort:
    """People (or stays) at one moment, and what came after. Every array has shape (n,).

    `time` is in years and NaN-free; of a yes/no outcome it is empty. `groups` are persons: rows
    of one person never stand on both sides of a split.
    """

    name: str
    source: str
    licence: str
    moment: str
    columns: Mapping[str, FloatArray]
    event: NDArray[np.bool_]
    groups: NDArray[np.int64]
    time: FloatArray = field(default_factory=lambda: np.zeros(0))
    dropped: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.event)

    def only(self, concepts: tuple[str, ...]) -> "Cohort":
        """The same people with these columns, in this order."""
        return replace(self, columns={c: self.columns[c] for c in concepts})

    def rows(self, chosen: NDArray[Any]) -> "Cohort":
        """Some of the people."""
        return replace(
            self,
            columns={c: v[chosen] for c, v in self.columns.items()},
            event=self.event[chosen],
            groups=self.groups[chosen],
            time=self.time[chosen] if len(self.time) else self.time,
        )

    def complete(self) -> "Cohort":
        """Those with a value in every column."""
        return self.rows(np.all([np.isfinite(v) for v in self.columns.values()], axis=0))


def survset(name: str) -> dict[str, NDArray[Any]]:
    """A data set of the SurvSet package by column name. Raises ImportError without it."""
    from SurvSet.data import SurvLoader

    with warnings.catch_warnings():
        # the package's own files name numpy by an old name
        warnings.simplefilter("ignore", DeprecationWarning)
        frame = SurvLoader().load_dataset(ds_name=name)["df"]
    return {column: frame[column].to_numpy() for column in frame.columns}


def whas500() -> Cohort:
    """Worcester Heart Attack Study: people who left hospital alive after an infarction.

    SurvSet's 461 are the 500 without those who died in hospital. The clock starts at discharge:
    follow-up from admission less the length of stay, which serves nothing else.
    """
    raw = survset("whas500")
    names = {
        "age": "num_age",
        "sex": "fac_gender",  # 1 is female
        "heart_failure": "fac_chf",
        "atrial_fibrillation": "fac_afb",
        "bmi": "num_bmi",
        "heart_rate": "num_hr",
        "systolic_bp": "num_sysbp",
        "diastolic_bp": "num_diasbp",
        "cardiovascular_history": "fac_cvd",
        "cardiogenic_shock": "fac_sho",
        "complete_heart_block": "fac_av3",
        "recurrent_infarction": "fac_miord",
        "q_wave_infarction": "fac_mitype",
    }
    days = raw["time"].astype(float) - raw["num_los"].astype(float)
    after = days > 0
    cohort = Cohort(
        name="whas500",
        source="WHAS500 (Worcester Heart Attack Study), from the PyPI package SurvSet",
        licence="in SurvSet (GPL-3); from Hosmer, Lemeshow and May, Applied Survival Analysis",
        moment="leaving hospital alive after an acute myocardial infarction",
        columns={ours: raw[theirs].astype(float) for ours, theirs in names.items()},
        event=raw["event"].astype(bool),
        groups=raw["pid"].astype(np.int64),
        time=days / DAYS_PER_YEAR,
        dropped={
            "num_los": "length of stay: known only at discharge; it sets the clock's start",
            "fac_year": "year of the cohort: says how long somebody was followed",
            "num_week": "week of admission: not a property of the person",
        },
    )
    return cohort.rows(after)


def trace() -> Cohort:
    """TRACE: Danish people with an infarction in 1990-92; for validation of `whas500` only.

    Deaths of the first week are left out, and the clock starts then: about when they went home.
    The R packages' help says that sex 1 is female; in the data it is 70 % of the people and the
    younger by six years, as men with an infarction are, so here 1 is male.
    """
    raw = survset("TRACE")
    week = 7 / DAYS_PER_YEAR
    cohort = Cohort(
        name="TRACE",
        source="TRACE (timereg), from the PyPI package SurvSet",
        licence="in SurvSet (GPL-3); from the R package timereg (GPL)",
        moment="one week after an acute myocardial infarction",
        columns={
            "age": raw["num_age"].astype(float),
            "sex": 1.0 - raw["fac_sex"].astype(float),
            "heart_failure": raw["fac_chf"].astype(float),
        },
        event=raw["event"].astype(bool),
        groups=raw["pid"].astype(np.int64),
        time=raw["time"].astype(float) - week,
        dropped={"num_wmi": "wall motion index: no coded FHIR observation of it"},
    )
    return cohort.rows(cohort.time > 0)


NHANES_MEMBERS = ("NHANESI_subset_X.csv", "NHANESI_subset_y.csv")


def nhanes1(folder: Path) -> Cohort:
    """NHANES I and its follow-up: US adults of 1971-75, up to 22 years of mortality.

    From `nhanes1-mortality.tar.xz` in `folder`. y is the follow-up in years, positive when it
    ended in death; rows of y = 0 have lost their sign, and with it the status: they are dropped.
    """
    x, y = (
        read_csv_member(folder / "nhanes1-mortality.tar.xz", member) for member in NHANES_MEMBERS
    )
    years = y["y"]
    known = years != 0
    cohort = Cohort(
        name="nhanes1",
        source="NHANES I epidemiologic follow-up, the subset distributed with the shap project",
        licence="public domain (US National Center for Health Statistics)",
        moment="examination in a general population sample, 1971-75",
        columns={
            "age": x["Age"],
            "sex": (x["Sex"] == 2).astype(float),
            "systolic_bp": x["Systolic BP"],
            "bmi": x["BMI"],
            "total_cholesterol": x["Serum Cholesterol"] * MMOL_L_PER_MG_DL_CHOLESTEROL,
            "albumin": x["Serum Albumin"],
            "wbc": x["White blood cells"],
            "diastolic_bp": x["Diastolic BP"],
            "sedimentation_rate": x["Sedimentation rate"],
            "serum_iron": x["Serum Iron"],
            "magnesium": x["Serum Magnesium"],
            "protein": x["Serum Protein"],
            "iron_binding_capacity": x["TIBC"],
        },
        event=years > 0,
        groups=np.arange(len(years)),
        time=np.abs(years),
        dropped={
            "Red blood cells": "holds 77.7 and 88.8, which stand for missing",
            "Poverty index": "999 stands for missing; no FHIR fact, and income is not a risk tool",
            "Race": "a model that treats people by race is not wanted",
            "Pulse pressure": "the difference of two other columns",
            "TS": "the quotient of two other columns",
        },
    )
    return cohort.rows(known)


# discharge_disposition_id. Who died or went to hospice cannot come back. Who was moved to another
# hospital, ward or rehabilitation is still in one, and the next stay is no readmission: the leakage
# hunt found that the way out alone told too well who "came back".
HOME = {"1", "6", "8"}
CARE_FACILITY = {"3", "4", "24"}


def readmission(folder: Path) -> Cohort:
    """Diabetes 130-US hospitals: stays of 1999-2008 of people with diabetes; back in 30 days?

    From `uci.tar.xz` in `folder`. One row a stay; the person is the group. Only who went home or
    to a care facility is in it: not who died, went to hospice, was moved to another inpatient
    place, left against advice, or of whom it is not known.

    The counts of the year before, the length of the stay and the medicines of the stay mean what
    the product reads from Encounters and medications. `medicines` and `diagnoses` do not: they
    count what was charged and coded there (diagnoses 9 or 16 at most), which no FHIR record says.
    They serve the comparison only.
    """
    rows = [
        row
        for row in _csv_rows(folder / "uci.tar.xz", "diabetic_data.csv")
        if row["discharge_disposition_id"] in HOME | CARE_FACILITY
        and row["gender"] in ("Female", "Male")
    ]

    def number(name: str) -> FloatArray:
        return np.array([float(row[name]) for row in rows])

    def flag(name: str, yes: set[str]) -> FloatArray:
        return np.array([float(row[name] in yes) for row in rows])

    changed = {"Steady", "Up", "Down"}
    return Cohort(
        name="readmission",
        source="Diabetes 130-US hospitals 1999-2008, UCI Machine Learning Repository (Strack 2014)",
        licence="CC BY 4.0",
        moment="leaving hospital, a person with diabetes",
        columns={
            # decades, "[70-80)": the middle
            "age": np.array([float(row["age"][1:].split("-")[0]) + 5 for row in rows]),
            "sex": flag("gender", {"Female"}),
            "previous_admissions": number("number_inpatient"),
            "emergency_visits_12_months": number("number_emergency"),
            "outpatient_visits_12_months": number("number_outpatient"),
            "length_of_stay": number("time_in_hospital"),
            "medicines": number("num_medications"),
            "diagnoses": number("number_diagnoses"),
            "procedures": number("num_procedures"),
            "laboratory_tests": number("num_lab_procedures"),
            "to_care_facility": flag("discharge_disposition_id", CARE_FACILITY),
            "from_emergency": flag("admission_source_id", {"7"}),
            "insulin_in_stay": flag("insulin", changed),
            "glucose_lowering_in_stay": flag("diabetesMed", {"Yes"}),
            "metformin_in_stay": flag("metformin", changed),
        },
        event=np.array([row["readmitted"] == "<30" for row in rows]),
        groups=np.array([int(row["patient_nbr"]) for row in rows]),
        dropped={
            "race": "a model that treats people by race is not wanted",
            "payer_code": "not a property of the person's health",
            "weight": "missing in 97 %",
        },
    )


def read_csv_member(archive: Path, member: str) -> dict[str, FloatArray]:
    """A CSV of numbers out of a tar archive, by column; an empty cell is NaN."""
    rows = _csv_rows(archive, member)
    return {
        name: np.array([float(row[name]) if row[name] else np.nan for row in rows])
        for name in rows[0]
        if name
    }


def _csv_rows(archive: Path, member: str) -> list[dict[str, str]]:
    with tarfile.open(archive) as opened:
        found = next(m for m in opened.getmembers() if m.name.endswith("/" + member))
        stream = opened.extractfile(found)
        if stream is None:
            raise ValueError(f"{archive}: {member} is no file")
        return list(csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8")))
