"""The body-weight page: where the weight goes under a planned change of diet and activity."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from explain.figures.course import CourseFigure, course_figure
from models_engine.catalogue.contract import Refusal
from models_engine.catalogue.mechanistic import body_weight_numbers as numbers
from models_engine.catalogue.mechanistic.body_weight import (
    DAYS_A_MONTH,
    UNCERTAINTY,
    EnergyBalance,
    Person,
    Plan,
    WeightPath,
    final_weight,
    weight_path,
)
from models_engine.catalogue.mechanistic.parameters import Parameter
from models_engine.catalogue.mechanistic.refusing import RefusedError
from patients.models import Patient
from patients.record.loading import state_of
from patients.selectors.mappings import readings
from twinportal.dashboards.clinician.simulation_inputs import patient_inputs
from twinportal.dashboards.clinician.twin_page import Banner

BECAUSE = "The equations were not made for it."
UNDERWEIGHT = 18.5
# conditions in which water is not ruled by salt and carbohydrates alone [J]
HOLDING_WATER = {"heart_failure": "Heart failure", "end_stage_renal_disease": "Kidney failure"}


@dataclass(frozen=True)
class WeightRow:
    """One month, as texts."""

    month: int
    on: datetime
    weight: str
    change: str
    fat: str
    bmi: str


class BodyWeightPage:
    """`given` is what was typed, cleaned; empty for a first look."""

    def __init__(self, patient: Patient, given: dict[str, Any], now: datetime) -> None:
        self.patient, self.given, self.now = patient, given, now
        self.state = state_of(patient.pk, now)
        self.banner = Banner(patient, self.state, now)
        declared = (numbers.AGE, numbers.SEX, numbers.WEIGHT, numbers.HEIGHT)
        self.inputs = patient_inputs(
            self.state, declared, never_with=numbers.NEVER_WITH, because=BECAUSE
        )
        self.refusals: tuple[Refusal, ...] = self.inputs.refusals
        self.path: WeightPath | None = None
        if given and not self.refusals:
            try:
                self._simulate()
            except RefusedError as error:
                self.refusals = error.refusals

    def _simulate(self) -> None:
        person = Person(**self.inputs.values, activity_level=self.given["activity_level"])
        self.plan = Plan(
            self.given["intake_change"],
            self.given["new_activity_level"],
            self.given["sodium_change"] or 0.0,
        )
        self.balance = EnergyBalance(person)
        days = np.array([month * DAYS_A_MONTH for month in range(self.given["months"] + 1)])
        self.path = weight_path(person, self.plan, days)
        try:
            self.final = f"{final_weight(person, self.plan):.1f} kg"
        except RefusedError as error:
            self.final = str(error)

    @cached_property
    def rows(self) -> list[WeightRow]:
        """Every month that is drawn."""
        path = self.path
        if path is None:
            return []
        return [
            WeightRow(
                month,
                self.now + timedelta(days=float(path.days[month])),
                f"{path.weight[month]:.1f}",
                f"{path.weight[month] - path.weight[0]:+.1f}",
                f"{path.fat[month]:.1f}",
                f"{path.bmi[month]:.1f}",
            )
            for month in range(len(path.days))
        ]

    @cached_property
    def figure(self) -> CourseFigure | None:
        if self.path is None:
            return None
        months = [float(month) for month in range(len(self.path.days))]
        return course_figure(months, list(self.path.weight), from_zero=False)

    @property
    def summary(self) -> str:
        """The picture in a sentence."""
        first, last = self.rows[0], self.rows[-1]
        return (
            f"Weight from {first.weight} kg today to {last.weight} kg after {last.month} months "
            f"({last.change} kg), if the plan is kept."
        )

    @property
    def warnings(self) -> list[str]:
        """What a reader should know of this patient and this plan."""
        found = list(self.inputs.notes)
        found += [
            f"{label} is recorded: water then follows other rules than these, and so does weight."
            for concept, label in HOLDING_WATER.items()
            if self.state.history(concept) is not None
        ]
        if self.path is not None and float(self.path.bmi.min()) < UNDERWEIGHT:
            found.append(
                f"The path leads below a body mass index of {UNDERWEIGHT}: outside what the "
                "equations were made for, and not a weight to aim at."
            )
        return found

    @property
    def uncertainty(self) -> str:
        return UNCERTAINTY

    @property
    def parameters(self) -> list[Parameter]:
        return list(numbers.PARAMETERS)

    @cached_property
    def readings(self) -> dict[int, str]:
        """What is said of every mapping that has read something on the page."""
        return readings(self.inputs.read_by)
