"""The patient's decision aid over a real record: today's side, what is new, units, the list."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from explain.wording.phrases import LEVELS
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, push, signed_in
from tests.factories.treatment import DAY, hypertensive, order
from tests.readability import flesch_kincaid_grade
from twinportal import pipeline
from twinportal.treatment.aid_today import has_changed, is_still_safe, new_cautions
from twinportal.treatment.aid_units import units_known_to
from twinportal.treatment.models import TreatmentProposal
from twinportal.treatment.snapshot import snapshot

pytestmark = pytest.mark.django_db
ADD, PILL = "add:htn_amlodipine_5", "add:htn_chlorthalidone_12_5"


class Aid:
    """A patient with high blood pressure, and the doctor who shares."""

    def __init__(self, ehr: Client) -> None:
        self.ehr = ehr
        self.mine: Patient = hypertensive(ehr)
        # a water pill waits for them
        for code, value, unit in (("2951-2", 140, "mmol/L"), ("17861-6", 9.4, "mg/dL")):
            push(ehr, fhir.quantity(f"p1-{code}", code, value, unit, subject="p1", date=DAY))
        self.user = patient_user(self.mine)
        self.doctor, self.patient = signed_in(clinician("dr1")), signed_in(self.user)

    def share(self, *keys: str) -> TreatmentProposal:
        path = f"/twins/{self.mine.public_id}/treatment/1/keep/"
        assert self.doctor.post(path, {"keep": keys, "share": "on"}).status_code == 302
        return TreatmentProposal.objects.latest("pk")

    def page(self, shared: TreatmentProposal, level: str = "plain") -> str:
        self.user.literacy_level = level
        self.user.save()
        return self.patient.get(f"/my/choices/{shared.public_id}/").content.decode()

    def ranking(self) -> Any:
        return pipeline.treatment_ranking(self.mine.pk, "hypertension", now=timezone.now())

    @property
    def keep(self) -> str:
        return next(c.key for c in self.ranking().candidates if c.kind == "keep")


@pytest.fixture
def aid(ehr_client: Client) -> Aid:
    return Aid(ehr_client)


def test_without_keep_today_is_the_first_card_and_no_option(aid: Aid) -> None:
    page = aid.page(aid.share(ADD, PILL))
    assert page.count("data-key=") == 2
    assert page.count("choice--now") == 1
    assert page.index("As now") < page.index("data-key=")
    today = page[page.index("choice--now") : page.index("data-key=")]
    counts = re.findall(r'data-outcome="(\w+)" data-count="(\d+)" data-without="(\d+)"', today)
    assert counts
    assert all(count == without for _, count, without in counts)
    kept = aid.page(aid.share(aid.keep, ADD))
    assert "choice--now" not in kept


def test_the_commonest_side_effects_are_there_and_others_are_spoken_of(aid: Aid) -> None:
    shared = aid.share(aid.keep, ADD, PILL)
    for level in LEVELS:
        page = aid.page(shared, level)
        assert "Swollen ankles" in page
        assert "Too little potassium in the blood" in page
        assert len(re.findall(r"There are other (?:\w+ )*.*? too", page)) == 3
        assert "What may get" not in page
        # the numbers of a difference alone are the same ones too
        assert "8 more than now, out of 100 people" in page


def test_harm_and_benefit_stand_in_the_same_form_on_every_side(aid: Aid) -> None:
    """UX P11: the same headings in the same order, and each cell built alike."""
    page = aid.page(aid.share(aid.keep, ADD, PILL))
    sides = re.findall(r"(?s)<article class=\"card choice.*?</article>", page)
    assert len(sides) == 3
    headings = {tuple(re.findall(r"<h3>(.*?)</h3>", side)[:2]) for side in sides}
    assert len(headings) == 1
    cells = re.findall(r"(?s)<div class=\"choice__outcome\".*?</div>", page)
    assert {cell.count("<p><strong>") for cell in cells} == {1}
    for side in sides:
        benefit, harm = side.split("<h3>")[1:3]
        assert 'class="choice__outcome"' in benefit and 'class="choice__outcome"' in harm


def test_the_table_says_the_difference_too(aid: Aid) -> None:
    page = aid.page(aid.share(aid.keep, ADD))
    table = page[page.index('<table class="choice__grid"') :]
    row = re.search(r'<tr data-row="mace">.*?</tr>', table, re.DOTALL)
    assert row
    assert "out of 100" in row[0]
    assert "spared it" in row[0] or "little change" in row[0]


def test_a_caution_that_came_later_is_shown(aid: Aid) -> None:
    shared = aid.share(aid.keep, PILL)
    before = aid.page(shared)
    assert "came in after" not in before
    assert "New:" not in before
    push(aid.ehr, order("p1-digoxin", "197604", "digoxin 0.125 MG Oral Tablet"))
    now = aid.ranking()
    assert is_still_safe(shared.result, now)
    words = new_cautions(shared.result, now)[PILL]
    assert words
    page = aid.page(shared)
    assert "came in after" in page
    assert f"New: {words[0]}" in page.replace("&#x27;", "'")


def test_a_finding_or_a_dose_that_changed_is_a_change(aid: Aid) -> None:
    now = aid.ranking()
    result = snapshot(now, [aid.keep, ADD])
    assert not has_changed(result, now)
    other = snapshot(now, [aid.keep, ADD])
    other["candidates"][0]["dose"] = "another"
    assert has_changed(other, now)
    other = snapshot(now, [aid.keep, PILL])
    pill = next(one for one in other["candidates"] if one["key"] == PILL)
    assert pill["findings"] or pill["monitoring"]
    pill["findings"] = [*pill["findings"], {**_finding(), "level": "told"}]
    assert has_changed(other, now)
    assert has_changed({**result, "unresolved": ["white pills"]}, now)


def _finding() -> dict[str, Any]:
    names = ("kind", "level", "message", "plain", "table", "row", "missing", "dose", "other")
    return dict.fromkeys(names, "")


def test_cholesterol_is_in_the_unit_that_was_sent(aid: Aid) -> None:
    result = {"candidates": [{"values": [{"concept": "ldl_cholesterol"}]}]}
    assert units_known_to(aid.mine.pk, result) == {"ldl_cholesterol": "mmol/L"}
    day = "2026-11-01T09:00:00Z"
    push(aid.ehr, fhir.quantity("p1-ldl2", "13457-7", 139, "mg/dL", subject="p1", date=day))
    assert units_known_to(aid.mine.pk, result) == {"ldl_cholesterol": "mg/dL"}


def test_the_list_tells_two_of_one_day_apart(aid: Aid) -> None:
    aid.share(aid.keep, ADD)
    aid.share(ADD, PILL)
    page = aid.patient.get("/my/choices/").content.decode()
    assert len(re.findall(r"\d{4}, \d\d:\d\d", page)) == 2
    assert page.count("Keep things as they are") == 1
    assert page.count("Amlodipine, a calcium channel blocker") == 2
    assert page.count("Chlorthalidone, a water pill") == 1


@pytest.mark.parametrize(("level", "grade"), [("plain", 6), ("standard", 8)])
def test_three_sides_are_easy_to_read(aid: Aid, level: str, grade: float) -> None:
    page = aid.page(aid.share(ADD, PILL), level)
    main = page[page.index("<main") : page.index("</main>")]
    parts = re.findall(r"<(p|li|h2|h3|figcaption|td)\b[^>]*>(.*?)</\1>", main, re.DOTALL)
    said = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip() for _, part in parts]
    words = " ".join(f"{one.rstrip('.')}." for one in said if one)
    assert flesch_kincaid_grade(words) <= grade
    if level == "plain":
        assert max(len(one.split()) for one in re.split(r"[.!?:]", words)) <= 20
        assert not re.search(r"mm\[Hg\]|eGFR|clearance|guess|\d\.\d+ year", words)


def test_today_is_the_first_card(aid: Aid) -> None:
    page = aid.page(aid.share(ADD, aid.keep))
    keys = re.findall(r'<article class="card choice[^"]*" data-key="([^"]+)"', page)
    assert keys[0].startswith("keep:")
