"""Conditions that often come next, on the twin page; nothing until the site has switched it on.

Counted when the page is opened and stored nowhere: it is research, for clinicians, and neither
released to the patient nor written back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from explain.wording.numbers import frequency, percent
from models_engine.catalogue.disease.aalen_johansen import Share
from models_engine.catalogue.disease.artefact import Trajectories
from models_engine.catalogue.disease.landmarks import Rules
from models_engine.catalogue.disease.predict import Found, Next, Refusal, next_conditions
from models_engine.disease_histories import history_of
from patients.models import Patient
from twinportal.dashboards.disease_trajectories import (
    method_sentence,
    recall_text,
    span,
    switched_on,
)

NO_BIRTH_DATE = "No number: the birth date is not recorded."


@dataclass(frozen=True)
class NextRow:
    """One condition as the table shows it."""

    label: str
    out_of: str
    percent: str
    interval: str
    same_age_sex: str
    people: int
    events: int
    nearest: str


@dataclass(frozen=True)
class NextConditions:
    """The section: `refused` says why there are no rows, `held_out` how good the numbers were."""

    rows: list[NextRow]
    refused: str
    window: str = ""
    counted: str = ""
    held_out: str = ""
    method: str = ""
    note: str = ""


def next_conditions_of(patient: Patient, now: datetime) -> NextConditions | None:
    """None where nothing is switched on: no query then, two otherwise."""
    chosen = switched_on()
    if chosen is None:
        return None
    artefact = chosen.artefact
    if artefact is None:
        return NextConditions([], f"No number: {chosen.fault}.")
    if artefact.problems:
        return NextConditions([], " ".join(["No number.", *artefact.problems]))
    person = history_of(patient, now, artefact.rules)
    if person is None:
        return NextConditions([], NO_BIRTH_DATE)
    found = next_conditions(artefact, person, now.astimezone(UTC).date().toordinal())
    return NextConditions(
        rows=[_row(row) for row in found.rows],
        refused=_refused(found, artefact.rules),
        window=span(artefact.rules.window),
        counted=_counted(found),
        held_out=_held_out(artefact),
        method=method_sentence(artefact),
        note=artefact.content.get("note", ""),
    )


def _row(row: Next) -> NextRow:
    share = row.share
    return NextRow(
        label=row.label,
        out_of=frequency(share.probability).out_of,
        percent=percent(share.probability),
        interval=f"{percent(share.low)} to {percent(share.high)}",
        same_age_sex=_out_of(row.same_age_sex),
        people=share.people,
        events=share.events,
        nearest=row.nearest,
    )


def _out_of(share: Share | None) -> str:
    return frequency(share.probability).out_of if share else "not known"


def _refused(found: Found, rules: Rules) -> str:
    match found.refusal:
        case None:
            return ""
        case Refusal.DIED:
            return "No number: this person has died."
        case Refusal.NOT_OBSERVED:
            return f"No number: nothing was recorded here within the last {span(rules.gap)}."
        case Refusal.RECORD_TOO_SHORT:
            return (
                f"No number: the record here is younger than {span(rules.run_in)}, and what is "
                "recorded at first is often not new."
            )
        case Refusal.NOTHING_KNOWN:
            return "No number: none of the dated diagnoses is among those that were counted here."
        case Refusal.HISTORY_TOO_SHORT:
            return (
                f"No number: of the diagnoses that were counted here {found.known} with a date; "
                f"{rules.min_history} are needed."
            )
        case Refusal.NOTHING_AT_RISK:
            return "No number: every diagnosis that was counted here is known already."


def _counted(found: Found) -> str:
    words = f"It rests on {found.known} known diagnoses"
    return f"{words}; {found.unknown} more were not counted." if found.unknown else f"{words}."


def _held_out(artefact: Trajectories) -> str:
    measured: dict[str, Any] = artefact.content["held_out"]
    whole, methods = measured["in_the_large"][0], measured["methods"]
    said = (
        f"In {measured['people']} held-out people of this site {percent(whole['predicted'])} was "
        f"predicted on average and {percent(whole['observed'])} observed"
    )
    if len(artefact.outcomes) <= methods["top"]:
        return f"{said}."
    used, simple = (methods["recall"][m] for m in (artefact.method.value, "age_sex"))
    return (
        f"{said}; the next diagnosis was among the {methods['top']} likeliest in "
        f"{recall_text(used)}, by age and sex alone in {recall_text(simple)}."
    )
