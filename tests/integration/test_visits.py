"""Questions for the visit: the patient's own, seen and marked by the care team; the page to take."""

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from twinportal.visits import pdf, services
from twinportal.visits.models import LONGEST, VisitQuestion
from twinportal.visits.selectors import questions_of, visit_questions_context

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(ehr_client: Client) -> Patient:
    """A patient of dr1, without any result."""
    push(ehr_client, fhir.practitioner("dr1"), fhir.patient("p1", practitioner="dr1"))
    return Patient.objects.get(fhir_id="p1")


@pytest.fixture
def browser(patient: Patient) -> Client:
    return signed_in(patient_user(patient))


def texts(patient: Patient) -> list[str]:
    return [one.text for one in questions_of(patient)]


class TestOwnQuestions:
    def test_add_order_change_and_take_away(self, patient: Patient, browser: Client) -> None:
        # given three questions
        for text in ("first?", " second\x07\n one? ", "<b>third</b>?"):
            assert browser.post("/my/visit/questions/", {"text": text}).status_code == 302
        assert texts(patient) == ["first?", "second one?", "<b>third</b>?"]
        assert "&lt;b&gt;third" in browser.get("/my/visit/").content.decode()
        third = questions_of(patient)[2]
        path = f"/my/visit/questions/{third.pk}/"
        # when the last goes up twice, once more than it can, and down again
        for action in ("up", "up", "up", "down"):
            browser.post(path, {"action": action})
        assert texts(patient) == ["first?", "<b>third</b>?", "second one?"]
        browser.post(path, {"action": "save", "text": "third, in other words?"})
        assert texts(patient)[1] == "third, in other words?"
        browser.post(path, {"action": "delete"})
        # then it is gone, and each step is in the log without a word of it
        assert texts(patient) == ["first?", "second one?"]
        assert browser.post(path, {"action": "delete"}).status_code == 404
        events = AuditEvent.objects.filter(what="own visit question")
        assert [e.action for e in events.order_by("pk")][-2:] == ["update", "delete"]
        assert not any("third" in e.detail for e in events)

    @pytest.mark.parametrize("text", ["", "   \n", "x" * (LONGEST + 1)])
    def test_what_cannot_be_kept_is_refused_with_the_reason(
        self, patient: Patient, browser: Client, text: str
    ) -> None:
        answer = browser.post("/my/visit/questions/", {"text": text})
        assert len(list(get_messages(answer.wsgi_request))) == 1
        assert texts(patient) == []

    def test_the_list_has_an_end_and_no_doubles(self, patient: Patient) -> None:
        for n in range(services.MOST):
            services.question_add(patient, f"question {n}?", now=NOW)
        with pytest.raises(services.QuestionError, match=services.TOO_MANY):
            services.question_add(patient, "one more?", now=NOW)
        first = questions_of(patient)[0]
        services.question_delete(first)
        with pytest.raises(services.QuestionError, match=services.THERE_ALREADY):
            services.question_add(patient, "question 1?", now=NOW)

    def test_an_unknown_action_is_refused(self, patient: Patient, browser: Client) -> None:
        one = services.question_add(patient, "first?", now=NOW)
        assert browser.post(f"/my/visit/questions/{one.pk}/", {"action": "x"}).status_code == 400

    @hypothesis_settings(
        max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(moves=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=6))
    def test_moving_loses_nothing(self, patient: Patient, moves: list[tuple[int, bool]]) -> None:
        with transaction.atomic():
            made = [services.question_add(patient, f"{n}?", now=NOW) for n in range(4)]
            for which, up in moves:
                services.question_move(patient, made[which], up=up)
            assert sorted(texts(patient)) == ["0?", "1?", "2?", "3?"]
            transaction.set_rollback(True)

    def test_the_table_keeps_no_empty_question(self, patient: Patient) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            VisitQuestion.objects.create(
                patient=patient, text="", position=1, created_at=NOW, changed_at=NOW
            )


class TestCareTeam:
    def test_sees_the_list_and_says_what_was_talked_about(
        self, patient: Patient, browser: Client, rf: RequestFactory
    ) -> None:
        # given a question, and the doctor
        one = services.question_add(patient, "Why am I tired?", now=NOW)
        doctor = signed_in(clinician("dr1"))
        shown = render_to_string(
            "components/visit_questions.html", visit_questions_context(patient)
        )
        assert "Why am I tired?" in shown and "1 open" in shown
        path = f"/twins/{patient.public_id}/visit-questions/{one.pk}/"
        assert path in shown
        # when they say that they talked about it
        assert doctor.post(path, {"discussed": "yes"}).status_code == 302
        # then both see it, the patient cannot change its words, and it is in the log
        one.refresh_from_db()
        assert one.discussed_at is not None and one.discussed_by is not None
        assert "What we have talked about" in browser.get("/my/visit/").content.decode()
        browser.post(f"/my/visit/questions/{one.pk}/", {"action": "save", "text": "Other?"})
        assert texts(patient) == ["Why am I tired?"]
        event = AuditEvent.objects.get(what="visit question")
        assert (event.action, event.detail, event.patient_ids) == (
            "discuss",
            str(one.pk),
            [patient.pk],
        )
        # and it can be taken back
        doctor.post(path)
        one.refresh_from_db()
        assert one.discussed_at is None and one.discussed_by is None

    def test_nobody_else_gets_at_a_question(
        self, patient: Patient, browser: Client, ehr_client: Client
    ) -> None:
        push(ehr_client, fhir.practitioner("dr2"), fhir.patient("p2", practitioner="dr2"))
        other = Patient.objects.get(fhir_id="p2")
        mine = services.question_add(patient, "Mine?", now=NOW)
        theirs = services.question_add(other, "Theirs?", now=NOW)
        doctor = signed_in(clinician("dr1"))
        base = "/twins/{}/visit-questions/{}/"
        assert doctor.post(base.format(other.public_id, theirs.pk)).status_code == 404
        assert doctor.post(base.format(patient.public_id, theirs.pk)).status_code == 404
        assert browser.post(base.format(patient.public_id, mine.pk)).status_code == 403
        path = f"/my/visit/questions/{theirs.pk}/"
        assert browser.post(path, {"action": "delete"}).status_code == 404
        assert "Theirs?" not in browser.get("/my/visit/").content.decode()
        assert doctor.get(base.format(patient.public_id, mine.pk)).status_code == 405


class TestSummary:
    NUMBERS = re.compile(r'data-(risk|probability|value)="([^"]*)"')

    @pytest.fixture
    def mine(self, ehr_client: Client, settings: Any) -> Client:
        settings.RELEASE_POLICY = "auto"
        patient = twin(ehr_client, "p1", family="Mine")
        services.question_add(patient, "Why am I <tired>?", now=NOW)
        return signed_in(patient_user(patient))

    def test_page_and_pdf_hold_the_same_numbers_in_the_readers_language(self, mine: Client) -> None:
        """UX A6: the print sheet; P3, P5 on paper."""
        if not pdf.pdf_is_available():
            pytest.skip("Pango is not installed")
        page = mine.get("/my/visit/summary/").content.decode()
        assert "summary.pdf" in page and "Why am I &lt;tired&gt;?" in page
        answer = mine.get("/my/visit/summary.pdf")
        assert answer.headers["Content-Type"] == "application/pdf"
        assert "Mine" not in answer.headers["Content-Disposition"]
        assert answer.content.startswith(b"%PDF-")
        # the document that is drawn, before it is packed
        body = page[page.index("<h1>") : page.index('<div class="no-print">')]
        html = f"<html lang=es><title>x</title><body class=summary--pdf><main><div><div>{body}"
        laid_out = pdf.laid_out(html)
        text = " ".join(
            box.text
            for one in laid_out.pages
            for box in one._page_box.descendants()
            if hasattr(box, "text")
        )
        shown = self.NUMBERS.findall(page)
        assert len(shown) >= 6
        for name, value in shown:
            assert name == "probability" or value in text
        assert "out of 100" in text and "Why am I <tired>?" in text
        raw = laid_out.write_pdf(pdf_variant=pdf.VARIANT, uncompressed_pdf=True)
        for mark in (b"/Lang (es)", b"/StructTreeRoot", b"/MarkInfo", b"pdfuaid"):
            assert mark in raw

    def test_a_pdf_opens_no_address_at_all(self, tmp_path: Any) -> None:
        if not pdf.pdf_is_available():
            pytest.skip("Pango is not installed")
        secret = tmp_path / "secret.css"
        secret.write_text("p::after { content: 'read from disk' }")
        html = f'<html lang="en"><title>x</title><link rel="stylesheet" href="file://{secret}">'
        html += f'<img src="file://{secret}" alt=""><p>Hello</p>'
        boxes = [
            box
            for page in pdf.laid_out(html).pages
            for box in page._page_box.descendants()
            if hasattr(box, "text")
        ]
        assert "read from disk" not in " ".join(box.text for box in boxes)

    @pytest.fixture
    def without_pango(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """The library's own import fails, as it does where Pango is missing."""
        monkeypatch.setitem(sys.modules, "weasyprint", None)
        pdf._weasyprint.cache_clear()
        yield
        pdf._weasyprint.cache_clear()

    def test_without_the_libraries_there_is_the_page_to_print(
        self, mine: Client, without_pango: None
    ) -> None:
        assert not pdf.pdf_is_available()
        with pytest.raises(RuntimeError, match="Pango"):
            pdf.pdf_of("<p>x</p>")
        for path in ("/my/visit/", "/my/visit/summary/"):
            assert "summary.pdf" not in mine.get(path).content.decode()
        answer = mine.get("/my/visit/summary.pdf", follow=True)
        assert answer.redirect_chain == [("/my/visit/summary/", 302)]
        assert "We cannot make a PDF here" in answer.content.decode()

    def test_suggested_questions_come_from_the_result_and_go_onto_the_list(
        self, mine: Client
    ) -> None:
        page = mine.get("/my/visit/").content.decode()
        found = re.findall(r'<input type="hidden" name="text" value="([^"]+)">', page)
        assert "What can I do to lower my blood pressure?" in found
        mine.post("/my/visit/questions/", {"text": found[0]})
        page = mine.get("/my/visit/").content.decode()
        assert f'name="text" value="{found[0]}"' not in page
