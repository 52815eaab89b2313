"""Who sees what: every page against every kind of person, and what the pages say."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_engine.models import Prediction
from patients.models import AuditEvent, Patient, StaleTwin
from tests.factories import fhir
from tests.factories.people import (
    NOW,
    clinician,
    patient_user,
    push,
    signed_in,
    twin,
)
from tests.factories.twin_pages import whole_twin
from twinportal import pipeline

pytestmark = pytest.mark.django_db


@dataclass
class Ward:
    """Two patients, each with their own doctor and account."""

    mine: Patient
    other: Patient
    doctor: Client
    patient: Client
    ehr: Client


@pytest.fixture
def ward(ehr_client: Client, settings: Any) -> Ward:
    settings.RELEASE_POLICY = "auto"
    mine = twin(ehr_client, "p1", doctor="dr1", family="Mine")
    other = twin(ehr_client, "p2", doctor="dr2", family="Otherone")
    return Ward(
        mine,
        other,
        signed_in(clinician("dr1")),
        signed_in(patient_user(mine)),
        ehr_client,
    )


def prediction_of(patient: Patient) -> Prediction:
    return Prediction.objects.get(
        patient=patient, model_id="prevent_base_10y", outcome="cvd", status="current"
    )


def clinician_paths(patient: Patient) -> list[str]:
    base = f"/twins/{patient.public_id}/"
    return [
        base,
        f"{base}predictions/",
        f"{base}trends/",
        f"{base}record/",
        f"{base}tools/",
        f"{base}missing/",
        f"{base}compare/",
        f"{base}version/",
        f"{base}predictions/{prediction_of(patient).pk}/",
        f"{base}trends/systolic_bp/",
        f"{base}resources/Observation/{patient.fhir_id}-bp/1/",
    ]


class TestAccess:
    def test_a_clinician_sees_the_patients_of_the_care_team(self, ward: Ward) -> None:
        for path in ["/worklist/", "/worklist/rules/", *clinician_paths(ward.mine)]:
            answer = ward.doctor.get(path)
            assert answer.status_code == 200, path
            assert "Otherone" not in answer.content.decode()

    def test_and_no_other_by_any_address(self, ward: Ward) -> None:
        for path in clinician_paths(ward.other):
            assert ward.doctor.get(path).status_code == 404, path

    def test_identifiers_of_another_patient_under_ones_own_address(self, ward: Ward) -> None:
        base = f"/twins/{ward.mine.public_id}/"
        for path in (
            f"{base}predictions/{prediction_of(ward.other).pk}/",
            f"{base}resources/Observation/p2-bp/1/",
            f"{base}resources/Patient/p2/1/",
            f"{base}resources/Observation/p1-bp/9/",
            f"{base}trends/no_such_concept/",
        ):
            assert ward.doctor.get(path).status_code == 404, path

    def test_a_version_about_somebody_else_is_not_shown(self, ward: Ward) -> None:
        """A result filed to the wrong patient, then corrected, leaves the first one's content."""
        push(ward.ehr, fhir.quantity("moved", "2093-3", 200, "mg/dL", subject="p2"))
        push(ward.ehr, fhir.quantity("moved", "2093-3", 200, "mg/dL", subject="p1"))
        base = f"/twins/{ward.mine.public_id}/resources/Observation/moved"
        assert ward.doctor.get(f"{base}/1/").status_code == 404
        page = ward.doctor.get(f"{base}/2/")
        assert page.status_code == 200
        assert f"{base}/1/" not in page.content.decode()

    def test_odd_characters_are_no_error_of_ours(self, ward: Ward) -> None:
        assert ward.doctor.post("/worklist/search/", {"q": "\0mine"}).status_code == 200
        path = f"/twins/{ward.mine.public_id}/release/"
        assert ward.doctor.post(path, {"prediction": "²"}).status_code == 404

    def test_nobody_signed_out_sees_anything(self, ward: Ward, client: Client) -> None:
        for path in ["/", "/worklist/", "/my/", *clinician_paths(ward.mine)]:
            answer = client.get(path)
            assert answer.status_code == 302 and "/accounts/login/" in answer.headers["Location"]

    def test_roles_do_not_mix(self, ward: Ward) -> None:
        for path in ["/worklist/", *clinician_paths(ward.mine)]:
            assert ward.patient.get(path).status_code == 403, path
        assert ward.doctor.get("/my/").status_code == 403
        refused = AuditEvent.objects.filter(action="refuse", actor_kind="user")
        assert {"page worklist", "page portal-home"} <= set(refused.values_list("what", flat=True))

    def test_a_patient_sees_own_results_only(self, ward: Ward) -> None:
        assert ward.patient.get("/my/").status_code == 200
        shown = Prediction.objects.get(
            patient=ward.mine, model_id="prevent_base_10y", outcome="cvd", status="current"
        )
        foreign = prediction_of(ward.other)
        assert ward.patient.get(f"/my/results/{shown.pk}/").status_code == 200
        assert ward.patient.get(f"/my/results/{foreign.pk}/").status_code == 404

    def test_a_superuser_without_a_care_team_sees_no_patient(
        self, ward: Ward, django_user_model: Any
    ) -> None:
        root = signed_in(django_user_model.objects.create_superuser("root", password="x"))
        for path in ["/worklist/", *clinician_paths(ward.mine)]:
            assert root.get(path).status_code == 403

    def test_leaving_the_care_team_closes_the_door(self, ward: Ward) -> None:
        push(ward.ehr, fhir.patient("p1", practitioner="dr2", family="Mine"))
        for path in clinician_paths(ward.mine):
            assert ward.doctor.get(path).status_code == 404

    def test_every_read_is_audited(self, ward: Ward) -> None:
        for path in clinician_paths(ward.mine):
            AuditEvent.objects.all().delete()
            ward.doctor.get(path)
            event = AuditEvent.objects.get()
            assert (event.actor_kind, event.patient_ids) == ("user", [ward.mine.pk])
        AuditEvent.objects.all().delete()
        ward.doctor.get("/worklist/")
        assert AuditEvent.objects.get().patient_ids == [ward.mine.pk]
        ward.patient.get("/my/")
        assert AuditEvent.objects.latest("pk").what == "own results"

    def test_searching_puts_no_name_into_an_address(self, ward: Ward) -> None:
        found = ward.doctor.post("/worklist/search/", {"q": "mine"})
        assert "MRN-p1" in found.content.decode()
        for text in ("otherone", "MRN-p2", "1966-05-05", "2026-99-99"):
            page = ward.doctor.post("/worklist/search/", {"q": text}).content.decode()
            assert "MRN-" not in page.replace(f'value="{text}"', "")
        by_date = ward.doctor.post("/worklist/search/", {"q": "1966-05-04"})
        assert "MRN-p1" in by_date.content.decode()
        assert ward.doctor.get("/worklist/search/?q=mine").status_code == 405

    def test_pages_are_not_cached_and_have_a_strict_policy(self, ward: Ward) -> None:
        for client, path in ((ward.doctor, "/worklist/"), (ward.patient, "/my/")):
            headers = client.get(path).headers
            assert headers["Cache-Control"] == "no-store"
            policy = headers["Content-Security-Policy"]
            assert "unsafe" not in policy and "default-src 'self'" in policy


class TestTwinPage:
    def page(self, ward: Ward) -> str:
        return whole_twin(ward.doctor, ward.mine)

    @pytest.mark.parametrize(
        ("code", "state", "text"),
        [
            (None, "not_recorded", "not recorded"),
            ("716186003", "none_confirmed", "none: confirmed"),
            ("764146007", "listed", "Penicillin"),
        ],
    )
    def test_three_states_of_allergies(
        self, ward: Ward, code: str | None, state: str, text: str
    ) -> None:
        """UX C2."""
        if code:
            push(
                ward.ehr,
                {
                    "resourceType": "AllergyIntolerance",
                    "id": "a",
                    "patient": {"reference": "Patient/p1"},
                    "clinicalStatus": {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/"
                                "allergyintolerance-clinical",
                                "code": "active",
                            }
                        ]
                    },
                    "code": {
                        "coding": [{"system": fhir.SNOMED, "code": code, "display": "Penicillin"}]
                    },
                    "recordedDate": "2020-01-01",
                },
            )
        found = re.search(r'data-allergies="(\w+)">(.*?)</div>', self.page(ward), re.DOTALL)
        assert found is not None
        assert found[1] == state
        assert text in found[2]

    def test_every_bar_leads_to_its_source(self, ward: Ward) -> None:
        page = self.page(ward)
        links = set(re.findall(r'href="(/twins/[^"]+/resources/[^"]+)"', page))
        assert len(links) >= 5
        for link in links:
            assert ward.doctor.get(link).status_code == 200

    def test_numbers_stay_while_newer_data_wait_and_the_page_says_so(self, ward: Ward) -> None:
        push(ward.ehr, fhir.blood_pressure("p1-new", 170, 99, date="2026-11-19T09:00:00Z"))
        assert "New data have arrived" in self.page(ward)
        assert "New data, being recalculated" in ward.doctor.get("/worklist/").content.decode()
        pipeline.refresh_twin(ward.mine.pk, now=NOW + timedelta(minutes=1))
        assert "New data have arrived" not in self.page(ward)

    def test_a_value_from_before_birth_is_listed_with_the_reason(self, ward: Ward) -> None:
        push(ward.ehr, fhir.quantity("early", "2093-3", 199, "mg/dL", date="1901-02-03"))
        page = self.page(ward)
        assert "dated before the patient&#x27;s birth" in page
        assert "Observation/early/" in page

    def test_a_value_beyond_the_model_is_no_reason_to_rest(self, ward: Ward) -> None:
        now = NOW + timedelta(minutes=1)
        push(ward.ehr, fhir.blood_pressure("p1-high", 205, 99, date="2026-11-19T09:00:00Z"))
        pipeline.refresh_twin(ward.mine.pk, now=now)
        page = self.page(ward)
        assert "205 mmHg is outside the range" in page
        assert "look at the value itself" in page
        row = ward.doctor.get("/worklist/").content.decode()
        assert "X1" in row and "205 mmHg" in row

    def test_withdrawn_values_are_listed_with_the_reason(self, ward: Ward) -> None:
        wrong = fhir.quantity("wrong", "2093-3", 199, "mg/dL", status="entered-in-error")
        push(ward.ehr, wrong)
        assert "entered in error" in self.page(ward)

    def test_nothing_is_ordered_where_no_number_could_come_of_it(self, ward: Ward) -> None:
        dead = fhir.patient("p1", practitioner="dr1", family="Mine") | {
            "deceasedDateTime": "2026-11-01"
        }
        push(ward.ehr, dead)
        pipeline.refresh_twin(ward.mine.pk, now=NOW + timedelta(minutes=1))
        page = self.page(ward)
        assert "Nothing is ordered for a person who has died." in page
        assert "Order a" not in page.split('id="to-get"')[1].split("</section>")[0]

    def test_a_failed_recalculation_is_said(self, ward: Ward) -> None:
        StaleTwin.objects.create(patient=ward.mine, marked_at=NOW, last_error="ValueError")
        assert "The last recalculation failed" in self.page(ward)

    def test_what_was_missing_or_assumed_is_on_the_page(self, ward: Ward) -> None:
        page = self.page(ward)
        assert "Assumed absent" in page and "Diabetes" in page
        assert "No interval is published" in page

    def test_no_number_comes_with_what_to_order(self, ward: Ward) -> None:
        ward.ehr.delete("/fhir/Observation/p1-tc")
        ward.ehr.delete("/fhir/Observation/p1-tc-old")
        pipeline.refresh_twin(ward.mine.pk, now=NOW + timedelta(minutes=1))
        page = self.page(ward)
        assert 'data-refusal="missing.total_cholesterol"' in page
        assert "lipid panel" in page

    def test_a_value_that_cannot_be_used_is_shown_with_the_reason(self, ward: Ward) -> None:
        push(ward.ehr, fhir.quantity("p1-odd", "29463-7", 4, "furlong"))
        page = self.page(ward)
        assert "furlong" in page

    def test_release_is_the_clinicians_and_is_audited(self, ward: Ward) -> None:
        prediction = prediction_of(ward.mine)
        path = f"/twins/{ward.mine.public_id}/release/"
        data = {"prediction": prediction.pk, "action": "withhold"}
        assert ward.doctor.post(path, data).status_code == 302
        assert "out of 100 people like you" not in ward.patient.get("/my/").content.decode()
        assert AuditEvent.objects.filter(action="withhold", detail=str(prediction.pk)).exists()
        assert ward.patient.post(path, data).status_code == 403
        data["prediction"] = prediction_of(ward.other).pk
        assert ward.doctor.post(path, data).status_code == 404

    def test_the_number_of_queries_does_not_grow(self, ward: Ward) -> None:
        def queries(path: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                assert ward.doctor.get(path).status_code == 200
            return len(captured)

        twin_page = f"/twins/{ward.mine.public_id}/"
        # a twin that was opened before has one more question: what is new since
        queries(twin_page)
        queries("/worklist/")
        before = queries("/worklist/"), queries(twin_page)
        for number in range(3, 9):
            twin(ward.ehr, f"p{number}", doctor="dr1")
        for number in range(20):
            bp = fhir.blood_pressure(f"more-{number}", 130, 80, date=f"2026-09-{number + 1:02d}")
            push(ward.ehr, bp)
        pipeline.refresh_twin(ward.mine.pk, now=NOW + timedelta(minutes=1))
        assert (queries("/worklist/"), queries(twin_page)) == before


class TestPortal:
    def page(self, ward: Ward) -> str:
        return ward.patient.get("/my/").content.decode()

    def test_levels_change_words_and_never_numbers(self, ward: Ward) -> None:
        numbers = re.compile(r'data-(risk|probability|horizon|comparison|others)="([^"]*)"')
        pages = {}
        for level in ("plain", "standard", "detailed"):
            assert ward.patient.post("/my/level/", {"level": level}).status_code == 302
            pages[level] = self.page(ward)
        assert len({tuple(numbers.findall(p)) for p in pages.values()}) == 1
        assert len({re.sub(r"csrf.*?>", "", p) for p in pages.values()}) == 3

    def test_the_level_is_kept_and_an_unknown_one_refused(self, ward: Ward) -> None:
        ward.patient.post("/my/level/", {"level": "detailed"})
        assert 'value="detailed" aria-pressed="true"' in self.page(ward)
        assert ward.patient.post("/my/level/", {"level": "expert"}).status_code == 400

    def test_the_level_form_leads_nowhere_else(self, ward: Ward) -> None:
        data = {"level": "plain", "next": "https://evil.example/"}
        assert ward.patient.post("/my/level/", data).headers["Location"] == "/my/"

    def test_a_superseded_result_is_gone_at_once(self, ward: Ward) -> None:
        assert "out of 100 people like you" in self.page(ward)
        ward.ehr.delete("/fhir/Observation/p1-bp")
        ward.ehr.delete("/fhir/Observation/p1-bp-old")
        assert "out of 100 people like you" not in self.page(ward), "before any worker ran"
        pipeline.refresh_twin(ward.mine.pk, now=NOW + timedelta(minutes=1))
        assert "There is no result to show you right now" in self.page(ward)

    def test_new_data_keep_the_result_and_say_that_it_is_being_updated(self, ward: Ward) -> None:
        push(ward.ehr, fhir.blood_pressure("p1-new", 170, 99, date="2026-11-19T09:00:00Z"))
        page = self.page(ward)
        assert "We are updating your results" in page
        assert "out of 100 people like you" in page

    def test_unreviewed_results_wait(self, ward: Ward, settings: Any) -> None:
        settings.RELEASE_POLICY = "review"
        push(ward.ehr, fhir.blood_pressure("p1-new", 170, 99, date="2026-11-19T09:00:00Z"))
        pipeline.refresh_twin(ward.mine.pk, now=NOW + timedelta(minutes=1))
        assert "Your care team is looking at a new result" in self.page(ward)

    def test_whom_to_call_is_always_there(self, ward: Ward) -> None:
        Prediction.objects.all().delete()
        page = self.page(ward)
        assert "Call 911 now" in page and "your usual clinic" in page

    def test_no_code_and_no_resource_type_is_shown(self, ward: Ward) -> None:
        text = re.sub(r"<[^>]+>", " ", self.page(ward))
        assert not re.search(r"\b\d{4,5}-\d\b|\b\d{6,}\b|Observation|unknown|LOINC|SNOMED", text)
