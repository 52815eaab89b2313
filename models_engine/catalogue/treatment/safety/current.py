"""What speaks against the medicines that are taken, one by one, whoever takes them. Pure.

At any age and for any indication, in pregnancy too. What medicines do together is told elsewhere
(`interactions_among`, `duplicates_among`).
"""

from collections.abc import Iterator

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.person import Taken, TreatmentPerson
from models_engine.catalogue.treatment.safety.allergies import allergies
from models_engine.catalogue.treatment.safety.contraindications import contraindications
from models_engine.catalogue.treatment.safety.dosing import kidney_doses
from models_engine.catalogue.treatment.safety.finding import Finding, settled
from models_engine.catalogue.treatment.safety.genes import genes
from models_engine.catalogue.treatment.safety.medicine import Compared, all_taken


def findings_of_taken(
    person: TreatmentPerson, knowledge: Knowledge
) -> tuple[tuple[Taken, tuple[Finding, ...]], ...]:
    """Every medicine with its findings, the gravest first, in the order of the record.

    Without findings nothing was found; of a medicine that `is_known` to nobody nothing could be.
    Nobody who has died takes a medicine.
    """
    if person.has_died:
        return ()
    compared = all_taken(person.medicines, knowledge)
    return tuple(
        (taken, settled(_of_one(one, person, knowledge)))
        for taken, one in zip(person.medicines, compared, strict=True)
    )


def _of_one(medicine: Compared, person: TreatmentPerson, knowledge: Knowledge) -> Iterator[Finding]:
    for check in (contraindications, kidney_doses, genes):
        yield from check(medicine, person, knowledge)
    for one in allergies(medicine, person, knowledge):
        # that allergies are not recorded, or not read, is no finding about one medicine
        if one.table or (one.other and one.level != "ask"):
            yield one
