"""The dose that fits the kidney. It is compared with the daily dose of the option.

Rows without bounds are about the person alone: apixaban's two of three is written as
`age>=80|weight<=60;age>=80|creatinine>=1.5;weight<=60|creatinine>=1.5`, which is their majority.

On dialysis no filtration is known, and none is asked for: what is said of dialysis counts
(contraindications), and where nothing is, the band of the lowest kidney function.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models_engine.catalogue.treatment.knowledge.criteria import Answer
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import Contraindication, Dosing
from models_engine.catalogue.treatment.person import Reading, TreatmentPerson
from models_engine.catalogue.treatment.safety import words
from models_engine.catalogue.treatment.safety.finding import Finding, Level
from models_engine.catalogue.treatment.safety.medicine import Compared, rows_about

TABLE = "dosing"
DECIDING = ("avoid", "reduce", "full")
DIALYSIS = "dialysis"


def kidney_doses(
    medicine: Compared, person: TreatmentPerson, knowledge: Knowledge
) -> Iterator[Finding]:
    """One finding of each row that holds and changes something, and what is missing to tell."""
    rows: Sequence[Dosing] = rows_about(Dosing, medicine, knowledge)
    known = person
    if person.has(DIALYSIS):
        known = _without_filtration(person)
        if _is_said_of_dialysis(medicine, knowledge):
            rows = [row for row in rows if not row.is_bound]
    asked = [(row, row.when.ask(known)) for row in rows]
    possible = [(row, answer) for row, answer in asked if answer.holds is not False]
    yield from _measures_missing([one for one in possible if _may_change(one[0], medicine)], known)
    for row, answer in possible:
        value = known.value(row.measure) if row.is_bound else None
        if row.is_bound and (value is None or not row.covers(value)):
            continue
        measure = row.measure if person.value(row.measure) is not None else DIALYSIS
        used = (measure, *answer.used) if row.is_bound else answer.used
        if answer.holds is None:
            if _may_change(row, medicine):
                yield from _person_missing(row, answer, person)
        else:
            yield from _holds(row, used, medicine, person)


def _without_filtration(person: TreatmentPerson) -> TreatmentPerson:
    """As if no kidney filtered, for comparing only: these values are never told."""
    none = {name: Reading(0.0, "", None) for name in ("egfr", "crcl")}
    return replace(person, readings={**none, **person.readings})


def _is_said_of_dialysis(medicine: Compared, knowledge: Knowledge) -> bool:
    return any(
        word.kind == "has" and word.name == DIALYSIS
        for row in rows_about(Contraindication, medicine, knowledge)
        for word in row.when.words
    )


def _may_change(row: Dosing, medicine: Compared) -> bool:
    """Whether the row could say anything against the dose; if not, nothing has to be asked for."""
    given, fits = medicine.daily_mg, row.daily_mg
    if given is None or fits is None:
        return True
    return given > fits if row.action == "reduce" else row.action != "full" or given < fits


def _measures_missing(
    possible: Sequence[tuple[Dosing, Answer]], person: TreatmentPerson
) -> Iterator[Finding]:
    """Asked once a measure, however many bands it has."""
    bound = [row for row, _ in possible if row.is_bound and row.action != "usual"]
    for measure in dict.fromkeys(row.measure for row in bound):
        if person.value(measure) is not None:
            continue
        rows = [row for row in bound if row.measure == measure]
        decides = any(row.action in DECIDING for row in rows)
        missing = words.to_record((measure,), person)
        yield Finding(
            kind="missing",
            level="ask" if decides else "told",
            message=f"{words.missing_words((measure,), person)} The dose depends on it: {rows[0].says}",
            plain=words.missing_plain(missing),
            table=TABLE,
            row=rows[0].id,
            missing=missing,
        )


def _person_missing(row: Dosing, answer: Answer, person: TreatmentPerson) -> Iterator[Finding]:
    if row.action == "usual":
        return
    missing = words.to_record(answer.missing, person)
    yield Finding(
        kind="missing",
        level="ask" if row.action in DECIDING else "told",
        message=f"{words.missing_words(answer.missing, person)} The dose depends on it: {row.says}",
        plain=words.missing_plain(missing),
        table=TABLE,
        row=row.id,
        references=words.references_to(answer.used, person),
        missing=missing,
    )


def _holds(
    row: Dosing, used: tuple[str, ...], medicine: Compared, person: TreatmentPerson
) -> Iterator[Finding]:
    level, text = _judged(row, medicine)
    if level is None:
        return
    proposes = row.action in ("reduce", "full")
    yield Finding(
        kind="kidney_dose",
        level=level,
        message=words.with_reading(f"{row.says}{text}", words.read_words(used, person)),
        plain=row.plain or "The dose has to fit your kidneys.",
        table=TABLE,
        row=row.id,
        references=words.references_to(used, person),
        daily_mg=row.daily_mg if proposes else None,
        dose=row.dose,
    )


def _judged(row: Dosing, medicine: Compared) -> tuple[Level | None, str]:
    """How grave it is for this dose, and what is said of the dose. Doses are compared in mg a day."""
    given, fits = medicine.daily_mg, row.daily_mg
    if row.action == "avoid":
        return "X", ""
    if row.action == "caution":
        return "C", ""
    if row.action == "usual":
        return None, ""
    if given is None or fits is None:
        lacking = " The daily dose is not known." if given is None else ""
        return ("D" if row.action == "reduce" else "told"), lacking
    if row.action == "reduce" and given <= fits:
        return "told", f" {given:g} mg a day fits."
    if row.action == "full" and given >= fits:
        return None, ""
    much = "more" if row.action == "reduce" else "less"
    return "D", f" {given:g} mg a day is {much} than fits."
