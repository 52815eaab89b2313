"""The twin page in a browser: it keeps its place, shows news when asked, and mixes nobody up."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from tests.factories import fhir
from tests.factories.people import push, twin
from tests.functional.conftest import DESKTOP, PHONE, Visit, Visitor, Ward
from twinportal import pipeline

pytestmark = pytest.mark.browser


@pytest.fixture
def asking(settings: Any) -> None:
    """An open page asks every second whether there is anything new."""
    settings.TWIN_POLL_SECONDS = 1


def new_pressure(ehr: Client, ward_patient: Any, systolic: float) -> None:
    subject = ward_patient.fhir_id
    at = timezone.now() - timedelta(hours=1)
    push(
        ehr,
        fhir.blood_pressure(
            f"{subject}-{systolic:g}", systolic, 80, subject=subject, date=at.isoformat()
        ),
    )
    pipeline.refresh_twin(ward_patient.pk, now=timezone.now())


def test_the_overview_is_one_screen_and_every_part_keeps_its_place(
    ward: Ward, visit: Visit
) -> None:
    # given a doctor on the overview: it is one screen
    doctor = visit("doctor", DESKTOP)
    base = f"/twins/{ward.patient.public_id}/"
    doctor.goes_to(base)
    box = doctor.page.locator("#part-overview").bounding_box()
    assert box is not None and box["y"] + box["height"] <= DESKTOP["height"]
    # who reads the trends, opens a table, and follows a measurement
    doctor.page.get_by_role("link", name="Trends", exact=True).press("Enter")
    doctor.page.wait_for_url(f"**{base}trends/")
    doctor.page.locator(".trend summary").nth(3).press("Enter")
    doctor.page.locator(".trend h3 a").nth(3).focus()
    doctor.page.keyboard.press("Enter")
    doctor.page.wait_for_url("**/trends/*/")
    # when they come back by the link of that page
    doctor.page.get_by_role("link", name="Back to the trends").press("Enter")
    # then the same part is there and the table is still open
    doctor.page.wait_for_url(f"**{base}trends/")
    expect(doctor.page.locator(".trend details").nth(3)).to_have_attribute("open", "")
    assert doctor.page.locator(".trend details[open]").count() == 1
    # and what has the focus is never under the banner (UX A2)
    doctor.page.set_viewport_size({"width": 1280, "height": 520})
    doctor.page.locator("footer").scroll_into_view_if_needed()
    for link in doctor.page.locator(".trend a").all()[::-1][:8]:
        link.focus()
        under = link.evaluate(
            "a => document.getElementById('banner').getBoundingClientRect().bottom"
            " - a.getBoundingClientRect().top"
        )
        assert under <= 0
    # an address of the one page leads to the part that has it
    doctor.goes_to(f"{base}#simulations")
    doctor.page.wait_for_url(f"**{base}tools/#simulations")


def test_news_is_shown_when_asked_and_nothing_else_moves(
    asking: None, ward: Ward, visit: Visit, ehr_client: Client
) -> None:
    """UX A2, C8: announced, focus kept, opened details stay open."""
    doctor = visit("doctor", PHONE)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/predictions/")
    page = doctor.page
    first = page.locator("article").first
    before = first.locator(".figure").inner_text()
    first.locator("details").nth(1).locator("summary").click()
    link = first.get_by_role("link", name=re.compile("How this model was checked"))
    link.focus()
    # when something new was computed
    new_pressure(ehr_client, ward.patient, 178)
    # then it is said, and the old number stays until it is asked for
    expect(page.locator("#live-said")).to_contain_text("new results", timeout=30_000)
    assert page.get_attribute("#live-said", "role") == "status"
    assert first.locator(".figure").inner_text() == before
    assert page.evaluate("document.activeElement.textContent").startswith("How this model")
    assert doctor.axe_violations() == []
    # when it is asked for while the focus is elsewhere
    page.evaluate("document.getElementById('live-show').click()")
    expect(page.locator("#live-said")).to_contain_text("are shown")
    # then the number is the new one, what was open is open, and the focus is where it was
    assert first.locator(".figure").inner_text() != before
    assert first.locator("details[open]").count() == 2
    assert page.evaluate("document.activeElement.textContent").startswith("How this model")
    assert doctor.complaints == []


def late(page: Page, pattern: str, seconds: float) -> None:
    """Answers to these come late."""

    def hold(route: Route) -> None:
        answer = route.fetch()
        page.wait_for_timeout(seconds * 1000)
        route.fulfill(response=answer)

    page.route(re.compile(pattern), hold)


def test_no_answer_about_one_patient_comes_into_the_page_of_another(
    asking: None, ward: Ward, visit: Visit, ehr_client: Client
) -> None:
    """UX C11."""
    second = twin(ehr_client, "p3", doctor="dr1", family="Secondone")
    one = visit("doctor")
    first_url, second_url = (f"/twins/{p.public_id}/" for p in (ward.patient, second))
    other = Visitor(one.page.context.new_page(), one.base)
    one.goes_to(first_url)
    other.goes_to(second_url)
    new_pressure(ehr_client, ward.patient, 178)
    new_pressure(ehr_client, second, 99)
    for visitor in (one, other):
        expect(visitor.page.locator("#live-show")).to_be_visible(timeout=30_000)

    # when the answer to the first page's question is that of another patient
    def wrong(route: Route) -> None:
        route.fulfill(response=route.fetch(url=f"{one.base}{second_url}"))

    one.page.route(re.compile(f"{first_url}$"), wrong)
    one.page.locator("#live-show").click()
    # then it is refused, and nothing of it is shown
    expect(one.page.locator("#live-said")).to_contain_text("another record was refused")
    assert "Secondone" not in one.page.content()
    assert "Mine" in one.page.locator("#banner").inner_text()

    # the other tab has its own patient's
    other.page.locator("#live-show").click()
    expect(other.page.locator("#live-said")).to_contain_text("are shown")
    assert "Secondone" in other.page.locator("#banner").inner_text()
    assert "Mine" not in other.page.locator("main").inner_text()

    # when somebody goes on to another patient before the answer has come
    one.page.unroute_all(behavior="ignoreErrors")
    one.goes_to(first_url)
    new_pressure(ehr_client, ward.patient, 121)
    expect(one.page.locator("#live-show")).to_be_visible(timeout=30_000)
    late(one.page, f"{first_url}$", 1.5)
    one.page.locator("#live-show").click()
    one.goes_to(second_url)
    one.page.wait_for_timeout(2500)
    # then nothing of the patient before comes into the page
    assert "Secondone" in one.page.locator("#banner").inner_text()
    assert "Mine" not in one.page.locator("main").inner_text()
