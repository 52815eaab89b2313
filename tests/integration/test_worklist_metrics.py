"""What the rules ask of their readers, counted by hand."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from patients.access.policy import visible_patients
from patients.models import Fact, Patient
from tests.factories import fhir
from tests.factories.people import clinician, push, signed_in
from twinportal.attention.metrics import LEAST_KNOWN, RuleMetrics, event_of, rule_metrics
from twinportal.attention.models import Acknowledgement, Flag
from twinportal.attention.rules import RULES

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def people(ehr_client: Client) -> list[Patient]:
    """25 patients of dr1 and one of dr2, without any results."""
    push(ehr_client, fhir.practitioner("dr1"), fhir.practitioner("dr2"))
    push(ehr_client, *(fhir.patient(f"m{n}", practitioner="dr1") for n in range(25)))
    push(ehr_client, fhir.patient("other", practitioner="dr2"))
    return list(Patient.objects.exclude(fhir_id="other").order_by("pk"))


def flag(patient: Patient, days: float, rule: str = "C2", **other: Any) -> Flag:
    raised = NOW - timedelta(days=days)
    return Flag.objects.create(
        patient=patient, rule_id=rule, outcome="cvd", raised_at=raised, **other
    )


def say(one: Flag, user: Any, reason: str, ended: str = "") -> None:
    Acknowledgement.objects.create(
        flag=one,
        user=user,
        reason=reason,
        at=NOW,
        ended_because=ended,
        ended_at=NOW if ended else None,
    )


def fact(patient: Patient, concept: str, at: datetime | None) -> None:
    Fact.objects.create(
        patient=patient,
        resource=patient.resource,
        resource_type="Condition",
        resource_fhir_id="x",
        resource_version=1,
        concept=concept,
        kind="condition",
        quality="usable",
        effective_at=at,
        recorded_at=NOW,
    )


def of(user: Any, rule: str = "C2", days: int = 30) -> RuleMetrics:
    found = rule_metrics(visible_patients(user), days=days, now=NOW)
    return next(one for one in found if one.rule.id == rule)


def test_rates_and_reasons(people: list[Patient]) -> None:
    """UX C7: alert rate, override rate."""
    doctor, colleague = clinician("dr1"), clinician("dr1", "colleague")
    flags = [flag(patient, 5) for patient in people[:5]]
    flag(people[5], 40)
    flag(Patient.objects.get(fhir_id="other"), 5)
    say(flags[0], doctor, "known")
    say(flags[0], colleague, "acted", ended="rose")
    say(flags[1], doctor, "declined", ended="new_reason")
    say(flags[2], doctor, "wrong_data", ended="undone")
    found = of(doctor)
    assert (found.patients, found.alerts, found.open) == (25, 5, 5)
    assert found.rate == pytest.approx(20.0)
    assert found.acknowledged_share == pytest.approx(2 / 5)
    assert found.by_reason == {"known": 1, "acted": 1, "declined": 1}
    assert found.override_share == pytest.approx(1 / 3)
    assert found.returned == 2
    assert of(doctor, days=90).alerts == 6
    assert of(doctor, "K1").override_share is None


def test_the_predictive_value_is_of_those_whose_year_is_known(people: list[Patient]) -> None:
    """UX C7: PPV, or that it is not known."""
    doctor = clinician("dr1")
    within, after = NOW - timedelta(days=300), NOW - timedelta(days=10)
    for number, patient in enumerate(people):
        flag(patient, 400)
        if number < 5:
            fact(patient, "stroke", within)
        elif number < 20:
            fact(patient, "systolic_bp", after)
        elif number == 20:
            # had it before: a further record is no event
            fact(patient, "stroke", NOW - timedelta(days=4000))
            fact(patient, "stroke", within)
        elif number == 21:
            fact(patient, "systolic_bp", within)
    # too young to be known
    flag(Patient.objects.get(fhir_id="other"), 400)
    found = of(doctor)
    assert (found.known, found.events) == (20, 5)
    assert found.predictive_value == pytest.approx(0.25)
    Flag.objects.filter(patient=people[19]).delete()
    assert of(doctor).predictive_value is None


def test_the_page_has_the_definitions_and_marks_the_budget(
    people: list[Patient], settings: Any
) -> None:
    """UX C7: metrics page; budget threshold."""
    user = clinician("dr1")
    doctor = signed_in(user)
    for patient in people[:6]:
        flag(patient, 3)
    page = doctor.get("/worklist/metrics/?days=30").content.decode()
    assert "24.0 alerts per 100 patients in 30 days" in page and "It is exceeded" in page
    row = re.search(r'data-rule="C2">(.*?)</tr>', page, re.DOTALL)
    assert row is not None and "over budget" in row[1]
    assert f"not known: 0 of {LEAST_KNOWN} needed are known" in row[1]
    settings.ALERT_BUDGET = 24.5
    assert "It is exceeded" not in doctor.get("/worklist/metrics/?days=30").content.decode()
    assert "last 90 days" in doctor.get("/worklist/metrics/?days=7x").content.decode()
    assert signed_in(clinician("dr2", "two")).get("/worklist/metrics/").status_code == 200


def test_every_rule_names_its_event() -> None:
    assert all(event_of(rule) is not None for rule in RULES)
    assert NOW.tzinfo is UTC
