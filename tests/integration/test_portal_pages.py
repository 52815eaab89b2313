"""The patient's pages: one message first, numbers over time, words that suit, and access."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.access.consent import Purpose
from patients.models import AuditEvent, ConsentChoice, Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in, twin
from tests.readability import flesch_kincaid_grade
from twinportal import pipeline
from twinportal.accounts.models import User

pytestmark = pytest.mark.django_db
PAGES = ("/my/", "/my/numbers/", "/my/visit/", "/my/visit/summary/", "/my/reading/")
NUMBERS = re.compile(r'data-(risk|probability|horizon|low|high|value|number|comparison)="([^"]*)"')


@dataclass
class Me:
    """A patient at a browser, with what the EHR can send of them."""

    patient: Patient
    browser: Client
    ehr: Client

    def reads(self, path: str = "/my/") -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, path
        return answer.content.decode()


@pytest.fixture
def me(ehr_client: Client, settings: Any) -> Me:
    settings.RELEASE_POLICY = "auto"
    patient = twin(ehr_client, "p1", family="Mine")
    return Me(patient, signed_in(patient_user(patient)), ehr_client)


def words_of(page: str) -> str:
    """What is read, without tables and forms, each block ending in a stop."""
    main = page[page.index("<main") : page.index("</main>")]
    main = re.sub(r"(?s)<(table|form|svg|script).*?</\1>", " ", main)
    main = re.sub(r"</(p|li|h\d|summary|figcaption|dt|dd)>", ". ", main)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)).replace("&#x27;", "'")
    return re.sub(r"([.?!:])(\s*\.)+", r"\1", text)


def values_in(page: str, concept: str) -> tuple[list[str], list[str]]:
    """The numbers of a measurement's picture and of its table, both oldest first."""
    block = re.search(rf'(?s)data-concept="{concept}".*?</table>', page)
    assert block is not None, concept
    drawn = re.findall(r'<circle[^>]*data-value="([^"]*)"', block[0])
    listed = re.findall(r'<tr data-value="([^"]*)"', block[0])
    return drawn, listed[::-1]


class TestHome:
    def test_the_message_the_picture_and_the_next_step_come_first(self, me: Me) -> None:
        """UX P16, P17, P19 (CCI items 1 to 5): before any notice, switch or menu of the page."""
        push(me.ehr, fhir.blood_pressure("p1-new", 170, 99, date="2026-11-19T09:00:00Z"))
        main = (page := me.reads())[page.index("<main") :]
        places = [
            main.index(mark)
            for mark in (
                "data-risk=",
                'class="icons',
                "data-next-step",
                "We are updating your results",
                "What this means",
                "What moves your number",
                "What could help",
                "What to do next",
                'name="level"',
            )
        ]
        assert places == sorted(places)
        assert main.count("data-next-step") == 1
        assert "your usual clinic" in main[places[2] : places[3]]
        assert main.index("<h1") < places[0] and "notice" not in main[: places[0]]

    def test_whom_to_call_is_on_every_page(self, me: Me) -> None:
        """UX P17"""
        paths = [*PAGES[:-1], self.more_about(me.reads())]
        for path in paths:
            page = me.reads(path)
            assert "Call 911 now" in page and "your usual clinic" in page, path

    @staticmethod
    def more_about(page: str) -> str:
        found = re.search(r'href="(/my/results/\d+/)"', page)
        assert found is not None
        return found[1]

    def test_what_can_be_changed_stands_apart_and_advice_is_about_that_alone(self, me: Me) -> None:
        """UX E5, P4, P5"""
        page = me.reads(self.more_about(me.reads()))
        can = re.search(r'(?s)data-reasons="can-change">(.*?)</div>', page)
        assert can is not None and "your blood pressure" in can[1]
        assert "your age" not in can[1]
        advice = page[page.index("What could help") : page.index("What this is, and")]
        assert "lower my blood pressure" in advice and "my age" not in advice
        assert "people your age" in page
        assert "We do not know how far off this number is" in page
        own = re.search(r'data-risk="(\d+)"', page)
        others = re.search(r'data-others="(\d+)"', page)
        assert own is not None and others is not None
        assert int(own[1]) + int(others[1]) == 100

    def test_the_way_around_is_on_every_page_and_names_only_what_is_there(self, me: Me) -> None:
        """UX A4: links and a menu that needs no script."""
        for path in PAGES:
            page = me.reads(path)
            for name in ("portal-home", "my-numbers", "my-what-if", "my-visit"):
                assert f'<a href="{reverse(name)}"' in page
            assert '<details class="portal-menu">' in page
            assert 'href=""' not in page
        assert 'href="/my/numbers/" aria-current="page"' in me.reads("/my/numbers/")
        assert 'href="/my/" aria-current' not in me.reads("/my/numbers/")
        doctor = signed_in(clinician()).get("/worklist/").content.decode()
        assert "portal-menu" not in doctor and "css/portal.css" not in doctor

    def test_who_chose_not_to_see_numbers_sees_none(self, me: Me) -> None:
        ConsentChoice.objects.create(
            patient=me.patient, purpose=Purpose.SEE_PREDICTIONS, granted=False, at=NOW, by="1"
        )
        for path in PAGES:
            assert "data-risk=" not in me.reads(path), path
            assert "out of 100 within" not in me.reads(path), path
        assert "You chose not to see numbers" in me.reads()


class TestLevels:
    @pytest.fixture
    def pages(self, me: Me) -> Iterator[dict[str, dict[str, str]]]:
        """Every page at every level."""
        found: dict[str, dict[str, str]] = {}
        for level in ("plain", "standard", "detailed"):
            me.browser.post("/my/level/", {"level": level})
            found[level] = {path: me.reads(path) for path in PAGES}
        yield found

    def test_words_change_numbers_do_not_and_plain_is_plain(
        self, pages: dict[str, dict[str, str]]
    ) -> None:
        """UX P12, P13, P14, P3, P6, P18"""
        for path in PAGES:
            numbers = {level: NUMBERS.findall(pages[level][path]) for level in pages}
            assert numbers["plain"] == numbers["standard"] == numbers["detailed"], path
            assert 'name="level" value="plain"' in pages["plain"][path]
        for path in ("/my/", "/my/numbers/", "/my/visit/summary/"):
            assert len({words_of(pages[level][path]) for level in pages}) == 3, path
        for level, limit in (("plain", 6), ("standard", 8)):
            for path in PAGES[:3]:
                text = words_of(pages[level][path])
                assert len(text.split()) >= 100, path
                assert flesch_kincaid_grade(text) <= limit, (level, path, text)
        for level in pages:
            for path in PAGES[:4]:
                text = words_of(pages[level][path])
                for sentence in re.split(r"(?<=[.?!:])\s", text):
                    assert len(sentence.split()) <= 20, sentence
                    if "out of 100" in sentence:
                        assert "within" in sentence, sentence
                assert not re.search(r"caused by|times (more|less)|double|\b\d{4,5}-\d\b", text)
                assert not re.search(r"Observation|unknown|p1-bp|LOINC", text), path


class TestNumbers:
    def test_picture_and_table_say_the_same_with_unit_day_and_usual_range(self, me: Me) -> None:
        """UX C9, A3"""
        page = me.reads("/my/numbers/")
        drawn, listed = values_in(page, "total_cholesterol")
        # the unit is the one that the laboratory sent
        assert drawn == listed == ["213", "213"]
        block = page[page.index('data-concept="total_cholesterol"') :]
        assert "<strong>213 mg/dL</strong>" in block
        assert "1 October 2026" in block and "Usual: up to 193 mg/dL" in block
        assert 'role="img" aria-label="All of it (total cholesterol): 2 values' in block
        assert "We have not checked it yet" in page
        assert "Test EHR" in block[: block.index("</table>")], "who sent it, by name"

    def test_what_was_sent_many_times_is_one_row_and_what_differs_stays(self, me: Me) -> None:
        """One value of a day is one row, whoever sent it; two values of a day are both there."""
        at = "2026-11-02T08:00:00Z"
        push(
            me.ehr,
            fhir.quantity("w1", "29463-7", 80, "kg", date=at),
            fhir.quantity("w2", "29463-7", 80, "kg", date="2026-11-02T09:30:00Z"),
            fhir.quantity("w3", "29463-7", 92, "kg", date="2026-11-02T17:00:00Z"),
            fhir.quantity("w4", "29463-7", 81, "kg", date="2026-08"),
        )
        page = me.reads("/my/numbers/")
        drawn, listed = values_in(page, "weight")
        assert drawn == listed == ["81.0", "80.0", "92.0"]
        block = page[page.index('data-concept="weight"') :]
        assert "17:00 UTC" in block and "August 2026" in block
        assert "1 August 2026" not in block

    def test_what_is_missing_or_odd_is_said(self, me: Me) -> None:
        page = me.reads("/my/numbers/")
        assert "Blood sugar: we have no test from you." in page
        push(me.ehr, fhir.blood_pressure("p1-odd", 232, 99, date="2026-11-19T09:00:00Z"))
        page = me.reads("/my/numbers/")
        block = page[page.index('data-concept="systolic_bp"') :]
        assert block.index("unusual: ask about it") < block.index("</details>")

    def test_numbers_over_time_say_what_moved_them(self, me: Me) -> None:
        push(me.ehr, fhir.blood_pressure("p1-new", 176, 99, date="2026-11-20T18:00:00Z"))
        pipeline.refresh_twin(me.patient.pk, now=NOW + timedelta(days=20))
        page = me.reads("/my/numbers/")
        block = page[page.index('data-history="cvd"') : page.index('data-group="blood_pressure"')]
        drawn = re.findall(r'<circle[^>]*data-value="(\d+)"', block)
        listed = re.findall(r'<tr data-number="(\d+)"', block)[::-1]
        assert drawn == listed and len(drawn) >= 2
        assert int(drawn[-1]) > int(drawn[-2])
        assert f"On 20 November 2026 your number was {drawn[-2]} out of 100 within 10" in block
        assert "It went up." in block
        why = block[block.index("These things moved the number most") :]
        assert re.search(r"(?s)<span>your blood pressure</span>.{0,80}tag--raise", why)

    def test_what_nobody_saw_is_marked_and_hidden_where_results_wait_for_review(
        self, me: Me, settings: Any
    ) -> None:
        """UX P21"""
        later = "worked out later from your record"
        assert later in me.reads("/my/numbers/")
        settings.RELEASE_POLICY = "review"
        assert later not in me.reads("/my/numbers/")

    def test_the_number_of_queries_does_not_grow_with_the_record(self, me: Me) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                me.reads("/my/numbers/")
            return len(captured)

        queries()
        before = queries()
        push(
            me.ehr,
            *(
                fhir.quantity(f"ldl{n}", "13457-7", 100 + n, "mg/dL", date=f"2026-09-{n:02d}")
                for n in range(1, 20)
            ),
        )
        pipeline.refresh_twin(me.patient.pk, now=NOW + timedelta(minutes=1))
        assert queries() == before


class TestReading:
    ANSWERS = {"help": "2", "forms": "3", "problems": "2"}

    def test_answers_suggest_and_lock_nothing_and_are_kept_nowhere(
        self, me: Me, settings: Any
    ) -> None:
        """UX P14"""
        AuditEvent.objects.all().delete()
        me.browser.post("/my/level/", {"level": "detailed"})
        page = me.browser.post("/my/reading/", self.ANSWERS).content.decode()
        assert "You may like the words called Simple" in page
        assert 'data-suggested="plain"' in page
        user = User.objects.get(username="patient")
        assert user.literacy_level == "detailed"
        event = AuditEvent.objects.get()
        assert (event.action, event.detail) == ("suggest", "")
        settings.BHLS_CUTOFF = 6
        page = me.browser.post("/my/reading/", self.ANSWERS).content.decode()
        assert 'data-suggested="standard"' in page

    def test_a_missing_answer_suggests_nothing_and_an_odd_one_is_refused(self, me: Me) -> None:
        """UX P15"""
        page = me.browser.post("/my/reading/", {"help": "2"}).content.decode()
        assert "Please answer all three questions" in page
        for wrong in ("9", "x", "0"):
            assert (
                me.browser.post("/my/reading/", self.ANSWERS | {"help": wrong}).status_code == 400
            )


def test_the_pages_are_the_patients_own(me: Me, client: Client) -> None:
    doctor = signed_in(clinician())
    assert client.get("/my/visit/summary.pdf").status_code == 302
    assert doctor.get("/my/visit/summary.pdf").status_code == 403
    for path in PAGES:
        assert client.get(path).status_code == 302, path
        assert doctor.get(path).status_code == 403, path
        AuditEvent.objects.all().delete()
        assert me.browser.get(path).status_code == 200, path
        assert AuditEvent.objects.get().patient_ids == [me.patient.pk], path
