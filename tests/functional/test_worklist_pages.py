"""The worklist by keyboard in a browser."""

import pytest
from django.test import Client

from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, push
from tests.functional.conftest import DESKTOP, PHONE, Visit, Ward
from twinportal import pipeline
from twinportal.attention.models import Acknowledgement

pytestmark = pytest.mark.browser


@pytest.fixture
def flagged(ward: Ward, ehr_client: Client, settings: object) -> Patient:
    settings.WORKLIST_NEWS_SECONDS = 1  # type: ignore[attr-defined]
    push(ehr_client, fhir.blood_pressure("p1-high", 178, 99, date="2026-11-19T09:00:00Z"))
    pipeline.refresh_twin(ward.patient.pk, now=NOW)
    return ward.patient


def test_a_flag_is_acknowledged_by_keyboard_alone(flagged: Patient, visit: Visit) -> None:
    """UX A2, C6: focus is not lost after the swap, the live region announces, and no modal."""
    doctor = visit("doctor", DESKTOP)
    page = doctor.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    # keys are letters inside a field
    page.keyboard.type("jak?")
    assert page.input_value("#q") == "jak?"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.className") == "who"
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.name") == "reason"
    assert doctor.axe_violations() == []
    page.keyboard.type("Already")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("tr.worklist__quiet")
    assert Acknowledgement.objects.get().reason == "known"
    page.wait_for_function("document.getElementById('said').textContent.includes('already known')")
    assert "Mine" in page.inner_text("#said")
    assert page.evaluate("document.activeElement.textContent").startswith("Take back")
    assert doctor.axe_violations() == []
    page.keyboard.press("Enter")
    page.wait_for_selector("details.ack")
    assert Acknowledgement.objects.get().ended_because == "undone"
    # the keys can be switched off
    page.keyboard.press("?")
    page.uncheck("#keys-on")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert doctor.complaints == []


def test_news_is_announced_and_moves_nothing(
    flagged: Patient, visit: Visit, ehr_client: Client
) -> None:
    """UX C11, A2: the row under the reader's hands stays until they ask for the new list."""
    doctor = visit("doctor", PHONE)
    page = doctor.page
    page.locator("a.who").focus()
    before = page.inner_html("#worklist")
    push(ehr_client, fhir.blood_pressure("p1-n", 140, 80, date="2026-11-20T09:00:00Z"))
    pipeline.refresh_twin(flagged.pk, now=NOW)
    page.wait_for_selector("#news a")
    assert "1 patient has new results" in page.inner_text("#news")
    assert page.inner_html("#worklist") == before
    assert page.evaluate("document.activeElement.className") == "who"
    assert doctor.axe_violations() == []
    page.locator("#news a").click()
    page.wait_for_function("document.querySelector('#news a') === null")
    assert page.inner_html("#worklist") != before
    doctor.goes_to("/worklist/metrics/")
    assert doctor.axe_violations() == []
    assert doctor.complaints == []


def test_it_works_without_scripts(flagged: Patient, visit: Visit) -> None:
    """UX A4, and more than reading: a filter and an acknowledgement."""
    doctor = visit("doctor", DESKTOP, java_script_enabled=False)
    page = doctor.page
    page.locator(".filters > summary").click()
    page.select_option("#id_sex", "female")
    page.locator(".filters__form button").click()
    assert "sex=female" in page.url and page.locator(".chips").count() == 1
    page.locator("details.ack summary").click()
    page.select_option("details.ack select", "acted")
    page.locator("details.ack button").click()
    page.wait_for_selector(".worklist__count")
    assert "sex=female" in page.url
    assert "1 more is not shown" in page.inner_text(".worklist__count")
