"""Who a what-if is about: what stops it, what is taken already, what is not borne, what does not fit.

Read on the careful side [J]: a name in free text is enough for a medicine or an allergy.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.risk.ckd_epi_2021 import ADULT_AGE
from models_engine.catalogue.what_if.medicines import named, perhaps
from models_engine.catalogue.what_if.propagate import Person
from models_engine.features import StateReader
from patients.record.allergy_status import ALLERGY, allergy_status
from patients.record.drafts import Quality
from patients.record.state import State, Value
from patients.terminology.codings import Atc, code_of
from patients.terminology.conditions import CONDITIONS
from patients.terminology.medications import CLASSES, medication_of

# of lipid values so far apart no sum is made [J]
MOST_DAYS_APART = 90
# rounding of three laboratory values, mmol/L [J]
ROUNDING = 0.05
UNREAD = (Quality.UNCLASSIFIED.value, Quality.MODIFIED.value)
DIED = "This person has died: there is nothing to try."
NO_ADULT = "The trials and the models are of adults: there is no what-if below 18 years."
NO_AGE = "The age is not known, and the trials are of adults: there is no what-if."
PREGNANT = (
    "A pregnancy is recorded. None of the effects was studied in pregnancy, and some of these "
    "treatments are harmful in it: there is no what-if."
)
NOT_RECORDED = "Allergies are not recorded, neither any nor none: nothing could be compared."


def person_of(
    state: State,
    reader: StateReader,
    sources: Mapping[str, InputUsed],
    *,
    allergies_waiting: bool = False,
) -> Person:
    """The person of a state. `allergies_waiting`: an allergy was sent and could not be stored."""
    conditions = {concept for concept in CONDITIONS if state.history(concept) is not None}
    classes = {concept for concept in CLASSES if state.active(concept) is not None}
    taken, may_be = _taken(state)
    against, notes, unread = _allergies(state)
    unread = unread or allergies_waiting
    if unread:
        notes.insert(0, "An allergy is recorded that could not be read: look at the record.")
    return Person(
        frozenset(conditions),
        frozenset(classes | taken),
        perhaps=may_be,
        allergies=against,
        allergy_notes=tuple(notes),
        allergies_unread=unread,
        barred=_barred(state, reader),
        unfit=_unfit(sources),
    )


def _barred(state: State, reader: StateReader) -> str:
    if state.deceased:
        return DIED
    if not is_adult(state):
        return NO_AGE if state.age is None else NO_ADULT
    return PREGNANT if "pregnancy" in reader.circumstances.active else ""


def is_adult(state: State) -> bool:
    """Whether the person is surely an adult, though the very age may not be known."""
    if state.age is not None:
        return state.age >= ADULT_AGE
    born = state.birth_date
    # only the year is known: old enough whatever the day
    return born is not None and state.as_of.year - born.year > ADULT_AGE


def _atc(value: Value) -> str:
    code = code_of(value.system, value.source_code)
    return code.value if isinstance(code, Atc) else ""


def _going_on(state: State, *, unread: bool) -> Iterator[Value]:
    """Medicines in force: those that are used, or those that no table of ours knows."""
    for values in (state.not_used if unread else state.values).values():
        for value in values:
            counts = not unread or value.quality in UNREAD
            if value.kind == "medication" and counts and value.is_active(state.as_of):
                yield value


def _taken(state: State) -> tuple[set[str], dict[str, tuple[str, ...]]]:
    """Kinds of medicine that are taken, and those that may be with the words of the record.

    A medicine that nothing names may be any: its kind is "".
    """
    taken: set[str] = set()
    may_be: defaultdict[str, list[str]] = defaultdict(list)
    for unread in (False, True):
        for value in _going_on(state, unread=unread):
            atc = _atc(value)
            kinds = named(f"{value.code} {value.display}", atc)
            taken |= kinds
            if atc and (open_ := perhaps(atc) - kinds):
                for kind in open_:
                    may_be[kind].append(_words(value))
            elif unread and not kinds and not (atc and medication_of(Atc(atc))):
                may_be[""].append(_words(value))
    return taken, {kind: tuple(dict.fromkeys(words)) for kind, words in may_be.items()}


def _words(value: Value) -> str:
    return value.display or value.source_code or "a medicine without a name"


def _allergies(state: State) -> tuple[dict[str, tuple[str, ...]], list[str], bool]:
    """Kinds that are not borne with the words of the record, what to say, whether one is unread."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    status, others = allergy_status(state), []
    unread = any(
        v.is_active(state.as_of) and v.quality in UNREAD for v in state.not_used.get(ALLERGY, ())
    )
    for value in status.listed:
        code = code_of(value.system, value.source_code)
        known = medication_of(code) if code else None
        words = value.display if value.display != value.source_code else ""
        name = known.name if known else ""
        kinds = named(f"{words} {name}", _atc(value)) | set(known.classes if known else ())
        for kind in kinds:
            found[kind].append(words or name)
        if not kinds and words:
            others.append(words)
        unread = unread or not (kinds or words or name)
    notes = []
    if others:
        names = ", ".join(dict.fromkeys(others))
        notes.append(f"Recorded allergies that match no treatment of this page: {names}.")
    if status.kind == "not_recorded":
        notes.append(NOT_RECORDED)
    return {kind: tuple(dict.fromkeys(names)) for kind, names in found.items()}, notes, unread


def _unfit(sources: Mapping[str, InputUsed]) -> dict[str, str]:
    """Paths of the sum of lipids whose values are not of one sample, by id with the reason."""
    total, ldl, hdl = (sources.get(f"{name}_cholesterol") for name in ("total", "ldl", "hdl"))
    found: dict[str, str] = {}
    if total is None:
        return found
    for path, part in (("ldl_total", ldl), ("hdl_total", hdl)):
        if part and part.effective_at and total.effective_at:
            days = abs((part.effective_at - total.effective_at).days)
            if days > MOST_DAYS_APART:
                found[path] = (
                    f"{part.label} and total cholesterol were measured {days} days apart: they are "
                    "no parts of one sum. Measure them together."
                )
    if ldl and ldl.value is not None and total.value is not None:
        most = total.value - (hdl.value if hdl and hdl.value is not None else 0.0)
        if ldl.value > most + ROUNDING:
            found["ldl_total"] = (
                f"The recorded LDL cholesterol ({ldl.value:.2f} mmol/L) is more than total less "
                f"HDL cholesterol ({most:.2f} mmol/L): the values do not fit. Measure them together."
            )
    return found
