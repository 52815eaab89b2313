import pytest
from tests.functional.conftest import DESKTOP, PHONE
from tests.functional.test_what_if_pages import path, MINE

pytestmark = pytest.mark.browser


def test_shot(path, visit):
    d = visit("doctor", DESKTOP)
    d.goes_to(path)
    d.page.fill("#id_set_weight", "84")
    d.page.select_option("#id_statin", "atorvastatin_20")
    d.page.select_option("#id_salt", "less_salt")
    d.page.wait_for_selector("[data-forecast=weight]")
    d.page.wait_for_timeout(600)
    d.page.locator("section[aria-labelledby=forecasts]").screenshot(path="/tmp/shot_d.png")
    d.page.set_viewport_size({"width": 320, "height": 700})
    d.page.locator("section[aria-labelledby=forecasts]").screenshot(path="/tmp/shot_n.png")
    p = visit("patient", PHONE)
    p.goes_to(MINE)
    p.page.fill("#id_set_weight", "84")
    p.page.wait_for_selector("[data-forecast=systolic_bp]")
    p.page.wait_for_timeout(600)
    p.page.locator("[data-forecast=systolic_bp] summary").click()
    p.page.locator("article[data-forecast=systolic_bp]").screenshot(path="/tmp/shot_p.png")
