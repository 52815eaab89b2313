"""What a person may set on a what-if page, and how the value to start from is read.

The limits of a slider are this project's choice [J]: where a page lets somebody go, not where a
model gives a number; each model refuses by its own range.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, floor

from models_engine.catalogue.contract import Input
from models_engine.catalogue.risk import inputs

STOPPED = 0.0
BINARY = 1e-9


@dataclass(frozen=True)
class Control:
    """A slider. `low` and `high` in the canonical unit; `share` instead as shares of the start.

    `recommended` says what is recommended and where that was read; empty where nothing was.
    `unless` names a concept that is asked instead when it is recorded.
    """

    concept: str
    label: str
    plain_label: str
    unit: str
    low: float
    high: float
    step: float
    recommended: str = ""
    share: tuple[float, float] | None = None
    loinc: str = ""
    ucum: str = ""
    unless: str = ""

    def limits(self, start: float) -> tuple[float, float]:
        """Ends of the slider for somebody who starts from `start`, which they include."""
        low, high = self.low, self.high
        if self.share is not None:
            low, high = start * self.share[0], start * self.share[1]
        first, last = min(low, start), max(high, start)
        # to the next step outwards; a share of a step is lost to binary fractions
        down = floor(first / self.step + BINARY) * self.step
        return round(down, 6), round(ceil(last / self.step - BINARY) * self.step, 6)


CONTROLS = (
    Control(
        "systolic_bp",
        "Systolic blood pressure",
        "Top number of your blood pressure",
        "mmHg",
        90,
        200,
        1,
        "Below 130 mmHg (American Heart Association 2025; read in a news report, not in the "
        "guideline).",
        loinc="8480-6",
        ucum="mm[Hg]",
    ),
    Control(
        "weight",
        "Body weight",
        "Your weight",
        "kg",
        35,
        250,
        0.5,
        share=(0.75, 1.1),
        loinc="29463-7",
        ucum="kg",
    ),
    Control(
        "ldl_cholesterol",
        "LDL cholesterol",
        "The bad fat in your blood (LDL)",
        "mmol/L",
        0.5,
        6,
        0.1,
        loinc="13457-7",
        ucum="mmol/L",
    ),
    Control(
        "total_cholesterol",
        "Total cholesterol",
        "The fat in your blood",
        "mmol/L",
        2.5,
        8.5,
        0.1,
        loinc="2093-3",
        ucum="mmol/L",
        unless="ldl_cholesterol",
    ),
    Control(
        "hba1c",
        "HbA1c",
        "Your long-term blood sugar (HbA1c)",
        "%",
        4.5,
        13,
        0.1,
        loinc="4548-4",
        ucum="%",
    ),
)
CONTROL_OF: Mapping[str, Control] = {control.concept: control for control in CONTROLS}


def _measured(concept: str, label: str, unit: str, days: int) -> Input:
    return Input(concept, "measurement", unit, max_age_days=days, label=label, order="Measure it.")


# how the values to start from are read: as the models read them, without their ranges
READ: tuple[Input, ...] = (
    inputs.SMOKING,
    _measured("weight", "Body weight", "kg", inputs.TWO_YEARS),
    replace(inputs.BMI, low=None, high=None, high_open=False),
    replace(inputs.SYSTOLIC_BP, low=None, high=None),
    replace(inputs.HBA1C, low=None, high=None),
    _measured("ldl_cholesterol", "LDL cholesterol", "mmol/L", inputs.FIVE_YEARS),
    replace(inputs.HDL_CHOLESTEROL, low=None, high=None),
    replace(inputs.TOTAL_CHOLESTEROL, low=None, high=None),
    replace(inputs.egfr(0, 1), low=None, high=None),
)
