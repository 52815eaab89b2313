"""Medication resources -> one row for each drug: what a person takes, and who says so.

Orders, statements, administrations and dispenses of one set of ingredients are one row, brand or
generic; a combination is a drug of its own. What they say is laid side by side: an active order
beside a later statement that it is no longer taken is `uncertain`, and both are named. The rules
[J]; what counts as going on is `exposure.py`:

* `taken`: an order or a statement is active, or what was handed over still lasts.
* `uncertain`: a statement contradicts an active order, or a stopped or held order an active
  statement; a plan that nobody reports as taken; an unknown status; only supply, and it ran out
  within the last year without a word of an end.
* `planned`: begins later. `on_hold`. `stopped`: everything that speaks of it is over.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from patients.record.adherence import Adherence, Fill, adherence
from patients.record.daily_dose import DailyDose, daily_dose
from patients.record.drafts import Quality, Resolve
from patients.record.elements import Json, child, children, text
from patients.record.exposure import Exposure, days_supplied, exposure
from patients.record.medication_names import Named, named
from patients.record.modifiers import unknown_modifier
from patients.record.moments import end_of, moment_in
from patients.terminology.meanings import NO_MEANINGS, LocalMeanings

Status = Literal["taken", "planned", "on_hold", "stopped", "uncertain"]
_Standing = Literal["going_on", "planned", "on_hold", "over", "doubtful"]
ORDER, STATEMENT = "MedicationRequest", "MedicationStatement"
DISPENSE, ADMINISTRATION = "MedicationDispense", "MedicationAdministration"
# how long after the last supply nobody knows whether it is still taken
SILENCE = timedelta(days=365)
REFERENCES_SHOWN = 20
_ORDER_OF_STATUS = ("taken", "uncertain", "planned", "on_hold", "stopped")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One stored medication resource, of its current version."""

    content: Json
    resource_type: str
    resource_id: str
    version: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class MedicineReference:
    """Which resource speaks of it, when (`date` None: undated), and what it `says`."""

    resource_type: str
    resource_id: str
    version: int
    date: datetime | None
    says: str


@dataclass(frozen=True, slots=True)
class MedicineTaken:
    """One drug of a person. Dates are aware; `daily_mg` is of a single ingredient, else None.

    `reason` says why a status is uncertain, `dose_why_not` why there is no daily dose and
    `why_not_resolved` why the drug is not known. `references` are the newest first, at most 20
    of `resources`.
    """

    ingredients: tuple[str, ...]
    atc: tuple[str, ...]
    rxnorm: tuple[str, ...]
    display: str
    status: Status
    started: datetime | None
    ended: datetime | None
    daily_mg: float | None
    dose_text: str
    dose_why_not: str
    route: str
    as_needed: bool
    adherence: Adherence | None
    contradictions: tuple[str, ...]
    references: tuple[MedicineReference, ...]
    is_resolved: bool
    reason: str = ""
    why_not_resolved: str = ""
    resources: int = 0
    # the data stewards' mappings without which it would not be resolved
    mappings: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The ingredients, else what was sent."""
        return " / ".join(self.ingredients) or self.display


@dataclass(frozen=True, slots=True)
class _Said:
    """What one resource says."""

    recorded: Recorded
    named: Named
    exposure: Exposure
    standing: _Standing
    doubt: str
    says: str
    start: datetime
    dose: DailyDose
    # when it was said: of a later word on the same drug the later one counts as the newer
    said_at: datetime

    @property
    def type(self) -> str:
        return self.recorded.resource_type

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.recorded.resource_id}"


@dataclass(slots=True)
class _Row:
    said: list[_Said] = field(default_factory=list)

    def of(self, *standings: str, types: Sequence[str] = ()) -> list[_Said]:
        """Those in one of the standings, newest first."""
        found = (s for s in self.said if s.standing in standings and (not types or s.type in types))
        return sorted(found, key=lambda s: (s.said_at, s.reference), reverse=True)


def reconciled(
    resources: Iterable[Recorded],
    as_of: datetime,
    *,
    resolve: Resolve | None = None,
    meanings: LocalMeanings = NO_MEANINGS,
) -> tuple[MedicineTaken, ...]:
    """One row a drug: what is taken first, then by name.

    What was entered in error, cancelled, drafted or proposed says nothing here, nor does an
    administration or a dispense that is dated after `as_of`.

    Raises:
        ValueError: `as_of` has no time zone.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    rows: defaultdict[tuple[str, ...], _Row] = defaultdict(_Row)
    for one in resources:
        said = _said(one, as_of, resolve, meanings)
        if said is not None:
            rows[said.named.ingredients or ("?", said.named.identity)].said.append(said)
    found = [_medicine(row, as_of) for row in rows.values()]
    return tuple(sorted(found, key=lambda m: (_ORDER_OF_STATUS.index(m.status), m.name.casefold())))


def _said(
    one: Recorded, as_of: datetime, resolve: Resolve | None, meanings: LocalMeanings
) -> _Said | None:
    resource = one.content
    span = exposure(resource)
    start = span.start.at if span.start else one.recorded_at
    judged = _standing(resource, span, start, as_of)
    if judged is None:
        return None
    standing, doubt = judged
    drug = named(resource, resolve, meanings)
    dosages = children(resource, "dosageInstruction") or children(resource, "dosage")
    return _Said(
        recorded=one,
        named=drug,
        exposure=span,
        standing=standing,
        doubt=doubt,
        says=_in_words(resource),
        start=start,
        dose=daily_dose(dosages, drug.strength_mg, len(drug.ingredients) or 1),
        said_at=_said_at(resource, start, one.recorded_at),
    )


def _standing(
    resource: Json, span: Exposure, start: datetime, as_of: datetime
) -> tuple[_Standing, str] | None:
    """How one resource stands at `as_of`, and what is doubtful; None when it says nothing."""
    kind, status = text(resource, "resourceType"), text(resource, "status")
    if changed := unknown_modifier(resource):
        return "doubtful", changed
    if kind == STATEMENT and status == "not-taken":
        return "over", ""
    if status == "unknown":
        return "doubtful", "its status is unknown"
    if kind == STATEMENT and status == "intended":
        return ("planned", "") if start > as_of else ("doubtful", "intended, not said to be taken")
    if span.judgement.quality == Quality.INACTIVE:
        return None
    if start > as_of:
        return ("planned", "") if kind in (ORDER, STATEMENT) else None
    if status == "on-hold":
        return "on_hold", ""
    is_over = span.end is not None and span.end <= as_of
    if is_over or (span.start is None and status in ("completed", "stopped")):
        return "over", ""
    if kind == ORDER and text(resource, "intent") == "plan" and not _is_reported(resource):
        return "doubtful", "a plan, and nobody says that it is followed"
    return "going_on", ""


def _is_reported(resource: Json) -> bool:
    return resource.get("reportedBoolean") is True or bool(child(resource, "reportedReference"))


def _said_at(resource: Json, start: datetime, recorded_at: datetime) -> datetime:
    """When it was asserted or written, as it says; a stop is said when its version came."""
    if text(resource, "resourceType") == ORDER and text(resource, "status") in (
        "stopped",
        "on-hold",
        "completed",
    ):
        return recorded_at
    found = moment_in(resource, "dateAsserted", "authoredOn", "whenHandedOver", "whenPrepared")
    if found is None and text(resource, "status") in ("stopped", "completed", "not-taken"):
        return end_of(child(resource, "effectivePeriod")) or start
    return found.at if found else start


def _in_words(resource: Json) -> str:
    names = {ORDER: "order", STATEMENT: "statement", DISPENSE: "dispensed"}
    kind = names.get(text(resource, "resourceType"), "given")
    return f"{kind}, {text(resource, 'status') or 'without status'}"


def _medicine(row: _Row, as_of: datetime) -> MedicineTaken:
    status, reason, contradictions = _status(row, as_of)
    going_on = row.of("going_on") or row.of("planned") or row.of("doubtful", "on_hold")
    carried = going_on if status != "stopped" else row.of("over")
    newest = max(row.said, key=lambda s: (s.said_at, s.reference))
    first = (carried or [newest])[0]
    ended = _ended(carried, as_of, is_over=status == "stopped")
    dose, disagreement = _dose(carried or [newest])
    fills = [fill for s in row.said if (fill := _fill(s))]
    ordered = sorted(row.said, key=lambda s: (s.start, s.reference), reverse=True)
    drug = first.named
    return MedicineTaken(
        ingredients=drug.ingredients,
        atc=_union(s.named.atc for s in ordered),
        rxnorm=_union(s.named.rxnorm for s in ordered),
        display=drug.display,
        status=status,
        started=_started(carried or [newest]),
        ended=ended,
        daily_mg=dose.mg,
        dose_text=dose.text,
        dose_why_not=dose.why_not,
        route=dose.route,
        as_needed=dose.as_needed,
        adherence=adherence(fills, as_of, ended if status == "stopped" else None),
        contradictions=(*contradictions, *disagreement),
        references=tuple(_reference(s) for s in ordered[:REFERENCES_SHOWN]),
        is_resolved=bool(drug.ingredients),
        reason=reason,
        why_not_resolved=drug.why_not,
        resources=len(ordered),
        mappings=tuple(sorted({number for s in row.said for number in s.named.mappings})),
    )


def _status(row: _Row, as_of: datetime) -> tuple[Status, str, tuple[str, ...]]:
    """The status, why it is uncertain, and what contradicts each other."""
    orders = row.of("going_on", types=(ORDER,))
    statements = row.of("going_on", types=(STATEMENT,))
    if orders:
        denied = [s for s in row.of("over", types=(STATEMENT,)) if s.said_at >= orders[0].said_at]
        found = [_against(orders[0], s) for s in denied]
    elif statements:
        ended = row.of("over", "on_hold", types=(ORDER,))
        denied = [
            s
            for s in ended
            if text(s.recorded.content, "status") != "completed"
            and s.said_at >= statements[0].said_at
        ]
        found = [_against(s, statements[0]) for s in denied]
    else:
        found = []
    if found:
        return "uncertain", found[0], tuple(dict.fromkeys(found))
    if orders or statements or row.of("going_on"):
        return "taken", "", tuple(_held_beside(row, orders))
    if doubtful := row.of("doubtful"):
        return "uncertain", f"{doubtful[0].reference}: {doubtful[0].doubt}", ()
    if row.of("planned"):
        return "planned", "", ()
    if row.of("on_hold"):
        return "on_hold", "", ()
    return _after_supply(row, as_of)


def _held_beside(row: _Row, orders: Sequence[_Said]) -> Iterable[str]:
    return (_against(orders[0], s) for s in row.of("on_hold", types=(ORDER,)) if orders)


def _after_supply(row: _Row, as_of: datetime) -> tuple[Status, str, tuple[str, ...]]:
    """All is over: stopped, unless only what was handed over has run out."""
    if any(s.type != DISPENSE for s in row.said):
        return "stopped", "", ()
    ends = [s.exposure.end for s in row.said if s.exposure.end]
    last = max(ends, default=None)
    if last is None or as_of - last > SILENCE:
        return "stopped", "", ()
    return "uncertain", f"the last supply ended on {last:%Y-%m-%d}; nobody says it was stopped", ()


def _against(one: _Said, other: _Said) -> str:
    return f"{one.reference} says: {one.says}; {other.reference} says: {other.says}"


def _started(carried: Sequence[_Said]) -> datetime | None:
    return min((s.start for s in carried if s.exposure.start), default=None)


def _ended(carried: Sequence[_Said], as_of: datetime, *, is_over: bool) -> datetime | None:
    """The last end; None while one of them has none."""
    ends = [s.exposure.end for s in carried]
    if is_over:
        # an order that is over without an end ended some day: its start is no end
        known = (s.exposure.end for s in carried if _has_end(s))
        return max((end for end in known if end), default=None)
    return None if None in ends else max((end for end in ends if end), default=None)


def _has_end(said: _Said) -> bool:
    end, start = said.exposure.end, said.exposure.start
    return end is not None and (start is None or end > start.at)


def _dose(carried: Sequence[_Said]) -> tuple[DailyDose, tuple[str, ...]]:
    """The dose of the newest order, else statement, else dispense; and where they disagree."""
    for kind in (ORDER, STATEMENT, DISPENSE):
        told = [s for s in carried if s.type == kind]
        if told:
            break
    else:
        return daily_dose([], None, 1), ()
    numbers = {
        s.reference: s.dose.mg for s in carried if s.dose.mg is not None and s.type != DISPENSE
    }
    if len({round(mg, 6) for mg in numbers.values()}) > 1 and carried[0].standing != "over":
        doses = "; ".join(f"{reference}: {mg:g} mg a day" for reference, mg in numbers.items())
        newest = told[0].dose
        why = "the sources give different doses"
        unknown = DailyDose(None, newest.text, why, newest.route, newest.as_needed)
        return unknown, (f"different doses: {doses}",)
    stated = next((s.dose for s in told if s.dose.mg is not None), told[0].dose)
    if len(told) > 1 and stated.mg is not None and carried[0].standing != "over":
        return _of_several(told, stated)
    return stated, ()


def _of_several(told: Sequence[_Said], stated: DailyDose) -> tuple[DailyDose, tuple[str, ...]]:
    """Several of one kind at once: the same order twice, or two that add up? Nobody says."""
    names = ", ".join(s.reference for s in told)
    why = f"{len(told)} sources at once, and it is not said whether their doses add up"
    unknown = DailyDose(None, stated.text, why, stated.route, stated.as_needed)
    return unknown, (f"more than one at once: {names}",)


def _fill(said: _Said) -> Fill | None:
    days = days_supplied(said.recorded.content) if said.type == DISPENSE else None
    return Fill(said.start, days) if days and said.exposure.start else None


def _union(codes: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for some in codes for code in some))


def _reference(said: _Said) -> MedicineReference:
    one = said.recorded
    date = said.exposure.start.at if said.exposure.start else None
    return MedicineReference(one.resource_type, one.resource_id, one.version, date, said.says)
