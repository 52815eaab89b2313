"""What some of the written cases have besides: an echo, a genotype, fills, a report in words [J].

Fixed, not drawn: so that whoever tries the product finds every kind of input of a treatment.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from patients.synthetic.fhir import Json, child_id, coding, concept, moment, reference
from patients.synthetic.fhir import resource as build
from patients.synthetic.vocabulary import LOINC, UCUM

HEART_FAILURE, STROKE = 11, 12
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
EJECTION_FRACTION = ("10230-1", "Left ventricular Ejection fraction")
GENOTYPE, GENE_STUDIED = ("84413-4", "Genotype display name"), ("48018-6", "Gene studied [ID]")
PHARMVAR = "http://www.pharmvar.org"
HGNC = "http://www.genenames.org/geneId"
CLOPIDOGREL = ("309362", "Clopidogrel 75 MG Oral Tablet")
# days ago of each fill, and the days that it lasts: one gap in a year
FILLS, LASTS = (340, 250, 90), 90
MORNING = 9 * 60


def written_results(index: int, owner: str, *, seed: int, day: date) -> Iterator[Json]:
    """The further resources of the written case of this number; none for anybody else."""
    if index == HEART_FAILURE:
        yield _ejection_fraction(owner, seed, day - timedelta(days=45))
    if index == STROKE:
        yield _genotype(owner, seed, day - timedelta(days=400))
        yield _in_words(owner, seed, day - timedelta(days=20))
        for ago in FILLS:
            yield _fill(owner, seed, day - timedelta(days=ago))


def _ejection_fraction(owner: str, seed: int, on: date) -> Json:
    return build(
        "Observation",
        child_id(owner, seed, "ejection-fraction"),
        status="final",
        code=concept(coding(LOINC, *EJECTION_FRACTION)),
        subject=reference("Patient", owner),
        effectiveDateTime=moment(on, MORNING),
        valueQuantity={"value": 32, "unit": "%", "system": UCUM, "code": "%"},
    )


def _genotype(owner: str, seed: int, on: date) -> Json:
    gene = {
        "code": concept(coding(LOINC, *GENE_STUDIED)),
        "valueCodeableConcept": concept(coding(HGNC, "HGNC:2621", "CYP2C19")),
    }
    return build(
        "Observation",
        child_id(owner, seed, "genotype"),
        status="final",
        code=concept(coding(LOINC, *GENOTYPE)),
        subject=reference("Patient", owner),
        effectiveDateTime=moment(on, MORNING),
        valueCodeableConcept=concept(coding(PHARMVAR, "CYP2C19 *2/*2", "CYP2C19 *2/*2")),
        component=[gene],
    )


def _in_words(owner: str, seed: int, on: date) -> Json:
    return build(
        "MedicationStatement",
        child_id(owner, seed, "own-medicine"),
        status="active",
        medicationCodeableConcept={"text": "herbal drops for the memory, from a friend"},
        subject=reference("Patient", owner),
        effectivePeriod={"start": on.isoformat()},
        dateAsserted=on.isoformat(),
    )


def _fill(owner: str, seed: int, on: date) -> Json:
    days = {"value": LASTS, "unit": "d", "system": UCUM, "code": "d"}
    return build(
        "MedicationDispense",
        child_id(owner, seed, "fill", on),
        status="completed",
        medicationCodeableConcept=concept(coding(RXNORM, *CLOPIDOGREL)),
        subject=reference("Patient", owner),
        whenHandedOver=moment(on, MORNING),
        daysSupply=days,
        quantity={"value": LASTS, "unit": "tablet"},
    )
