"""One's own record, corrections and the review in a browser: accessible, narrow, by keyboard."""

import pytest

from patients.models import Fact
from tests.functional.conftest import Visit, Ward
from twinportal.my_record.models import CorrectionRequest

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
MINE = ("", "facts/", "access/?who=me", "consents/", "download/")


def test_a_correction_by_keyboard_from_wish_to_answer(ward: Ward, visit: Visit) -> None:
    """UX A1, A2, A5, A6 of every page on the way, and of the others that one meets there."""
    # given a patient at a narrow screen
    me, doctor = visit("patient", NARROW), visit("doctor")
    fact = Fact.objects.filter(patient=ward.patient, concept="systolic_bp").latest("effective_at")
    wrong = f"/my/record/facts/{fact.pk}/wrong/"
    for path in ("/my/about/", *(f"/my/record/{page}" for page in MINE), wrong):
        me.goes_to(path)
        assert me.axe_violations() == [], path
        assert me.page.evaluate("document.documentElement.scrollWidth") <= 320, path
    # when they say with the keyboard alone what is wrong
    me.page.focus("[name=reason][value=wrong-value]")
    me.page.keyboard.press("Space")
    me.page.keyboard.press("Tab")
    me.page.keyboard.type("128")
    me.page.keyboard.press("Tab")
    me.page.keyboard.press("Tab")
    assert me.page.evaluate("document.activeElement.textContent") == "Send it"
    me.page.keyboard.press("Enter")
    me.page.wait_for_url("**/my/record/facts/")
    assert me.axe_violations() == []
    # then the doctor answers
    wish = CorrectionRequest.objects.get()
    assert (wish.reason, wish.right_value) == ("wrong-value", "128")
    for path in ("/review/", "/tasks/", f"/tasks/{wish.public_id}/"):
        doctor.goes_to(path)
        assert doctor.axe_violations() == [], path
    doctor.page.select_option("[name=outcome]", "corrected")
    doctor.page.click("text=Answer the patient")
    assert doctor.axe_violations() == []
    me.page.reload()
    assert "has corrected your record" in me.page.inner_text("main")
    # and a switch that is turned off hides the numbers, with a way back
    me.goes_to("/my/record/consents/")
    me.page.focus("[data-purpose=see-predictions] button")
    me.page.keyboard.press("Enter")
    me.page.wait_for_selector("[data-purpose=see-predictions][data-granted=no]")
    assert me.axe_violations() == []
    me.goes_to("/my/")
    assert "You chose not to see numbers" in me.page.inner_text("h1")
    assert me.axe_violations() == []
    assert me.complaints == [] and doctor.complaints == []


def test_the_review_is_accessible_while_something_waits(ward: Ward, visit: Visit) -> None:
    """UX A1, A6."""
    ward.patient.predictions.update(released_at=None)
    doctor = visit("doctor", NARROW)
    doctor.goes_to("/review/")
    assert doctor.page.locator("[data-prediction]").count() >= 1
    assert doctor.axe_violations() == []
    assert doctor.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert doctor.complaints == []
