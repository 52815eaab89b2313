"""All models at a glance, and what needs somebody first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from models_engine.catalogue.contract import ClinicalModel
from models_engine.models import MonitoringSnapshot
from twinportal.dashboards.monitoring import words

# they are taken once a day
LATE = timedelta(days=2)
JUDGED_WRONG = ("too_low", "too_high")


@dataclass(frozen=True)
class Finding:
    """One sentence. `level` is "bad" (act now), "warn" (look at it) or "good"."""

    level: str
    words: str
    link: str = ""
    link_words: str = ""


class Line:
    """One model as the overview shows it."""

    def __init__(self, model: ClinicalModel, snapshot: MonitoringSnapshot) -> None:
        self.model, self.snapshot = model, snapshot
        self.url = reverse("monitoring-model", args=[model.id])
        content = snapshot.content
        self.asked = words.count(snapshot.asked)
        self.applicable = words.count(snapshot.applicable)
        self.numbers, self.refused = words.parts(snapshot.numbers, snapshot.applicable)
        self.reason = next(
            (
                words.reason(model, kind, concept)
                for kind, concept, number in content["reasons"]
                if kind != "not_applicable" and number >= words.SMALLEST
            ),
            "",
        )
        self._rows = content["drift"]

    @property
    def is_silent(self) -> bool:
        """It is for some people, and gives none of them a number."""
        return self.snapshot.applicable >= words.SMALLEST and not self.snapshot.numbers

    @property
    def drifted(self) -> list[str]:
        """What drifted a lot, by name."""
        return [
            _name(self.model, row["name"]) for row in self._rows or () if row["level"] == "large"
        ]

    @property
    def drift(self) -> str:
        if not self.snapshot.asked:
            return "–"
        if self._rows is None:
            return "no reference"
        levels = {row["level"] for row in self._rows}
        worst = next((lv for lv in ("large", "some", "none") if lv in levels), "too_few")
        if worst == "large":
            return f"large: {', '.join(self.drifted[:3])}"
        return words.LEVELS[worst]

    @property
    def calibration(self) -> str:
        """Of the live predictions."""
        if not self.model.is_probability:
            return "gives no probability"
        if not any(outcome.event for outcome in self.model.outcomes if outcome.is_probability):
            return "outcome cannot be recognised"
        statuses = {row["all"]["status"] for row in self.snapshot.content["judged"]}
        for status, said in (
            ("too_low", "says too little"),
            ("too_high", "says too much"),
            ("fine", "no clear departure"),
            ("early", "too early"),
        ):
            if status in statuses:
                return said
        return "no outcomes yet"

    def findings(self) -> list[Finding]:
        """What somebody should look at in this model."""
        found = [*self._calibration("judged", "bad", ""), *self.drift_findings()]
        return [*found, *self._calibration("retrospective", "warn", " Replayed predictions only.")]

    def _calibration(self, kind: str, level: str, more: str) -> list[Finding]:
        made = []
        for row in self.snapshot.content[kind]:
            whole = row["all"]
            if whole["status"] not in JUDGED_WRONG or whole["people"] < words.SMALLEST:
                continue
            outcome = words.outcome_label(self.model, row["outcome"])
            text = (
                f"{self.model.title}, {outcome}: {words.count(whole['events'])} events where "
                f"{words.expected(whole)} were expected.{more}"
            )
            made.append(Finding(level, text, f"{self.url}#{kind}", "Look at it"))
        return made

    def drift_findings(self) -> list[Finding]:
        """What has moved from the reference."""
        made = []
        jump = self.snapshot.content["jump"]
        if jump and jump["jumped"]:
            then, now = (
                words.share_in_words(jump[part], jump[whole])
                for part, whole in (("before", "of_before"), ("now", "of_now"))
            )
            text = (
                f"{self.model.title}: {now} of the twins that it is for get no number; it was "
                f"{then} at the reference."
            )
            made.append(Finding("warn", text, f"{self.url}#reasons", "Why"))
        if self.drifted:
            text = f"{self.model.title}: large drift of {', '.join(self.drifted)}."
            made.append(Finding("warn", text, f"{self.url}#drift", "How far"))
        return made


def _name(model: ClinicalModel, name: str) -> str:
    kind, _, concept = name.partition(":")
    if kind == "output":
        return f"the output {words.outcome_label(model, concept)}"
    named = words.label(model, concept)
    return named if kind == "input" else f"{named} (how it is recorded)"


def lines(
    models: Mapping[str, ClinicalModel], snapshots: Iterable[MonitoringSnapshot]
) -> list[Line]:
    """The registered versions that have a snapshot, in the order of the registry."""
    by_key: dict[tuple[str, str], MonitoringSnapshot] = {
        (row.model_id, row.model_version): row for row in snapshots
    }
    return [
        Line(model, by_key[model.id, model.version])
        for model in models.values()
        if (model.id, model.version) in by_key
    ]


def findings(listed: list[Line], *, registered: int, now: datetime) -> list[Finding]:
    """At least one: what needs somebody, worst first, or that nothing does."""
    if not listed:
        text = (
            "No snapshot has been taken yet. The worker of the queue bulk takes one a day; "
            "manage.py monitor_models takes one now."
        )
        return [Finding("bad", text)]
    found: list[Finding] = []
    taken_at = min(line.snapshot.taken_at for line in listed)
    if now - taken_at > LATE:
        text = f"The last snapshot of a model is of {taken_at:%-d %b %Y}: beat or the worker of the queue bulk may be down."
        found.append(Finding("bad", text))
    if registered > len(listed):
        text = (
            f"{registered - len(listed)} models have not been looked at since they were registered."
        )
        found.append(Finding("warn", text))
    found += [finding for line in listed for finding in line.findings()]
    without = sum(line.snapshot.reference_id is None and line.snapshot.asked > 0 for line in listed)
    if without:
        text = (
            f"{without} models have no reference, so that drift cannot be seen. A data steward "
            "freezes what stands now, once it is known to be right."
        )
        found.append(Finding("warn", text, "#reference", "Set a reference"))
    silent = [line.model.title for line in listed if line.is_silent]
    if silent:
        text = f"No number for anybody, though there are people they are for: {'; '.join(silent)}."
        found.append(Finding("warn", text))
    found.sort(key=lambda finding: finding.level != "bad")
    return found or [
        Finding(
            "good",
            "No drift beyond the limits, no jump of refusals, and no number that is known to be off.",
        )
    ]


def tiles(listed: list[Line]) -> dict[str, Any]:
    """Sums over the models."""
    return {
        "models": len(listed),
        "twins": words.count(max((line.snapshot.twins for line in listed), default=0)),
        "drifted": sum(bool(line.drifted) for line in listed),
        "early": sum(line.calibration in ("too early", "no outcomes yet") for line in listed),
    }
