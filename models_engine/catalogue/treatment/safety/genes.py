"""What a person's genes say of a medicine. A gene that was not tested says nothing."""

from collections.abc import Iterator

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import GeneRule
from models_engine.catalogue.treatment.person import GeneResult, Reference, TreatmentPerson
from models_engine.catalogue.treatment.safety import words
from models_engine.catalogue.treatment.safety.finding import Finding, Level
from models_engine.catalogue.treatment.safety.medicine import Compared, rows_about

TABLE = "pharmacogenomics"


def genes(medicine: Compared, person: TreatmentPerson, knowledge: Knowledge) -> Iterator[Finding]:
    """One finding of each rule of a tested gene; a result that could not be read is asked for."""
    rules = rows_about(GeneRule, medicine, knowledge)
    for result in person.genes:
        own = [row for row in rules if row.gene == result.gene]
        if own and not result.phenotype:
            yield _unread(result, own[0])
        for row in own:
            if _same(row.phenotype, result.phenotype):
                yield from _of_rule(row, result, medicine, person)


def _same(wanted: str, found: str) -> bool:
    """Phenotypes of a rule may be several, separated by "/"."""
    return found.strip().lower() in {one.strip().lower() for one in wanted.split("/")}


def _of_rule(
    row: GeneRule, result: GeneResult, medicine: Compared, person: TreatmentPerson
) -> Iterator[Finding]:
    answer = row.when.ask(person)
    if answer.holds is False:
        return
    references: tuple[Reference, ...] = (result.reference,) if result.reference else ()
    told = f"{result.gene} {result.told_as or result.phenotype}"
    if answer.holds is None:
        missing = words.to_record(answer.missing, person)
        yield Finding(
            kind="missing",
            level="told",
            message=f"{told}. {words.missing_words(answer.missing, person)} It decides this: {row.says}",
            plain=words.missing_plain(missing),
            table=TABLE,
            row=row.id,
            references=references,
            missing=missing,
        )
        return
    given, most = medicine.daily_mg, row.daily_mg
    fits = given is not None and most is not None and given <= most
    level: Level = "told" if fits else row.severity  # type: ignore[assignment]
    advice = f" {row.advice}" if row.advice else ""
    other = f" Instead: {row.alternatives}." if row.alternatives and not fits else ""
    yield Finding(
        kind="gene",
        level=level,
        message=f"{told}: {row.says}{advice}{other}",
        plain=row.plain,
        table=TABLE,
        row=row.id,
        references=(*references, *words.references_to(answer.used, person)),
        daily_mg=most,
    )


def _unread(result: GeneResult, row: GeneRule) -> Finding:
    return Finding(
        kind="gene",
        level="ask",
        message=f"{result.gene} was tested, and the result could not be read ({result.told_as}). {row.says}",
        plain="A gene test in your record could not be read. Ask your care team about it.",
        table=TABLE,
        row=row.id,
        references=(result.reference,) if result.reference else (),
        missing=(result.gene,),
    )
