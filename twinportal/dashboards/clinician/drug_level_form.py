"""What a clinician types for a simulation of drug levels: doses, and a regimen to look at."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms

from models_engine.catalogue.mechanistic.drugs import Drug
from twinportal.dashboards.clinician.moments import typed_moment, zone_name

# "2026-11-18 08:00, 1000 mg, 1 h, every 12 h"
LINE = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[ T](?P<time>\d{2}:\d{2}(?:[+-]\d{2}:\d{2}|Z)?)\s*,\s*"
    r"(?P<amount>\d+(?:\.\d+)?)\s*mg"
    r"(?:\s*,\s*(?P<hours>\d+(?:\.\d+)?)\s*h)?"
    r"(?:\s*,\s*every\s+(?P<every>\d+(?:\.\d+)?)\s*h)?"
)
MOST_DOSES = 200
BOTH_GIVEN, FIRST_ONLY = "both", "first"
TOLD_TWICE = (
    ("", "Not decided: no level after them is used"),
    (BOTH_GIVEN, "Every one of them was given"),
    (FIRST_ONLY, "One dose told twice: only the first counts"),
)
LONGEST_INFUSION = 24.0


def dose_days(drug: Drug) -> int:
    """How far back doses are read: further than levels, whose drug they have left behind."""
    return 2 * drug.course_days


@dataclass(frozen=True)
class TypedDose:
    """mg, from a moment on, over hours."""

    start: datetime
    amount: float
    hours: float


def _decimal(label: str, **more: Any) -> forms.FloatField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.FloatField(label=label, required=False, widget=widget, **more)


class DrugLevelForm(forms.Form):
    """Nothing that is typed here is stored, and nothing is ordered."""

    doses = forms.CharField(label="Doses given, one a line", required=False, max_length=8000)
    only_typed = forms.BooleanField(
        label="Use only these doses, not the ones recorded", required=False
    )
    told_twice = forms.ChoiceField(
        label="Doses within an hour of each other", required=False, choices=TOLD_TWICE
    )
    recorded_hours = _decimal(
        "Infusion time of doses recorded with their start only (h)", min_value=0.1, max_value=24
    )
    amount = _decimal("Dose (mg)")
    interval = _decimal("Every (h)")
    hours = _decimal("Infused over (h)", min_value=0.1, max_value=24)

    def __init__(self, drug: Drug, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drug, self.now = drug, now
        example = drug_example(drug, now)
        self.fields["doses"].widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})
        self.fields["doses"].help_text = f"Times in {zone_name()}. For example: {example}"
        low, high = drug.amount.low or 0.0, drug.amount.high
        self.fields["amount"].help_text = f"Above {low:g}, up to {high:g} mg."
        self.fields["interval"].help_text = "From 1 to 168 hours."
        if drug.by_mouth:
            del self.fields["hours"]

    def clean_doses(self) -> list[TypedDose]:
        """Every line, or an error that names the line."""
        found: list[TypedDose] = []
        for number, line in enumerate(self.cleaned_data["doses"].splitlines(), 1):
            if line.strip():
                try:
                    found += self._doses_of(line.strip())
                except ValueError as error:
                    raise forms.ValidationError(f"Line {number}: {error}") from None
        if len(found) > MOST_DOSES:
            raise forms.ValidationError(f"At most {MOST_DOSES} doses can be simulated.")
        return found

    def _doses_of(self, line: str) -> list[TypedDose]:
        read = LINE.fullmatch(line)
        if read is None:
            raise ValueError(f"write it like {drug_example(self.drug, self.now)}")
        start = typed_moment(f"{read['date']}T{read['time']}")
        amount = float(read["amount"])
        if not self.drug.amount.accepts(amount):
            raise ValueError(f"the dose is outside {self.drug.amount.describe_range()}")
        if start > self.now:
            raise ValueError("it lies in the future; a plan goes into the regimen below")
        if start < self.now - timedelta(days=dose_days(self.drug)):
            raise ValueError(f"it is more than {dose_days(self.drug)} days ago")
        if self.drug.by_mouth:
            if read["hours"]:
                raise ValueError("a dose by mouth has no infusion time")
            hours = 0.0
        elif read["hours"] is None:
            raise ValueError("say over how many hours it was infused")
        else:
            hours = float(read["hours"])
        if hours > LONGEST_INFUSION or (not self.drug.by_mouth and hours <= 0):
            raise ValueError("an infusion lasts up to 24 h")
        return self._repeated(TypedDose(start, amount, hours), read["every"])

    def _repeated(self, dose: TypedDose, every: str | None) -> list[TypedDose]:
        if every is None:
            return [dose]
        if not 1 <= float(every) <= 168 or float(every) <= dose.hours:
            raise ValueError("the interval is from 1 to 168 h, and longer than the infusion")
        step = timedelta(hours=float(every))
        count = min(int((self.now - dose.start) / step) + 1, MOST_DOSES + 1)
        return [TypedDose(dose.start + at * step, dose.amount, dose.hours) for at in range(count)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        asked = ["amount", "interval", *([] if self.drug.by_mouth else ["hours"])]
        filled = [name for name in asked if given.get(name) is not None]
        if not filled:
            return given
        for name in asked:
            if name not in filled and name not in self.errors:
                self.add_error(name, "A regimen needs it.")
        amount, interval = given.get("amount"), given.get("interval")
        if amount is not None and not self.drug.amount.accepts(amount):
            self.add_error("amount", f"Outside {self.drug.amount.describe_range()}.")
        if interval is not None and not 1 <= interval <= 168:
            self.add_error("interval", "Outside 1 to 168 h.")
        elif interval is not None and interval <= (given.get("hours") or 0.0):
            self.add_error("interval", "Longer than the infusion, please.")
        return given


def drug_example(drug: Drug, now: datetime) -> str:
    """A line as it is to be typed, of two days ago."""
    day = (now - timedelta(days=2)).date()
    if drug.by_mouth:
        return f"{day} 08:00, 0.125 mg, every 24 h"
    amount = "1000" if drug.id == "vancomycin" else "350"
    return f"{day} 08:00, {amount} mg, 1 h, every 12 h"
