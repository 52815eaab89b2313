"""Small FHIR R4 resources for tests: each function returns a fresh dict."""

from typing import Any

Json = dict[str, Any]
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
MRN = "urn:example:mrn"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATORVASTATIN_INGREDIENT = "83367"
SMOKING_CODES = {"current": "449868002", "former": "8517006", "never": "266919005"}


def patient(
    fhir_id: str = "p1",
    *,
    birth_date: str = "1966-05-04",
    gender: str = "female",
    family: str = "Example",
    practitioner: str = "",
) -> Json:
    resource: Json = {
        "resourceType": "Patient",
        "id": fhir_id,
        "identifier": [{"system": MRN, "value": f"MRN-{fhir_id}"}],
        "name": [{"family": family, "given": ["Test"]}],
        "gender": gender,
        "birthDate": birth_date,
    }
    if practitioner:
        resource["generalPractitioner"] = [{"reference": f"Practitioner/{practitioner}"}]
    return resource


def practitioner(fhir_id: str = "dr1") -> Json:
    return {
        "resourceType": "Practitioner",
        "id": fhir_id,
        "name": [{"family": "Doctor", "given": ["Test"]}],
    }


def quantity(
    fhir_id: str,
    code: str,
    value: float,
    unit: str,
    *,
    subject: str = "p1",
    date: str = "2026-10-01T09:00:00Z",
    status: str = "final",
) -> Json:
    """An Observation with one Quantity."""
    return {
        "resourceType": "Observation",
        "id": fhir_id,
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": date,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def blood_pressure(
    fhir_id: str,
    systolic: float,
    diastolic: float,
    *,
    subject: str = "p1",
    date: str = "2026-10-01T09:00:00Z",
    status: str = "final",
) -> Json:
    """A panel 85354-9 with two components."""

    def component(code: str, value: float) -> Json:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        }

    return {
        "resourceType": "Observation",
        "id": fhir_id,
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": date,
        "component": [component("8480-6", systolic), component("8462-4", diastolic)],
    }


def smoking(
    fhir_id: str, status: str, *, subject: str = "p1", date: str = "2026-10-01T09:00:00Z"
) -> Json:
    return {
        "resourceType": "Observation",
        "id": fhir_id,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "72166-2"}]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": date,
        "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": SMOKING_CODES[status]}]},
    }


def condition(
    fhir_id: str,
    code: str,
    *,
    subject: str = "p1",
    onset: str = "2020-01-01",
    status: str = "active",
) -> Json:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition",
        "id": fhir_id,
        "clinicalStatus": {"coding": [{"system": system, "code": status}]},
        "code": {"coding": [{"system": SNOMED, "code": code}]},
        "subject": {"reference": f"Patient/{subject}"},
        "onsetDateTime": onset,
    }


def complete_record(
    subject: str = "p1", *, date: str = "2026-10-01T09:00:00Z", **person: Any
) -> list[Json]:
    """A patient with everything that PREVENT base needs; ids carry the patient's."""

    def own(name: str) -> str:
        return f"{subject}-{name}"

    at: Json = {"subject": subject, "date": date}
    return [
        patient(subject, **person),
        blood_pressure(own("bp"), 152, 88, **at),
        quantity(own("tc"), "2093-3", 213, "mg/dL", **at),
        quantity(own("hdl"), "2085-9", 50, "mg/dL", **at),
        quantity(own("creatinine"), "2160-0", 0.9, "mg/dL", **at),
        quantity(own("bmi"), "39156-5", 27.5, "kg/m2", **at),
        smoking(own("smoking"), "never", **at),
    ]


def transaction(resources: list[Json], *, method: str = "PUT") -> Json:
    """A transaction bundle that puts each resource at its own id (or posts it)."""
    entries = []
    for resource in resources:
        kind, fhir_id = resource["resourceType"], resource.get("id", "")
        url = f"{kind}/{fhir_id}" if method == "PUT" else kind
        entries.append(
            {
                "fullUrl": f"urn:uuid:{kind}-{fhir_id}",
                "resource": resource,
                "request": {"method": method, "url": url},
            }
        )
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
