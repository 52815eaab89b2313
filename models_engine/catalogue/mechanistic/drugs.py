"""Drugs whose levels are measured: what is expected of a patient before any level is known.

Every number carries its source; what is tagged [M] is published and not verified here, and [J] is
ours. Clearance follows renal function; both clearance and volume differ between people by a
log-normal spread, and a measured level by a share of itself and a fixed part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models_engine.catalogue.contract import Input
from models_engine.catalogue.facts import EvidenceTag
from models_engine.catalogue.mechanistic import renal
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet
from models_engine.catalogue.mechanistic.renal import (
    RenalPatient,
    creatinine_clearance,
    ideal_weight,
)

MATZKE = "Matzke 1984 (abstract; docs/evidence.md, E-VANCO)"
CREIGHTON = "Creighton's volume (rxkinetics.com/vanmodel.html; docs/evidence.md, E-VANCO)"
TRAYNOR = "Traynor 1995 (abstract, 1,708 patients; docs/evidence.md, E-OBESE-GENTA)"
ABERNETHY = "Digoxin disposition in obesity, 1981 (abstract; docs/evidence.md, E-OBESE-DIGOXIN)"
AMINOGLYCOSIDES = "freekinetics.com/formulas.txt (docs/evidence.md, E-GENTA)"
REUNING = "Reuning's equation, with lean weight (docs/evidence.md, E-DIGOXIN)"
TABLETS = "tablets; pkineticdrugdosing.com/documents/digoxin.html (docs/evidence.md, E-DIGOXIN)"
POPULATION = "commonly used population kinetics"
VARIABILITY = "commonly used between-person spread and assay error"
OURS = "chosen by this project"
MINUTES_AN_HOUR, ML_A_LITRE = 60.0, 1000.0


@dataclass(frozen=True)
class Prior:
    """Expected L/h and L, SDs of their logarithms, and the SD of a level (share, and mg/L)."""

    clearance: float
    volume: float
    clearance_spread: float
    volume_spread: float
    level_share: float
    level_fixed: float


Expected = Callable[[ParameterSet, RenalPatient, float, Mapping[str, float]], tuple[float, float]]


@dataclass(frozen=True)
class Target:
    """A range that clinicians aim at, of "auc24" or "average" at steady state."""

    of: str
    low: float
    high: float
    text: str
    evidence: EvidenceTag


@dataclass(frozen=True)
class Drug:
    """One drug. Amounts are mg and concentrations mg/L; `shown_per_mg_l` of `level_unit` make one.

    `bioavailability` of what is taken by mouth; 1 for an infusion. A level that is drawn less than
    `distribution_hours` after the end of a dose is not one of this model, and is not used [J].
    Doses of more than `course_days` ago no longer matter [J]. `atc` are the codes that mean it.
    """

    id: str
    name: str
    concept: str
    level_unit: str
    shown_per_mg_l: float
    by_mouth: bool
    distribution_hours: float
    parameters: ParameterSet
    expected: Expected
    amount: Input
    course_days: int
    atc: tuple[str, ...]
    further: tuple[Input, ...] = ()
    target: Target | None = None
    # what other sources say of its kinetics, for whoever reads a prediction
    caution: str = ""
    # what is done with the weight, and how sure that is, for whoever is obese
    in_obesity: str = ""

    @property
    def bioavailability(self) -> float:
        return self.parameters["bioavailability"] if self.by_mouth else 1.0

    def prior(self, patient: RenalPatient, conditions: Mapping[str, float] | None = None) -> Prior:
        """What is expected of this patient. `conditions` are those of `further`, 1.0 or 0.0."""
        n = self.parameters
        clearance, volume = self.expected(
            n, patient, creatinine_clearance(patient), conditions or {}
        )
        return Prior(
            clearance,
            volume,
            n["clearance_spread"],
            n["volume_spread"],
            n["level_share"],
            n["level_fixed"] / self.shown_per_mg_l,
        )


def _vancomycin(
    n: ParameterSet, patient: RenalPatient, crcl: float, _: Mapping[str, float]
) -> tuple[float, float]:
    """A clearance that follows the kidneys alone: a rate times a volume would grow with the weight
    twice.
    """
    per_minute = n["clearance_without_kidneys"] + n["clearance_per_clearance"] * crcl
    return per_minute * MINUTES_AN_HOUR / ML_A_LITRE, n["volume_per_kg"] * patient.weight


def _gentamicin(
    n: ParameterSet, patient: RenalPatient, crcl: float, _: Mapping[str, float]
) -> tuple[float, float]:
    """An elimination rate that rises with the creatinine clearance, and a volume with the weight,
    of which only a share of what is above the ideal counts in the overweight.
    """
    weight, ideal = patient.weight, ideal_weight(patient.height, patient.sex)
    if weight > n["overweight_from"] * ideal:
        weight = ideal + n["overweight_share"] * (weight - ideal)
    volume = n["volume_per_kg"] * weight
    return (n["rate_per_clearance"] * crcl + n["rate_without_kidneys"]) * volume, volume


def _digoxin(
    n: ParameterSet, patient: RenalPatient, crcl: float, conditions: Mapping[str, float]
) -> tuple[float, float]:
    """Less is cleared in heart failure, outside the kidneys above all."""
    which = "heart_failure" if conditions["heart_failure"] else "no_heart_failure"
    # lean weight is meant, and the ideal weight stands for it in who weighs more: in obesity
    # neither volume nor clearance was larger (ABERNETHY)
    lean = min(patient.weight, ideal_weight(patient.height, patient.sex))
    per_minute = n[f"other_{which}"] * lean + n[f"renal_{which}"] * crcl
    volume = n["volume_per_kg"] * lean + n["volume_per_clearance"] * crcl
    return per_minute * MINUTES_AN_HOUR / ML_A_LITRE, volume


def _amount(high: float) -> Input:
    return Input(
        concept="amount",
        role="record",
        unit="mg",
        low=0,
        low_open=True,
        high=high,
        label="Dose",
    )


VANCOMYCIN = Drug(
    id="vancomycin",
    name="Vancomycin",
    concept="vancomycin_level",
    level_unit="mg/L",
    shown_per_mg_l=1.0,
    by_mouth=False,
    distribution_hours=1.0,
    parameters=ParameterSet(
        "Vancomycin",
        (
            Parameter("clearance_per_clearance", 0.689, "1", MATZKE, "S"),
            Parameter("clearance_without_kidneys", 3.66, "mL/min", MATZKE, "S"),
            Parameter("volume_per_kg", 0.7, "L/kg", CREIGHTON, "S"),
            Parameter("clearance_spread", 0.3, "1", VARIABILITY, "M"),
            Parameter("volume_spread", 0.25, "1", VARIABILITY, "M"),
            Parameter("level_share", 0.15, "1", VARIABILITY, "M"),
            Parameter("level_fixed", 1.0, "mg/L", VARIABILITY, "M"),
        ),
    ),
    expected=_vancomycin,
    amount=_amount(5000),
    course_days=14,
    atc=("J01XA01",),
    target=Target(
        "auc24",
        400.0,
        600.0,
        "AUC24 400 to 600 mg h/L (serious MRSA infections, if the MIC is 1 mg/L; Rybak 2020)",
        "S",
    ),
    caution=(
        "Published volumes of distribution run from 0.47 to 0.9 L/kg; 0.7 L/kg is expected here. Of "
        "the 56 patients behind the clearance seven had a creatinine clearance above 60 mL/min."
    ),
    in_obesity=(
        "Vancomycin is expected here in 0.7 L/kg of the whole weight; in 31 people with a body mass "
        "index of 40 or more it was 0.51 L/kg (Adane, Herald and Koura). The highest level "
        "may be higher, and the trough lower, than expected without levels."
    ),
)
GENTAMICIN = Drug(
    id="gentamicin",
    name="Gentamicin",
    concept="gentamicin_level",
    level_unit="mg/L",
    shown_per_mg_l=1.0,
    by_mouth=False,
    distribution_hours=0.5,
    parameters=ParameterSet(
        "Gentamicin",
        (
            Parameter("rate_per_clearance", 0.00293, "/h/(mL/min)", AMINOGLYCOSIDES, "S"),
            Parameter("rate_without_kidneys", 0.014, "/h", AMINOGLYCOSIDES, "S"),
            Parameter("volume_per_kg", 0.26, "L/kg", POPULATION, "M"),
            Parameter("overweight_share", 0.43, "1", TRAYNOR, "S"),
            Parameter("overweight_from", 1.2, "1", OURS, "J"),
            Parameter("clearance_spread", 0.3, "1", OURS, "J"),
            Parameter("volume_spread", 0.25, "1", OURS, "J"),
            Parameter("level_share", 0.15, "1", OURS, "J"),
            Parameter("level_fixed", 0.2, "mg/L", OURS, "J"),
        ),
    ),
    expected=_gentamicin,
    amount=_amount(1000),
    course_days=14,
    atc=("J01GB03",),
    caution=(
        "Other sources expect a volume of 0.28 L/kg, and 0.41 L/kg in intensive care; 0.26 L/kg is "
        "expected here, in the overweight of the ideal weight and 0.43 of what is above it."
    ),
    in_obesity=(
        "Of the weight above the ideal 0.43 counts for gentamicin's volume (Traynor 1995, 1,708 "
        "patients); its clearance is that volume times a rate."
    ),
)
DIGOXIN = Drug(
    id="digoxin",
    name="Digoxin",
    concept="digoxin_level",
    level_unit="ug/L",
    shown_per_mg_l=1000.0,
    by_mouth=True,
    distribution_hours=6.0,
    parameters=ParameterSet(
        "Digoxin",
        (
            Parameter("other_no_heart_failure", 0.8, "mL/min/kg", POPULATION, "M"),
            Parameter("renal_no_heart_failure", 1.0, "1", POPULATION, "M"),
            Parameter("other_heart_failure", 0.33, "mL/min/kg", POPULATION, "M"),
            Parameter("renal_heart_failure", 0.9, "1", POPULATION, "M"),
            Parameter("volume_per_kg", 3.8, "L/kg", REUNING, "S"),
            Parameter("volume_per_clearance", 3.1, "L/(mL/min)", REUNING, "S"),
            Parameter("bioavailability", 0.7, "1", TABLETS, "S"),
            Parameter("clearance_spread", 0.3, "1", OURS, "J"),
            Parameter("volume_spread", 0.3, "1", OURS, "J"),
            Parameter("level_share", 0.1, "1", OURS, "J"),
            Parameter("level_fixed", 0.1, "ug/L", OURS, "J"),
        ),
    ),
    expected=_digoxin,
    amount=_amount(1),
    course_days=60,
    atc=("C01AA05",),
    caution=(
        "With this clearance in heart failure, predictions were off by 0.4 ug/L (root mean square, "
        "54 patients; Bauman 2006)."
    ),
    in_obesity=(
        "Digoxin is expected here from the ideal weight: in 16 obese people neither volume nor "
        "clearance differed from that of 13 others (Am Heart J 1981)."
    ),
    further=(Input(concept="heart_failure", role="condition", label="Heart failure"),),
    target=Target("average", 0.5, 0.9, "mean level 0.5 to 0.9 ug/L", "M"),
)
DRUGS = {drug.id: drug for drug in (VANCOMYCIN, GENTAMICIN, DIGOXIN)}
PATIENT_INPUTS = renal.INPUTS
