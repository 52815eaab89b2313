"""Ways to a lower number as a clinician's page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass

from explain.attribution.counterfactual import Change, Counterfactual
from explain.wording.numbers import frequency, percent, points
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.levers import Lever
from twinportal.dashboards.display import titled
from twinportal.known_units import KnownUnit
from twinportal.what_if.forms import STOP_SMOKING, WhatIfForm

# by concept, those that a patient knows
Units = Mapping[str, KnownUnit]


@dataclass(frozen=True)
class ChangeRow:
    """ "Systolic blood pressure 152 to 138 mmHg", with the value that it starts from."""

    change: Change
    source: InputUsed | None = None

    @property
    def lever(self) -> Lever:
        return self.change.lever

    @property
    def label(self) -> str:
        return self.lever.recommended.label

    @property
    def is_smoking(self) -> bool:
        return self.lever.concept == SMOKING

    @property
    def before(self) -> str:
        return value_text(self.lever, self.lever.start)

    @property
    def after(self) -> str:
        return value_text(self.lever, self.change.value)

    @property
    def unit(self) -> str:
        return self.lever.recommended.unit

    @property
    def words(self) -> str:
        if self.is_smoking:
            return "Smoking: smokes now to not smoking"
        return f"{self.label} {self.before} to {self.after} {self.unit}"


@dataclass(frozen=True)
class Way:
    """One set of changes. `form` fills in the what-if; `not_there` cannot be tried on it."""

    found: Counterfactual
    changes: tuple[ChangeRow, ...]
    form: tuple[tuple[str, str], ...]
    not_there: tuple[str, ...]
    model: ClinicalModel

    @property
    def raises(self) -> tuple[str, ...]:
        """Other outcomes of the model that rise: "Heart failure, 10 years: 3.1 % to 3.3 %"."""
        return tuple(
            f"{self._titled(outcome)}: {percent(was)} to {percent(then)}"
            for outcome, (was, then) in self.found.raises.items()
        )

    def _titled(self, outcome: str) -> str:
        found = self.model.outcome(outcome)
        return titled(found.label, found.horizon_years)

    @property
    def title(self) -> str:
        count = ("One change", "Two changes", "Three changes")[len(self.changes) - 1]
        return f"{count}: {', '.join(_lower(row.label) for row in self.changes)}"

    @property
    def before(self) -> str:
        return percent(self.found.before)

    @property
    def after(self) -> str:
        return percent(self.found.after)

    @property
    def difference(self) -> str:
        return points(self.found.after - self.found.before)

    @property
    def out_of(self) -> tuple[str, str]:
        """The same two numbers as frequencies: the only ones of a card."""
        return frequency(self.found.before).out_of, frequency(self.found.after).out_of

    @property
    def own_interval(self) -> str:
        before, after = self.found.interval_before, self.found.interval_after
        if before is None or after is None:
            return ""
        return (
            f"before {percent(before[0])} to {percent(before[1])}, "
            f"after {percent(after[0])} to {percent(after[1])}"
        )


def way_of(found: Counterfactual, form: WhatIfForm, model: ClinicalModel) -> Way:
    """A set with what the what-if page is to be sent to start from the same values."""
    fields = {field.control.concept: field for field in form.fields}
    rows, sent, not_there = [], [], []
    for change in found.changes:
        field = fields.get(change.lever.concept)
        rows.append(ChangeRow(change, field.source if field else None))
        if change.lever.concept == SMOKING and form.smokes:
            sent.append((STOP_SMOKING, "1"))
        elif field is not None and field.limits[0] <= change.value <= field.limits[1]:
            sent += [(field.start_name, field.start_shown), (field.name, f"{change.value:g}")]
        else:
            not_there.append(change.lever.recommended.label)
    return Way(found, tuple(rows), tuple(sent), tuple(not_there), model)


def value_text(lever: Lever, value: float) -> str:
    """A value with the digits of its raster; today's value is rounded to them."""
    step = lever.recommended.step
    return f"{value:.0f}" if step >= 1 else f"{value:.1f}"


def own_value_text(lever: Lever, value: float, units: Units) -> str:
    """For a patient: in the unit that they know; in the canonical one as above."""
    known = units.get(lever.concept)
    if known is None or known.is_canonical:
        return value_text(lever, value)
    return known.written(value).number


def own_unit_text(lever: Lever, units: Units) -> str:
    """What to write behind it; empty where there is no unit (smoking)."""
    known = units.get(lever.concept)
    return known.name if known else lever.recommended.unit


def _lower(text: str) -> str:
    """The first letter small, unless an abbreviation begins there."""
    return text if text[:2].isupper() or text.startswith("HbA") else text[0].lower() + text[1:]
