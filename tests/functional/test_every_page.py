"""Every page that a reader can reach by links: accessible, narrow, dark, strict, named figures.

UX A1, UX A3, UX A5, UX A6. Pages are found by following links, so that a new one is looked at as
soon as something links to it; pages in further states are in the other files of this folder.
"""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import ConsentChoice, Fact, Patient
from tests.factories.people import PASSWORD, clinician, patient_user, push
from tests.factories.treatment import hypertensive
from tests.factories.what_if import history
from tests.functional.conftest import Visit, Visitor
from tools.crawl import crawl
from twinportal import pipeline
from twinportal.accounts.models import User
from twinportal.treatment.models import TreatmentProposal
from twinportal.visits.services import question_add

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}
OPEN_ALL = "document.querySelectorAll('main details').forEach(one => { one.open = true })"
# what a page must say beside a picture: a name, and the same values as text or in a table
UNNAMED = """
[...document.querySelectorAll('svg')].filter(svg => {
  // Plotly draws in layers: its page has the values in a table, which another test compares
  if (svg.matches('.main-svg, #js-plotly-tester')) return false
  if (svg.closest('[aria-hidden=true]') || svg.getAttribute('aria-hidden') === 'true') return false
  const name = svg.getAttribute('aria-label') || svg.querySelector('title')?.textContent || ''
  return svg.getAttribute('role') !== 'img' || name.trim().length < 10
}).map(svg => svg.outerHTML.slice(0, 120))
"""
WITHOUT_VALUES = """
[...document.querySelectorAll('svg[role=img]')].filter(svg => {
  const near = svg.closest('figure, section, article, .card, main')
  if (svg.classList.contains('icons'))
    return !(svg.getAttribute('aria-label') || '').match(/[0-9]/)
  const around = [near, near.parentElement, near.closest('.card, section, article') || near]
  return !around.some(one => one && one.querySelector('table, dl, ul, td'))
}).map(svg => svg.outerHTML.slice(0, 120))
"""


@pytest.fixture
def furnished(transactional_db: None, ehr_client: Client, settings: Any) -> Patient:
    """A patient about whom every page has something to say, a doctor and a steward."""
    settings.RELEASE_POLICY = "auto"
    patient = hypertensive(ehr_client)
    push(ehr_client, *history())
    pipeline.refresh_twin(patient.pk, now=timezone.now())
    doctor = clinician("dr1", "doctor")
    me = patient_user(patient, "patient")
    User.objects.create_user("steward", password=PASSWORD, role="steward")
    client = Client()
    client.force_login(doctor, backend="django.contrib.auth.backends.ModelBackend")
    ranking = f"/twins/{patient.public_id}/treatment/1/"
    found = pipeline.treatment_ranking(patient.pk, "hypertension", now=timezone.now())
    keys = [one.key for one in found.candidates if one.kind in ("keep", "add")][:2]
    client.post(f"{ranking}keep/", {"keep": keys, "share": "on"})
    assert TreatmentProposal.objects.exists(), "nothing was shared"
    question_add(patient, "Can I swim?", now=timezone.now())
    fact = Fact.objects.filter(patient=patient, concept="systolic_bp").latest("effective_at")
    client.force_login(me, backend="django.contrib.auth.backends.ModelBackend")
    said = client.post(f"/my/record/facts/{fact.pk}/wrong/", {"reason": "wrong-value"})
    assert said.status_code == 302, "no wish for a correction"
    ConsentChoice.objects.create(
        patient=patient, purpose="see-similar", granted=True, at=timezone.now(), by="1"
    )
    return patient


def pages_of(visitor: Visitor) -> list[str]:
    """One address of each kind of page, found by links."""

    def html(path: str) -> str | None:
        answer = visitor.page.context.request.get(f"{visitor.base}{path}")
        headers = answer.headers
        is_file = headers.get("content-disposition", "").startswith("attachment")
        is_page = answer.ok and headers["content-type"].startswith("text/html") and not is_file
        return answer.text() if is_page else None

    found = crawl(html, ["/"])
    # the first only leads to the reader's own first page
    return [path for kind, paths in found.items() if kind != "home" for path in paths]


@pytest.mark.parametrize(("username", "fewest"), [("doctor", 30), ("patient", 15), ("steward", 8)])
def test_every_page_that_links_lead_to(
    furnished: Patient, visit: Visit, username: str, fewest: int
) -> None:
    # given somebody on a narrow phone with reduced motion, and somebody at a desk in the dark
    narrow = visit(username, NARROW, reduced_motion="reduce")
    dark = visit(username, WIDE, color_scheme="dark")
    # when they open each page that there is, and everything on it
    paths = pages_of(narrow)
    assert len(paths) >= fewest, paths
    faults: list[str] = []
    for path in paths:
        narrow.goes_to(path)
        narrow.page.evaluate(OPEN_ALL)
        faults += [f"{path}: {text}" for text in narrow.axe_violations()]
        if narrow.page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
            faults.append(f"{path}: runs off a narrow screen")
        faults += [f"{path}: no name: {svg}" for svg in narrow.page.evaluate(UNNAMED)]
        faults += [f"{path}: no values: {svg}" for svg in narrow.page.evaluate(WITHOUT_VALUES)]
        dark.goes_to(path)
        dark.page.evaluate(OPEN_ALL)
        faults += [f"{path}, dark: {text}" for text in dark.axe_violations("color-contrast")]
    # then none has a fault, and the browser complains of nothing
    assert not faults, "\n".join(faults)
    assert narrow.complaints == [] and dark.complaints == []
