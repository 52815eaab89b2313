"""What happens at a visit: Encounter, Observations, Immunizations."""

from collections.abc import Iterator

from patients.synthetic.chart import Visit
from patients.synthetic.fhir import (
    TERMINOLOGY,
    Json,
    child_id,
    coding,
    concept,
    hl7,
    moment,
    reference,
)
from patients.synthetic.fhir import resource as build
from patients.synthetic.infrastructure import LOCATION_ID, ORGANIZATION_ID
from patients.synthetic.vocabulary import (
    BP_PANEL,
    CVX,
    ENCOUNTER_TYPES,
    LOINC,
    MEASURED,
    SMOKING_ANSWERS,
    SMOKING_STATUS,
    SNOMED,
    UCUM,
    VACCINES,
    Measured,
)

_MINUTES = 20
# laboratories report some hours after the blood was drawn
_LABORATORY_MINUTES = 180
_CATEGORY_WORDS = {
    "vital-signs": "Vital Signs",
    "laboratory": "Laboratory",
    "social-history": "Social History",
}


class VisitResources:
    """Builds the resources of one patient's visits."""

    def __init__(self, owner: str, seed: int, practitioner: str) -> None:
        self.owner = owner
        self.seed = seed
        self.practitioner = practitioner

    def all_of(self, visit: Visit) -> Iterator[Json]:
        yield self.encounter(visit)
        yield from self.observations(visit)
        for vaccine in visit.vaccines:
            yield self._immunization(visit, vaccine)

    def encounter_id(self, visit: Visit) -> str:
        return child_id(self.owner, self.seed, "encounter", visit.day)

    def encounter(self, visit: Visit) -> Json:
        emergency = visit.kind == "emergency"
        code = ("EMER", "emergency") if emergency else ("AMB", "ambulatory")
        period = {
            "start": moment(visit.day, visit.minute),
            "end": moment(visit.day, visit.minute + _MINUTES),
        }
        return build(
            "Encounter",
            self.encounter_id(visit),
            status="finished",
            class_=coding(f"{TERMINOLOGY}/v3-ActCode", *code),
            type=[concept(coding(SNOMED, *ENCOUNTER_TYPES[visit.kind]))],
            subject=reference("Patient", self.owner),
            participant=[
                {
                    "type": [hl7("v3-ParticipationType", "PPRF", "primary performer")],
                    "individual": reference("Practitioner", self.practitioner),
                }
            ],
            period=period,
            location=[{"location": reference("Location", LOCATION_ID)}],
            serviceProvider=reference("Organization", ORGANIZATION_ID),
        )

    def observations(self, visit: Visit) -> Iterator[Json]:
        readings = visit.readings
        yield self._blood_pressure(visit)
        for key, measured in MEASURED.items():
            if key in readings and key not in ("systolic_bp", "diastolic_bp"):
                yield self._measurement(visit, measured)
        if visit.smoking is not None:
            yield self.smoking(visit, visit.smoking)

    def _observation(
        self, visit: Visit, key: str, category: str, code: Json, **more: object
    ) -> Json:
        laboratory = category == "laboratory"
        return build(
            "Observation",
            child_id(self.owner, self.seed, visit.day, key),
            status="final",
            category=[hl7("observation-category", category, _CATEGORY_WORDS[category])],
            code=code,
            subject=reference("Patient", self.owner),
            encounter=reference("Encounter", self.encounter_id(visit)),
            effectiveDateTime=moment(visit.day, visit.minute),
            issued=moment(visit.day, visit.minute + _LABORATORY_MINUTES) if laboratory else None,
            **more,
        )

    def _measurement(self, visit: Visit, measured: Measured) -> Json:
        return self._observation(
            visit,
            measured.key,
            measured.category,
            code_of(measured),
            valueQuantity=quantity(measured, visit.readings[measured.key]),
        )

    def _blood_pressure(self, visit: Visit) -> Json:
        parts = [MEASURED["systolic_bp"], MEASURED["diastolic_bp"]]
        return self._observation(
            visit,
            "blood_pressure",
            "vital-signs",
            concept(coding(LOINC, *BP_PANEL)),
            component=[
                {
                    "code": code_of(measured),
                    "valueQuantity": quantity(measured, visit.readings[measured.key]),
                }
                for measured in parts
            ],
        )

    def smoking(self, visit: Visit, answer: str) -> Json:
        return self._observation(
            visit,
            "smoking",
            "social-history",
            concept(coding(LOINC, *SMOKING_STATUS)),
            valueCodeableConcept=concept(coding(SNOMED, *SMOKING_ANSWERS[answer])),
        )

    def _immunization(self, visit: Visit, vaccine: str) -> Json:
        return build(
            "Immunization",
            child_id(self.owner, self.seed, visit.day, vaccine),
            status="completed",
            vaccineCode=concept(coding(CVX, *VACCINES[vaccine])),
            patient=reference("Patient", self.owner),
            encounter=reference("Encounter", self.encounter_id(visit)),
            occurrenceDateTime=moment(visit.day, visit.minute),
            primarySource=True,
        )


def code_of(measured: Measured) -> Json:
    return concept(coding(LOINC, measured.loinc, measured.display))


def quantity(measured: Measured, value: float) -> Json:
    """A Quantity with as many decimals as the measurement has."""
    shown = round(value, measured.decimals) if measured.decimals else round(value)
    return {"value": shown, "unit": measured.unit, "system": UCUM, "code": measured.ucum}
