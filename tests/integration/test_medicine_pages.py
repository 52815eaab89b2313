"""The clinician's page of medicines: what is taken, by whom it is said, and what nobody knows."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.models import AuditEvent, Patient
from patients.record.loading import state_of
from patients.selectors.medicines import medicines_of
from patients.services.code_survey import survey
from patients.terminology.mappable import why_not_mappable
from patients.terminology.meanings import Key, MappingKind
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def drug(kind: str, name: str, code: str = "", **more: Any) -> Json:
    """An order, statement or dispense of p1, of an RxNorm code or of a text."""
    coding = {"coding": [{"system": fhir.RXNORM, "code": code}]} if code else {}
    made: Json = {
        "resourceType": kind,
        "id": name,
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": coding,
    }
    if kind == "MedicationRequest":
        made |= {"intent": "order", "authoredOn": "2026-02-01"}
    return made | more


def daily(value: float, unit: str) -> Json:
    return {
        "text": f"{value:g} {unit} in the morning",
        "route": {"text": "oral"},
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}],
    }


def genotype(name: str, value: str) -> Json:
    code = {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]}
    made = fhir.quantity(name, "84413-4", 1, "mg")
    del made["valueQuantity"]
    return made | {"code": code, "valueCodeableConcept": {"text": value}}


def record() -> list[Json]:
    """One of everything that the page tells."""
    month = {"value": 30, "code": "d", "system": "http://unitsofmeasure.org"}
    given = {"status": "completed", "daysSupply": month}
    return [
        drug("MedicationRequest", "o1", "314077", dosageInstruction=[daily(2, "tablet")]),
        drug("MedicationDispense", "d1", "29046", whenHandedOver="2026-09-21", **given),
        drug("MedicationDispense", "d2", "29046", whenHandedOver="2026-10-31", **given),
        drug("MedicationRequest", "o2", "6809", dosageInstruction=[{"text": "with food"}]),
        drug("MedicationStatement", "s2", "6809", status="not-taken", dateAsserted="2026-10-01"),
        drug(
            "MedicationRequest",
            "o3",
            medicationCodeableConcept={"text": "green drops of the healer"},
        ),
        drug("MedicationRequest", "o4", "83367", status="stopped"),
        genotype("g1", "CYP2C19*2/*2"),
        genotype("g2", "see the report"),
    ]


@pytest.fixture
def patient(ehr_client: Client) -> Patient:
    push(ehr_client, fhir.practitioner("dr1"), fhir.patient("p1", practitioner="dr1"), *record())
    return Patient.objects.get(fhir_id="p1")


def page_of(patient: Patient, client: Client) -> str:
    answer = client.get(f"/twins/{patient.public_id}/medicines/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def section(page: str, name: str) -> str:
    start = page.index(f'id="{name}"')
    return page[start : page.index("</section>", start)]


def test_each_medicine_stands_where_it_belongs(patient: Patient) -> None:
    page = page_of(patient, signed_in(clinician("dr1")))

    taken = section(page, "g-taken")
    assert "lisinopril" in taken and "40 mg a day" in taken and "2 tablet in the morning" in taken
    assert "oral" in taken
    assert f"/twins/{patient.public_id}/resources/MedicationRequest/o1/1/" in taken
    assert f"/twins/{patient.public_id}/resources/MedicationDispense/d2/1/" in taken
    assert "days (2 fills)" in taken

    uncertain = section(page, "g-uncertain")
    assert "metformin" in uncertain
    assert "MedicationRequest/o2 says: order, active" in uncertain
    assert "MedicationStatement/s2 says: statement, not-taken" in uncertain
    assert "the dose is in words only" in uncertain and "with food" in uncertain

    assert "atorvastatin" in section(page, "g-stopped")
    assert "the day it ended is not recorded" in section(page, "g-stopped")


def test_what_is_not_known_is_named_with_what_to_do(patient: Patient) -> None:
    page = page_of(patient, signed_in(clinician("dr1")))
    unknown = section(page, "unresolved")
    assert "green drops of the healer" in unknown
    assert "a text is never read" in unknown
    assert "data steward can map" in unknown
    assert "No release of RxNorm is loaded here" in page


def test_genes_and_results_that_are_not_read(patient: Patient) -> None:
    doctor = signed_in(clinician("dr1"))
    genes = section(page_of(patient, doctor), "genes")
    assert "CYP2C19" in genes and "*2/*2" in genes
    assert "no gene is named" in genes
    source = doctor.get(f"/twins/{patient.public_id}/resources/Observation/g1/1/")
    assert "Genotype CYP2C19" in source.content.decode()


def test_a_genetic_code_is_neither_unread_nor_mapped(patient: Patient) -> None:
    assert not survey(now=NOW).codes.filter(code="84413-4").exists()
    key = Key(MappingKind.OBSERVATION, "", "http://loinc.org", "84413-4")
    assert "Our own tables speak of this very code" in why_not_mappable(key)


def test_the_twin_page_leads_there(patient: Patient) -> None:
    page = signed_in(clinician("dr1")).get(f"/twins/{patient.public_id}/tools/").content.decode()
    assert f"/twins/{patient.public_id}/medicines/" in page


def test_only_who_may_read_reads_and_it_is_noted(patient: Patient) -> None:
    path = f"/twins/{patient.public_id}/medicines/"
    assert signed_in(clinician("dr2", "stranger")).get(path).status_code == 404
    assert signed_in(patient_user(patient)).get(path).status_code in (403, 404)
    assert Client().get(path).status_code == 302
    AuditEvent.objects.all().delete()
    page_of(patient, signed_in(clinician("dr1")))
    assert AuditEvent.objects.filter(what="medicines").count() == 1


def test_a_person_without_medicines(ehr_client: Client) -> None:
    push(ehr_client, fhir.practitioner("dr1"), fhir.patient("p1", practitioner="dr1"))
    patient = Patient.objects.get(fhir_id="p1")
    page = page_of(patient, signed_in(clinician("dr1")))
    assert "No medicine is recorded as taken." in page
    assert "No result is recorded." in page


def test_the_selector_asks_few_questions(patient: Patient) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = medicines_of(patient.pk, NOW)
    assert len(found) == 4
    assert len(asked) <= 6


def test_after_a_merge_the_medicines_are_those_of_the_twin(
    ehr_client: Client, patient: Patient
) -> None:
    other = drug("MedicationRequest", "x1", "29046") | {"subject": {"reference": "Patient/p2"}}
    push(ehr_client, fhir.patient("p2", practitioner="dr1"), other)
    call_command("merge_patients", "p2", "p1")
    (row,) = [m for m in medicines_of(patient.pk, NOW) if m.ingredients == ("lisinopril",)]
    assert {r.resource_id for r in row.references} >= {"o1", "x1"}
    second = Patient.objects.get(fhir_id="p2")
    assert medicines_of(second.pk, NOW) == ()
    assert state_of(patient.pk, NOW).active("antihypertensive") is not None
