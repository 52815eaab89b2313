"""What the reader of a ranking may change: preferences, weights, and what is kept of it."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4, uuid5

from django import forms

from models_engine.catalogue.treatment.knowledge.schema import Outcome
from models_engine.catalogue.treatment.ranking.results import MOST, Preferences
from models_engine.treatment_knowledge import treatment_knowledge

MOST_WEIGHT = 1.0
MOST_KEPT, LEAST_KEPT = 3, 1
WEIGHT, TOKEN = "weight_", "csrfmiddlewaretoken"
PREFERENCES = {
    "no_injections": "No injections",
    "no_weight_gain": "No weight gain",
    "low_cost": "Low cost",
    "few_doses": "Few doses a day",
    "avoid_low_sugar": "No low blood sugar",
}


class PreferencesForm(forms.Form):
    """Points from 0 to 10 for each preference, a weight for each outcome, and the order."""

    order_by = forms.ChoiceField(
        label="Order",
        required=False,
        choices=[
            ("guideline", "Guideline first, then the numbers"),
            ("numbers", "The numbers alone"),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, sent: Mapping[str, str]) -> None:
        super().__init__({**self.starting(), **_known(sent)})
        for name, label in PREFERENCES.items():
            self.fields[name] = forms.IntegerField(label=label, min_value=0, max_value=MOST)
        for one in _weighed():
            self.fields[f"{WEIGHT}{one.id}"] = forms.FloatField(
                label=one.label, min_value=0, max_value=MOST_WEIGHT
            )

    @staticmethod
    def starting() -> dict[str, str]:
        """What a page starts from."""
        return (
            {"order_by": "guideline"}
            | dict.fromkeys(PREFERENCES, "0")
            | {f"{WEIGHT}{one.id}": f"{one.weight:g}" for one in _weighed()}
        )

    @property
    def points(self) -> list[Any]:
        """The fields of the preferences."""
        return [self[name] for name in PREFERENCES]

    @property
    def weights(self) -> list[Any]:
        """The fields of the outcomes' weights."""
        return [self[f"{WEIGHT}{one.id}"] for one in _weighed()]

    @property
    def asked(self) -> Preferences:
        """What is asked; of what was sent wrongly the starting value, which the page says."""
        self.is_valid()
        defaults = {one.id: one.weight for one in _weighed()}
        found = self.cleaned_data
        weights = {
            key: float(found[f"{WEIGHT}{key}"])
            for key, weight in defaults.items()
            if found.get(f"{WEIGHT}{key}") not in (None, weight)
        }
        points = {name: int(found.get(name) or 0) for name in PREFERENCES}
        order = "numbers" if found.get("order_by") == "numbers" else "guideline"
        return Preferences(**points, weights=weights, order_by=order)  # type: ignore[arg-type]

    @property
    def wrong(self) -> list[str]:
        """What was not understood, in sentences."""
        self.is_valid()
        return [
            f"{self.fields[name].label}: {error}"
            for name, errors in self.errors.items()
            for error in errors
        ]


class KeepForm(forms.Form):
    """Which candidates are kept. `token` is of one page."""

    keep = forms.MultipleChoiceField(required=False)
    share = forms.BooleanField(required=False)
    token = forms.UUIDField(required=False)

    def __init__(self, sent: Any, keys: list[str]) -> None:
        super().__init__(sent)
        self.fields["keep"].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]

    @property
    def wrong(self) -> str:
        """Why nothing is kept; empty where it can be."""
        if not self.is_valid():
            return "One of your choices is not offered any more. Look at the page again."
        chosen = self.cleaned_data["keep"]
        if not LEAST_KEPT <= len(chosen) <= MOST_KEPT:
            return f"Choose {LEAST_KEPT} to {MOST_KEPT} options to keep; {len(chosen)} are chosen."
        return ""

    @property
    def once(self) -> UUID | None:
        """The same for the same page with the same content: sent twice it is one proposal."""
        token: UUID | None = self.cleaned_data["token"]
        sent: Any = self.data
        said = {name: sent.getlist(name) for name in sorted(sent) if name != TOKEN}
        return token and uuid5(token, json.dumps(said))

    @staticmethod
    def new_token() -> str:
        return str(uuid4())


def _weighed() -> tuple[Outcome, ...]:
    """Outcomes with a weight: those that a net benefit is made of."""
    return tuple(one for one in treatment_knowledge().rows(Outcome) if one.weight > 0)


def _known(sent: Mapping[str, str]) -> dict[str, str]:
    allowed = PreferencesForm.starting()
    return {name: text for name, text in sent.items() if name in allowed and text.strip()}
