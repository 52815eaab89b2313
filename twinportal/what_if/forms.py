"""From what somebody sends to interventions. A field left at its starting value is no change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, isclose, isfinite

from models_engine.catalogue.what_if.controls import CONTROLS, STOPPED, Control
from models_engine.catalogue.what_if.effects import SMOKING, conditions
from models_engine.catalogue.what_if.forecasting import DEFAULT_MONTHS, MONTHS
from models_engine.catalogue.what_if.interventions import (
    Intervention,
    Treatment,
    scenario,
    treatments,
)
from models_engine.catalogue.what_if.propagate import Person

STOP_SMOKING, BY_MONTHS = "stop_smoking", "by_months"
GROUP_LABELS = {
    "blood_pressure": "Blood pressure medicine",
    "statin": "Statin",
    "ezetimibe": "Ezetimibe",
    "sglt2": "SGLT2 inhibitor",
    "glp1": "GLP-1 receptor agonist",
    "salt": "Salt",
}
# for patients one choice of each kind, and only from this value on: nobody is led to a medicine
# for a pressure that is low [J]
PATIENT_TREATMENTS: Mapping[str, tuple[str, float]] = {
    "bp_one_standard": ("systolic_bp", 130.0),
    "atorvastatin_20": ("ldl_cholesterol", 0.0),
    "less_salt": ("systolic_bp", 110.0),
}
# nor to a weight below the normal: body mass index, kg/m2 [J]
LEAN = 18.5


@dataclass
class Field:
    """One slider with the value it starts from, what is asked now, and what is wrong with it."""

    control: Control
    start: float
    value: float
    error: str = ""
    lowest: float = 0.0

    @property
    def name(self) -> str:
        return f"set_{self.control.concept}"

    @property
    def limits(self) -> tuple[float, float]:
        low, high = self.control.limits(self.start)
        return max(low, min(self.lowest, self.start)), high

    @property
    def low(self) -> str:
        return f"{self.limits[0]:g}"

    @property
    def high(self) -> str:
        return f"{self.limits[1]:g}"

    @property
    def step(self) -> str:
        return f"{self.control.step:g}"

    @property
    def shown(self) -> str:
        return _shown(self.value, self.control.step)

    @property
    def start_shown(self) -> str:
        return _shown(self.start, self.control.step)

    @property
    def is_changed(self) -> bool:
        return self.value != self.start


@dataclass
class Choice:
    """One treatment group with what may be begun of it."""

    group: str
    label: str
    options: tuple[Treatment, ...]
    chosen: str = ""

    @property
    def only(self) -> Treatment | None:
        """The one option of a group that has no other: a box to tick."""
        return self.options[0] if len(self.options) == 1 else None


@dataclass
class WhatIfForm:
    """The controls for one person. `smokes`: whether there is something to stop.

    `months`: by when the values that are set are reached.
    """

    fields: list[Field]
    choices: list[Choice]
    smokes: bool
    stops_smoking: bool = False
    months: int = DEFAULT_MONTHS
    errors: list[str] = field(default_factory=list)

    @property
    def months_choices(self) -> tuple[int, ...]:
        """The times that one may choose."""
        return MONTHS

    @property
    def interventions(self) -> tuple[Intervention, ...]:
        """What is asked, in order. Raises ScenarioError, though the form cannot ask for that."""
        found = [
            Intervention("set", f.control.concept, f.value)
            for f in self.fields
            if f.is_changed and not f.error
        ]
        if self.smokes and self.stops_smoking:
            found.append(Intervention("set", SMOKING, STOPPED))
        found += [Intervention("treatment", c.chosen) for c in self.choices if c.chosen]
        return scenario(found)


def what_if_form(
    values: Mapping[str, float],
    sent: Mapping[str, str],
    *,
    patient: Person | None = None,
) -> WhatIfForm:
    """The form for somebody with these values, filled in with what was sent.

    With `patient`, who they are, it is their own: fewer choices, and none that is not for them.
    """
    controls = [c for c in CONTROLS if c.concept in values and c.unless not in values]
    lean = _lean_weight(values) if patient else 0.0
    form = WhatIfForm(
        fields=[
            _field(c, values[c.concept], sent, lean if c.concept == "weight" else 0.0)
            for c in controls
        ],
        choices=_choices(sent, values, patient),
        smokes=values.get(SMOKING) == 1.0,
        stops_smoking=bool(sent.get(STOP_SMOKING)),
        months=_months(sent),
    )
    form.errors += [f.error for f in form.fields if f.error]
    return form


def sent_of(interventions: tuple[Intervention, ...], months: int) -> dict[str, str]:
    """What a form would have sent to ask for these: to fill one in from a saved scenario."""
    sent = {BY_MONTHS: str(months)}
    for one in interventions:
        if one.kind == "treatment":
            sent[treatments()[one.target].group] = one.target
        elif one.target == SMOKING:
            sent[STOP_SMOKING] = "1"
        else:
            sent[f"set_{one.target}"] = f"{one.value:g}"
    return sent


def _months(sent: Mapping[str, str]) -> int:
    """One of the times that are offered."""
    asked = sent.get(BY_MONTHS, "")
    return next((m for m in MONTHS if str(m) == asked), DEFAULT_MONTHS)


def _lean_weight(values: Mapping[str, float]) -> float:
    """The weight at the lower end of the normal, to half a kilogram up."""
    if "weight" not in values or not values.get("bmi"):
        return 0.0
    return ceil(2 * values["weight"] * LEAN / values["bmi"]) / 2


def _field(control: Control, start: float, sent: Mapping[str, str], lowest: float) -> Field:
    found = Field(control, start, start, lowest=lowest)
    text = sent.get(found.name, "").strip().replace(",", ".")
    if not text:
        return found
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        found.error = f"{control.label}: this is no number."
        return found
    low, high = found.limits
    if not low <= value <= high:
        found.error = f"{control.label}: from {low:g} to {high:g} {control.unit}."
        return found
    if not isclose(value, float(found.start_shown), abs_tol=control.step / 1000):
        found.value = value
    return found


def _choices(
    sent: Mapping[str, str], values: Mapping[str, float], patient: Person | None
) -> list[Choice]:
    found = []
    for group, label in GROUP_LABELS.items():
        options = tuple(
            t
            for t in treatments().values()
            if t.group == group and (patient is None or _is_for(t, values, patient))
        )
        wanted = sent.get(group, "")
        chosen = wanted if wanted in {t.id for t in options} else ""
        if options:
            found.append(Choice(group, label, options, chosen))
    return found


def _is_for(treatment: Treatment, values: Mapping[str, float], patient: Person) -> bool:
    if treatment.id not in PATIENT_TREATMENTS:
        return False
    concept, least = PATIENT_TREATMENTS[treatment.id]
    needed = conditions(treatment.requires)
    taken = any(c.kind == "not" and c.name in patient.medicines for c in needed)
    return values.get(concept, 0.0) > least and not taken


def _shown(value: float, step: float) -> str:
    digits = 0 if step >= 1 else 1
    return f"{value:.{digits}f}"
