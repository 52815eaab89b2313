"""From what somebody sends to interventions. A field left at its starting value is no change.

The starting value is the one that their page showed: where the record says another one now, nothing
of the form is used, because nobody chose that difference.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor, isclose, isfinite
from unicodedata import category
from uuid import UUID, uuid4, uuid5

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from explain.wording.language import gettext
from explain.wording.measurements import can_be_written, written
from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.what_if.controls import CONTROL_OF, CONTROLS, STOPPED, Control
from models_engine.catalogue.what_if.effects import SMOKING, conditions
from models_engine.catalogue.what_if.forecasting import DEFAULT_MONTHS, MONTHS
from models_engine.catalogue.what_if.interventions import (
    Intervention,
    Treatment,
    scenario,
    treatments,
)
from models_engine.catalogue.what_if.propagate import LEAN, Person
from twinportal.known_units import KnownUnit

STOP_SMOKING, BY_MONTHS = "stop_smoking", "by_months"
SET, START, UNIT = "set_", "start_", "unit_"
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
    "less_salt": ("systolic_bp", 120.0),
}
# nor to a value below these, which are no target for everybody [J]
PATIENT_FLOORS: Mapping[str, float] = {"systolic_bp": 120.0, "hba1c": 6.5}


NAME_LENGTH = 80
# lost to binary fractions, in steps
BINARY = 1e-9


def no_invisible_characters(text: str) -> None:
    """Raises ValidationError: what cannot be seen makes two names look the same."""
    if any(category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in text):
        raise ValidationError("The name has characters that cannot be seen. Type it anew.")


class KeepForm(forms.Form):
    """How a scenario is kept. `token` is of one page."""

    name = forms.CharField(
        max_length=NAME_LENGTH,
        validators=[no_invisible_characters],
        error_messages={"required": "Give the scenario a name."},
    )
    token = forms.UUIDField(required=False)

    @property
    def words(self) -> list[str]:
        """What is wrong, in sentences."""
        return [str(error) for errors in self.errors.values() for error in errors]

    @property
    def shown_name(self) -> str:
        """What was typed, to be shown again."""
        return self.data.get("name", "")[:NAME_LENGTH].replace("\x00", "")

    @property
    def once(self) -> UUID | None:
        """The same for the same page with the same content: sent twice it is one scenario."""
        token: UUID | None = self.cleaned_data["token"]
        return token and uuid5(token, json.dumps(sorted(self.data.items())))

    @staticmethod
    def new_token() -> str:
        return str(uuid4())


@dataclass
class Field:
    """One slider with the value it starts from, what is asked now, and what is wrong with it.

    `start`, `value` and `lowest` are canonical. With `known`, a patient's own unit, all that is
    shown and sent is in that unit: `limits`, `low`, `high`, `step`, `shown`, `start_shown`.
    """

    control: Control
    start: float
    value: float
    error: str = ""
    lowest: float = 0.0
    plain: bool = False
    source: InputUsed | None = None
    known: KnownUnit | None = None

    @property
    def name(self) -> str:
        return f"{SET}{self.control.concept}"

    @property
    def start_name(self) -> str:
        return f"{START}{self.control.concept}"

    @property
    def label(self) -> str:
        return label_of(self.control, self.plain)

    @property
    def unit_name(self) -> str:
        return f"{UNIT}{self.control.concept}"

    @property
    def unit(self) -> str:
        """As it is written after a number."""
        return self.known.name if self.known else self.control.unit

    @property
    def ucum(self) -> str:
        return self.known.ucum if self.known else self.control.ucum

    @property
    def limits(self) -> tuple[float, float]:
        """Ends in the unit that is shown, today's number as it is shown among them.

        Of another unit than the canonical they are whole steps inside the canonical ends.
        """
        low, high = self.control.limits(self.start)
        low = max(low, self.lowest)
        if self.known and not self.known.is_canonical:
            step = self.known.step
            low = ceil(self.known.number(low) / step - BINARY) * step
            high = floor(self.known.number(high) / step + BINARY) * step
        start = float(self.start_shown)
        return round(min(low, start), 6), round(max(high, start), 6)

    @property
    def shown_step(self) -> float:
        if self.known is None or self.known.is_canonical:
            return self.control.step
        return self.known.step

    @property
    def low(self) -> str:
        return f"{self.limits[0]:g}"

    @property
    def high(self) -> str:
        return f"{self.limits[1]:g}"

    @property
    def step(self) -> str:
        return f"{self.shown_step:g}"

    @property
    def shown(self) -> str:
        return self._text(self.value)

    @property
    def start_shown(self) -> str:
        return self._text(self.start)

    @property
    def is_changed(self) -> bool:
        return self.value != self.start

    def canonical(self, number: float) -> float:
        """What a number that was typed means."""
        return self.known.canonical(number) if self.known else number

    def _text(self, value: float) -> str:
        if self.known is None or self.known.is_canonical:
            return _shown(value, self.control.step)
        return self.known.written(value).number


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

    @property
    def only_label(self) -> str:
        """What that box says to a patient."""
        return gettext(self.only.plain_label) if self.only else ""


@dataclass
class WhatIfForm:
    """The controls for one person. `smokes`: whether there is something to stop.

    `has_changed`: the record is not what the page showed, or what was sent is none of its choices.
    Then nothing is asked.
    `months`: by when the values that are set are reached.
    """

    fields: list[Field]
    choices: list[Choice]
    smokes: bool
    stops_smoking: bool = False
    has_changed: bool = False
    months: int = DEFAULT_MONTHS
    errors: list[str] = field(default_factory=list)

    @property
    def months_choices(self) -> tuple[int, ...]:
        """The times that one may choose."""
        return MONTHS

    @property
    def interventions(self) -> tuple[Intervention, ...]:
        """What is asked, in order. Raises ScenarioError, though the form cannot ask for that."""
        if self.has_changed:
            return ()
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
    sources: Mapping[str, InputUsed] | None = None,
    units: Mapping[str, KnownUnit] | None = None,
) -> WhatIfForm:
    """The form for somebody with these values, filled in with what was sent.

    With `patient`, who they are, it is their own: fewer choices, and none that is not for them.
    `sources` say of which day the values are and where they are from. `units`, by concept, are
    those that a patient knows.
    """
    controls = [c for c in CONTROLS if c.concept in values and c.unless not in values]
    lowest = {**PATIENT_FLOORS, "weight": _lean_weight(values)} if patient else {}
    form = WhatIfForm(
        fields=[
            Field(
                control=c,
                start=values[c.concept],
                value=values[c.concept],
                lowest=lowest.get(c.concept, 0.0),
                plain=patient is not None,
                source=(sources or {}).get(c.concept),
                known=(units or {}).get(c.concept),
            )
            for c in controls
        ],
        choices=_choices(sent, values, patient),
        smokes=values.get(SMOKING) == 1.0,
        stops_smoking=bool(sent.get(STOP_SMOKING)),
        months=_months(sent),
    )
    for one in form.fields:
        _fill(one, sent, form)
    form.errors += [f.error for f in form.fields if f.error]
    unknown = _not_on_the_form(form, sent, is_own=patient is not None)
    form.has_changed = form.has_changed or bool(unknown)
    form.errors += unknown
    return form


def lacks_start(form: WhatIfForm, sent: Mapping[str, str]) -> list[str]:
    """Labels of values that were set by a page that does not say what it showed of them."""
    return [f.label for f in form.fields if sent.get(f.name) and not sent.get(f.start_name)]


def label_of(control: Control, plain: bool) -> str:
    """The name of a value, for a clinician or in plain words."""
    return gettext(control.plain_label) if plain else control.label


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


def _fill(found: Field, sent: Mapping[str, str], form: WhatIfForm) -> None:
    """Take in what was sent for one slider, or say why not."""
    shown, unit = sent.get(found.start_name, ""), sent.get(found.unit_name, found.control.ucum)
    text = sent.get(found.name, "").strip()
    # a number of another unit is another value, even where the digits are the same
    is_other = unit != found.ucum and bool(shown or text)
    if is_other or (shown and not _is_same(shown, found.start_shown, found.shown_step)):
        was = _number(shown)
        then = _shown(was, found.shown_step) if isfinite(was) else _("another value")
        if is_other and isfinite(was) and can_be_written(unit):
            then = written(found.control.concept, was, unit).text
        found.error = _(
            "{label}: the record changed: {before} is now {now} {unit}. Nothing was used; please "
            "look again."
        ).format(label=found.label, before=then, now=found.start_shown, unit=found.unit)
        form.has_changed = True
        return
    if not text:
        return
    value = _number(text)
    if not isfinite(value):
        found.error = _("{label}: this is no number.").format(label=found.label)
        return
    low, high = found.limits
    if not low <= value <= high:
        found.error = _("{label}: from {low} to {high} {unit}.").format(
            label=found.label, low=f"{low:g}", high=f"{high:g}", unit=found.unit
        )
        return
    if not _is_same(text, found.start_shown, found.shown_step):
        found.value = found.canonical(value)


def _number(text: str) -> float:
    """The number; not a number where it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return float("nan")


def _is_same(text: str, shown: str, step: float) -> bool:
    return isclose(_number(text), float(shown), abs_tol=step / 1000)


def _not_on_the_form(form: WhatIfForm, sent: Mapping[str, str], *, is_own: bool) -> list[str]:
    """What was sent and has no place on the form as it is now, in words."""
    said = []
    known = {f.name for f in form.fields}
    for name, text in sent.items():
        if not name.startswith(SET) or name in known or not text.strip():
            continue
        control = CONTROL_OF.get(name.removeprefix(SET))
        if control is None:
            said.append(_("A value that this page does not know was sent."))
        elif not _is_same(text, sent.get(f"{START}{control.concept}", "nan"), control.step):
            label = label_of(control, is_own)
            said.append(
                _("{label}: the record changed: it is not asked any more.").format(label=label)
            )
    if form.stops_smoking and not form.smokes:
        said.append(
            _("Your record does not say that you smoke now.")
            if is_own
            else "Stops smoking: the record does not say that this person smokes now."
        )
    offered = {choice.group: {t.id for t in choice.options} for choice in form.choices}
    for group, label in GROUP_LABELS.items():
        wanted = sent.get(group, "")
        if wanted and wanted not in offered.get(group, ()):
            said.append(
                _("One of your choices is not offered to you now. Ask your doctor about it.")
                if is_own
                else f"{label}: what was chosen is none of the choices."
            )
    return list(dict.fromkeys(said))


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
    return values.get(concept, 0.0) > least and not taken and not patient.against(treatment)


def _shown(value: float, step: float) -> str:
    digits = 0 if step >= 1 else 1
    return f"{value:.{digits}f}"
