"""What would lower it: for clinicians and patients, from the record as it is, nothing written."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.test import Client

from explain.wording.numbers import frequency, percent
from explain.wording.phrases import LEVELS
from models_engine.models import Prediction
from models_engine.registry import model
from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in
from tests.factories.what_if import smoker
from tests.readability import flesch_kincaid_grade
from twinportal import pipeline
from twinportal.what_if.models import Scenario

pytestmark = pytest.mark.django_db
MINE = "/my/lower/"
OUT_OF = re.compile(r"(\d+|fewer than 1|more than 99) out of 100", re.IGNORECASE)


@dataclass
class Ward:
    """A smoker with a raised pressure, with a doctor and an account."""

    mine: Patient
    doctor: Client
    patient: Client
    ehr: Client

    @property
    def path(self) -> str:
        return f"/twins/{self.mine.public_id}/lower/"

    def clinician_page(self, **asked: Any) -> str:
        return unescape(self.doctor.get(self.path, asked).content.decode())

    def patient_page(self, **asked: Any) -> str:
        return unescape(self.patient.get(MINE, asked).content.decode())

    def main(self, outcome: str = "cvd") -> Prediction:
        return Prediction.objects.get(
            patient=self.mine, model_id="prevent_base_10y", outcome=outcome, status="current"
        )


@pytest.fixture
def ward(ehr_client: Client, settings: Any) -> Ward:
    settings.RELEASE_POLICY = "auto"
    mine = smoker(ehr_client)
    pipeline.refresh_twin(mine.pk, now=NOW)
    return Ward(mine, signed_in(clinician("dr1")), signed_in(patient_user(mine)), ehr_client)


def text_of(page: str) -> str:
    """The words of the page's main part, blocks apart."""
    main = page[page.index("<main") : page.index("</main>")]
    blocks = re.sub(r"</(p|li|h1|h2|h3|a|button|figcaption|span)>", "\n", main)
    return re.sub(r"[ \t]+", " ", re.sub(r"<[^>]+>", "", blocks))


def sentences_of(page: str) -> list[str]:
    lines = [line.strip() for line in text_of(page).splitlines()]
    return [s for line in lines for s in re.split(r"(?<=[.!?])\s+", line) if s.strip()]


def test_a_clinician_sees_the_smallest_sets_and_each_holds_in_the_model(ward: Ward) -> None:
    """UX E12: re-validated; UX C1: the banner; UX E11: what the model used."""
    # given the stored prediction
    stored = ward.main()
    # when the page is opened, with a point less as the target
    page = ward.clinician_page(prediction=stored.pk, target="by-1")
    # then it starts from that number, and every card is what the model says of its values
    assert f'data-before="{stored.value}"' in page
    assert percent(stored.value or 0.0) in page
    cards = page.split('<li class="card lower__way">')[1:]
    assert len(cards) >= 2
    values = {row["concept"]: row["value"] for row in stored.inputs if row["value"] is not None}
    for card in cards:
        moved = dict(values)
        for concept, start, to in re.findall(
            r'data-concept="(\w+)" data-from="([\d.]+)" data-to="([\d.]+)"', card
        ):
            now, then = float(start), float(to)
            assert then < now
            if concept == "ldl_cholesterol":
                moved["total_cholesterol"] -= now - then
            elif concept == "weight":
                moved["bmi"] *= then / now
            else:
                moved[concept] = then
        after = float(re.search(r'data-after="([\d.]+)"', card)[1])  # type: ignore[index]
        told = model("prevent_base_10y").predict_one(moved)["cvd"]
        assert told == pytest.approx(after, abs=1e-12)
        assert after <= (stored.value or 0.0) - 0.01 + 1e-9
        assert percent(after) in card
        # and the two counts stand once, with no third number of people beside them
        then, to = frequency(stored.value or 0.0).out_of, frequency(after).out_of
        assert card.count("out of 100") == 2 and f"points; {then} to {to})" in card
        assert "in 100 fewer" not in card
    assert "What the model used, not what causes it" in page
    assert 'aria-label="Patient"' in page and ward.mine.name in page
    assert "Age, sex, diagnoses and medicines are never changed" in page


def test_the_overview_names_only_what_this_page_would_move(ward: Ward) -> None:
    # given a twin with low HDL cholesterol and a normal urine albumin, and the overview
    acr = fhir.quantity("acr", "9318-7", 25, "mg/g", date="2026-10-02T09:00:00Z")
    push(ward.ehr, acr)
    pipeline.refresh_twin(ward.mine.pk, now=NOW)
    page = unescape(ward.doctor.get(f"/twins/{ward.mine.public_id}/").content.decode())
    told = page.split('id="do"')[1].split("</section>")[0]
    # then neither stands as something to do, and what does is moved on the page it links to
    assert "HDL" not in told and "albumin" not in told
    rows = re.findall(r"<li>([^:<]+): .*?\. (?:At|Without) .*?([\d.]+) points less of", told)
    assert rows
    assert ward.path in told
    lower = ward.clinician_page(target="lowest")
    ranges = lower.split('aria-label="Ranges tried"')[1]
    for label, less in rows:
        assert f'<th scope="row">{label}</th>' in ranges
        assert float(less) > 0
    # and the first says what the model says of that lever alone
    best = lower.split('<li class="card lower__way">')[1]
    assert rows[0][0].lower() in best.lower() and f"{rows[0][1]} points" in best


def test_a_value_beyond_the_range_is_to_be_looked_at_today(ward: Ward) -> None:
    push(ward.ehr, fhir.blood_pressure("high", 226, 120, date="2026-11-19T09:00:00Z"))
    pipeline.refresh_twin(ward.mine.pk, now=NOW)
    page = unescape(ward.doctor.get(f"/twins/{ward.mine.public_id}/").content.decode())
    told = page.split('id="do"')[1].split("</section>")[0]
    assert "Look at the value today:</strong> Systolic blood pressure 226 mmHg.</li>" in told


def test_a_set_opens_the_what_if_with_the_same_values(ward: Ward) -> None:
    # given a set of all that may be changed
    page = ward.clinician_page(prediction=ward.main("ascvd").pk, target="lowest")
    form = re.findall(
        r'<form method="post" action="([^"]+/what-if/)">(.*?)</form>', page, re.DOTALL
    )
    where, hidden = form[-1]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', hidden))
    assert {"stop_smoking", "set_systolic_bp", "set_ldl_cholesterol"} <= set(sent)
    # when it is opened in What if
    answer = unescape(ward.doctor.post(where, sent).content.decode())
    # then nothing of it is refused, and the prediction moves
    assert "the record changed" not in answer and "not counted.</strong>" not in answer
    assert f'value="{sent["set_systolic_bp"]}"' in answer
    assert re.search(
        r'data-outcome="prevent_base_10y-ascvd" data-before="[\d.]+" data-after', answer
    )
    assert not Scenario.objects.exists()


def test_none_found_is_said_and_a_target_that_is_none_is_not_used_silently(ward: Ward) -> None:
    """UX E12: none found -> says so."""
    page = ward.clinician_page(prediction=ward.main().pk, target="by-10")
    assert "No change of up to three values within the ranges tried brings it at" in page
    assert "The lowest that is reached" in page
    assert "none for this number" in ward.clinician_page(target="under-nothing")


def test_a_very_high_ldl_is_never_dismissed_and_no_reason_against_treatment(ward: Ward) -> None:
    """What a model's term of age does is not told as if lowering LDL cholesterol might harm."""
    # given somebody of 75 with an LDL cholesterol of 5.07 mmol/L, of the same sample as the total
    day = "2026-10-20T09:00:00Z"
    push(
        ward.ehr,
        fhir.patient("p1", birth_date="1951-03-01", gender="female", practitioner="dr1"),
        fhir.quantity("p1-chol2", "14647-2", 7.1, "mmol/L", date=day),
        fhir.quantity("p1-hdl2", "14646-4", 1.3, "mmol/L", date=day),
        fhir.quantity("p1-ldl2", "13457-7", 5.07, "mmol/L", date=day),
    )
    pipeline.refresh_twin(ward.mine.pk, now=NOW)
    # when the page of total CVD is opened
    page = ward.clinician_page(prediction=ward.main().pk, target="lowest")
    # then
    left = page[page.index('id="left"') :]
    assert "It may raise it" not in page
    assert "<dt>LDL cholesterol</dt>" in left and "term of age: at 40 years" in left
    assert "It says nothing of treatment, and is no reason against it." in left
    assert "CTT 2012" in left
    assert "From an LDL cholesterol of 4.9 mmol/L (190 mg/dL)" in page


def test_ends_of_high_risk_are_no_goals_of_who_is_below_it(ward: Ward) -> None:
    # given a prediction of somebody below the model's high category
    stored = ward.main("ascvd")
    assert (ward.main().value or 1.0) < 0.20
    # then every card and the table say whose goals the ends are
    page = ward.clinician_page(prediction=stored.pk, target="lowest")
    cards = page.split('<li class="card lower__way">')[1:]
    assert any('data-concept="systolic_bp"' in card for card in cards)
    for card in cards:
        ends = len(re.findall(r'data-concept="(?:systolic_bp|ldl_cholesterol)"', card))
        assert card.split("</li>\n")[0].count("not a goal for this person by this number") >= ends
    assert "ranges tried" in page.lower() and "ecommended range" not in page
    assert "LDL cholesterol is very high" not in page


def test_whose_page_it_is_and_what_is_written(ward: Ward) -> None:
    """Nobody else's, only predictions that stand, an audit line, and nothing stored."""
    before = Prediction.objects.count()
    assert ward.clinician_page() and ward.patient_page()
    told = AuditEvent.objects.filter(patient_ids__contains=[ward.mine.pk], action="read")
    assert {"what would lower it", "own what could lower it"} <= set(
        told.values_list("what", flat=True)
    )
    assert Prediction.objects.count() == before
    other = smoker(ward.ehr, "p2", doctor="dr2")
    pipeline.refresh_twin(other.pk, now=NOW)
    theirs = Prediction.objects.filter(patient=other, value__isnull=False).first()
    assert theirs is not None
    assert ward.doctor.get(f"/twins/{other.public_id}/lower/").status_code == 404
    for number in (theirs.pk, "x", 0):
        assert ward.doctor.get(ward.path, {"prediction": number}).status_code == 404
        assert ward.patient.get(MINE, {"result": number}).status_code == 404
    assert ward.patient.get(ward.path).status_code == 403
    assert ward.doctor.get(MINE).status_code == 403
    assert ward.doctor.post(ward.path).status_code == 405


def test_a_patient_reads_the_same_numbers_at_every_level(ward: Ward, settings: Any) -> None:
    """UX P1, P2, P3, P5, P12, P13, P17: counts, pictures, time, both sides, three levels."""
    found = {}
    for level in LEVELS:
        ward.patient.post("/my/level/", {"level": level, "next": "/my/"})
        page = ward.patient_page(how="most")
        assert re.search(
            r'aria-pressed="true">' + {"plain": "Simple"}.get(level, level.title()), page
        )
        found[level] = re.findall(r'data-(risk|probability|horizon|others|filled)="([^"]+)"', page)
        risks = re.findall(r'data-risk="([^"]+)"[^>]*>(.*?)</p>', page)
        others = re.findall(r'data-others="([^"]+)"', page)
        assert 2 <= len(risks) == len(others) <= 4
        for (risk, words), rest in zip(risks, others, strict=True):
            assert words.lower().startswith(f"{risk} out of 100 ")
            if risk.isdigit():
                assert int(risk) + int(rest) == 100
        for sentence in sentences_of(page):
            assert len(sentence.split()) <= 20, sentence
            if "out of 100" in sentence:
                assert OUT_OF.search(sentence) or "fewer out of 100" in sentence, sentence
                assert re.search(r"within \d+ years?\.", sentence), sentence
        counts = [int(n) for n in re.findall(r'data-filled="(\d+)"', page)]
        assert counts[1::2] == [int(risk) for risk, _ in risks[1:] if risk.isdigit()]
        assert "cause" not in text_of(page).lower()
        assert page.count('class="lower__doctor"') == len(risks) - 1
        assert settings.EMERGENCY_NUMBER in page
    assert found["plain"] == found["standard"] == found["detailed"]


def test_the_plain_page_is_easy_to_read(ward: Ward) -> None:
    """UX P13: the whole page at grade 6 or below, from a hundred words on."""
    for how in ("little", "more", "most"):
        words = " ".join(
            s if s[-1] in ".!?" else f"{s}." for s in sentences_of(ward.patient_page(how=how))
        )
        assert len(words.split()) >= 100
        assert flesch_kincaid_grade(words) <= 6, flesch_kincaid_grade(words)


def test_a_patient_sees_at_most_three_ways_smallest_first_and_no_target(ward: Ward) -> None:
    page = ward.patient_page(how="little")
    ways = re.findall(r'data-way="\d"(.*?)</article>', page, re.DOTALL)
    sizes = [way.split("result__main")[0].count("<li>") for way in ways]
    assert 1 <= len(ways) <= 3 and sizes == sorted(sizes)
    assert "target" not in text_of(page).lower() and "%" not in text_of(page)
    # and the clinician's page tells the same of the same changes
    first = re.search(r'data-way="1".*?data-probability="([^"]+)"', page, re.DOTALL)
    assert first and f'data-after="{first[1]}"' in ward.clinician_page(target="by-1")


def test_a_result_that_was_not_released_is_not_argued_about(ward: Ward) -> None:
    """UX P21: an unreviewed prediction is not shown."""
    Prediction.objects.filter(patient=ward.mine).update(released_at=None)
    page = ward.patient_page()
    assert "There is no number to show here right now." in page and "data-risk" not in page


def test_a_newer_record_than_the_prediction_is_said(ward: Ward) -> None:
    """UX C8: a stale prediction is never silently shown."""
    push(ward.ehr, fhir.blood_pressure("p1-new", 134, 80, date="2026-10-20T09:00:00Z"))
    page = ward.clinician_page()
    assert "The stored prediction is another number." in page
    assert "We are working out your numbers" in ward.patient_page()


def test_nobody_in_a_pregnancy_is_told_what_to_change(ward: Ward) -> None:
    push(ward.ehr, fhir.condition("p1-preg", "77386006", onset="2026-09-01"))
    assert "Nothing is tried here" in ward.clinician_page()
    page = ward.patient_page()
    assert "This page is not made for you right now." in page and "data-way" not in page


def test_a_very_low_number_is_left_alone(ward: Ward) -> None:
    """Of fewer than 1 out of 100 nobody can be taken away: no way is shown, kindly."""
    # given somebody of 31 who does not smoke, with a pressure that could be lower
    push(
        ward.ehr,
        fhir.patient("p1", birth_date="1995-03-01", gender="female"),
        fhir.smoking("p1-then", "never", date="2026-10-20T09:00:00Z"),
        fhir.blood_pressure("p1-new", 128, 80, date="2026-10-20T09:00:00Z"),
    )
    pipeline.refresh_twin(ward.mine.pk, now=NOW)
    assert (ward.main().value or 1.0) <= 0.01
    # then
    for how in ("little", "most"):
        page = ward.patient_page(how=how)
        assert "so low that we found no way" in page and "data-way" not in page
