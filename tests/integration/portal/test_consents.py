"""A switch counts at once, on every page that it governs, and stands in the FHIR record."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from patients.access.consent import Purpose, permits, permitting
from patients.models import AuditEvent, ConsentChoice, Resource
from tests.factories import fhir
from tests.factories.people import push, twin
from tests.integration.portal.conftest import Portal
from tests.integration.portal.crawl import ESTIMATE, read_all

pytestmark = pytest.mark.django_db
HIDDEN = "You chose not to see numbers"


def choose(portal: Portal, purpose: Purpose, granted: bool) -> None:
    data = {"purpose": purpose.value, "granted": "yes" if granted else "no"}
    assert portal.me.post("/my/record/consents/choose/", data).status_code == 302


class TestSeePredictions:
    def test_off_hides_every_estimate_on_every_page(self, portal: Portal) -> None:
        # given pages with estimates (so that the search finds some)
        before = read_all(portal.me)
        assert len(before) >= 12 and ESTIMATE.search(before["/my/"])
        result = re.search(r"/my/results/\d+/", before["/my/"])
        assert result is not None
        # when the patient turns them off
        choose(portal, Purpose.SEE_PREDICTIONS, False)
        # then no page has one, by any address, and each says how to get them back
        after = read_all(portal.me)
        assert [path for path, text in after.items() if ESTIMATE.search(text)] == []
        for path in ("/my/", "/my/outlook/", "/my/what-if/", "/my/choices/", result.group()):
            text = portal.page(path)
            assert HIDDEN in text and "Show me my numbers" in text and "Call 911 now" in text
        part = portal.me.post("/my/what-if/", {}, headers={"HX-Request": "true"})
        assert part.headers["HX-Refresh"] == "true" and part.content == b""

    def test_the_files_have_none_either(self, portal: Portal) -> None:
        choose(portal, Purpose.SEE_PREDICTIONS, False)
        for form in ("json", "html"):
            assert HIDDEN in portal.page(f"/my/record/download/estimates.{form}")
        answer: Any = portal.me.post("/my/record/download/data/")
        assert b"RiskAssessment" not in b"".join(answer.streaming_content)

    def test_on_shows_them_again_at_once(self, portal: Portal) -> None:
        choose(portal, Purpose.SEE_PREDICTIONS, False)
        assert HIDDEN in portal.page("/my/")
        choose(portal, Purpose.SEE_PREDICTIONS, True)
        assert ESTIMATE.search(portal.page("/my/"))

    def test_the_clinician_sees_them_as_before(self, portal: Portal) -> None:
        choose(portal, Purpose.SEE_PREDICTIONS, False)
        page = portal.doctor.get(f"/twins/{portal.mine.public_id}/").content.decode()
        assert "out of 100" in page

    def test_in_spanish_the_page_has_its_language(self, portal: Portal) -> None:
        choose(portal, Purpose.SEE_PREDICTIONS, False)
        portal.me.post("/my/language/", {"language": "es"})
        assert '<html lang="es">' in portal.page("/my/")


class TestConsentPage:
    @pytest.mark.parametrize("purpose", list(Purpose))
    def test_each_switch_turns_and_counts(self, portal: Portal, purpose: Purpose) -> None:
        was = permits(portal.mine, purpose)
        mark = f'data-purpose="{purpose}" data-granted="'
        assert mark + ("yes" if was else "no") in portal.page("/my/record/consents/")

        choose(portal, purpose, not was)

        page = portal.page("/my/record/consents/")
        assert mark + ("no" if was else "yes") in page
        assert permits(portal.mine, purpose) is not was
        assert permitting(purpose).filter(pk=portal.mine.pk).exists() is not was
        detail = f"{purpose} {'no' if was else 'yes'}"
        assert AuditEvent.objects.filter(action="choose", detail=detail).count() == 1

    def test_the_same_again_is_no_new_choice(self, portal: Portal) -> None:
        for granted in (False, False, True, True):
            choose(portal, Purpose.SEE_PREDICTIONS, granted)
        assert ConsentChoice.objects.count() == 2
        assert portal.page("/my/record/consents/").count("See my numbers. <strong>") == 2

    @pytest.mark.parametrize(
        "data", [{}, {"purpose": "everything", "granted": "yes"}, {"purpose": "see-predictions"}]
    )
    def test_nonsense_is_refused(self, portal: Portal, data: dict[str, str]) -> None:
        assert portal.me.post("/my/record/consents/choose/", data).status_code == 404
        assert portal.me.get("/my/record/consents/choose/").status_code == 405
        assert portal.doctor.post("/my/record/consents/choose/", data).status_code == 403

    def test_it_is_a_consent_in_the_record_with_its_versions(self, portal: Portal) -> None:
        for granted in (False, True):
            choose(portal, Purpose.SEE_SIMILAR, not granted)
        bundle = portal.ehr.get("/fhir/Patient/p1/$everything").json()
        (found,) = [
            e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Consent"
        ]
        assert found["provision"]["type"] == "deny" and found["meta"]["versionId"] == "2"
        first = portal.ehr.get(f"/fhir/Consent/{found['id']}/_history/1").json()
        assert first["provision"]["type"] == "permit"
        # nobody else writes it
        body = first | {"status": "inactive"}
        answer = portal.ehr.put(
            f"/fhir/Consent/{found['id']}", body, content_type="application/fhir+json"
        )
        assert answer.status_code >= 400
        assert Resource.objects.get(fhir_id=found["id"]).version == 2

    def test_what_the_ehr_sends_is_shown_and_does_not_act(self, portal: Portal) -> None:
        sent = {
            "resourceType": "Consent",
            "id": "paper",
            "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                                  "code": "patient-privacy"}]},
            "category": [{"text": "Research with my data"}],
            "patient": {"reference": "Patient/p1"},
            "dateTime": "2025-03-04",
            "policyRule": {"text": "hospital form 7"},
            "provision": {"type": "deny"},
        }  # fmt: skip
        push(portal.ehr, sent)
        page = portal.page("/my/record/consents/")
        assert "2025-03-04: Research with my data (in force)" in page
        assert "They do not change the choices on this page" in page
        assert permits(portal.mine, Purpose.SEE_PREDICTIONS)
        # our own are not among them
        choose(portal, Purpose.SEE_SIMILAR, True)
        assert portal.page("/my/record/consents/").count("(in force)") == 1


class TestMergedTwins:
    @pytest.mark.parametrize("newest_is_of_the_other", [True, False])
    def test_the_newest_choice_of_the_person_counts(
        self, portal: Portal, newest_is_of_the_other: bool
    ) -> None:
        # given two twins of one person, each with a choice of its own
        other = twin(portal.ehr, "p9")
        now = timezone.now()
        for patient, days in ((portal.mine, 2), (other, 1 if newest_is_of_the_other else 3)):
            ConsentChoice.objects.create(
                patient=patient,
                purpose=Purpose.SEE_PREDICTIONS,
                granted=patient == portal.mine,
                at=now - timedelta(days=days),
                by="1",
            )
        # when they are joined
        push(
            portal.ehr,
            fhir.patient("p9", practitioner="dr1")
            | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/p1"}}]},
        )
        other.refresh_from_db()
        assert other.merged_into == portal.mine
        # then the person's last word counts, under either name
        expected = not newest_is_of_the_other
        allowed = permitting(Purpose.SEE_PREDICTIONS)
        for patient in (portal.mine, other):
            assert permits(patient, Purpose.SEE_PREDICTIONS) is expected
            assert allowed.filter(pk=patient.pk).exists() is expected
        assert (HIDDEN in portal.page("/my/")) is newest_is_of_the_other
