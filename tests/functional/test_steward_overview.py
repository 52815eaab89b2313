"""The data steward's first pages in a browser: accessible, and as wide as the screen."""

import pytest
from django.test import Client
from oauth2_provider.models import Application

from patients.services import activity
from tests.factories import fhir
from tests.factories.people import PASSWORD
from tests.functional.conftest import PHONE, Visit, Ward
from tests.integration.fhir.calls import put
from twinportal.accounts.models import User

pytestmark = pytest.mark.browser


@pytest.fixture
def pages(ward: Ward, ehr_client: Client) -> list[str]:
    """A steward, and a client that was refused; the addresses of all pages."""
    User.objects.create_user("steward", password=PASSWORD, role="steward")
    put(ehr_client, fhir.quantity("o1", "2093-3", 5, "mmol/L", status="done"))
    activity.flush()
    client = f"/steward/clients/{Application.objects.get().pk}/"
    return ["/steward/", "/steward/?period=week", client, "/steward/rejects/?days=30"]


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_every_page_is_accessible_and_fits(
    pages: list[str], visit: Visit, size: dict[str, int]
) -> None:
    steward = visit("steward", size)
    for path in pages:
        steward.goes_to(path)
        assert steward.axe_violations() == [], path
        assert steward.complaints == [], path
        width = steward.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], path


def test_from_the_overview_to_the_cause_by_keyboard(pages: list[str], visit: Visit) -> None:
    steward = visit("steward")
    steward.goes_to("/steward/")
    link = steward.page.get_by_role("link", name="Why", exact=True)
    link.focus()
    steward.page.keyboard.press("Enter")
    steward.page.wait_for_url("**/steward/rejects/**")
    assert steward.page.get_by_text("Observation.status").first.is_visible()
