"""The worklist's filters as they stand in the address: coded values only, never a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict

from patients.access.policy import visible_patients
from twinportal.attention.cards import LEVEL_WORDS
from twinportal.attention.rules import RULES
from twinportal.attention.selectors import AGE_BANDS, Panel, acknowledged_by, filtered
from twinportal.dashboards.clinician.worklist import SORTS

ANY = [("", "Any")]
OUTCOMES = {
    "cvd": "Cardiovascular disease, 10 years",
    "kidney_failure_2y": "Kidney failure, 2 years",
    "kidney_failure_5y": "Kidney failure, 5 years",
}
DATA_AGES = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "1 year", "730": "2 years"}


def _ages() -> list[tuple[str, str]]:
    bands = [
        (key, f"{low} and over" if high is None else f"{low} to {high}")
        for key, (low, high) in AGE_BANDS.items()
    ]
    return [*ANY, *bands, ("none", "Not recorded")]


class FilterForm(forms.Form):
    """A GET form; works without scripts."""

    rule = forms.ChoiceField(
        label="Rule",
        choices=[*ANY, *((r.id, f"{r.id}: {r.title}") for r in RULES), ("none", "No rule fires")],
        required=False,
    )
    level = forms.ChoiceField(label="Level", choices=[*ANY, *LEVEL_WORDS.items()], required=False)
    outcome = forms.ChoiceField(label="Outcome", choices=[*ANY, *OUTCOMES.items()], required=False)
    p = forms.DecimalField(
        label="Probability at least, %",
        help_text="Of the outcome chosen, else of any number of the twin; not of the 30 years.",
        min_value=0,
        max_value=100,
        decimal_places=1,
        required=False,
    )
    since = forms.ChoiceField(
        label="Changed",
        choices=[
            *ANY,
            ("visit", "Since I last opened the twin"),
            ("90", "By 2 points or more over 90 days"),
            ("never", "Never opened by me"),
        ],
        required=False,
    )
    older = forms.ChoiceField(
        label="Newest data older than",
        choices=[*ANY, *DATA_AGES.items(), ("none", "No measurement at all")],
        required=False,
    )
    review = forms.ChoiceField(
        label="Number for the patient",
        choices=[*ANY, ("waiting", "Waiting for review"), ("released", "Released")],
        required=False,
    )
    ack = forms.ChoiceField(
        label="Acknowledged by me",
        choices=[("", "Not acknowledged"), ("yes", "Acknowledged"), ("all", "Both")],
        required=False,
    )
    stale = forms.ChoiceField(
        label="Calculation",
        choices=[*ANY, ("yes", "Being recalculated"), ("no", "Up to date")],
        required=False,
    )
    age = forms.ChoiceField(label="Age", choices=_ages(), required=False)
    sex = forms.ChoiceField(
        label="Sex",
        choices=[
            *ANY,
            *((word, word.capitalize()) for word in ("female", "male", "other", "unknown")),
            ("none", "Not recorded"),
        ],
        required=False,
    )


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the query without it."""

    text: str
    without: str


class Filters:
    """What the address asks for; a value that is no filter is not applied, and the page says so."""

    def __init__(self, given: QueryDict) -> None:
        # a stray NUL is no filter, and no database takes it
        self.form = FilterForm(given, label_suffix="")
        self.form.is_valid()
        found = self.form.cleaned_data
        self.chosen: dict[str, Any] = {
            key: found[key] for key in self.form.fields if found.get(key) not in (None, "")
        }
        self.not_understood = [str(self.form.fields[key].label) for key in self.form.errors]
        sort = given.get("sort", "attention")
        self.sort = sort if sort.lstrip("-") in SORTS else "attention"

    def query(self, *, without: str = "", **other: Any) -> str:
        """The address's query in one order; with "sort" at least, so that it is never empty."""
        kept = {k: v for k, v in self.chosen.items() if k != without}
        return urlencode({**kept, "sort": self.sort, **other})

    @property
    def chips(self) -> list[Chip]:
        return [
            Chip(self._words(key, value), self.query(without=key))
            for key, value in self.chosen.items()
        ]

    def _words(self, key: str, value: Any) -> str:
        field = self.form.fields[key]
        choices: Any = getattr(field, "choices", ())
        words = dict(choices).get(value, value)
        return f"{field.label}: {words}"

    def panel(self, user: Any, *, now: datetime) -> tuple[Panel, int]:
        """The patients to show, and how many more match whose flag was acknowledged, unless asked."""
        matching = filtered(visible_patients(user), self.chosen, user=user, now=now)
        quiet = [] if self.chosen.get("ack") else acknowledged_by(user, now)
        if not quiet:
            return matching, 0
        return matching.exclude(pk__in=quiet), matching.filter(pk__in=quiet).count()
