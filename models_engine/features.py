"""From a twin's state to a model's inputs: what is used, what is assumed, why there is no number.

The rules (missing is not the same for all):
- a required measurement that is missing or too old refuses, and says what to order;
- an optional one takes the model's published missing-term, and says so;
- a condition or medicine without a record counts as absent, and is listed as assumed;
- unknown smoking is missing, not "never"; sex is female or male, or there is no number;
- a value outside the published range refuses; nothing is clamped;
- an unusual value (quality "verify") is used and marked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np

from models_engine.bedside import BEDSIDE, observed
from models_engine.catalogue.calendar import first_day_ended, first_day_too_old, next_birthday
from models_engine.catalogue.contract import (
    FEMALE,
    MALE,
    Circumstances,
    ClinicalModel,
    FloatArray,
    Input,
    Refusal,
)
from models_engine.catalogue.display import Displayed, displayed
from models_engine.catalogue.feature_set import FeatureSet, InputStatus, InputUsed
from models_engine.catalogue.risk.applicability import CONDITION_NAMES
from models_engine.catalogue.risk.ckd_epi_2021 import ADULT_AGE, egfr
from models_engine.catalogue.risk.ckdpc_40 import CURRENT, FORMER, NEVER
from models_engine.found import (
    Found,
    derived,
    expiry,
    measured,
    missing,
    out_of_range,
    source_of,
    too_old,
)
from models_engine.hospital_stay import STAY, last_disposition, opens_on, unread_diagnoses
from models_engine.record_features import UNREADABLE, record_readers
from models_engine.why_missing import dated_ahead, why_no_egfr
from patients.record.condition_facts import UNCLASSIFIED
from patients.record.state import State, Value
from patients.record.stays import in_hospital

__all__ = [
    "Displayed",
    "FeatureMatrix",
    "StateReader",
    "build_all",
    "build_features",
    "displayed",
    "feature_matrix",
]

LACE = "lace"
SEX_CODES = {"female": FEMALE, "male": MALE}
SMOKING_CODES = {
    "smoking_status": {"current": 1.0, "former": 0.0, "never": 0.0},
    "smoking_history": {"current": CURRENT, "former": FORMER, "never": NEVER},
}
# days after which a condition that never ended in the record is no longer current: [J]; kidney
# disease of more than three months is chronic, no longer acute
CURRENT_FOR_DAYS = {"pregnancy": 300, "acute_kidney_injury": 90}
# two low eGFR at least so far apart make kidney disease chronic
CHRONIC_DAYS = 90
CHRONIC_EGFR = 60.0


@dataclass(frozen=True, eq=False)
class FeatureMatrix:
    """Feature sets of many people and, for those who may have a number, arrays by concept.

    `accepted` (m,) are positions in `sets`; each array has shape (m,), NaN for a missing optional.
    """

    sets: tuple[FeatureSet, ...]
    accepted: np.ndarray[tuple[int], np.dtype[np.intp]]
    arrays: dict[str, FloatArray]


class StateReader:
    """Reads inputs from one state; several models of one person share what it has read."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.today = state.as_of.astimezone(UTC).date()
        self._found: dict[Input, Found] = {}
        self._readers: Mapping[str, Callable[[Input], Found]] = {
            "age": self._age,
            "sex": self._sex,
            "bmi": self._bmi,
            "egfr": self._egfr,
            **record_readers(state, self.today),
        }
        self._by_role: Mapping[str, Callable[[Input], Found]] = {
            "demographic": self._measurement,
            "measurement": self._measurement,
            "derived": self._measurement,
            "record": self._measurement,
            "coded": self._smoking,
            "condition": self._condition,
            "medication": self._medication,
        }

    def find(self, declared: Input) -> Found:
        """The value of a declared input, or why there is none."""
        if declared not in self._found:
            self._found[declared] = self._read(declared)
        return self._found[declared]

    def _read(self, declared: Input) -> Found:
        elsewhere = BEDSIDE.get(declared.concept) or STAY.get(declared.concept)
        if elsewhere is not None:
            return elsewhere(self.state, declared)
        if declared.max_age_hours is not None:
            return observed(self.state, declared)
        return self._readers.get(declared.concept, self._by_role[declared.role])(declared)

    def _age(self, declared: Input) -> Found:
        if self.state.birth_date is None:
            return missing(declared, "Age: the birth date is not recorded.")
        expires = next_birthday(self.state.birth_date, self.state.birth_date_precision, self.today)
        age = self.state.age
        if age is None:
            text = "Age: the recorded birth date is too vague to tell, or lies in the future."
            return replace(missing(declared, text), expires=expires)
        source = InputUsed("age", "Age", float(age), "a", "demographic", f"{age} years")
        return Found(float(age), source, expires=expires)

    def _sex(self, declared: Input) -> Found:
        recorded = self.state.sex
        if recorded in SEX_CODES:
            value = SEX_CODES[recorded]
            return Found(value, InputUsed("sex", "Sex", value, "", "demographic", recorded))
        if recorded in ("", "unknown"):
            return missing(declared, "Sex: not recorded; the model knows female and male only.")
        text = f"Sex: recorded as {recorded}; the model knows female and male only."
        return Found(refusal=Refusal("not_applicable", "sex", text))

    def _measurement(self, declared: Input) -> Found:
        newest = self._newest(declared.concept)
        if newest is None:
            return missing(declared, self._why_missing(declared))
        if self._is_too_old(newest, declared):
            return too_old(declared, newest.effective_date)
        return measured(declared, newest)

    def _newest(self, concept: str) -> Value | None:
        return next((v for v in self.state.series(concept) if v.value is not None), None)

    def _is_too_old(self, value: Value, declared: Input) -> bool:
        limit = declared.max_age_days
        return limit is not None and self.today >= first_day_too_old(value.effective_date, limit)

    def _why_missing(self, declared: Input) -> str:
        unused = next(iter(self.state.not_used.get(declared.concept, ())), None)
        if unused is None:
            return f"{declared.label}: none recorded.{dated_ahead(self.state, declared.concept)} {declared.order}".strip()
        why = unused.reason or unused.quality.replace("_", " ")
        return (
            f"{declared.label}: the value of {unused.effective_date} is not used ({why}). "
            f"{declared.order}"
        ).strip()

    def _bmi(self, declared: Input) -> Found:
        reported, weight = self._newest("bmi"), self._newest("weight")
        height = self._adult_height()
        if (
            weight
            and height
            and (reported is None or weight.effective_date > reported.effective_date)
        ):
            if self._is_too_old(weight, declared):
                return too_old(declared, weight.effective_date)
            bmi = float(weight.value or 0) / (float(height.value or 0) / 100.0) ** 2
            return derived(declared, bmi, weight, (weight, height), "from weight and height")
        return self._measurement(declared)

    def _adult_height(self) -> Value | None:
        """The newest height measured at 18 or later; a child's height is not the adult's."""
        born = self.state.birth_date
        height = self._newest("height")
        if height is None or born is None:
            return None
        grown = born + timedelta(days=int(ADULT_AGE * 365.25))
        return height if height.effective_date >= grown else None

    def _egfr(self, declared: Input) -> Found:
        """CKD-EPI 2021 from creatinine; a reported eGFR only when it is of a later day."""
        creatinine, reported = self._newest("creatinine"), self._newest("egfr_reported")
        age, sex = self.state.age, SEX_CODES.get(self.state.sex)
        usable = creatinine if age is not None and age >= ADULT_AGE and sex is not None else None
        if usable and (reported is None or usable.effective_date >= reported.effective_date):
            if self._is_too_old(usable, declared):
                return too_old(declared, usable.effective_date)
            value = self._ckd_epi(usable)
            return derived(declared, value, usable, (usable,), "CKD-EPI 2021 from creatinine")
        if reported is None and creatinine is not None:
            return missing(declared, f"{declared.label}: {why_no_egfr(self.state)}")
        if reported is None:
            named = replace(declared, concept="creatinine")
            return missing(declared, self._why_missing(named))
        if self._is_too_old(reported, declared):
            return too_old(declared, reported.effective_date)
        found = measured(declared, reported)
        note = f"{declared.label}: as reported by the laboratory, whose equation is not known."
        return replace(found, notes=(*found.notes, note))

    def _ckd_epi(self, creatinine: Value) -> float:
        age, sex = float(self.state.age or 0), SEX_CODES[self.state.sex]
        scr = float(creatinine.value or 0.0)
        return float(egfr(np.array([age]), np.array([sex]), np.array([scr]))[0])

    def _smoking(self, declared: Input) -> Found:
        recorded = declared.recorded_concepts[0]
        newest = next(iter(self.state.series(recorded)), None)
        if newest is None:
            return missing(declared, self._why_missing(replace(declared, concept=recorded)))
        if self._is_too_old(newest, declared):
            return too_old(declared, newest.effective_date)
        codes = SMOKING_CODES[declared.concept]
        if newest.code not in codes:
            text = f"{declared.label}: unknown on {newest.effective_date}. {declared.order}"
            return missing(declared, text)
        value, doubtful = codes[newest.code], newest.quality == "verify"
        status: InputStatus = "verify" if doubtful else "used"
        source = source_of(declared, newest, value, status, newest.code)
        why = f"{declared.label} ({newest.code}): {newest.reason}. Used; please verify."
        notes = (why,) if doubtful else ()
        return Found(value, source, notes=notes, expires=expiry(declared, newest))

    def _condition(self, declared: Input) -> Found:
        for concept in declared.recorded_concepts:
            present = self._recorded(concept, ever=declared.ever)
            if present is not None:
                return self._present(declared, present)
        return self._absent(declared)

    def _recorded(self, concept: str, *, ever: bool) -> Value | None:
        if ever:
            return next(iter(self.state.series(concept)), None)
        return self.state.history(concept)

    def _medication(self, declared: Input) -> Found:
        for concept in declared.recorded_concepts:
            going_on = self.state.active(concept)
            taken = self._recorded(concept, ever=True) if declared.ever else going_on
            if taken is not None:
                return self._present(declared, taken)
        return self._absent(declared)

    def _present(self, declared: Input, value: Value) -> Found:
        source = source_of(declared, value, 1.0, "used", value.display or "yes")
        return Found(1.0, source, expires=first_day_ended(value.end_at) if value.end_at else None)

    def _absent(self, declared: Input) -> Found:
        past = [v for c in declared.recorded_concepts for v in self.state.series(c)]
        ended = max((v.end_at for v in past if v.end_at), default=None)
        note = "assumed absent: none recorded"
        if ended is not None:
            note = f"counted as absent: recorded as ended on {ended.astimezone(UTC).date()}"
        source = InputUsed(
            declared.concept, declared.label, 0.0, "", "assumed_absent", "no", note=note
        )
        return Found(0.0, source, notes=(f"{declared.label}: {note}.",))

    @cached_property
    def circumstances(self) -> Circumstances:
        """Death and the conditions that may stop a model."""
        active = {c for c in CONDITION_NAMES if self._is_current(c)}
        newest = {c: found[0] for c in CONDITION_NAMES if (found := self.state.series(c))}
        return Circumstances(
            self.state.deceased,
            frozenset(active),
            frozenset(newest),
            outside_hospital=in_hospital(self.state) is None,
            discharged_to=last_disposition(self.state),
            days_since={c: (self.today - v.effective_date).days for c, v in newest.items()},
        )

    def read_by(self, concept: str) -> tuple[int, ...]:
        """The mappings of a condition that stops a model; none where any record needs none."""
        recorded = self.state.series(concept) if concept in CONDITION_NAMES else ()
        going_on = [v for v in recorded if v.is_active(self.state.as_of)]
        read = [v.mappings for v in going_on or recorded]
        return tuple(sorted({n for numbers in read for n in numbers})) if all(read) else ()

    def _is_current(self, concept: str) -> bool:
        """Going on, and not for longer than it can be without an end in the record."""
        recorded = self.state.active(concept)
        if recorded is None or concept not in CURRENT_FOR_DAYS:
            return recorded is not None
        return (self.today - recorded.effective_date).days < CURRENT_FOR_DAYS[concept]

    @cached_property
    def ends(self) -> list[date]:
        """First days after which a condition that stops a model is over by itself.

        The planned end of a stay is among them: a score of the discharge leaves no row before it,
        so that another model's row must remember the day.
        """
        discharge = opens_on(self.state)
        found: list[date] = [] if discharge is None else [discharge]
        for concept in CONDITION_NAMES:
            going_on = self.state.active(concept)
            if going_on and going_on.end_at:
                found.append(first_day_ended(going_on.end_at))
            if going_on and concept in CURRENT_FOR_DAYS and self._is_current(concept):
                found.append(going_on.effective_date + timedelta(CURRENT_FOR_DAYS[concept]))
        return found

    def no_longer_recent(self, model: ClinicalModel) -> list[date]:
        """First days on which a condition that the model asks to be recent is so no more."""
        return [
            first_day_too_old(found[0].effective_date, limit)
            for concept, limit in model.recent.items()
            if (found := self.state.series(concept))
        ]

    def notes_on(self, model: ClinicalModel) -> tuple[str, ...]:
        """What a reader of this model's number should know beyond its inputs."""
        notes = []
        roles = {i.role for i in model.inputs}
        if "medication" in roles and (count := self._unclassified_medicines()):
            notes.append(f"Medications not classified: {count}; they were not counted.")
        if "condition" in roles and (count := self._unclassified_diagnoses()):
            notes.append(f"Diagnoses sent in codes that are not read: {count}; not counted.")
        if "condition" in roles or "medication" in roles:
            notes += self._without_end("pregnancy", "A pregnancy")
        if any(i.concept == "egfr" for i in model.inputs):
            notes += self._without_end("acute_kidney_injury", "An acute kidney injury")
        uses_inr = any(i.concept == "inr" for i in model.inputs)
        if uses_inr and self.state.active("vitamin_k_antagonist") is not None:
            notes.append("A vitamin K antagonist raises the INR: it does not tell liver function.")
        if model.family == "kfre" and not self._is_chronic():
            notes.append(
                "Chronic kidney disease is not confirmed by the record: no diagnosis, and no "
                f"second eGFR below 60 at least {CHRONIC_DAYS} days earlier."
            )
        if model.id == LACE and (count := unread_diagnoses(self.state)):
            notes.append(
                f"At least this score. Diagnoses in codes that are not read: {count}; no "
                "comorbidity was counted from them."
            )
        return tuple(notes)

    def _without_end(self, concept: str, name: str) -> tuple[str, ...]:
        recorded = self.state.active(concept)
        if recorded is None or self._is_current(concept):
            return ()
        said = f"{name} recorded on {recorded.effective_date} has no recorded end"
        return (f"{said}; it was not counted as current.",)

    def _unclassified_diagnoses(self) -> int:
        sent = self.state.not_used.get(UNCLASSIFIED, ())
        return len({v.resource_id for v in sent if v.quality in UNREADABLE})

    def _unclassified_medicines(self) -> int:
        return len(
            {
                (v.resource_type, v.resource_id)
                for values in self.state.not_used.values()
                for v in values
                if v.kind == "medication"
                and v.quality in ("unclassified", "modified")
                and v.is_active(self.state.as_of)
            }
        )

    def _is_chronic(self) -> bool:
        if self.state.history("ckd") is not None:
            return True
        low = [v for v in self.state.series("egfr_reported") if (v.value or 0) < CHRONIC_EGFR]
        if self.state.age is not None and self.state.sex in SEX_CODES:
            low += [v for v in self.state.series("creatinine") if self._ckd_epi(v) < CHRONIC_EGFR]
        days = [v.effective_date for v in low]
        return bool(days) and (max(days) - min(days)).days >= CHRONIC_DAYS


def build_features(
    model: ClinicalModel, state: State, reader: StateReader | None = None
) -> FeatureSet:
    """The inputs of `model` for the person and moment of `state`, or why there is no number.

    Every refusal is listed, not only the first. Pass one `reader` to share the reading between
    the models of one state.
    """
    reader = reader or StateReader(state)
    gathered = _Gathered()
    for declared in model.inputs:
        gathered.add(declared, reader.find(declared))
    not_applicable = tuple(
        replace(refusal, mappings=reader.read_by(refusal.concept) or gathered.read_by(refusal))
        for refusal in model.applies(replace(reader.circumstances, values=gathered.values))
    )
    # what has ended already, a healed infarction, cannot end again
    moments = map(first_day_ended, gathered.moments)
    days = (*gathered.expires, *reader.ends, *reader.no_longer_recent(model), *moments)
    expiry = [day for day in days if day > reader.today]
    # several inputs may be refused for one and the same reason: no stay in hospital
    refusals = tuple(dict.fromkeys((*not_applicable, *gathered.refusals)))
    return FeatureSet(
        model_id=model.id,
        as_of=state.as_of,
        values=gathered.values,
        sources=gathered.sources,
        refusals=refusals,
        notes=(*gathered.notes, *reader.notes_on(model)),
        valid_until=min(expiry, default=None),
        # without a number there is nothing to take down
        expires_at=None if refusals else min(gathered.moments, default=None),
    )


@dataclass
class _Gathered:
    """Inputs as they are read, one after the other."""

    values: dict[str, float] = field(default_factory=dict)
    sources: dict[str, InputUsed] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    expires: list[date] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)

    def add(self, declared: Input, found: Found) -> None:
        if found.expires:
            self.expires.append(found.expires)
        if found.expires_at:
            self.moments.append(found.expires_at)
        if found.value is None or found.source is None:
            self._add_missing(declared, found)
            return
        self.sources[declared.concept] = found.source
        self.notes.extend((*found.notes, *found.source.reading_notes()))
        if not declared.accepts(found.value):
            self.refusals.append(out_of_range(declared, found.value, found.source))
            return
        self.values[declared.concept] = found.value

    def read_by(self, refusal: Refusal) -> tuple[int, ...]:
        """The mappings of the input that a refusal is about."""
        source = self.sources.get(refusal.concept)
        return source.read_by() if source else ()

    def _add_missing(self, declared: Input, found: Found) -> None:
        refusal = found.refusal or Refusal("missing", declared.concept, declared.label)
        if declared.required:
            self.refusals.append(refusal)
            return
        without = declared.if_missing or "The model's term for a missing value was used."
        status: InputStatus = "not_assessable" if declared.if_missing else "missing_term"
        note = f"{refusal.message} {without}"
        self.sources[declared.concept] = InputUsed(
            declared.concept, declared.label, None, declared.unit, status, note=note
        )
        self.notes.append(note)


def build_all(models: Sequence[ClinicalModel], state: State) -> tuple[FeatureSet, ...]:
    """The feature sets of several models for one state, which is read once."""
    reader = StateReader(state)
    return tuple(build_features(model, state, reader) for model in models)


def feature_matrix(model: ClinicalModel, states: Sequence[State]) -> FeatureMatrix:
    """Feature sets of many people, and arrays of those who may have a number."""
    sets = tuple(build_features(model, state) for state in states)
    accepted = np.flatnonzero([one.is_usable for one in sets])
    arrays = {
        declared.concept: np.array(
            [sets[at].values.get(declared.concept, np.nan) for at in accepted], dtype=np.float64
        )
        for declared in model.inputs
    }
    return FeatureMatrix(sets, accepted, arrays)
