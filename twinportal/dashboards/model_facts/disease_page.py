"""What was trained on this site's people, and how good it is, as the facts page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from explain.figures.calibration import Calibration, Measured, calibration
from explain.wording.numbers import percent
from models_engine.catalogue.disease.artefact import Trajectories
from models_engine.catalogue.disease.methods import METHOD_TEXT, Method
from twinportal.dashboards.disease_trajectories import method_sentence, recall_text, span


@dataclass(frozen=True)
class MethodRow:
    text: str
    recall: str
    gain: str
    is_used: bool


@dataclass(frozen=True)
class Measurement:
    """Methods and calibration in one set of people."""

    title: str
    text: str
    methods: list[MethodRow]
    plot: Mapping[str, Any] | None


@dataclass(frozen=True)
class OutcomeRow:
    label: str
    token: str
    groups: int
    people: int
    events: int
    probabilities: str


class DiseasePage:
    """One artefact."""

    def __init__(self, artefact: Trajectories) -> None:
        self.artefact, self.content = artefact, artefact.content
        self.sha256 = artefact.sha256
        self.problems = artefact.problems
        self.note = self.content.get("note", "")
        self.window = span(artefact.rules.window)
        self.method = method_sentence(artefact)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Words and what they say, for a description list."""
        data, made, rules = self.content["data"], self.content["settings"], self.artefact.rules
        parts = ", ".join(f"{n or 'few'} to {p}" for p, n in data["parts"].items())
        return [
            ("Trained on", self.content.get("trained_on", "not recorded")),
            ("Data", f"{data['people']} people of this site: {parts}"),
            ("Years", f"{data['first_year']} to {_day(self.content['as_of'])}"),
            ("Window", f"{self.window} after any day of the record"),
            ("Record needed", f"{span(rules.run_in)}, and {rules.min_history} dated diagnoses"),
            ("Counted as gone", f"after {span(rules.gap)} without any contact"),
            ("Smallest group", f"{made['least_people']} people, {made['least_events']} diagnoses"),
            ("Diagnoses", f"{len(self.artefact.tokens)} counted, {len(self.outcomes)} predicted"),
        ]

    @property
    def few(self) -> str:
        """That the share among the ten likeliest says nothing, where there are hardly more."""
        top = self.content["held_out"]["methods"]["top"]
        if len(self.artefact.outcomes) > top:
            return ""
        return f"Of {len(self.artefact.outcomes)} conditions all are among the {top} likeliest."

    @property
    def measurements(self) -> list[Measurement]:
        found = [
            _measurement(
                "In held-out people",
                "Other people than those it was trained on, the method chosen in a third group.",
                self.content["held_out"],
                self.artefact.method,
            )
        ]
        later = self.content["held_out_in_time"]
        if later:
            text = (
                f"Trained anew on what was known on {_day(later['day'])} and asked, in held-out "
                "people, what came since."
            )
            found.append(_measurement("Later in time", text, later, self.artefact.method))
        return found

    @property
    def outcomes(self) -> list[OutcomeRow]:
        found = []
        groups = self.artefact.groups(self.artefact.method)
        for at, place in enumerate(self.artefact.outcomes):
            group = groups[at]
            if group is None:
                continue
            ends = [percent(s.probability) for s in (group.shares[0], group.shares[-1])]
            found.append(
                OutcomeRow(
                    label=self.content["labels"][place],
                    token=self.artefact.tokens[place],
                    groups=len(group.shares),
                    people=sum(s.people for s in group.shares),
                    events=sum(s.events for s in group.shares),
                    probabilities=" to ".join(dict.fromkeys(ends)),
                )
            )
        return sorted(found, key=lambda row: (-row.events, row.label))


def _measurement(title: str, text: str, measured: Mapping[str, Any], used: Method) -> Measurement:
    methods = measured["methods"]
    said = f"{text} {measured['people']} people, {methods['asked']} of them with a next diagnosis."
    return Measurement(title, said, _methods(methods, used), _plot(title, measured))


def _methods(methods: Mapping[str, Any], used: Method) -> list[MethodRow]:
    return [
        MethodRow(
            text=f"{METHOD_TEXT[method][0].upper()}{METHOD_TEXT[method][1:]}",
            recall=recall_text(methods["recall"][method]),
            gain=_gain(methods["gain"][method]) if method is not Method.FREQUENCY else "–",
            is_used=method is used,
        )
        for method in Method
    ]


def _gain(row: Mapping[str, float]) -> str:
    return f"{row['mean']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"


def _plot(title: str, measured: Mapping[str, Any]) -> dict[str, Any] | None:
    rows = measured["calibration"]
    if not rows:
        return None
    points = [Measured(r["predicted"], r["observed"], r["low"], r["high"]) for r in rows]
    figure: Calibration = calibration(f"Calibration: {title[0].lower()}{title[1:]}", points)
    return {"figure": figure, "rows": rows, "where": "held-out people of this site"}


def _day(ordinal: int) -> str:
    return f"{date.fromordinal(ordinal):%-d %b %Y}"
