"""A data steward maps a code in a browser: from the list to the form, the preview and the end."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import Fact, Mapping
from patients.services.code_survey import survey
from tests.factories import fhir
from tests.factories.people import NOW, PASSWORD, push
from tests.functional.conftest import PHONE, Visit, Visitor, Ward
from tests.integration.mapping_calls import CHOL, local, replay_all, say, steward
from twinportal import pipeline

pytestmark = pytest.mark.browser
# at a desk every page is looked at by test_every_page
SIZES = pytest.mark.parametrize("size", [PHONE], ids=["phone"])
NEW = "/steward/mappings/new/?kind=observation_code&system=urn:hospital:lab&code=CHOL"


@pytest.fixture
def desk(ward: Ward, ehr_client: Client) -> Ward:
    """Local codes and units, some of them doubtful, a mapping in force and one that has ended."""
    without = fhir.quantity("n", "2093-3", 5, "")
    without["valueQuantity"] = {"value": 5}
    push(
        ehr_client,
        *(local(f"a{n}", 200 + n) for n in range(12)),
        local("b", 9, code="OTHER" * 12),
        fhir.quantity("u", "2093-3", 213, "MGD"),
        without,
    )
    by = steward()
    say(CHOL, "hdl_cholesterol", by)
    say(CHOL, "total_cholesterol", by)
    replay_all()
    pipeline.refresh_twin(ward.patient.pk, now=NOW)
    survey(now=timezone.now())
    return ward


def signed_in(visit: Visit, size: dict[str, int]) -> Visitor:
    visitor = visit(size=size)
    visitor.goes_to("/accounts/login/")
    visitor.page.fill("#id_login", "steward")
    visitor.page.fill("#id_password", PASSWORD)
    visitor.page.click("main button")
    visitor.page.wait_for_url(re.compile("steward"))
    return visitor


def is_fine(visitor: Visitor) -> None:
    """No fault for axe, none for the browser, nothing beyond the screen's edge."""
    where = visitor.page.url
    assert visitor.axe_violations() == [], where
    assert visitor.complaints == [], where
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visitor.page.viewport_size["width"], where  # type: ignore[index]


@SIZES
def test_every_page_is_accessible(desk: Ward, visit: Visit, size: dict[str, int]) -> None:
    visitor = signed_in(visit, size)
    live = Mapping.objects.get(ended_at=None)
    addresses = ["codes/", "units/", "mappings/", f"mappings/{live.pk}/"]
    kinds = [
        "kind=medication_code&system=urn:x&code=y",
        "kind=condition_code&system=urn:x&code=y",
        "kind=unit&concept=total_cholesterol&code=MGD",
        "kind=unit&concept=total_cholesterol&code=",
    ]
    addresses += [f"mappings/new/?{kind}" for kind in kinds]
    for address in addresses:
        visitor.goes_to(f"/steward/{address}")
        is_fine(visitor)


@SIZES
def test_from_the_list_to_the_mapping_and_its_end(
    desk: Ward, visit: Visit, size: dict[str, int]
) -> None:
    Mapping.objects.filter(ended_at=None).get()
    visitor = signed_in(visit, size)
    page = visitor.page
    page.get_by_role("link", name="Units", exact=True).click()
    page.get_by_role("link", name=re.compile("Map MGD of Total cholesterol")).click()
    page.get_by_label("It is the unit").select_option("mmol/L")
    page.get_by_label("How do you know?").fill("asked the laboratory")
    page.get_by_role("button", name="See what it would do").click()
    page.get_by_role("heading", name="What it would do").wait_for()
    assert "Look twice" in page.locator("main").inner_text()
    is_fine(visitor)
    # somebody who sees that it is wrong goes back, and says it rightly
    page.get_by_role("link", name="Do not map it").click()
    page.get_by_role("link", name=re.compile("Map MGD")).click()
    page.get_by_label("It is the unit").select_option("mg/dL")
    page.get_by_label("How do you know?").fill("asked the laboratory")
    page.get_by_role("button", name="See what it would do").click()
    text = page.locator("main").inner_text()
    assert "1 resource of 1 patient" in text and "5.51" in text and "Look twice" not in text
    is_fine(visitor)
    page.get_by_role("button", name="Put it in force").click()
    page.get_by_role("heading", name=re.compile("Mapping [0-9]+")).wait_for()
    is_fine(visitor)
    replay_all()
    assert Fact.objects.get(resource_fhir_id="u").quality == "usable"
    page.get_by_label("Why?").fill("it was another laboratory")
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_text("is withdrawn").wait_for()
    replay_all()
    assert Fact.objects.get(resource_fhir_id="u").quality == "unknown_unit"
    is_fine(visitor)


def test_the_doubtful_and_the_refused_without_scripts(desk: Ward, visit: Visit) -> None:
    visitor = signed_in(visit, PHONE)
    page = visitor.page
    visitor.goes_to(NEW.replace("CHOL", "OTHER" * 12))
    page.get_by_label("It means").select_option(label="Systolic blood pressure (mm[Hg])")
    page.get_by_label("How do you know?").fill("a guess")
    page.get_by_role("button", name="See what it would do").click()
    page.get_by_role("heading", name="What it would do").wait_for()
    is_fine(visitor)


@SIZES
def test_a_clinician_reads_who_said_so(desk: Ward, visit: Visit, size: dict[str, int]) -> None:
    doctor = visit("doctor", size)
    doctor.goes_to(f"/twins/{desk.patient.public_id}/resources/Observation/a0/1/")
    assert "read as Total cholesterol by mapping" in doctor.page.locator("main").inner_text()
    assert doctor.axe_violations() == [] and doctor.complaints == []


@SIZES
def test_a_clinician_sees_the_mark_and_follows_it(
    desk: Ward, visit: Visit, size: dict[str, int]
) -> None:
    doctor = visit("doctor", size)
    base = f"/twins/{desk.patient.public_id}/"
    for path in (f"{base}trends/", f"{base}trends/total_cholesterol/"):
        doctor.goes_to(path)
        mark = doctor.page.get_by_role("link", name=re.compile("read by mapping [0-9]+")).first
        target = mark.get_attribute("href")
        assert mark.is_visible() and target
        assert "read as Total cholesterol" in doctor.page.locator(target).inner_text()
        is_fine(doctor)
    doctor.goes_to(f"{base}record/")
    doctor.page.get_by_text("Which it is").click()
    assert doctor.page.get_by_text("OTHEROTHER").first.is_visible()
    is_fine(doctor)
