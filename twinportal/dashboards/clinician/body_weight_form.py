"""What a clinician types for a simulation of body weight."""

from typing import Any

from django import forms

from models_engine.catalogue.contract import Input
from models_engine.catalogue.mechanistic import body_weight_numbers as numbers

MONTHS = ((6, "6 months"), (12, "1 year"), (24, "2 years"), (60, "5 years"))


def _decimal(declared: Input, label: str, **more: Any) -> forms.FloatField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.FloatField(
        label=label,
        widget=widget,
        min_value=declared.low,
        max_value=declared.high,
        **more,
    )


class BodyWeightForm(forms.Form):
    """Nothing that is typed here is stored."""

    intake_change = _decimal(
        numbers.INTAKE_CHANGE,
        "Change of energy intake (kcal a day)",
        help_text="Less is negative: -500. From -1500 to 1500.",
    )
    activity_level = _decimal(
        numbers.ACTIVITY,
        "Physical activity level today",
        help_text="Total over resting energy expenditure, from 1.2 to 2.5: about 1.4 mostly "
        "sitting, 1.6 some walking and standing, 1.9 heavy work or daily sport.",
    )
    new_activity_level = _decimal(
        numbers.ACTIVITY,
        "Planned physical activity level",
        required=False,
        help_text="Empty: as today.",
    )
    sodium_change = _decimal(
        numbers.SODIUM_CHANGE,
        "Change of sodium intake (mg a day)",
        required=False,
        help_text="Empty: none. From -4000 to 4000.",
    )
    months = forms.TypedChoiceField(label="Over", choices=MONTHS, coerce=int, initial=24)
