"""The patient's pages on a phone: the one message on the first screen, by keyboard, in both languages."""

from typing import Any

import pytest

from tests.functional.conftest import PHONE, Visit, Visitor, Ward

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
PAGES = ("/my/", "/my/numbers/", "/my/visit/", "/my/visit/summary/", "/my/reading/")


def bottom_of(visitor: Visitor, selector: str) -> float:
    box: Any = visitor.page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return float(box["y"] + box["height"])


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_first_screen_of_a_phone_carries_the_one_message(
    ward: Ward, visit: Visit, language: str
) -> None:
    """UX P16, P17, P2: number, picture and next step, whole, without scrolling."""
    patient = visit("patient", PHONE)
    patient.page.locator(f"button[name=language][value={language}]").click()
    patient.page.wait_for_selector(f"button[value={language}][aria-pressed=true]")
    patient.goes_to("/my/")
    assert patient.page.locator("html").get_attribute("lang") == language
    for part in (".result__main", ".result--main .icons", "[data-next-step]"):
        assert bottom_of(patient, part) <= PHONE["height"], part
    assert patient.page.locator("[data-next-step] a").count() == 1
    # it is the largest text of the screen
    sizes = patient.page.locator("main h2, main p").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    main = patient.page.locator(".result__main").first.evaluate(
        "one => parseFloat(getComputedStyle(one).fontSize)"
    )
    assert main == max(sizes)


def test_every_page_is_accessible_strict_and_fits_a_narrow_phone(ward: Ward, visit: Visit) -> None:
    """UX A1, A5, A6: every page with everything on it open."""
    patient = visit("patient", NARROW)
    patient.goes_to("/my/visit/")
    patient.page.fill("#new-question", "Wherefore " + "a" * 60 + "?")
    patient.page.get_by_role("button", name="Add to my list").click()
    patient.page.wait_for_selector("[data-question]")
    for path in PAGES:
        patient.goes_to(path)
        for closed in patient.page.locator("main details > summary").all():
            closed.click()
        assert patient.axe_violations() == [], path
        # the menu lies over the page while it is open
        patient.page.locator(".portal-menu summary").click()
        width = patient.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], path
        assert patient.complaints == [], path


def test_by_keyboard_and_without_scripts_from_the_menu_to_a_kept_question(
    ward: Ward, visit: Visit
) -> None:
    """UX A2, A4"""
    patient = visit("patient", PHONE, java_script_enabled=False)
    page = patient.page
    # skip link, name of the site, menu: three steps from the top
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".portal-menu li a").first.wait_for(state="visible")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/my/visit/")
    page.locator("#new-question").focus()
    page.keyboard.type("May I drink coffee?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=May I drink coffee?")
    assert page.locator("[data-question]").count() == 1
