"""One line of the worklist, as it is shown."""

from dataclasses import dataclass
from datetime import datetime

from explain.wording.numbers import frequency, percent, points
from patients.models import Patient, StaleTwin
from twinportal.attention.models import WorklistEntry
from twinportal.attention.rules import Rule, rule_by_id
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
    link: str
    aria: str


def columns(sort: str) -> list[Column]:
    """Headings; the sorted one turns the order round."""
    made = []
    for key, title in TITLES.items():
        current = sort.lstrip("-") == key
        turned = current and not sort.startswith("-")
        aria = "none"
        if current:
            aria = "descending" if sort.startswith("-") else "ascending"
        made.append(Column(title, f"-{key}" if turned else key, aria))
    return made


class WorklistRow:
    """A patient with the stored verdict of the attention rules."""

    def __init__(self, patient: Patient, now: datetime) -> None:
        self.patient = patient
        self.patient_pk = patient.pk
        self.now = now
        self.entry: WorklistEntry | None = getattr(patient, "attention", None)
        self.stale: StaleTwin | None = getattr(patient, "stale", None)

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
