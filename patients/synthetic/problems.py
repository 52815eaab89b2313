"""What the chart says between visits: Condition, MedicationRequest, AllergyIntolerance."""

from collections.abc import Iterator

from patients.synthetic.chance import Chance
from patients.synthetic.chart import Chart, Diagnosis, Prescription
from patients.synthetic.fhir import Json, child_id, coding, concept, hl7, reference
from patients.synthetic.fhir import resource as build
from patients.synthetic.person import Person
from patients.synthetic.vocabulary import (
    ALLERGENS,
    DISEASES,
    ICD10CM,
    NO_KNOWN_ALLERGY,
    RXNORM,
    SNOMED,
    Allergen,
    Drug,
)

# the shares of people with a listed allergy and with none confirmed; the rest were never asked [J]
_LISTED, _NONE_CONFIRMED = 0.25, 0.40


class ProblemResources:
    """Builds the problem list, the medication list and the allergies of one patient."""

    def __init__(self, owner: str, seed: int, practitioner: str) -> None:
        self.owner = owner
        self.seed = seed
        self.practitioner = practitioner

    def all_of(self, person: Person, chart: Chart) -> Iterator[Json]:
        for diagnosis in chart.diagnoses:
            yield self._condition(diagnosis)
        for prescription in chart.prescriptions:
            yield self._medication_request(prescription)
        yield from self._allergies(person)

    def _condition_id(self, condition: str, chart_key: object) -> str:
        return child_id(self.owner, self.seed, "condition", condition, chart_key)

    def _condition(self, diagnosis: Diagnosis) -> Json:
        disease = DISEASES[diagnosis.condition]
        ended = diagnosis.ended
        return build(
            "Condition",
            self._condition_id(diagnosis.condition, diagnosis.onset),
            clinicalStatus=hl7("condition-clinical", "active" if ended is None else "resolved"),
            verificationStatus=hl7("condition-ver-status", "confirmed"),
            category=[hl7("condition-category", "problem-list-item", "Problem List Item")],
            code=concept(
                coding(SNOMED, disease.snomed, disease.snomed_display),
                coding(ICD10CM, disease.icd10cm, disease.icd10cm_display),
            ),
            subject=reference("Patient", self.owner),
            onsetDateTime=diagnosis.onset.isoformat(),
            abatementDateTime=None if ended is None else ended.isoformat(),
            recordedDate=diagnosis.recorded.isoformat(),
        )

    def _medication_request(self, prescription: Prescription) -> Json:
        """The dosage's bounds say when the drug was taken: an end only for what was stopped."""
        drug, end = prescription.drug, prescription.end
        period = {"start": prescription.start.isoformat()}
        if end is not None:
            period["end"] = end.isoformat()
        reason = DISEASES.get(prescription.reason or "")
        return build(
            "MedicationRequest",
            child_id(self.owner, self.seed, "medication", drug.key, prescription.start),
            status="active" if end is None else "stopped",
            statusReason={"text": prescription.stopped_because} if end is not None else None,
            intent="order",
            medicationCodeableConcept=concept(coding(RXNORM, drug.rxnorm, drug.display)),
            subject=reference("Patient", self.owner),
            authoredOn=prescription.start.isoformat(),
            requester=reference("Practitioner", self.practitioner),
            reasonCode=(
                [concept(coding(SNOMED, reason.snomed, reason.snomed_display))] if reason else None
            ),
            dosageInstruction=[_dosage(drug, period)],
        )

    def _allergies(self, person: Person) -> Iterator[Json]:
        chance = Chance(self.seed, person.index, "allergies")
        recorded = person.first_visit.isoformat()
        state = chance.weighted(
            (
                ("listed", _LISTED),
                ("none", _NONE_CONFIRMED),
                ("silent", 1 - _LISTED - _NONE_CONFIRMED),
            )
        )
        if state == "none":
            yield self._allergy(recorded, "none", concept(coding(SNOMED, *NO_KNOWN_ALLERGY)))
        if state == "listed":
            keys = {chance.pick(tuple(ALLERGENS)), chance.pick(tuple(ALLERGENS))}
            for key in sorted(keys):
                yield self._listed_allergy(recorded, ALLERGENS[key])

    def _listed_allergy(self, recorded: str, allergen: Allergen) -> Json:
        return self._allergy(
            recorded,
            allergen.key,
            concept(coding(SNOMED, allergen.snomed, allergen.display)),
            type="allergy",
            category=[allergen.category],
            criticality=allergen.criticality,
        )

    def _allergy(self, recorded: str, key: str, code: Json, **more: object) -> Json:
        return build(
            "AllergyIntolerance",
            child_id(self.owner, self.seed, "allergy", key),
            clinicalStatus=hl7("allergyintolerance-clinical", "active"),
            verificationStatus=hl7("allergyintolerance-verification", "confirmed"),
            code=code,
            patient=reference("Patient", self.owner),
            recordedDate=recorded,
            **more,
        )


def _dosage(drug: Drug, period: Json) -> Json:
    """In words, and in numbers where the dose is a fixed one."""
    repeat: Json = {"boundsPeriod": period}
    dosage: Json = {"text": drug.dosage, "timing": {"repeat": repeat}}
    if drug.amount is not None:
        repeat |= {"frequency": int(drug.times_a_day or 1), "period": 1, "periodUnit": "d"}
        dose = {"value": drug.amount, "unit": drug.unit}
        if drug.unit == "mg":
            dose |= {"system": "http://unitsofmeasure.org", "code": "mg"}
        dosage["doseAndRate"] = [{"doseQuantity": dose}]
    return dosage
