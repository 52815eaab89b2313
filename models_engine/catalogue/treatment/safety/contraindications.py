"""Reasons in the person against a medicine: conditions, pregnancy, age, laboratory, liver."""

from collections.abc import Iterator
from dataclasses import replace

from models_engine.catalogue.treatment.knowledge.criteria import Answer
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import Contraindication
from models_engine.catalogue.treatment.person import TreatmentPerson
from models_engine.catalogue.treatment.safety import words
from models_engine.catalogue.treatment.safety.finding import Finding, Kind, Level
from models_engine.catalogue.treatment.safety.medicine import Compared, rows_about

TABLE = "contraindications"
PREGNANCY = "pregnancy"
# years in which a pregnancy is thought of where none is recorded [J]
COULD_BE_PREGNANT = (12, 50)


def contraindications(
    medicine: Compared, person: TreatmentPerson, knowledge: Knowledge
) -> Iterator[Finding]:
    """One finding of each row that holds, or that could not be told."""
    for row in rows_about(Contraindication, medicine, knowledge):
        limit, given = row.over_daily_mg, medicine.daily_mg
        if limit is not None and given is not None and given <= limit:
            continue
        answer = row.when.ask(person)
        if answer.holds and limit is not None and given is None:
            yield _found(row, "told", f"The daily dose is not known. {row.says}", answer, person)
        elif answer.holds:
            yield _found(row, row.severity, row.says, answer, person)
        elif answer.holds is None:
            yield _not_told(row, answer, person)
        elif row.kind == PREGNANCY and _would_hold_if_pregnant(row, person):
            text = f"No pregnancy is recorded; there could be one. {row.says}"
            yield _found(row, "told", text, Answer(True, used=("age",)), person)


def could_be_pregnant(person: TreatmentPerson) -> bool:
    """Nothing recorded speaks against it: told where it matters, never assumed."""
    low, high = COULD_BE_PREGNANT
    return person.sex != "male" and person.age is not None and low <= person.age <= high


def _would_hold_if_pregnant(row: Contraindication, person: TreatmentPerson) -> bool:
    if not could_be_pregnant(person):
        return False
    pregnant = replace(person, conditions={**person.conditions, PREGNANCY: ()})
    return row.when.ask(pregnant).holds is not False


def _kind(row: Contraindication) -> Kind:
    return "contraindication" if row.kind == "condition" else row.kind


def _found(
    row: Contraindication, level: str, text: str, answer: Answer, person: TreatmentPerson
) -> Finding:
    return Finding(
        kind=_kind(row),
        level=level,  # type: ignore[arg-type]
        message=words.with_reading(text, words.read_words(answer.used, person)),
        plain=row.plain,
        table=TABLE,
        row=row.id,
        references=words.references_to(answer.used, person),
    )


def _not_told(row: Contraindication, answer: Answer, person: TreatmentPerson) -> Finding:
    level: Level = "ask" if row.asks else "told"
    missing = words.to_record(answer.missing, person)
    return Finding(
        kind="missing",
        level=level,
        message=f"{words.missing_words(answer.missing, person)} It decides this: {row.says}",
        plain=words.missing_plain(missing),
        table=TABLE,
        row=row.id,
        references=words.references_to(answer.used, person),
        missing=missing,
    )
