"""One line of the worklist, as it is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from explain.wording.numbers import frequency, percent, points
from patients.models import Patient, StaleTwin
from twinportal.attention.models import Acknowledgement, Visit, WorklistEntry
from twinportal.attention.rules import Rule, rule_by_id
from twinportal.attention.selectors import (
    SMALLEST_CHANGE,
    acknowledgements_on,
    new_since,
    visits_of,
)
from twinportal.dashboards.display import age_text, data_age, outcome_label

# column -> (field, whether "ascending" in the URL means descending in the database)
SORTS: dict[str, tuple[tuple[str, bool], ...]] = {
    "attention": (("attention__priority", False), ("attention__change", True)),
    "name": (("family", False), ("given", False)),
    "probability": (("attention__probability", True),),
    "change": (("attention__change", True),),
    "data": (("attention__newest_data_at", True),),
}
TITLES = {
    "name": "Patient",
    "attention": "Why",
    "probability": "Probability",
    "change": "Change",
    "data": "Newest data",
}


@dataclass(frozen=True)
class Column:
    """A heading that sorts; `aria` is the value of aria-sort."""

    title: str
    query: str
    aria: str


def columns(sort: str, query: Callable[[str], str] = lambda sort: f"sort={sort}") -> list[Column]:
    """Headings; the sorted one turns the order round. `query` is the address's with that order."""
    made = []
    for key, title in TITLES.items():
        current = sort.lstrip("-") == key
        turned = current and not sort.startswith("-")
        aria = "none"
        if current:
            aria = "descending" if sort.startswith("-") else "ascending"
        made.append(Column(title, query(f"-{key}" if turned else key), aria))
    return made


@dataclass(frozen=True)
class Context:
    """What is known of the rows of one page beside the rows; one query each."""

    now: datetime
    user: Any
    visits: dict[int, Visit] = field(default_factory=dict)
    new: dict[int, int] = field(default_factory=dict)
    acknowledgements: dict[int, list[Acknowledgement]] = field(default_factory=dict)


class WorklistRow:
    """A patient with the stored verdict of the attention rules."""

    def __init__(self, patient: Patient, context: Context) -> None:
        self.patient = patient
        self.patient_pk = patient.pk
        self.now = context.now
        self.entry: WorklistEntry | None = getattr(patient, "attention", None)
        self.stale: StaleTwin | None = getattr(patient, "stale", None)
        self.visit = context.visits.get(patient.pk)
        self.new_data = context.new.get(patient.pk, 0)
        given = context.acknowledgements.get(self.flag_pk, []) if self.flag_pk else []
        today = timezone.localdate(context.now)
        standing = [one for one in given if one.until is None or one.until > today]
        self.mine = next((one for one in standing if one.user_id == context.user.pk), None)
        self.others = [one for one in standing if one.user_id != context.user.pk]

    @property
    def flag_pk(self) -> int | None:
        return self.entry.flag_id if self.entry else None

    @property
    def name(self) -> str:
        return self.patient.name or "Name not recorded"

    @property
    def age(self) -> str:
        return age_text(self.patient, self.now)

    @property
    def rule(self) -> Rule | None:
        return rule_by_id(self.entry.rule_id) if self.entry else None

    @property
    def firing(self) -> str:
        """Ids of all firing rules, as the form sends them back."""
        return ",".join(self.entry.firing) if self.entry else ""

    @property
    def also(self) -> list[Rule]:
        """The rules that fire beside the first."""
        ids = self.entry.firing if self.entry else []
        first = self.entry.rule_id if self.entry else ""
        return [rule for i in ids if i != first and (rule := rule_by_id(i)) is not None]

    @property
    def outcome(self) -> str:
        prediction = self.entry.prediction if self.entry else None
        return outcome_label(prediction) if prediction else ""

    @property
    def probability(self) -> str:
        value = self.entry.probability if self.entry else None
        return percent(value) if value is not None else ""

    @property
    def n_in_100(self) -> str:
        value = self.entry.probability if self.entry else None
        return frequency(value).out_of if value is not None else ""

    @property
    def change(self) -> str:
        value = self.entry.change if self.entry else None
        return points(value) if value is not None else ""

    @property
    def is_rising(self) -> bool:
        return bool(self.entry and self.entry.change and self.entry.change > 0)

    @property
    def reasons(self) -> list[str]:
        return list(self.entry.why) if self.entry else []

    @property
    def data_age(self) -> str:
        return data_age(self.entry.newest_data_at if self.entry else None, self.now)

    @property
    def visited(self) -> str:
        """How long ago this clinician opened the twin."""
        return data_age(self.visit.at, self.now) if self.visit else ""

    @property
    def since_visit(self) -> list[str]:
        """What is different from what the worklist said when the twin was last opened."""
        if self.visit is None or self.entry is None:
            return []
        told = []
        then, now = self.visit, self.entry
        if then.rule_id != now.rule_id:
            told.append(
                f"Flag {now.rule_id} is new" if now.rule_id else f"Flag {then.rule_id} is over"
            )
        if then.outcome == now.outcome:
            told += _moved(then.probability, now.probability)
        if self.new_data:
            told.append(f"{self.new_data} new or changed result{'s' if self.new_data > 1 else ''}")
        return told


def _moved(then: float | None, now: float | None) -> list[str]:
    if then is None or now is None:
        return (
            [] if then is now else ["A number is new" if then is None else "There is no number now"]
        )
    if abs(now - then) < SMALLEST_CHANGE:
        return []
    return [f"{percent(then)} then, {percent(now)} now: {points(now - then)} points"]


def rows_of(patients: Sequence[Patient], *, user: Any, now: datetime) -> list[WorklistRow]:
    """Rows of one page, with three queries whatever their number."""
    visits = visits_of(user, [patient.pk for patient in patients])
    entries = [getattr(patient, "attention", None) for patient in patients]
    flags = [entry.flag_id for entry in entries if entry is not None and entry.flag_id]
    context = Context(now, user, visits, new_since(visits), acknowledgements_on(flags))
    return [WorklistRow(patient, context) for patient in patients]
