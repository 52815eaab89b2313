"""The count of unmapped codes is right: against a count of every resource, one by one."""

from collections import Counter, defaultdict
from io import StringIO
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.utils import timezone

from patients.models import CodeSurvey, ResourceVersion, UnmappedCode
from patients.record.elements import child, children, codings
from patients.selectors.mappings import newest_survey, unmapped_codes, unread_units, without_patient
from patients.services.code_survey import survey
from patients.services.cohort import load_synthetic_cohort
from patients.services.local_meanings import hold
from patients.services.mapping import end_mapping
from patients.terminology.meanings import LocalMeanings
from tests.factories import fhir
from tests.factories.people import push
from tests.integration.fhir.calls import put
from tests.integration.mapping_calls import CHOL, LAB, coded, local, replay_all, say

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
GENE_STUDIED = ("http://loinc.org", "48018-6")
Counted = dict[tuple[str, str, str], tuple[int, int]]


def pairs(concept: Json) -> list[tuple[str, str]]:
    return [(coding.system, coding.code) for coding in codings(concept)]


def by_hand(meanings: LocalMeanings) -> Counted:
    """Every stored Observation, Procedure and Condition, looked at one by one."""
    found: Counter[tuple[str, str, str]] = Counter()
    whose: defaultdict[tuple[str, str, str], set[int | None]] = defaultdict(set)
    rows = ResourceVersion.objects.filter(
        version=F("resource__version"),
        resource__deleted=False,
        resource__patient__isnull=False,
        resource__type__in=("Observation", "Condition", "Procedure"),
    ).select_related("resource")
    for row in rows:
        content, places = orjson.loads(row.content), set()
        name = content["resourceType"]
        read = meanings.observation if name == "Observation" else meanings.condition
        parts = [child(part, "code") for part in children(content, "component")]
        is_panel = any(pairs(p) for p in parts) or content.get("hasMember")
        main = pairs(child(content, "code"))
        if not (is_panel and "valueQuantity" not in content) and not any(read(*p) for p in main):
            places |= {(name, *pair) for pair in main}
        for part in parts:
            # the gene of a genetic result is read with it, and is no code of its own
            if not any(read(*pair) or pair == GENE_STUDIED for pair in pairs(part)):
                places |= {("Observation.component", *pair) for pair in pairs(part)}
        for place in places:
            found[place] += 1
            whose[place].add(row.resource.patient_id)
    return {place: (number, len(whose[place])) for place, number in found.items()}


def counted(made: CodeSurvey) -> Counted:
    rows = made.codes.filter(
        type__in=("Observation", "Observation.component", "Condition", "Procedure")
    )
    return {
        (row.type, row.system, row.code): (row.resources, row.patients)
        for row in rows.exclude(kind="answer_code")
    }


def panel(fhir_id: str, *parts: Json, **more: Any) -> Json:
    found = fhir.quantity(fhir_id, "85354-9", 1, "1") | {"code": coded("PANEL")}
    del found["valueQuantity"]
    components = {"component": [{"code": part} for part in parts]} if parts else {}
    return found | components | more


def test_against_a_count_by_hand(ehr_client: Client) -> None:
    load_synthetic_cohort(12, seed=5, now=timezone.now(), progress=lambda: None)
    standard = {"system": fhir.LOINC, "code": "8480-6"}
    both = {"coding": [*coded("SYS")["coding"], standard]}
    push(
        ehr_client,
        fhir.patient("p1"),
        fhir.patient("p2"),
        local("a"),
        local("b"),
        local("c", subject="p2"),
        local("odd", code="a|b\\c"),
        local("known") | {"code": both},
        local("two") | {"code": coded("X", "Y")},
        panel("panel", coded("IN"), both, coded("IN")),
        panel("same", coded("IN"), coded("SYS")),
        panel("members", hasMember=[{"reference": "Observation/a"}]),
        panel("valued", coded("IN"), valueQuantity={"value": 1, "unit": "1"}),
        fhir.condition("c1", "1") | {"code": coded("DX")},
        fhir.condition("c2", "1", subject="p2") | {"code": coded("DX", "DY")},
        fhir.condition("c3", "1") | {"code": {"text": "something"}},
    )
    ehr_client.delete("/fhir/Observation/b")
    made = survey(now=timezone.now())
    expected = by_hand(hold())
    assert counted(made) == expected
    assert expected["Observation", LAB, "CHOL"] == (2, 2)
    assert ("Observation", LAB, "PANEL") in expected and ("Observation", LAB, "SYS") not in expected
    assert made.without_code["Condition"] == 1
    assert UnmappedCode.objects.get(type="Observation", code="CHOL").display == "CHOL of the lab"
    assert UnmappedCode.objects.get(type="Observation", code="a|b\\c").resources == 1


def test_medications_and_answers(ehr_client: Client) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-01-01",
    }
    smoker = fhir.smoking("s", "never") | {"valueCodeableConcept": coded("S1")}
    drug: Json = {"resourceType": "Medication", "id": "m", "code": coded("ATO", display="ato")}
    push(
        ehr_client,
        fhir.patient(),
        drug,
        order | {"id": "1", "medicationCodeableConcept": coded("ATO")},
        order | {"id": "2", "medicationReference": {"reference": "Medication/m"}},
        order | {"id": "3", "medicationReference": {"reference": "Medication/nowhere"}},
        smoker,
    )
    made = survey(now=timezone.now())
    rows = made.codes.order_by("kind").values_list(
        "kind", "type", "concept", "code", "resources", "patients"
    )
    assert list(rows) == [
        ("answer_code", "Observation", "smoking_status", "S1", 1, 1),
        ("medication_code", "MedicationRequest", "", "ATO", 2, 1),
    ]
    assert made.without_code == {"MedicationRequest": 1}


def test_what_is_mapped_is_no_longer_listed(ehr_client: Client) -> None:
    push(ehr_client, fhir.patient(), local("a"), local("b", code="OTHER"))
    before = survey(now=timezone.now())
    assert {row.code for row in unmapped_codes(before)} == {"CHOL", "OTHER"}
    mapping = say(CHOL, "total_cholesterol")
    assert {row.code for row in unmapped_codes(before)} == {"OTHER"}, "though not counted anew"
    replay_all()
    after = survey(now=timezone.now())
    assert {row.code for row in after.codes.all()} == {"OTHER"}
    assert CodeSurvey.objects.count() == 1 and newest_survey() == after
    end_mapping(mapping.pk, by=mapping.made_by, now=timezone.now(), reason="no")
    assert {row.code for row in survey(now=timezone.now()).codes.all()} == {"CHOL", "OTHER"}


def test_units_that_are_not_read(ehr_client: Client) -> None:
    without = fhir.quantity("n", "2093-3", 5, "")
    without["valueQuantity"] = {"value": 5}
    contradicting = fhir.quantity("c", "2093-3", 5, "mg/dL")
    contradicting["valueQuantity"]["unit"] = "mmol/L"
    push(
        ehr_client,
        fhir.patient(),
        *(fhir.quantity(f"u{n}", "2093-3", 213, "MGD") for n in range(3)),
        without,
        contradicting,
        fhir.quantity("m", "2093-3", 213, "mm[Hg]"),
    )
    found = {row.raw_unit: row for row in unread_units()}
    assert {unit: row.resources for unit, row in found.items()} == {
        "MGD": 3,
        "": 1,
        "mmol/L": 1,
        "mm[Hg]": 1,
    }
    assert [unit for unit, row in found.items() if not row.why_not] == ["MGD"]
    assert "never guessed" in found[""].why_not


def test_who_names_no_patient(ehr_client: Client) -> None:
    orphan = local("orphan")
    del orphan["subject"]
    put(ehr_client, orphan)
    push(ehr_client, fhir.patient(), local("a"), fhir.practitioner())
    assert without_patient() == [("Observation", 1)]
    survey(now=timezone.now())
    assert UnmappedCode.objects.get().resources == 1


def test_the_command(ehr_client: Client) -> None:
    push(ehr_client, fhir.patient(), local("a"))
    said = StringIO()
    call_command("survey_codes", stdout=said)
    assert "1 unmapped codes" in said.getvalue() and f"{LAB}|CHOL" in said.getvalue()


def test_no_counts_of_an_empty_store(db: None) -> None:
    made = survey(now=timezone.now())
    assert (made.codes.count(), made.without_code) == (0, {})
