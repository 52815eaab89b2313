"""Rankings, kept proposals and the decision aid: whose they are, what they leave, what they say."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from explain.wording.phrases import LEVELS
from patients.fhir.validation import validate
from patients.models import AuditEvent, Patient, Resource, ResourceVersion
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in
from tests.factories.treatment import hypertensive, order
from tests.readability import flesch_kincaid_grade
from tests.unit.models_engine.catalogue.treatment.builders import write_tables
from twinportal import pipeline
from twinportal.treatment.models import TreatmentProposal

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}
KEEP, ADD = "keep:lisinopril", "add:htn_amlodipine_5"


@dataclass
class Ward:
    """One patient with a doctor and an account."""

    mine: Patient
    doctor: Client
    patient: Client
    ehr: Client

    def path(self, more: str = "1/", patient: Patient | None = None) -> str:
        return f"/twins/{(patient or self.mine).public_id}/treatment/{more}"

    def listed(self) -> list[str]:
        """Keys of the lines of the page, in order."""
        page = self.doctor.post(self.path(), {"all": "1"}).content.decode()
        return re.findall(r'<tbody data-key="([^"]+)"', page)

    def keep(self, *keys: str, share: bool = False, **more: str) -> Any:
        said: dict[str, Any] = {"keep": list(keys), **more}
        if share:
            said["share"] = "on"
        return self.doctor.post(self.path("1/keep/"), said)

    def kept(self, *keys: str, share: bool = False) -> TreatmentProposal:
        assert self.keep(*keys, share=share).status_code == 302
        return TreatmentProposal.objects.latest("pk")


@pytest.fixture
def ward(ehr_client: Client) -> Ward:
    mine = hypertensive(ehr_client)
    return Ward(mine, signed_in(clinician("dr1")), signed_in(patient_user(mine)), ehr_client)


@pytest.fixture
def keep_key(ward: Ward) -> str:
    return next(key for key in ward.listed() if key.startswith("keep:"))


def rows() -> dict[str, int]:
    return {m.__name__: m._default_manager.count() for m in apps.get_models()}


def content(resource: Resource) -> dict[str, Any]:
    stored = ResourceVersion.objects.get(resource=resource, version=resource.version)
    return dict(json.loads(stored.content))


def test_looking_and_weighing_writes_nothing_but_the_audit(ward: Ward) -> None:
    before = rows()
    assert ward.doctor.get(ward.path("")).status_code == 200
    page = ward.doctor.post(ward.path(), {"all": "1"})
    assert page.status_code == 200
    assert "Amlodipine 5 mg" in page.content.decode()
    part = ward.doctor.post(ward.path(), {"no_injections": "5"}, headers=PART)
    assert part.status_code == 200
    assert "<html" not in part.content.decode()
    assert ward.doctor.get(ward.path("review/")).status_code == 200
    after = rows()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"AuditEvent", "Session"}
    reads = AuditEvent.objects.filter(action="read", patient_ids__contains=[ward.mine.pk])
    assert {"treatment overview", "treatment ranking hypertension", "medication review"} <= set(
        reads.values_list("what", flat=True)
    )


def test_whose_ranking_it_is(ward: Ward) -> None:
    stranger = signed_in(clinician("dr2", "stranger"))
    for more in ("", "1/", "review/"):
        assert stranger.get(ward.path(more)).status_code == 404
        assert ward.patient.get(ward.path(more)).status_code == 403
        assert Client().get(ward.path(more)).status_code == 302
    answer = stranger.post(ward.path("1/keep/"), {"keep": [ADD]})
    assert answer.status_code == 404
    assert not TreatmentProposal.objects.exists()
    assert ward.doctor.get(ward.path("99/")).status_code == 404


def test_the_page_says_what_the_ranking_says(ward: Ward) -> None:
    ranking = pipeline.treatment_ranking(ward.mine.pk, "hypertension", now=timezone.now())
    assert ward.listed() == [one.key for one in ranking.candidates]
    page = ward.doctor.get(ward.path()).content.decode()
    first = ranking.candidates[0]
    shown = re.search(rf'data-key="{re.escape(first.key)}" data-score="([^"]+)"', page)
    assert shown is not None
    assert float(shown[1]) == pytest.approx(first.score)


def test_the_first_lines_come_first_and_the_rest_when_asked_for(ward: Ward) -> None:
    page = ward.doctor.get(ward.path()).content.decode()
    short = re.findall(r'<tbody data-key="([^"]+)"', page)
    assert short == ward.listed()[: len(short)]
    assert 0 < len(short) < len(ward.listed())
    assert f"Show {len(ward.listed()) - len(short)} more" in page
    assert len(page) < 150_000


def test_a_weight_changes_the_order_at_once(ward: Ward) -> None:
    """Without weight for any event only the burdens are left."""
    outcomes = ("mace", "stroke", "heart_failure", "chd", "death", "cvd", "cv_death")
    said = {f"weight_{one}": "0" for one in outcomes} | {"order_by": "numbers", "all": "1"}
    plain = {"order_by": "numbers", "all": "1"}
    before = ward.doctor.post(ward.path(), plain, headers=PART).content.decode()
    after = ward.doctor.post(ward.path(), said, headers=PART).content.decode()
    order_before = re.findall(r'<tbody data-key="([^"]+)"', before)
    order_after = re.findall(r'<tbody data-key="([^"]+)"', after)
    assert sorted(order_before) == sorted(order_after)
    assert order_before != order_after


@pytest.mark.parametrize("wrong", ["11", "-1", "much", "1e400"])
def test_a_wrong_preference_is_told_and_not_used(ward: Ward, wrong: str) -> None:
    said = {"no_injections": wrong, "all": "1"}
    page = ward.doctor.post(ward.path(), said, headers=PART).content.decode()
    assert "The starting value is used" in page
    assert re.findall(r'<tbody data-key="([^"]+)"', page) == ward.listed()


def test_what_is_kept_is_a_proposal_in_the_record(ward: Ward, keep_key: str) -> None:
    proposal = ward.kept(keep_key, ADD)
    written = {r.type: r for r in proposal.resources.all()}
    group = content(written["RequestGroup"])
    assert (group["status"], group["intent"]) == ("draft", "proposal")
    assert {one["resourceType"]: one["status"] for one in group["contained"]} == {
        "MedicationRequest": "draft",
        "CommunicationRequest": "draft",
    }
    said = content(written["Provenance"])
    assert said["agent"][0]["onBehalfOf"] == {"reference": "Practitioner/dr1"}
    for resource in proposal.resources.all():
        assert [f for f in validate(content(resource)) if f.severity in ("error", "fatal")] == []
        assert resource.patient_id == ward.mine.pk
    # an order that nobody gave counts for nothing
    medicines = pipeline.treatment_start(ward.mine.pk, now=timezone.now())[1].medicines
    assert [one.ingredients for one in medicines] == [("lisinopril",)]
    page = ward.doctor.get(ward.path(f"proposals/{proposal.public_id}/")).content.decode()
    assert "Amlodipine 5 mg" in page
    made = AuditEvent.objects.get(action="create", what="treatment proposal")
    assert str(proposal.public_id) in made.detail


def test_the_same_page_sent_twice_is_one_proposal(ward: Ward, keep_key: str) -> None:
    token = "6f1c1f0e-0000-4000-8000-000000000001"
    for _ in range(2):
        assert ward.keep(keep_key, ADD, token=token).status_code == 302
    assert TreatmentProposal.objects.count() == 1
    assert AuditEvent.objects.filter(action="create", what="treatment proposal").count() == 1


def test_too_many_none_or_unknown_are_not_kept(ward: Ward) -> None:
    four = ward.listed()[:4]
    for keys, said in (((), "Choose 1 to 3"), (four, "Choose 1 to 3"), (["add:x"], "not offered")):
        page = ward.keep(*keys)
        assert page.status_code == 200
        assert said in page.content.decode()
    assert not TreatmentProposal.objects.exists()


def test_an_interaction_becomes_a_detected_issue(ward: Ward) -> None:
    push(ward.ehr, order("p1-k-pill", "9997", "spironolactone"))
    key = next(key for key in ward.listed() if key.startswith("keep:"))
    proposal = ward.kept(key)
    issues = [content(r) for r in proposal.resources.filter(type="DetectedIssue")]
    found = [one for one in issues if one["code"]["coding"][0]["code"] == "DRG"]
    assert found
    assert any("MedicationRequest/p1-k-pill" in json.dumps(one) for one in found)
    assert all(one["status"] == "preliminary" for one in issues)


def test_the_patient_sees_only_what_was_shared(ward: Ward, keep_key: str) -> None:
    hidden = ward.kept(ADD)
    shared = ward.kept(keep_key, ADD, share=True)
    listed = ward.patient.get("/my/choices/").content.decode()
    assert str(shared.public_id) in listed
    assert str(hidden.public_id) not in listed
    assert ward.patient.get(f"/my/choices/{hidden.public_id}/").status_code == 404
    assert ward.patient.get(f"/my/choices/{shared.public_id}/").status_code == 200
    assert "My choices" in ward.patient.get("/my/").content.decode()
    push(ward.ehr, *fhir.complete_record("p9"))
    other = signed_in(patient_user(Patient.objects.get(fhir_id="p9"), "another"))
    assert other.get(f"/my/choices/{shared.public_id}/").status_code == 404
    assert ward.doctor.get(f"/my/choices/{shared.public_id}/").status_code == 403
    path = ward.path(f"proposals/{shared.public_id}/share/")
    assert ward.doctor.post(path, {"shared": "no"}).status_code == 302
    assert ward.patient.get(f"/my/choices/{shared.public_id}/").status_code == 404


def test_a_choice_has_two_sides(ward: Ward) -> None:
    page = ward.keep(ADD, share=True)
    assert page.status_code == 200
    assert "at least two sides" in page.content.decode()
    alone = ward.kept(ADD)
    path = ward.path(f"proposals/{alone.public_id}/share/")
    answer = ward.doctor.post(path, {"shared": "yes"}, follow=True)
    assert "Not shared" in answer.content.decode()
    alone.refresh_from_db()
    assert alone.shared_at is None


def test_what_is_surely_worse_is_no_choice(ward: Ward, keep_key: str) -> None:
    stop = next(key for key in ward.listed() if key.startswith("stop:"))
    page = ward.keep(keep_key, stop, share=True)
    assert page.status_code == 200
    assert "Not shared with the patient" in page.content.decode()
    assert not TreatmentProposal.objects.exists()
    # kept among colleagues it may be
    kept = ward.kept(keep_key, stop)
    path = ward.path(f"proposals/{kept.public_id}/share/")
    assert "Not shared" in ward.doctor.post(path, {"shared": "yes"}, follow=True).content.decode()


def test_the_numbers_are_the_same_at_every_level_and_add_up(ward: Ward, keep_key: str) -> None:
    shared = ward.kept(keep_key, ADD, share=True)
    user = ward.mine.user
    seen = set()
    for level in LEVELS:
        user.literacy_level = level
        user.save()
        page = ward.patient.get(f"/my/choices/{shared.public_id}/").content.decode()
        numbers = re.findall(r'data-outcome="(\w+)" data-count="(\d+)" data-without="(\d+)"', page)
        assert numbers
        seen.add(tuple(numbers))
        # both sides start from the same hundred
        by_outcome: dict[str, set[str]] = {}
        for outcome, _, without in numbers:
            by_outcome.setdefault(outcome, set()).add(without)
        assert all(len(found) == 1 for found in by_outcome.values())
        assert page.count("data-key=") == 2
    assert len(seen) == 1


@pytest.mark.parametrize(("level", "grade"), [("plain", 6), ("standard", 8)])
def test_the_aid_is_easy_to_read(ward: Ward, keep_key: str, level: str, grade: float) -> None:
    shared = ward.kept(keep_key, ADD, share=True)
    user = ward.mine.user
    user.literacy_level = level
    user.save()
    page = ward.patient.get(f"/my/choices/{shared.public_id}/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    parts = re.findall(r"<(p|li|h2|h3|figcaption)\b[^>]*>(.*?)</\1>", main, re.DOTALL)
    said = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip() for _, part in parts]
    words = " ".join(f"{one.rstrip('.')}." for one in said if one)
    assert len(words.split()) >= 100
    assert flesch_kincaid_grade(words) <= grade
    assert max(len(s.split()) for s in re.split(r"[.!?:]", words)) <= 20 or level != "plain"


def test_an_option_that_became_unsafe_hides_the_aid(ward: Ward, keep_key: str) -> None:
    shared = ward.kept(keep_key, ADD, share=True)
    push(
        ward.ehr,
        {
            "resourceType": "AllergyIntolerance",
            "id": "p1-allergy",
            "patient": {"reference": "Patient/p1"},
            "type": "allergy",
            "code": {
                "coding": [
                    {
                        "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                        "code": "17767",
                        "display": "amlodipine",
                    }
                ]
            },
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                        "code": "active",
                    }
                ]
            },
        },
    )
    assert ADD not in ward.listed()
    page = ward.patient.get(f"/my/choices/{shared.public_id}/").content.decode()
    assert "data-count" not in page
    assert "look at this page again" in page or "look at these options again" in page


def test_new_values_are_told_beside_the_old_numbers(ward: Ward, keep_key: str) -> None:
    shared = ward.kept(keep_key, ADD, share=True)
    day = (timezone.now() - timedelta(days=1)).isoformat()
    push(ward.ehr, fhir.blood_pressure("p1-bp-new", 178, 95, date=day))
    page = ward.patient.get(f"/my/choices/{shared.public_id}/").content.decode()
    assert "data-count" in page
    assert "came in after" in page


def test_a_withdrawn_proposal_is_revoked_and_gone_for_the_patient(
    ward: Ward, keep_key: str
) -> None:
    shared = ward.kept(keep_key, ADD, share=True)
    resources = list(shared.resources.exclude(type="Provenance"))
    path = ward.path(f"proposals/{shared.public_id}/withdraw/")
    for _ in range(2):
        assert ward.doctor.post(path).status_code == 302
    assert not TreatmentProposal.objects.exists()
    for resource in resources:
        resource.refresh_from_db()
        assert content(resource)["status"] in ("revoked", "cancelled")
    assert ward.patient.get(f"/my/choices/{shared.public_id}/").status_code == 404
    assert AuditEvent.objects.filter(action="delete", what="treatment proposal").count() == 1


def test_proposals_of_a_deleted_patient_were_never_right(ward: Ward, keep_key: str) -> None:
    shared = ward.kept(keep_key, ADD)
    group = shared.resources.get(type="RequestGroup")
    assert ward.ehr.delete("/fhir/Patient/p1").status_code in (200, 204)
    pipeline.refresh_twin(ward.mine.pk, now=NOW)
    group.refresh_from_db()
    assert content(group)["status"] == "entered-in-error"
    assert not TreatmentProposal.objects.exists()


def test_every_link_to_knowledge_leads_to_a_row_with_its_evidence(ward: Ward) -> None:
    page = ward.doctor.get(ward.path()).content.decode()
    links = set(re.findall(r'href="(/treatment/knowledge/[^"]+)"', page))
    assert len(links) > 20
    for link in sorted(links)[:60]:
        answer = ward.doctor.get(link)
        assert answer.status_code == 200, link
        assert "Evidence" in answer.content.decode(), link


def test_the_tables_can_be_read_by_those_who_work_here(ward: Ward) -> None:
    index = ward.doctor.get("/treatment/knowledge/").content.decode()
    for link in re.findall(r'href="(/treatment/knowledge/\w+/)"', index):
        assert ward.doctor.get(link).status_code == 200
    assert ward.patient.get("/treatment/knowledge/").status_code == 403
    assert ward.doctor.get("/treatment/knowledge/nothing/").status_code == 404
    assert ward.doctor.get("/treatment/knowledge/options/nothing/").status_code == 404


def test_a_row_of_the_sites_own_says_so(ward: Ward, settings: Any, tmp_path: Path) -> None:
    link = "/treatment/knowledge/contraindications/raas_pregnancy/"
    assert "own" not in ward.doctor.get(link).content.decode()
    row = {"id": "raas_pregnancy", "applies_to": "class:raas", "severity": "C"}
    settings.KNOWLEDGE_DIR = write_tables(tmp_path, contraindications=[row])
    page = ward.doctor.get(link).content.decode()
    assert "This row is the site&#x27;s own." in page or "This row is the site's own." in page
    assert "notice--warn" in page and "severity X -&gt; C" in page


def test_the_number_of_queries_does_not_grow_with_the_medicines(ward: Ward) -> None:
    ward.doctor.get(ward.path())
    with CaptureQueriesContext(connection) as few:
        ward.doctor.get(ward.path())
    for number, (code, name) in enumerate(
        (("197361", "amlodipine"), ("310798", "hydrochlorothiazide"), ("860975", "metformin"))
    ):
        push(ward.ehr, order(f"p1-more{number}", code, name))
    with CaptureQueriesContext(connection) as many:
        ward.doctor.get(ward.path())
    assert len(many) <= len(few) + 1


def test_a_medicine_that_nothing_names_blocks_the_words_no_interaction(ward: Ward) -> None:
    push(
        ward.ehr,
        {
            **order("p1-unknown", "0", ""),
            "medicationCodeableConcept": {"text": "the white pills of my sister"},
        },
    )
    for more in ("1/", "review/"):
        page = ward.doctor.get(ward.path(more)).content.decode()
        assert "Interactions cannot be ruled out" in page
        assert "white pills" in page


def test_what_speaks_against_a_medicine_is_told_at_any_age(ward: Ward) -> None:
    """Fifty-odd years, three medicines, and in pregnancy no ranking: still told."""
    push(ward.ehr, fhir.condition("p1-angioedema", "41291007", onset="2025-01-01"))
    page = ward.doctor.get(ward.path("review/")).content.decode()
    assert "lisinopril" in page
    assert "Do not" in page or "Excluded" in page
    assert "contraindications" in page
    index = ward.doctor.get(ward.path("")).content.decode()
    assert "Something speaks against 1 of them" in index


def test_one_more_medicine_is_not_recommended_first_at_a_normal_pressure(ward: Ward) -> None:
    push(ward.ehr, fhir.blood_pressure("p1-bp-low", 118, 74, date="2026-11-19T09:00:00Z"))
    ranking = pipeline.treatment_ranking(ward.mine.pk, "hypertension", now=timezone.now())
    assert ranking.candidates[0].kind == "keep"
    assert {one.tier for one in ranking.candidates if one.kind == "add"} <= {3, 4}
