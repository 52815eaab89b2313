"""The quarantine in a browser: accessible at both widths, and done with a keyboard's means."""

import pytest
from django.test import Client

from patients.models import CorrectionRule, QuarantinedResource
from tests.factories.people import PASSWORD
from tests.functional.conftest import PHONE, Visit, Ward
from tests.integration.fhir.calls import post, put
from tests.integration.fhir.tolerant import (
    make_tolerant,
    odd_patient,
    odd_value,
    rule,
    transaction,
)
from twinportal.accounts.models import User

pytestmark = pytest.mark.browser
# at a desk every page is looked at by test_every_page
SIZES = pytest.mark.parametrize("size", [PHONE], ids=["phone"])
LIST = "/steward/quarantine/"


@pytest.fixture
def lane(ward: Ward, ehr_client: Client) -> list[str]:
    """Faulty resources of several kinds and a steward; the addresses of all pages."""
    User.objects.create_user("steward", password=PASSWORD, role="steward")
    make_tolerant()
    put(ehr_client, odd_value("odd", "p1", date="2026-10-02"))
    put(ehr_client, odd_value("odd", "p1"))
    put(ehr_client, odd_value("nobody", "p99") | {"status": "final"})
    post(ehr_client, "", transaction(odd_patient("p3"), odd_value("o3", "p3")))
    rule("Patient.contact.gender", "M", "male")
    CorrectionRule.objects.update(ended_at="2026-11-01T00:00:00Z", ended_by="1")
    rule("Patient.contact.gender", "F", "female")
    items = QuarantinedResource.objects.order_by("pk")
    stored = rule("Observation.status", "stored-once", "final")
    items.filter(fhir_id="nobody").update(
        state="stored", rules=[stored.pk], stored_type="Observation", stored_id="nobody"
    )
    rules = f"{LIST}rules/"
    return [
        LIST,
        f"{LIST}?state=",
        f"{LIST}?state=unseen",
        rules,
        f"{rules}{stored.pk}/",
        *(f"{LIST}{i.public_id}/" for i in items),
    ]


@SIZES
def test_every_page_is_accessible_and_fits(
    lane: list[str], visit: Visit, size: dict[str, int]
) -> None:
    steward = visit("steward", size)
    for path in lane:
        steward.goes_to(path)
        assert steward.axe_violations() == [], path
        assert steward.complaints == [], path
        width = steward.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], path


@SIZES
def test_the_clinician_sees_that_something_is_kept_apart(
    lane: list[str], ward: Ward, visit: Visit, size: dict[str, int]
) -> None:
    doctor = visit("doctor", size)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/")
    assert doctor.page.get_by_text("1 resource that was sent for this patient").is_visible()
    assert doctor.axe_violations() == []


def test_a_steward_makes_a_rule_and_the_resource_goes_in(lane: list[str], visit: Visit) -> None:
    # given a steward without scripts, who finds what waits most
    steward = visit("steward", java_script_enabled=False)
    steward.page.get_by_role("link", name="Quarantine", exact=True).click()
    steward.page.locator("a[href*='type=Observation'][href*='cause=code-invalid']").click()
    steward.page.locator("table").nth(1).get_by_role("link").first.click()
    # when they say what the text means
    steward.page.get_by_label("It means").select_option("final")
    steward.page.get_by_label("How you know").fill("their manual")
    steward.page.get_by_role("button", name="See what it would do").click()
    assert "2 waiting resources have this text" in steward.page.locator("main").inner_text()
    assert steward.page.evaluate("document.title").startswith("What the rule would do")
    steward.page.get_by_label("I know from the client").check()
    steward.page.get_by_role("button", name="Make the rule").click()
    assert "is made" in steward.page.get_by_role("status").first.inner_text()
    # then trying again stores it
    steward.page.get_by_role("button", name="Try again").click()
    assert "It is stored now" in steward.page.get_by_role("status").first.inner_text()
