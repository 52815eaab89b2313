"""How far a value may be brought down when somebody asks what would lower a prediction.

Every number has its source, or says that it is this project's own [J]. Only values that may be
aimed at are here: HDL cholesterol is not (see NOT_AIMED_AT), and no medicine is ever stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from models_engine.catalogue.facts import EVIDENCE_TEXT, EvidenceTag, require_tag, require_text

# the body mass index from which losing weight is recommended; nobody is led below it
OVERWEIGHT = 25.0
# total less HDL cholesterol, mmol/L: the goal for LDL cholesterol and 0.8
NON_HDL = 2.6


@dataclass(frozen=True)
class Recommended:
    """One value that may be brought down. `lowest` and `step` in the canonical unit.

    `share`: never below this share of today's value. `offered_from`: only from this value on.
    `effort`: so much of a change counts one in the measure that orders ways, see `distance`;
    `effort_share` instead as a share of today's value. `far_end`: set where `lowest` is a goal at
    high risk alone, and what is tried down to it.
    """

    concept: str
    label: str
    unit: str
    lowest: float
    step: float
    says: str
    source: str
    evidence: EvidenceTag
    effort: float = 0.0
    effort_share: float = 0.0
    share: float = 0.0
    offered_from: float = 0.0
    far_end: str = ""

    def __post_init__(self) -> None:
        owner = f"Recommended {self.concept}"
        require_text(owner, concept=self.concept, says=self.says, source=self.source)
        require_tag(owner, self.evidence)
        if (self.effort > 0) == (self.effort_share > 0):
            raise ValueError(f"{owner}: an effort, or a share of today's value")

    @property
    def evidence_text(self) -> str:
        """How well the numbers are founded, in words."""
        return EVIDENCE_TEXT[self.evidence]

    def lowest_for(self, start: float) -> float:
        """The lowest value for somebody who starts from `start`."""
        return max(self.lowest, self.share * start)

    def effort_for(self, start: float) -> float:
        """The change that counts one, for somebody who starts from `start`."""
        return self.effort or self.effort_share * start


RECOMMENDED = (
    Recommended(
        "smoking_status",
        "Smoking",
        "",
        0.0,
        1.0,
        "Not smoking. There is no lesser change: fewer cigarettes are not read by the models.",
        "Every guideline; how hard it is, is not in the measure.",
        "J",
        effort=1.0,
    ),
    Recommended(
        "systolic_bp",
        "Systolic blood pressure",
        "mmHg",
        120.0,
        1.0,
        "Not below 120 mmHg. Recommended is below 130, with encouragement to reach 120, for adults "
        "with hypertension at increased risk. That nobody is led further is our choice.",
        "AHA/ACC 2025 hypertension guideline, section 5.2.7 (read in the guideline's pocket card). "
        "Counts one: 8.7 mmHg, one drug at standard dose (table of paths, bp_one_sbp).",
        "S",
        effort=8.7,
        far_end="Systolic blood pressure is tried down to 120 mmHg",
    ),
    Recommended(
        "ldl_cholesterol",
        "LDL cholesterol",
        "mmol/L",
        1.8,
        0.1,
        "Not below 1.8 mmol/L, the goal at high risk; lower goals are for established disease. Total "
        "less HDL cholesterol not below 2.6 mmol/L, which is that goal and 0.8.",
        "ESC/EAS 2019 dyslipidaemia guideline (read in a summary of its goals; the 0.8 in PMC10498001, "
        "table 6). Counts one: 1 mmol/L, our choice.",
        "S",
        effort=1.0,
        far_end="LDL cholesterol is tried down to 1.8 mmol/L",
    ),
    Recommended(
        "total_cholesterol",
        "Total cholesterol",
        "mmol/L",
        0.0,
        0.1,
        "Total less HDL cholesterol not below 2.6 mmol/L; HDL cholesterol stays as it is.",
        "As for LDL cholesterol; asked where no LDL cholesterol fits the total.",
        "S",
        effort=1.0,
        far_end="Total less HDL cholesterol is tried down to 2.6 mmol/L",
    ),
    Recommended(
        "hba1c",
        "HbA1c",
        "%",
        7.0,
        0.1,
        "Not below 7 %, the goal for many adults with diabetes. Lower goals are for some, higher ones for others: "
        "low blood sugar, age and other illness decide.",
        "ADA guidance (read in PMC8179861, table 1). Counts one: 1 point, our choice.",
        "S",
        effort=1.0,
    ),
    Recommended(
        "weight",
        "Body weight",
        "kg",
        0.0,
        0.5,
        "At most 10 % less, the first goal of losing weight, and not below a body mass index of 25.",
        "NHLBI key recommendations (10 %); AHA/ACC/TOS 2013 (25 kg/m2). Both read in excerpts. Counts one: 5 % "
        "of the weight, our choice.",
        "S",
        effort_share=0.05,
        share=0.9,
    ),
    Recommended(
        "bmi",
        "Body mass index",
        "kg/m2",
        OVERWEIGHT,
        0.1,
        "At most 10 % less, the first goal of losing weight, and not below 25 kg/m2.",
        "As for body weight; asked where no weight fits the body mass index.",
        "S",
        effort_share=0.05,
        share=0.9,
    ),
    Recommended(
        "urine_acr",
        "Urine albumin-to-creatinine ratio",
        "mg/g",
        0.0,
        1.0,
        "At most 30 % less, from 300 mg/g on: the fall that is asked for to slow kidney disease.",
        "ADA standards, chapter 11 (commonly cited, not yet verified here). Counts one: 30 %, our "
        "choice. The table of paths has no treatment that moves it.",
        "M",
        effort_share=0.3,
        share=0.7,
        offered_from=300.0,
    ),
)
RECOMMENDED_FOR: Mapping[str, Recommended] = {one.concept: one for one in RECOMMENDED}
# modifiable inputs that nobody is led to change, with the reason
NOT_AIMED_AT: Mapping[str, str] = {
    "hdl_cholesterol": (
        "A higher value goes with a lower number in this model, but raising it with medicines did "
        "not lower the number of events in trials (commonly cited, not yet verified here)."
    ),
}
# HbA1c in %, from which without recorded diabetes something else is to be said
ABOVE_USUAL, DIABETES_FROM = 5.7, 6.5
_COMMONLY = "(ADA thresholds, commonly cited, not yet verified here)"
NO_DIABETES = "Not offered: the goal of 7 % is for people with diabetes, and none is recorded."
NO_DIABETES_RAISED = (
    f"{NO_DIABETES} The value is above the usual range, which ends below 5.7 % {_COMMONLY}."
)
NO_DIABETES_HIGH = (
    f"{NO_DIABETES} The value is 6.5 % or more: no diabetes is recorded, confirm or exclude it "
    f"{_COMMONLY}."
)
# LDL cholesterol, mmol/L (190 mg/dL), from which it is looked at by itself
SEVERE_LDL = 4.9
SEVERE_LDL_TEXT = (
    "From an LDL cholesterol of 4.9 mmol/L (190 mg/dL) it is looked at by itself, however low or high "
    "a prediction is: a statin of high intensity is recommended (AHA/ACC 2018, read in a public table "
    "of the guideline)."
)
# what a lower value that does not lower the number does not mean
_NOT_TREATMENT = "It says nothing of treatment, and is no reason against it."
_CHOLESTEROL_TRIALS = (
    f"{_NOT_TREATMENT} In trials, each 1.0 mmol/L by which a statin lowered LDL cholesterol went with "
    "about a fifth fewer major vascular events, largely irrespective of age, sex and LDL cholesterol "
    "at the start (CTT 2012, 27 trials, 174,149 people; abstract read)."
)
_WEIGHT = (
    f"{_NOT_TREATMENT} Weight that is lost moves pressure, cholesterol and sugar too, which are left "
    "as they are here: see the What if page."
)
AGAINST: Mapping[str, str] = {
    "ldl_cholesterol": _CHOLESTEROL_TRIALS,
    "total_cholesterol": _CHOLESTEROL_TRIALS,
    "weight": _WEIGHT,
    "bmi": _WEIGHT,
}


def without_diabetes(hba1c: float) -> str:
    """What is said of an HbA1c, in %, of somebody without recorded diabetes."""
    if hba1c >= DIABETES_FROM:
        return NO_DIABETES_HIGH
    return NO_DIABETES_RAISED if hba1c >= ABOVE_USUAL else NO_DIABETES
