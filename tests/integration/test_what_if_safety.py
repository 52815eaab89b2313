"""A what-if that could mislead is refused: stale pages, dropped parts, deleted patients, hidden names."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from patients import audit
from patients.models import AuditEvent, Patient, Resource, ResourceVersion
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in
from tests.factories.what_if import smoker
from twinportal import pipeline
from twinportal.what_if.models import Scenario
from twinportal.what_if.services import scenario_delete

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}
# a page as a smoker's doctor sends it back: weight is moved, the rest is as it was shown
PAGE = {
    "start_weight": "92.0",
    "set_weight": "84",
    "start_systolic_bp": "152",
    "set_systolic_bp": "152",
    "name": "Eight kilos",
}
STATIN = {
    "resourceType": "MedicationStatement",
    "id": "p1-statin",
    "status": "active",
    "subject": {"reference": "Patient/p1"},
    "effectivePeriod": {"start": "2026-01-01"},
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.whocc.no/atc", "code": "C10AA05"}]
    },
}


@pytest.fixture
def mine(ehr_client: Client) -> Patient:
    return smoker(ehr_client)


@pytest.fixture
def doctor(mine: Patient) -> Client:
    return signed_in(clinician("dr1"))


@pytest.fixture
def base(mine: Patient) -> str:
    return f"/twins/{mine.public_id}/what-if/"


def newer_pressure(ehr: Client) -> None:
    later = "2026-11-19T09:00:00Z"
    push(ehr, fhir.blood_pressure("p1-bp9", 168, 90, subject="p1", date=later))


def text_of(client: Client, path: str, said: dict[str, str], **more: Any) -> str:
    answer = client.post(path, said, **more)
    assert answer.status_code == 200
    return answer.content.decode()


def contents() -> Iterator[dict[str, Any]]:
    for resource in Resource.objects.filter(type__in=["Goal", "CarePlan"]).order_by("pk"):
        yield content_of(resource)


def content_of(resource: Resource) -> dict[str, Any]:
    version = ResourceVersion.objects.get(resource=resource, version=resource.version)
    found: dict[str, Any] = json.loads(version.content)
    return found


def test_a_stale_page_saves_no_target_that_nobody_chose(
    doctor: Client, base: str, ehr_client: Client
) -> None:
    newer_pressure(ehr_client)
    text = text_of(doctor, f"{base}save/", PAGE)
    assert "Not saved." in text and "the record changed: 152 is now 168 mmHg" in text
    assert not Scenario.objects.exists() and not list(contents())
    # the page is there anew: the current value, the old one gone, what was typed kept
    assert 'name="start_systolic_bp" value="168"' in text
    assert 'name="set_systolic_bp" min="90" max="200" step="any" value="168"' in text
    assert 'value="Eight kilos"' in text and "data-after=" not in text
    # and from there it is saved, with the one target that was chosen
    again = {**PAGE, "start_systolic_bp": "168", "set_systolic_bp": "168"}
    assert doctor.post(f"{base}save/", again).status_code == 302
    assert [i["target"] for i in Scenario.objects.get().interventions] == ["weight"]


def test_a_stale_page_previews_nothing_and_brings_the_current_values(
    doctor: Client, base: str, ehr_client: Client, mine: Patient, settings: Any
) -> None:
    settings.RELEASE_POLICY = "auto"
    newer_pressure(ehr_client)
    pipeline.refresh_twin(mine.pk, now=NOW)
    text = text_of(doctor, base, PAGE, headers=PART)
    assert "152 is now 168 mmHg" in text and "data-after=" not in text
    assert 'hx-swap-oob="innerHTML:#fields"' in text
    assert 'name="start_systolic_bp" value="168"' in text
    own = text_of(signed_in(patient_user(mine)), "/my/what-if/", PAGE, headers=PART)
    assert "Top number of your blood pressure: the record changed: 152 is now 168" in own
    assert "data-after=" not in own and 'value="168"' in own


def test_a_page_that_does_not_say_where_it_started_saves_nothing(doctor: Client, base: str) -> None:
    said = {"set_weight": "84", "name": "x"}
    text = text_of(doctor, f"{base}save/", said)
    assert "Body weight: the page did not say where it started" in text
    assert not Scenario.objects.exists()


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"statin": "atorvastatin_20"}, "no statin is taken already"),
        ({"glp1": "semaglutide_10"}, "Semaglutide"),
        ({"statin": "magic"}, "none of the choices"),
    ],
)
def test_a_part_that_is_refused_is_never_dropped_in_silence(
    doctor: Client, base: str, ehr_client: Client, part: dict[str, str], said: str
) -> None:
    push(ehr_client, STATIN)
    text = text_of(doctor, f"{base}save/", {**PAGE, **part})
    assert "Not saved." in text and said in text
    assert not Scenario.objects.exists() and not list(contents())


def test_who_stopped_meanwhile_is_not_asked_to_stop(
    doctor: Client, base: str, ehr_client: Client
) -> None:
    later = "2026-11-19T09:00:00Z"
    push(ehr_client, fhir.smoking("p1-then", "former", subject="p1", date=later))
    for path in (base, f"{base}save/"):
        text = text_of(doctor, path, {**PAGE, "stop_smoking": "1"})
        assert "does not say that this person smokes now" in text and "data-after=" not in text
    assert not Scenario.objects.exists()


def test_a_deleted_patient_leaves_no_live_proposal(
    doctor: Client, base: str, ehr_client: Client, mine: Patient
) -> None:
    doctor.post(f"{base}save/", PAGE)
    other = smoker(ehr_client, "p2")
    doctor.post(f"/twins/{other.public_id}/what-if/save/", PAGE)
    assert Scenario.objects.count() == 2
    assert ehr_client.delete("/fhir/Patient/p1").status_code in (200, 204)
    pipeline.refresh_twin(mine.pk, now=NOW)
    pipeline.refresh_twin(other.pk, now=NOW)
    states = {
        (c["subject"]["reference"], c.get("status") or c["lifecycleStatus"]) for c in contents()
    }
    assert states == {
        ("Patient/p1", "entered-in-error"),
        ("Patient/p2", "draft"),
        ("Patient/p2", "proposed"),
    }
    assert Scenario.objects.get().patient == other
    said = content_of(
        Resource.objects.filter(type="Provenance", patient=mine, tokens__contains=[WHAT_IF]).latest(
            "pk"
        )
    )
    assert said["reason"] == [{"text": pipeline.DELETED}]
    assert all(t["reference"].endswith("/_history/2") for t in said["target"])
    assert "onBehalfOf" not in said["agent"][0]


WHAT_IF = "_tag\x1furn:twinportal:prediction|what-if"


def test_without_its_audit_line_nothing_is_saved_or_withdrawn(
    doctor: Client, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor.post(f"{base}save/", PAGE)
    kept = Scenario.objects.get()

    def full(*args: Any, **named: Any) -> None:
        raise OSError("the log cannot be written")

    monkeypatch.setattr(audit, "record_action", full)
    for path in ("save/", f"{kept.public_id}/delete/"):
        with pytest.raises(OSError, match="cannot be written"):
            doctor.post(f"{base}{path}", {**PAGE, "name": "another"})
    assert Scenario.objects.get() == kept
    assert {c.get("status") or c["lifecycleStatus"] for c in contents()} == {"draft", "proposed"}


def test_the_same_page_sent_twice_is_one_scenario(doctor: Client, base: str) -> None:
    said = {**PAGE, "token": str(uuid4())}
    first = doctor.post(f"{base}save/", said, follow=True).content.decode()
    again = doctor.post(f"{base}save/", said, follow=True).content.decode()
    assert "It is in the record as a draft proposal" in first and "saved already" in again
    assert Scenario.objects.count() == 1
    assert AuditEvent.objects.filter(what="scenario", action="create").count() == 1
    # gone back, changed and sent: another one, and nothing lost
    doctor.post(f"{base}save/", {**said, "set_weight": "80"})
    targets = [s.interventions[0]["value"] for s in Scenario.objects.order_by("pk")]
    assert targets == [84.0, 80.0]
    text_of(doctor, f"{base}save/", {**said, "token": "nonsense"})
    assert Scenario.objects.count() == 2


def test_what_was_withdrawn_meanwhile_is_not_withdrawn_again(doctor: Client, base: str) -> None:
    doctor.post(f"{base}save/", PAGE)
    kept = Scenario.objects.get()
    assert scenario_delete(kept, by=kept.owner, now=NOW)
    assert not scenario_delete(kept, by=kept.owner, now=NOW)
    assert {c["meta"]["versionId"] for c in contents()} == {"2"}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_get_no_page(doctor: Client, base: str, mine: Patient, method: str) -> None:
    patient = signed_in(patient_user(mine))
    before = AuditEvent.objects.count()
    for who, path in (
        (doctor, base),
        (doctor, f"{base}compare/"),
        (doctor, "/what-if/effects/"),
        (patient, "/my/what-if/"),
    ):
        answer = getattr(who, method)(path)
        assert answer.status_code == 405 and not answer.content
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(
    "name",
    ["nul\x00", "bell\x07", "right\u202eleft", "zero\u200bwidth", "line\u2028two", "n" * 81],
)
def test_a_name_that_cannot_be_seen_as_it_is_is_refused(
    doctor: Client, base: str, name: str
) -> None:
    text = text_of(doctor, f"{base}save/", {**PAGE, "name": name})
    assert "Not saved." in text
    assert not Scenario.objects.exists()


def test_every_stored_proposal_passes_the_validator_of_our_own_door(
    doctor: Client, base: str, ehr_client: Client
) -> None:
    said = {**PAGE, "name": "Größe & <Ziel> 体重", "stop_smoking": "1", "statin": "atorvastatin_20"}
    doctor.post(f"{base}save/", said)
    kept = Scenario.objects.get()
    stored = [content_of(r) for r in kept.resources.all()]
    doctor.post(f"{base}{kept.public_id}/delete/")
    stored += list(contents())
    stored.append(content_of(Resource.objects.filter(type="Provenance").latest("pk")))
    assert {c["resourceType"] for c in stored} == {"Goal", "CarePlan", "Provenance"}
    assert len(stored) == 8
    for content in stored:
        answer = ehr_client.post(
            f"/fhir/{content['resourceType']}/$validate",
            json.dumps(content),
            content_type="application/fhir+json",
        )
        severities = {issue["severity"] for issue in answer.json()["issue"]}
        assert answer.status_code == 200 and severities == {"information"}, answer.content


def test_a_save_that_failed_keeps_all_that_was_typed(doctor: Client, base: str) -> None:
    said = {**PAGE, "set_systolic_bp": "9999", "stop_smoking": "1", "statin": "atorvastatin_20"}
    text = text_of(doctor, f"{base}save/", said)
    assert "from 90 to 200" in text and 'value="Eight kilos"' in text and 'value="84.0"' in text
    assert 'name="stop_smoking" value="1" checked' in text
    assert 'value="atorvastatin_20" selected' in text
    # Enter in the field of the name asks for the numbers, and the name stays
    assert 'value="Eight kilos"' in text_of(doctor, base, PAGE)
