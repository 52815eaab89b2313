"""A patient reads and types one unit for one test: the one that the laboratory sent. UX E6."""

import re
from math import isclose
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from explain.wording.phrases import LEVELS
from models_engine.models import Forecast
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push, signed_in
from tests.factories.what_if import history, smoker
from twinportal import pipeline
from twinportal.accounts.models import User

pytestmark = pytest.mark.django_db
DAY = "2026-10-03T09:00:00Z"


@pytest.fixture
def patient(ehr_client: Client, settings: Any) -> Patient:
    """Whose cholesterol was sent in mg/dL, and whose weight in pounds."""
    settings.RELEASE_POLICY = "auto"
    mine = smoker(ehr_client)
    push(
        ehr_client,
        *history(),
        fhir.quantity("p1-ldl-us", "13457-7", 132, "mg/dL", date=DAY),
        fhir.quantity("p1-tc-us", "2093-3", 220, "mg/dL", date=DAY),
        fhir.quantity("p1-hdl-us", "2085-9", 40, "mg/dL", date=DAY),
        *(
            fhir.quantity(
                f"p1-hdl{year}", "2085-9", 40 + year % 3, "mg/dL", date=f"{year}-09-04T09:00:00Z"
            )
            for year in (2022, 2023, 2024, 2025)
        ),
        fhir.quantity("p1-lb", "29463-7", 203, "[lb_av]", date=DAY),
    )
    pipeline.refresh_twin(mine.pk, now=NOW)
    return mine


@pytest.fixture
def me(patient: Patient) -> Client:
    return signed_in(patient_user(patient))


def page(browser: Client, path: str, sent: dict[str, str] | None = None) -> str:
    answer = browser.get(path) if sent is None else browser.post(path, sent)
    assert answer.status_code == 200, path
    text: str = answer.content.decode()
    return text[text.index("<main") :]


def after_of(text: str) -> str:
    return re.findall(r'data-outcome="cvd"[^>]*data-after="([^"]+)"', text)[0]


def test_one_value_has_one_unit_on_every_page(me: Client) -> None:
    for path in ("/my/numbers/", "/my/record/facts/", "/my/visit/summary/", "/my/what-if/"):
        text = page(me, path)
        assert "132 mg/dL" in text, path
        assert "3.4 mmol/L" not in text, path
    text = page(me, "/my/what-if/")
    assert 'name="unit_ldl_cholesterol" value="mg/dL"' in text
    assert "Now 203 pounds" in text and "Your weight (pounds)" in text
    assert "mmol/L" not in text and "kg)" not in text


def test_what_is_typed_means_the_same_to_the_models(me: Client, patient: Patient) -> None:
    # when a patient sets 185 pounds, and a clinician the same in kilograms
    own = {"start_weight": "203", "unit_weight": "[lb_av]", "set_weight": "185"}
    mine = page(me, "/my/what-if/", own)
    theirs = page(
        signed_in(clinician("dr1")),
        f"/twins/{patient.public_id}/what-if/",
        {"start_weight": "92.1", "set_weight": "83.91458845"},
    )
    # then both have the same number
    numbers = [float(one) for one in re.findall(r'data-after="([^"]+)"', theirs)]
    assert any(isclose(float(after_of(mine)), one, rel_tol=1e-12) for one in numbers)
    # and a page that was shown in the other unit is not used
    other = {"set_ldl_cholesterol": "2.5", "start_ldl_cholesterol": "3.4"}
    refused = page(me, "/my/what-if/", other)
    assert "Nothing was used" in refused and "data-after" not in refused


def test_every_change_that_is_named_has_its_unit(me: Client, patient: Patient) -> None:
    user = User.objects.get(patient=patient)
    numbers = set()
    for level in LEVELS:
        user.literacy_level = level
        user.save()
        said = [
            one
            for how in ("little", "more", "most")
            for one in re.findall(r"<li>(Bring [^<]*)</li>", page(me, f"/my/lower/?how={how}"))
        ]
        assert said
        for one in said:
            assert re.search(r"from [\d.]+ to [\d.]+ (mmHg|mg/dL|pounds|mg/g|%|kg/m²)\.$", one), one
        numbers.add(tuple(re.findall(r"[\d.]+ to [\d.]+ \S+", " ".join(said))))
    assert len(numbers) == 1


def test_a_forecast_is_in_the_unit_that_was_sent(me: Client, patient: Patient) -> None:
    rows = Forecast.objects.filter(patient=patient, concept="hdl_cholesterol", status="current")
    assert rows.update(released_at=timezone.now(), validated=True) == 1
    text = page(me, "/my/outlook/")
    block = text[text.index('data-concept="hdl_cholesterol"') :]
    assert "was 40 mg/dL" in block and "mmol/L" not in block
    band = next(one for one in rows.get().bands if one["years"] == 1.0)
    low, high = (f"{band[name] / 0.02586:.0f}" for name in ("low90", "high90"))
    assert f"between {low} and {high} mg/dL" in block and f'data-low="{low}"' in block
