"""The page of imports and exports in a browser, wide and narrow."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.factories import fhir
from tests.factories.people import PASSWORD
from tests.functional.conftest import PHONE, Visit, Visitor
from tests.integration.fhir.importing import job_of, ndjson, send_lines, work_off
from twinportal.accounts.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# at a desk every page is looked at by test_every_page
SIZES = pytest.mark.parametrize("size", [PHONE], ids=["phone"])


def steward_at(visit: Visit, size: dict[str, int]) -> Visitor:
    User.objects.create_user("steward", password=PASSWORD, role="steward")
    visitor = visit(size=size)
    visitor.goes_to("/accounts/login/?next=/steward/bulk/")
    visitor.page.fill("#id_login", "steward")
    visitor.page.fill("#id_password", PASSWORD)
    visitor.page.click("main button")
    visitor.page.wait_for_url(re.compile("/steward/bulk/"))
    return visitor


@SIZES
def test_a_steward_finds_the_faults_and_cancels(
    ehr_client: Client, visit: Visit, settings: Any, tmp_path: Path, size: dict[str, int]
) -> None:
    settings.BULK_DIR = tmp_path
    steward = steward_at(visit, size)
    assert steward.axe_violations() == []
    # given an import with a fault, and one that waits
    wrong = fhir.quantity("x", "2093-3", 5, "mmol/L", status="finished")
    work_off(job_of(send_lines(ehr_client, ndjson([fhir.patient(), wrong]))))
    job_of(send_lines(ehr_client, ndjson([fhir.patient()])))
    # when the steward looks, the newest is first
    steward.goes_to("/steward/bulk/")
    rows = steward.page.locator("tbody tr")
    assert rows.count() == 2
    assert "Waiting" in rows.nth(0).inner_text()
    assert steward.axe_violations() == []
    # then the fault has a line
    rows.nth(1).locator("a").click()
    assert "upload.ndjson, line 2" in steward.page.content()
    assert steward.axe_violations() == []
    width = steward.page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]
    # and the other one can be cancelled
    steward.goes_to("/steward/bulk/")
    steward.page.locator("tbody tr a").first.click()
    steward.page.get_by_role("button", name="Cancel this import").click()
    steward.page.locator(".notice").wait_for()
    assert "Cancelled" in steward.page.locator("dl.facts").inner_text()
    assert steward.axe_violations() == []
    assert steward.complaints == []
